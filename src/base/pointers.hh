// Words as the exec family takes them.
#pragma once

#include <string>
#include <vector>

namespace bakehouse::base {

// Valid as long as `words` is.
inline std::vector<char*> pointers(const std::vector<std::string>& words) {
  std::vector<char*> list;
  list.reserve(words.size() + 1);
  for (const auto& word : words) list.push_back(const_cast<char*>(word.c_str()));
  list.push_back(nullptr);
  return list;
}

}  // namespace bakehouse::base
