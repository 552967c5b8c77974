#include "text/decode.hh"

#include "base/encoding.hh"
#include "base/error.hh"

#include <algorithm>
#include <charconv>
#include <numeric>
#include <tuple>

namespace bakehouse::text {
namespace {

using base::Error;
using base::Fault;

constexpr size_t most_shown = 100;  // diagnostics; a screen or two
constexpr size_t longest_quote = 80;

// Foreign text in a message: harmless to a terminal, and not a page of it.
std::string quoted(std::string_view text) {
  const bool whole = text.size() <= longest_quote;
  return fmt::format("'{}{}'", base::printable(text.substr(0, longest_quote)), whole ? "" : "...");
}

std::string shown(const Value& value) {
  const bool is_scalar = !value.is_null() && !value.is_list() && !value.is_map();
  return is_scalar ? quoted(value.text()) : std::string(value.kind_name());
}

std::string describe(const Diagnostic& diagnostic) {
  std::string line = diagnostic.origin.describe();
  if (!line.empty()) line += ": ";
  line += diagnostic.message;
  if (!diagnostic.hint.empty()) line += fmt::format(" ({})", diagnostic.hint);
  return line;
}

auto position(const Diagnostic& diagnostic) {
  const Origin& origin = diagnostic.origin;
  const std::string_view source = origin.source ? std::string_view(*origin.source) : std::string_view();
  return std::make_tuple(source, origin.line, origin.column);
}

std::string did_you_mean(std::string_view word, const std::vector<std::string>& known) {
  const auto best = nearest(word, known);
  return best ? fmt::format("did you mean '{}'?", *best) : std::string();
}

std::string join(const std::vector<std::string>& words) { return fmt::format("{}", fmt::join(words, ", ")); }

}  // namespace

void Diagnostics::add(const Origin& origin, std::string message, std::string hint) {
  list_.push_back({origin, std::move(message), std::move(hint)});
}

void Diagnostics::throw_if_any() const {
  if (list_.empty()) return;
  auto sorted = list_;
  std::ranges::stable_sort(sorted, {}, position);
  std::vector<std::string> lines;
  for (const auto& diagnostic : sorted) {
    if (lines.size() == most_shown) break;
    lines.push_back(describe(diagnostic));
  }
  if (sorted.size() > most_shown) lines.push_back(fmt::format("and {} more", sorted.size() - most_shown));
  throw Error(Fault::input, fmt::format("{}", fmt::join(lines, "\n")));
}

namespace {

constexpr size_t longest_word = 64;

// Insertions, deletions, replacements, and neighbours that changed places, each counted once.
size_t edit_distance(std::string_view from, std::string_view to) {
  std::vector<size_t> before_last(to.size() + 1);
  std::vector<size_t> last(to.size() + 1);
  std::vector<size_t> row(to.size() + 1);
  std::iota(last.begin(), last.end(), size_t{0});
  for (size_t i = 1; i <= from.size(); ++i) {
    row[0] = i;
    for (size_t j = 1; j <= to.size(); ++j) {
      const size_t replaced = last[j - 1] + (from[i - 1] == to[j - 1] ? 0 : 1);
      row[j] = std::min({replaced, last[j] + 1, row[j - 1] + 1});
      const bool swapped = i > 1 && j > 1 && from[i - 1] == to[j - 2] && from[i - 2] == to[j - 1];
      if (swapped) row[j] = std::min(row[j], before_last[j - 2] + 1);
    }
    std::swap(before_last, last);
    std::swap(last, row);
  }
  return last[to.size()];
}

// "environment" for "env", and the reverse.
bool is_short_for(std::string_view one, std::string_view other) {
  const auto [shorter, longer] = std::minmax(one, other, [](auto a, auto b) { return a.size() < b.size(); });
  return shorter.size() >= 3 && longer.starts_with(shorter);
}

}  // namespace

std::optional<std::string> nearest(std::string_view word, const std::vector<std::string>& known) {
  if (word.size() > longest_word) return std::nullopt;
  size_t least = std::max<size_t>(1, (word.size() + 1) / 3) + 1;
  std::optional<std::string> best;
  for (const auto& candidate : known) {
    const size_t distance = is_short_for(word, candidate) ? 1 : edit_distance(word, candidate);
    if (distance < least) {
      least = distance;
      best = candidate;
    }
  }
  return best;
}

std::optional<std::string> as_text(const Value& value, std::string_view what, Diagnostics& faults) {
  if (value.kind() == Value::Kind::string || value.kind() == Value::Kind::plain) return value.text();
  faults.add(value.origin(), fmt::format("{} must be text, not {}", what, value.kind_name()));
  return std::nullopt;
}

namespace {

// Decimal as JSON writes it: no sign but a minus, no leading zeros that another reader would take
// for octal.
std::optional<int64_t> parse_decimal(const std::string& text) {
  const size_t first_digit = text.starts_with('-') ? 1 : 0;
  if (text.size() > first_digit + 1 && text[first_digit] == '0') return std::nullopt;
  int64_t number = 0;
  const char* end = text.data() + text.size();
  const auto [stop, error] = std::from_chars(text.data(), end, number);
  if (error != std::errc() || stop != end) return std::nullopt;
  return number;
}

bool is_unquoted(const Value& value, Value::Kind kind) {
  return value.kind() == kind || value.kind() == Value::Kind::plain;
}

}  // namespace

std::optional<int64_t> as_integer(const Value& value, std::string_view what, int64_t least, int64_t most,
                                  Diagnostics& faults) {
  const auto number =
      is_unquoted(value, Value::Kind::integer) ? parse_decimal(value.text()) : std::optional<int64_t>();
  if (number && *number >= least && *number <= most) return number;
  const bool is_quoted = value.kind() == Value::Kind::string && parse_decimal(value.text());
  faults.add(value.origin(),
             fmt::format("{} must be a whole number from {} to {}, not {}", what, least, most, shown(value)),
             is_quoted ? "without the quotes" : "");
  return std::nullopt;
}

std::optional<bool> as_boolean(const Value& value, std::string_view what, Diagnostics& faults) {
  if (is_unquoted(value, Value::Kind::boolean)) {
    if (value.text() == "true" || value.text() == "yes") return true;
    if (value.text() == "false" || value.text() == "no") return false;
  }
  faults.add(value.origin(), fmt::format("{} must be yes or no, not {}", what, shown(value)));
  return std::nullopt;
}

namespace {

using std::chrono::milliseconds;

constexpr milliseconds longest_duration = std::chrono::hours(24 * 3650);

std::optional<milliseconds> unit_of(std::string_view suffix) {
  using std::chrono::duration_cast;
  if (suffix == "ms") return milliseconds(1);
  if (suffix == "s") return std::chrono::seconds(1);
  if (suffix == "m") return std::chrono::minutes(1);
  if (suffix == "h") return std::chrono::hours(1);
  if (suffix == "d") return std::chrono::hours(24);
  return std::nullopt;
}

std::optional<milliseconds> parse_duration(const std::string& text) {
  const size_t digits = std::min(text.find_first_not_of("0123456789"), text.size());
  const auto unit = unit_of(std::string_view(text).substr(digits));
  const auto number = parse_decimal(text.substr(0, digits));
  if (!unit || !number || *number > longest_duration / *unit) return std::nullopt;
  return *number * *unit;
}

}  // namespace

std::optional<milliseconds> as_duration(const Value& value, std::string_view what, Diagnostics& faults) {
  const bool is_text = is_unquoted(value, Value::Kind::string);
  const auto duration = is_text ? parse_duration(value.text()) : std::optional<milliseconds>();
  if (duration) return duration;
  faults.add(value.origin(), fmt::format("{} must be a duration, not {}", what, shown(value)),
             "a whole number and one of ms, s, m, h, d: 500ms, 30s, 2h");
  return std::nullopt;
}

MapReader::MapReader(const Value& value, std::string what, Diagnostics& faults)
    : value_(value), what_(std::move(what)), faults_(faults) {
  if (!value.is_map()) {
    faults_.add(value.origin(), fmt::format("{} must be a map, not {}", what_, shown(value)));
  }
}

const Value* MapReader::take(std::string_view key) {
  asked_.emplace_back(key);
  const Value* value = value_.find(key);
  return value == nullptr || value->is_null() ? nullptr : value;
}

const Value* MapReader::require(std::string_view key) {
  const Value* value = take(key);
  if (value == nullptr && value_.is_map()) {
    faults_.add(value_.origin(), fmt::format("'{}' is missing in {}", key, what_));
  }
  return value;
}

std::optional<std::string> MapReader::text(std::string_view key) {
  const Value* value = take(key);
  if (value == nullptr) return std::nullopt;
  return as_text(*value, fmt::format("'{}' in {}", key, what_), faults_);
}

std::optional<int64_t> MapReader::integer(std::string_view key, int64_t least, int64_t most) {
  const Value* value = take(key);
  if (value == nullptr) return std::nullopt;
  return as_integer(*value, fmt::format("'{}' in {}", key, what_), least, most, faults_);
}

std::optional<bool> MapReader::boolean(std::string_view key) {
  const Value* value = take(key);
  if (value == nullptr) return std::nullopt;
  return as_boolean(*value, fmt::format("'{}' in {}", key, what_), faults_);
}

std::optional<milliseconds> MapReader::duration(std::string_view key) {
  const Value* value = take(key);
  if (value == nullptr) return std::nullopt;
  return as_duration(*value, fmt::format("'{}' in {}", key, what_), faults_);
}

std::optional<std::string> MapReader::choice(std::string_view key, const std::vector<std::string>& choices) {
  const Value* value = take(key);
  if (value == nullptr) return std::nullopt;
  const auto word = is_unquoted(*value, Value::Kind::string) ? value->text() : std::string();
  if (std::ranges::find(choices, word) != choices.end()) return word;
  const std::string hint = did_you_mean(word, choices);
  faults_.add(value->origin(),
              fmt::format("'{}' in {} must be one of {}, not {}", key, what_, join(choices), shown(*value)),
              hint);
  return std::nullopt;
}

std::optional<std::vector<std::string>> MapReader::texts(std::string_view key) {
  const Value* value = take(key);
  if (value == nullptr) return std::nullopt;
  const std::string what = fmt::format("'{}' in {}", key, what_);
  if (!value->is_list()) {
    auto only = as_text(*value, what, faults_);
    if (!only) return std::nullopt;
    return std::vector{std::move(*only)};
  }
  std::vector<std::string> list;
  for (const auto& item : value->items()) {
    if (auto text = as_text(item, fmt::format("an entry of {}", what), faults_))
      list.push_back(std::move(*text));
  }
  if (list.size() < value->items().size()) return std::nullopt;
  return list;
}

void MapReader::finish() {
  for (const auto& [key, value] : value_.members()) {
    if (std::ranges::find(asked_, key) != asked_.end()) continue;
    faults_.add(value.origin(), fmt::format("unknown key {} in {}", quoted(key), what_),
                did_you_mean(key, asked_));
  }
}

}  // namespace bakehouse::text
