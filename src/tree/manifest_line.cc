#include "tree/manifest_line.hh"

#include "base/encoding.hh"
#include "base/error.hh"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <charconv>

namespace bakehouse::tree {
namespace {

using base::Error;
using base::Fault;
using base::FileType;

constexpr uint32_t link_mode = 0777;
constexpr uint32_t nanoseconds_a_second = 1'000'000'000;

// mtree separates words by blanks, begins comments with '#', matches names with "*?[" as patterns
// and reads \ooo as a byte: all of these are written as \ooo.
constexpr auto plain = [] {
  std::array<bool, 256> table{};
  for (size_t byte = 0x21; byte < 0x7F; ++byte) table[byte] = true;
  for (const char c : std::string_view("#\\*?[")) table[static_cast<unsigned char>(c)] = false;
  return table;
}();

bool is_plain(char c) { return plain[static_cast<unsigned char>(c)]; }

template <typename Number>
void append_number(std::string& out, Number number, int radix = 10) {
  char digits[24];
  const auto end = std::to_chars(digits, digits + sizeof digits, number, radix).ptr;
  out.append(digits, end);
}

void append_owner(std::string& out, const Entry& entry) {
  if (!entry.owner) return;
  out += " uid=";
  append_number(out, entry.owner->uid);
  out += " gid=";
  append_number(out, entry.owner->gid);
}

// Takes the words of a line one after the other, each in its place: the writer has one way to say
// a thing, so the reader needs no other.
class LineWords {
 public:
  explicit LineWords(std::string_view line) : rest_(line) {}

  std::string_view next() {
    if (done_) throw Error(Fault::input, "a word is missing");
    const size_t blank = rest_.find(' ');
    const std::string_view word = rest_.substr(0, blank);
    done_ = blank == std::string_view::npos;
    if (!done_) rest_.remove_prefix(blank + 1);
    return word;
  }

  bool next_is(std::string_view key) const {
    return !done_ && rest_.starts_with(key) && rest_.size() > key.size() && rest_[key.size()] == '=';
  }

  std::string_view value(std::string_view key) {
    const std::string_view word = next();
    if (!word.starts_with(key) || word.size() <= key.size() || word[key.size()] != '=') {
      throw Error(Fault::input,
                  fmt::format("expected '{}=', found '{}'", key, base::printable(word.substr(0, 80))));
    }
    return word.substr(key.size() + 1);
  }

  template <typename Number>
  Number number(std::string_view key, int radix) {
    return read_number<Number>(key, value(key), radix);
  }

  template <typename Number>
  static Number read_number(std::string_view key, std::string_view text, int radix) {
    Number number{};
    const char* const last = text.data() + text.size();
    const auto [end, error] = std::from_chars(text.data(), last, number, radix);
    if (text.empty() || error != std::errc() || end != last) {
      throw Error(Fault::input, fmt::format("'{}' is no {}", base::printable(text.substr(0, 80)), key));
    }
    return number;
  }

  void finish() const {
    if (!done_)
      throw Error(Fault::input, fmt::format("'{}' is too much", base::printable(rest_.substr(0, 80))));
  }

 private:
  std::string_view rest_;
  bool done_ = false;
};

std::string unescape_word(std::string_view text) {
  auto unescaped = unescape(text);
  if (!unescaped)
    throw Error(Fault::input, fmt::format("'{}' is badly escaped", base::printable(text.substr(0, 80))));
  return *std::move(unescaped);
}

// SECONDS.NANOSECONDS, the second a whole number and no fraction.
base::FileTime parse_time(std::string_view text) {
  const size_t point = text.find('.');
  if (point == std::string_view::npos)
    throw Error(Fault::input, fmt::format("'{}' is no time", base::printable(text.substr(0, 80))));
  base::FileTime time;
  time.seconds = LineWords::read_number<base::Seconds>("time", text.substr(0, point), 10);
  time.nanoseconds = LineWords::read_number<uint32_t>("time", text.substr(point + 1), 10);
  if (time.nanoseconds >= nanoseconds_a_second)
    throw Error(Fault::input, fmt::format("'{}' is no time", base::printable(text.substr(0, 80))));
  return time;
}

void parse_file_words(LineWords& words, Entry& entry) {
  entry.size = words.number<uint64_t>("size", 10);
  entry.time = parse_time(words.value("time"));
  const auto digest = crypto::Digest::parse(words.value("sha256digest"));
  if (!digest) throw Error(Fault::input, "the digest is not 64 hexadecimal digits");
  entry.digest = *digest;
}

void parse_link_words(LineWords& words, Entry& entry) {
  entry.link = unescape_word(words.value("link"));
  constexpr size_t longest_target = 4095;
  if (entry.link.empty() || entry.link.size() > longest_target || entry.link.find('\0') != std::string::npos)
    throw Error(Fault::input, "bad link target");
}

FileType parse_type(std::string_view text) {
  if (text == "dir") return FileType::directory;
  if (text == "link") return FileType::symlink;
  if (text == "file") return FileType::regular;
  throw Error(Fault::input, fmt::format("unknown type '{}'", base::printable(text.substr(0, 80))));
}

Entry parse_words(std::string_view line) {
  LineWords words(line);
  Entry entry;
  const std::string_view name = words.next();
  if (!name.starts_with("./")) throw Error(Fault::input, "a path begins with './'");
  entry.path = base::TreePath::parse(unescape_word(name.substr(2)));
  entry.type = parse_type(words.value("type"));
  entry.mode = words.number<uint32_t>("mode", 8);
  if (entry.mode > 07777) throw Error(Fault::input, "the mode has more than twelve bits");
  if (words.next_is("uid")) {
    entry.owner = Owner{words.number<uint32_t>("uid", 10), words.number<uint32_t>("gid", 10)};
  }
  if (entry.type == FileType::regular) parse_file_words(words, entry);
  if (entry.type == FileType::symlink) parse_link_words(words, entry);
  words.finish();
  return entry;
}

}  // namespace

void append_escaped(std::string& out, std::string_view text) {
  for (size_t i = 0; i < text.size(); ++i) {
    const size_t begin = i;
    while (i < text.size() && is_plain(text[i])) ++i;
    out.append(text, begin, i - begin);
    if (i == text.size()) return;
    const auto byte = static_cast<unsigned char>(text[i]);
    out += '\\';
    out += static_cast<char>('0' + (byte >> 6));
    out += static_cast<char>('0' + ((byte >> 3) & 7));
    out += static_cast<char>('0' + (byte & 7));
  }
}

std::optional<std::string> unescape(std::string_view text) {
  if (std::all_of(text.begin(), text.end(), is_plain)) return std::string(text);
  std::string unescaped;
  unescaped.reserve(text.size());
  for (size_t i = 0; i < text.size(); ++i) {
    if (text[i] != '\\') {
      if (!is_plain(text[i])) return std::nullopt;
      unescaped += text[i];
      continue;
    }
    unsigned byte = 0;
    const char* const digits = text.data() + i + 1;
    if (i + 3 >= text.size()) return std::nullopt;
    const auto [end, error] = std::from_chars(digits, digits + 3, byte, 8);
    // One spelling for each byte: what needs no escape must not have one.
    if (error != std::errc() || end != digits + 3 || byte > 255 || is_plain(static_cast<char>(byte)))
      return std::nullopt;
    unescaped += static_cast<char>(byte);
    i += 3;
  }
  return unescaped;
}

void append_line(std::string& out, const Entry& entry) {
  static constexpr std::string_view types[] = {"file", "dir", "link"};
  if (entry.type == FileType::other) {
    throw Error(Fault::internal,
                fmt::format("'{}' is of a kind that no manifest lists", base::printable(entry.path.str())));
  }
  out += "./";
  append_escaped(out, entry.path.str());
  out += " type=";
  out += types[static_cast<size_t>(entry.type)];
  out += " mode=0";
  append_number(out, entry.type == FileType::symlink ? link_mode : entry.mode, 8);
  append_owner(out, entry);
  if (entry.type == FileType::symlink) {
    out += " link=";
    append_escaped(out, entry.link);
  }
  if (entry.type == FileType::regular) {
    out += " size=";
    append_number(out, entry.size);
    out += " time=";
    append_number(out, entry.time.seconds);
    out += '.';
    append_number(out, entry.time.nanoseconds);
    out += " sha256digest=";
    out += entry.digest.hex();
  }
  out += '\n';
}

Entry parse_line(std::string_view line) {
  Entry entry = parse_words(line);
  // The writer's spelling is the only one: no leading zeros, no other mode of a link.
  std::string canonical;
  canonical.reserve(line.size() + 1);
  append_line(canonical, entry);
  if (std::string_view(canonical).substr(0, canonical.size() - 1) != line)
    throw Error(Fault::input, "not the canonical spelling");
  return entry;
}

}  // namespace bakehouse::tree
