// The last lines that a program said, for the message that tells of its failure.
#pragma once

#include <deque>
#include <string>
#include <string_view>

namespace bakehouse::base {

class LastLines {
 public:
  explicit LastLines(size_t most) : most_(most) {}

  // Long lines are cut.
  void take(std::string_view line);
  // Each on a line of its own behind "\n  | ", safe to show.
  std::string text() const;

 private:
  size_t most_;
  std::deque<std::string> lines_;
};

}  // namespace bakehouse::base
