#include "buildpack/refused_write.hh"

#include <algorithm>
#include <cctype>

namespace bakehouse::buildpack {
namespace {

constexpr std::string_view words = "read-only file system";
constexpr std::string_view between_words = " \t()[],";
constexpr std::string_view quotes = "'\"`";

size_t find_words(std::string_view line) {
  const auto same = [](char a, char b) { return std::tolower(static_cast<unsigned char>(a)) == b; };
  const auto found = std::search(line.begin(), line.end(), words.begin(), words.end(), same);
  return found == line.end() ? std::string_view::npos : static_cast<size_t>(found - line.begin());
}

// Typographic quotation marks, which programs print where they are allowed UTF-8.
std::string with_plain_quotes(std::string_view line) {
  std::string plain(line);
  for (const std::string_view mark : {"\u2018", "\u2019"}) {
    for (size_t at; (at = plain.find(mark)) != std::string::npos;) plain.replace(at, mark.size(), 1, '\'');
  }
  return plain;
}

std::string_view without_end(std::string_view text, std::string_view characters) {
  const size_t last = text.find_last_not_of(characters);
  return last == std::string_view::npos ? std::string_view{} : text.substr(0, last + 1);
}

// The last word that is an absolute path, or the only one that holds a '/'.
std::string_view path_in(std::string_view segment) {
  std::string_view found;
  bool single = true;
  while (!segment.empty()) {
    const size_t end = segment.find_first_of(between_words);
    const std::string_view word = segment.substr(0, end);
    segment.remove_prefix(end == std::string_view::npos ? segment.size() : end + 1);
    if (word.starts_with('/')) found = word;
    if (found.empty() && single && segment.empty() && word.find('/') != std::string_view::npos) found = word;
    if (!word.empty()) single = false;
  }
  return without_end(found, ":;");
}

// "mkdir: cannot create directory '/opt/x': ", "build: line 3: /opt/x: ", "fopen(/opt/x): Failed to open: "
std::string_view named_before(std::string_view text) {
  text = without_end(text, " \t:(");
  if (!text.empty() && quotes.find(text.back()) != std::string_view::npos) {
    const std::string_view opening = text.back() == '\'' ? "'`" : text.substr(text.size() - 1);
    text.remove_suffix(1);
    const size_t begin = text.find_last_of(opening);
    if (begin != std::string_view::npos) return text.substr(begin + 1);
  }
  for (;;) {
    const size_t colon = text.rfind(": ");
    const std::string_view segment = colon == std::string_view::npos ? text : text.substr(colon + 2);
    const std::string_view path = path_in(segment);
    // A single word is a name that the program gave, so that what stands before it is not the one.
    if (!path.empty() || colon == std::string_view::npos || segment.find(' ') == std::string_view::npos)
      return path;
    text = without_end(text.substr(0, colon), " \t");
  }
}

// ": '/opt/x'", ", open '/opt/x'", " @ rb_sysopen - /opt/x (Errno::EROFS)"; but not " at /opt/script line 7"
std::string_view named_after(std::string_view text) {
  const size_t begin = text.find_first_of(quotes);
  if (begin != std::string_view::npos) {
    const size_t end = text.find(text[begin], begin + 1);
    if (end != std::string_view::npos) return text.substr(begin + 1, end - begin - 1);
  }
  if (text.starts_with(" at ")) return {};
  const size_t slash = text.find(" /");
  if (slash == std::string_view::npos) return {};
  text.remove_prefix(slash + 1);
  return without_end(text.substr(0, text.find_first_of(between_words)), ":;");
}

}  // namespace

std::optional<RefusedWrite> find_refused_write(std::string_view line) {
  const std::string plain = with_plain_quotes(line);
  const std::string_view text = plain;
  const size_t at = find_words(text);
  if (at == std::string_view::npos) return std::nullopt;
  const std::string_view after = named_after(text.substr(at + words.size()));
  const std::string_view named = named_before(text.substr(0, at));
  // Words in quotation marks need not be a path: "in `initialize'".
  const bool is_path = named.find('/') != std::string_view::npos || after.empty();
  return RefusedWrite{std::string(is_path ? named : after)};
}

}  // namespace bakehouse::buildpack
