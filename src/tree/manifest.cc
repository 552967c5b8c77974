#include "tree/manifest.hh"

#include "base/encoding.hh"
#include "base/error.hh"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <iterator>
#include <optional>
#include <set>

namespace bakehouse::tree {
namespace {

using base::Error;
using base::Fault;
using base::FileType;

// The top itself has an entry because NetBSD's mtree begins nowhere else.
constexpr std::string_view first_lines = "#mtree\n. type=dir\n";
constexpr uint32_t link_mode = 0777;

// mtree separates words by blanks, begins comments with '#', matches names with "*?[" as patterns
// and reads \ooo as a byte: all of these are written as \ooo.
bool is_plain(char c) {
  const auto byte = static_cast<unsigned char>(c);
  return byte > 0x20 && byte < 0x7F && std::string_view("#\\*?[").find(c) == std::string_view::npos;
}

std::string escape(std::string_view text) {
  std::string escaped;
  escaped.reserve(text.size());
  for (const char c : text) {
    if (is_plain(c)) {
      escaped += c;
    } else {
      escaped += fmt::format("\\{:03o}", static_cast<unsigned char>(c));
    }
  }
  return escaped;
}

std::optional<std::string> unescape(std::string_view text) {
  std::string plain;
  plain.reserve(text.size());
  for (size_t i = 0; i < text.size(); ++i) {
    if (text[i] != '\\') {
      if (!is_plain(text[i])) return std::nullopt;
      plain += text[i];
      continue;
    }
    unsigned byte = 0;
    const char* const digits = text.data() + i + 1;
    if (i + 3 >= text.size()) return std::nullopt;
    const auto [end, error] = std::from_chars(digits, digits + 3, byte, 8);
    // One spelling for each byte: what needs no escape must not have one.
    if (error != std::errc() || end != digits + 3 || byte > 255 || is_plain(static_cast<char>(byte)))
      return std::nullopt;
    plain += static_cast<char>(byte);
    i += 3;
  }
  return plain;
}

std::string format_entry(const Entry& entry) {
  const std::string name = "./" + escape(entry.path.str());
  switch (entry.type) {
    case FileType::directory: return fmt::format("{} type=dir mode=0{:o}\n", name, entry.mode);
    case FileType::symlink:
      return fmt::format("{} type=link mode=0{:o} link={}\n", name, link_mode, escape(entry.link));
    case FileType::regular:
      return fmt::format("{} type=file mode=0{:o} size={} time={}.0 sha256digest={}\n", name, entry.mode,
                         entry.size, entry.time, entry.digest.hex());
    case FileType::other: break;
  }
  throw Error(Fault::internal,
              fmt::format("'{}' is of a kind that no manifest lists", base::printable(entry.path.str())));
}

// Takes the words of a line one after the other, each in its place: the writer has one way to say
// a thing, so the reader needs no other.
class Words {
 public:
  explicit Words(std::string_view line) : rest_(line) {}

  std::string_view next() {
    if (done_) throw Error(Fault::input, "a word is missing");
    const size_t blank = rest_.find(' ');
    const std::string_view word = rest_.substr(0, blank);
    done_ = blank == std::string_view::npos;
    if (!done_) rest_.remove_prefix(blank + 1);
    return word;
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
  Number number(std::string_view key, int radix, std::string_view suffix = {}) {
    const std::string_view text = value(key);
    Number number{};
    const bool ends_well = text.size() > suffix.size() && text.ends_with(suffix);
    const char* const last = text.data() + text.size() - (ends_well ? suffix.size() : 0);
    const auto [end, error] = std::from_chars(text.data(), last, number, radix);
    if (!ends_well || error != std::errc() || end != last) {
      throw Error(Fault::input, fmt::format("'{}' is no {}", base::printable(text.substr(0, 80)), key));
    }
    return number;
  }

  std::string escaped(std::string_view text) {
    auto plain = unescape(text);
    if (!plain)
      throw Error(Fault::input, fmt::format("'{}' is badly escaped", base::printable(text.substr(0, 80))));
    return *std::move(plain);
  }

  void finish() const {
    if (!done_)
      throw Error(Fault::input, fmt::format("'{}' is too much", base::printable(rest_.substr(0, 80))));
  }

 private:
  std::string_view rest_;
  bool done_ = false;
};

Entry parse_entry(std::string_view line) {
  Words words(line);
  Entry entry;
  const std::string_view name = words.next();
  if (!name.starts_with("./")) throw Error(Fault::input, "a path begins with './'");
  entry.path = base::TreePath::parse(words.escaped(name.substr(2)));
  const std::string_view type = words.value("type");
  entry.mode = words.number<uint32_t>("mode", 8);
  if (entry.mode > 07777) throw Error(Fault::input, "the mode has more than twelve bits");
  if (type == "dir") {
    entry.type = FileType::directory;
  } else if (type == "link") {
    entry.type = FileType::symlink;
    entry.link = words.escaped(words.value("link"));
    if (entry.link.empty() || entry.link.find('\0') != std::string::npos)
      throw Error(Fault::input, "bad link target");
  } else if (type == "file") {
    entry.type = FileType::regular;
    entry.size = words.number<uint64_t>("size", 10);
    entry.time = words.number<base::Seconds>("time", 10, ".0");
    const auto digest = crypto::Digest::parse(words.value("sha256digest"));
    if (!digest) throw Error(Fault::input, "the digest is not 64 hexadecimal digits");
    entry.digest = *digest;
  } else {
    throw Error(Fault::input, fmt::format("unknown type '{}'", base::printable(type.substr(0, 80))));
  }
  words.finish();
  return entry;
}

// Order, and that every parent is a directory listed before.
class OrderCheck {
 public:
  void take(const Entry& entry) {
    if (last_ && !(*last_ < entry.path)) throw Error(Fault::input, "the path stands out of order or twice");
    const base::TreePath parent = entry.path.parent();
    if (!parent.is_top() && !directories_.contains(parent)) {
      throw Error(Fault::input, "the directory that holds it is not listed before");
    }
    if (entry.type == FileType::directory) directories_.insert(entry.path);
    last_ = entry.path;
  }

 private:
  std::optional<base::TreePath> last_;
  std::set<base::TreePath> directories_;
};

}  // namespace

const Entry* Manifest::find(const base::TreePath& path) const {
  const auto place =
      std::lower_bound(entries.begin(), entries.end(), path,
                       [](const Entry& entry, const base::TreePath& wanted) { return entry.path < wanted; });
  return place != entries.end() && place->path == path ? &*place : nullptr;
}

uint64_t Manifest::bytes() const {
  uint64_t sum = 0;
  for (const Entry& entry : entries) sum += entry.size;
  return sum;
}

std::string format_manifest(const Manifest& manifest) {
  std::string text(first_lines);
  for (const Entry& entry : manifest.entries) text += format_entry(entry);
  return text;
}

Manifest parse_manifest(std::string_view text, std::string_view name) {
  Manifest manifest;
  OrderCheck order;
  size_t number = 2;
  const auto where = [&] { return fmt::format("{}: line {}", name, number); };
  if (!text.starts_with(first_lines)) {
    throw Error(Fault::input,
                fmt::format("{}: a manifest begins with the lines '#mtree' and '. type=dir'", name));
  }
  text.remove_prefix(first_lines.size());
  while (!text.empty()) {
    ++number;
    const size_t end = text.find('\n');
    if (end == std::string_view::npos) throw Error(Fault::input, where() + ": the line has no end");
    base::with_context(where(), [&] {
      const std::string_view line = text.substr(0, end);
      Entry entry = parse_entry(line);
      // The writer's spelling is the only one: no leading zeros, no other mode of a link.
      if (std::string_view(format_entry(entry)).substr(0, end) != line)
        throw Error(Fault::input, "not the canonical spelling");
      order.take(entry);
      manifest.entries.push_back(std::move(entry));
    });
    text.remove_prefix(end + 1);
  }
  return manifest;
}

}  // namespace bakehouse::tree
