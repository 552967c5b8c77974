#include "base/last_lines.hh"

#include "base/encoding.hh"

namespace bakehouse::base {

void LastLines::take(std::string_view line) {
  constexpr size_t longest = 400;
  lines_.push_back(printable(line).substr(0, longest));
  if (lines_.size() > most_) lines_.pop_front();
}

std::string LastLines::text() const {
  std::string text;
  // Escaped once more, because a cut may leave half a character.
  for (const std::string& line : lines_) text += "\n  | " + printable(line);
  return text;
}

}  // namespace bakehouse::base
