// `CHECK(text == Mentions{"part"})`: shows the whole text when the part is not in it.
#pragma once

#include <ostream>
#include <string>

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

}  // namespace bakehouse::support
