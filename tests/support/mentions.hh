// `CHECK(text == Mentions{"part"})`: shows the whole text when the part is not in it.
#pragma once

#include <ostream>
#include <string>
#include <vector>

namespace bakehouse::support {

struct Mentions {
  std::string part;

  friend bool operator==(const std::string& text, const Mentions& wanted) {
    return text.find(wanted.part) != text.npos;
  }
  friend std::ostream& operator<<(std::ostream& out, const Mentions& wanted) {
    return out << "...'" << wanted.part << "'...";
  }
};

// The same for several parts, in whatever order.
struct MentionsAll {
  std::vector<std::string> parts;

  friend bool operator==(const std::string& text, const MentionsAll& wanted) {
    for (const std::string& part : wanted.parts) {
      if (text.find(part) == text.npos) return false;
    }
    return true;
  }
  friend std::ostream& operator<<(std::ostream& out, const MentionsAll& wanted) {
    for (const std::string& part : wanted.parts) out << "...'" << part << "'...";
    return out;
  }
};

}  // namespace bakehouse::support
