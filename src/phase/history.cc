#include "phase/history.hh"

#include "base/error.hh"
#include "base/files.hh"
#include "text/json.hh"

#include <fmt/format.h>

#include <algorithm>

namespace bakehouse::phase {
namespace {

namespace fs = std::filesystem;
using text::Value;

constexpr uint64_t largest_history = 256 << 20;

HistoryEntry decode(const Value& value) {
  HistoryEntry entry;
  entry.deployment = value.string_at("deployment");
  entry.kind = value.string_at("kind");
  entry.outcome = value.string_at("outcome");
  entry.version = value.string_at("version");
  entry.sequence = value.unsigned_at("sequence");
  entry.manifest = value.string_at("manifest");
  entry.parent = value.string_or("parent", "");
  entry.step = value.string_or("step", "");
  entry.cause = value.string_or("cause", "");
  entry.who = value.string_or("who", "");
  entry.began = value.integer_at("began");
  entry.ended = value.integer_at("ended");
  entry.durations = value.at("durations");
  return entry;
}

}  // namespace

Value encode(const HistoryEntry& entry) {
  return Value::map({{"deployment", entry.deployment},
                     {"kind", entry.kind},
                     {"outcome", entry.outcome},
                     {"version", entry.version},
                     {"sequence", entry.sequence},
                     {"manifest", entry.manifest},
                     {"parent", entry.parent},
                     {"step", entry.step},
                     {"cause", entry.cause},
                     {"who", entry.who},
                     {"began", entry.began},
                     {"ended", entry.ended},
                     {"durations", entry.durations}});
}

std::vector<HistoryEntry> read_history(const fs::path& path) {
  std::vector<HistoryEntry> history;
  const std::string text = base::read_file_if_any(path, largest_history).value_or("");
  std::string_view rest = text;
  for (size_t number = 1;; ++number) {
    const size_t end = rest.find('\n');
    if (end == std::string_view::npos) return history;
    base::with_context(fmt::format("{}: line {}", path.native(), number),
                       [&] { history.push_back(decode(text::parse_json(rest.substr(0, end), "history"))); });
    rest.remove_prefix(end + 1);
  }
}

void append_history(const fs::path& path, const HistoryEntry& entry) {
  const auto history = read_history(path);
  if (find_deployment(history, entry.deployment) != nullptr) return;
  // Written whole: an append that was torn could otherwise swallow the line after it.
  std::string text;
  for (const auto& old : history) text += text::to_json(encode(old)) + "\n";
  base::write_file(path, text + text::to_json(encode(entry)) + "\n", 0644);
}

const HistoryEntry* last_good(const std::vector<HistoryEntry>& history) {
  const auto found = std::find_if(history.rbegin(), history.rend(),
                                  [](const auto& entry) { return entry.outcome == "good"; });
  return found == history.rend() ? nullptr : &*found;
}

const HistoryEntry* find_deployment(const std::vector<HistoryEntry>& history, std::string_view id) {
  const auto found =
      std::find_if(history.begin(), history.end(), [&](const auto& entry) { return entry.deployment == id; });
  return found == history.end() ? nullptr : &*found;
}

}  // namespace bakehouse::phase
