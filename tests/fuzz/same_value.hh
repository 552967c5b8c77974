// Whether two values say the same: where they stood in their files does not count.
#pragma once

#include "text/value.hh"

#include <algorithm>

namespace bakehouse::fuzz {

// Long plain text comes back quoted: docs of text::to_yaml.
inline bool is_same_kind(const text::Value& one, const text::Value& other) {
  const auto kind = [](const text::Value& value) {
    const bool is_folded =
        value.kind() == text::Value::Kind::plain && value.text().find_first_of("\r\n") != std::string::npos;
    return is_folded ? text::Value::Kind::string : value.kind();
  };
  return kind(one) == kind(other);
}

inline bool is_same(const text::Value& one, const text::Value& other) {
  const auto same_member = [](const auto& a, const auto& b) {
    return a.first == b.first && is_same(a.second, b.second);
  };
  return is_same_kind(one, other) && one.text() == other.text() &&
         std::equal(one.items().begin(), one.items().end(), other.items().begin(), other.items().end(),
                    is_same) &&
         std::equal(one.members().begin(), one.members().end(), other.members().begin(),
                    other.members().end(), same_member);
}

}  // namespace bakehouse::fuzz
