#include "tree/manifest.hh"

#include "base/error.hh"
#include "base/threads.hh"
#include "tree/manifest_line.hh"

#include <fmt/format.h>

#include <algorithm>
#include <cstring>
#include <unordered_set>
#include <vector>

namespace bakehouse::tree {
namespace {

using base::Error;
using base::Fault;

// The top itself has an entry because NetBSD's mtree begins nowhere else.
constexpr std::string_view first_lines = "#mtree\n. type=dir\n";
constexpr size_t piece = 64 * 1024;
// What one worker parses in a row.
constexpr size_t share = 256 * 1024;
// A path and a link of 4095 bytes each, all escaped, and the other words.
constexpr size_t longest_line = 8 * 4095 + 1024;

// Order, and that every parent is a directory listed before.
class OrderCheck {
 public:
  void take(std::string_view path, base::FileType type) {
    if (!last_.empty() && !(last_ < path)) {
      throw Error(Fault::input, "the path stands out of order or twice");
    }
    const std::string_view parent = base::parent_of(path);
    // Most entries stand in the directory of the one before.
    if (parent != known_parent_) {
      if (!parent.empty() && !directories_.contains(std::string(parent))) {
        throw Error(Fault::input, "the directory that holds it is not listed before");
      }
      known_parent_ = parent;
    }
    if (type == base::FileType::directory) directories_.emplace(path);
    last_ = path;
  }

 private:
  std::string last_;
  std::string known_parent_;
  std::unordered_set<std::string> directories_;
};

// Pieces of text as lines. What it returns is valid until the next call.
class Lines {
 public:
  explicit Lines(ManifestReader::Read read) : read_(std::move(read)) {}

  std::optional<std::string_view> next() {
    size_t searched = begin_;
    for (;;) {
      const size_t end = buffer_.find('\n', searched);
      if (end != std::string::npos) {
        const std::string_view line(buffer_.data() + begin_, end - begin_);
        begin_ = end + 1;
        return line;
      }
      searched = buffer_.size() - begin_;
      if (searched > longest_line) throw Error(Fault::input, "the line is too long");
      if (!fill()) {
        if (buffer_.empty()) return std::nullopt;
        throw Error(Fault::input, "the line has no end");
      }
    }
  }

 private:
  bool fill() {
    buffer_.erase(0, begin_);
    begin_ = 0;
    const size_t kept = buffer_.size();
    buffer_.resize(kept + piece);
    const size_t count = read_({buffer_.data() + kept, piece});
    buffer_.resize(kept + count);
    return count > 0;
  }

  ManifestReader::Read read_;
  std::string buffer_;
  size_t begin_ = 0;
};

Manifest collect(ManifestReader reader) {
  Manifest manifest;
  while (const auto entry = reader.next()) manifest.entries.push_back(*entry);
  return manifest;
}

EntryList parse_lines(std::string_view text) {
  EntryList entries;
  while (!text.empty()) {
    const size_t end = text.find('\n');
    if (end == std::string_view::npos) throw Error(Fault::input, "the line has no end");
    entries.push_back(parse_line(text.substr(0, end)));
    text.remove_prefix(end + 1);
  }
  return entries;
}

// Cut behind ends of lines.
std::vector<std::string_view> shares_of(std::string_view text) {
  std::vector<std::string_view> shares;
  while (!text.empty()) {
    const size_t end = text.size() > share ? text.find('\n', share) : std::string_view::npos;
    const size_t size = end == std::string_view::npos ? text.size() : end + 1;
    shares.push_back(text.substr(0, size));
    text.remove_prefix(size);
  }
  return shares;
}

// With all processors. Says only that something is wrong, not where: nullopt.
std::optional<Manifest> parse_at_once(std::string_view text) {
  if (!text.starts_with(first_lines)) return std::nullopt;
  const auto shares = shares_of(text.substr(first_lines.size()));
  std::vector<EntryList> parts(shares.size());
  try {
    base::Crew crew;
    for (size_t i = 0; i < shares.size(); ++i) crew.add([&, i] { parts[i] = parse_lines(shares[i]); });
    crew.finish();
    Manifest manifest;
    OrderCheck order;
    for (EntryList& part : parts) {
      for (size_t i = 0; i < part.size(); ++i) {
        order.take(part.path(i), part.type(i));
        manifest.entries.link_to(part, i);
      }
      manifest.entries.adopt(std::move(part));
    }
    return manifest;
  } catch (const Error&) {
    return std::nullopt;
  }
}

}  // namespace

struct ManifestReader::State {
  Lines lines;
  std::string name;
  OrderCheck order;
  size_t number = 0;

  std::string where() const { return fmt::format("{}: line {}", name, number); }

  void check_first_lines() {
    std::string found;
    base::with_context(name, [&] {
      for (int i = 0; i < 2; ++i) {
        const auto line = lines.next();
        if (line) found.append(*line) += '\n';
      }
    });
    number = 2;
    if (found != first_lines)
      throw Error(Fault::input,
                  fmt::format("{}: a manifest begins with the lines '#mtree' and '. type=dir'", name));
  }
};

ManifestReader::ManifestReader(Read read, std::string_view name)
    : state_(std::make_unique<State>(State{Lines(std::move(read)), std::string(name), {}})) {}
ManifestReader::ManifestReader(ManifestReader&&) noexcept = default;
ManifestReader::~ManifestReader() = default;

std::optional<Entry> ManifestReader::next() {
  State& state = *state_;
  if (state.number == 0) state.check_first_lines();
  ++state.number;
  try {
    const auto line = state.lines.next();
    if (!line) return std::nullopt;
    Entry entry = parse_line(*line);
    state.order.take(entry.path.str(), entry.type);
    return entry;
  } catch (const Error& error) {
    throw error.within(state.where());
  }
}

std::optional<size_t> Manifest::index_of(std::string_view path) const {
  size_t low = 0;
  size_t high = entries.size();
  while (low < high) {
    const size_t middle = low + (high - low) / 2;
    if (entries.path(middle) < path) {
      low = middle + 1;
    } else {
      high = middle;
    }
  }
  if (low == entries.size() || entries.path(low) != path) return std::nullopt;
  return low;
}

std::optional<Entry> Manifest::find(std::string_view path) const {
  const auto i = index_of(path);
  if (!i) return std::nullopt;
  return entries[*i];
}

uint64_t Manifest::bytes() const {
  uint64_t sum = 0;
  for (size_t i = 0; i < entries.size(); ++i) sum += entries.size_of_file(i);
  return sum;
}

void write_manifest(const Manifest& manifest, const std::function<void(std::string_view)>& write) {
  std::string text(first_lines);
  for (const Entry& entry : manifest.entries) {
    append_line(text, entry);
    if (text.size() < piece) continue;
    write(text);
    text.clear();
  }
  write(text);
}

std::string format_manifest(const Manifest& manifest) {
  std::string text;
  write_manifest(manifest, [&](std::string_view more) { text += more; });
  return text;
}

Manifest parse_manifest(std::string_view text, std::string_view name) {
  if (text.size() > 2 * share) {
    if (auto manifest = parse_at_once(text)) return *std::move(manifest);
    // A line after the other finds out which one it is.
  }
  const auto read = [&](std::span<char> buffer) {
    const size_t count = std::min(buffer.size(), text.size());
    std::memcpy(buffer.data(), text.data(), count);
    text.remove_prefix(count);
    return count;
  };
  return collect(ManifestReader(read, name));
}

Manifest read_manifest(const base::Fd& file, std::string_view name) {
  const auto read = [&](std::span<char> buffer) { return base::read_some(file, buffer, name); };
  return collect(ManifestReader(read, name));
}

}  // namespace bakehouse::tree
