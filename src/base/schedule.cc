#include "base/schedule.hh"

#include "base/encoding.hh"
#include "base/error.hh"

#include <algorithm>
#include <charconv>
#include <ctime>
#include <optional>
#include <vector>

namespace bakehouse::base {
namespace {

struct FieldKind {
  const char* name;
  int least;
  int most;
  std::string_view words;  // three letters each, the first for `least`
};
constexpr std::array<FieldKind, 5> kinds = {{
    {"minute", 0, 59, ""},
    {"hour", 0, 23, ""},
    {"day of the month", 1, 31, ""},
    {"month", 1, 12, "janfebmaraprmayjunjulaugsepoctnovdec"},
    {"day of the week", 0, 7, "sunmontuewedthufrisat"},
}};

// The rarest date, 29 February, is at most eight years away.
constexpr Seconds longest_wait = Seconds{9} * 366 * 24 * 3600;

std::vector<std::string_view> split(std::string_view text, char separator) {
  std::vector<std::string_view> parts;
  for (;;) {
    const size_t end = text.find(separator);
    parts.push_back(text.substr(0, end));
    if (end == std::string_view::npos) return parts;
    text.remove_prefix(end + 1);
  }
}

std::vector<std::string_view> words_of(std::string_view text) {
  auto words = split(text, ' ');
  std::erase(words, std::string_view());
  return words;
}

[[noreturn]] void refuse(const FieldKind& kind, std::string_view text) {
  throw Error(
      Fault::input,
      fmt::format("the {} of a schedule is '*', or {} to {}, not '{}'", kind.name, kind.least, kind.most,
                  printable(text.substr(0, 100))),
      "minute, hour, day of the month, month, day of the week: \"*/5 * * * *\", \"30 2 * * mon-fri\"");
}

std::optional<int> word_number(const FieldKind& kind, std::string_view text) {
  std::string lower(text);
  std::ranges::transform(lower, lower.begin(),
                         [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; });
  for (size_t at = 0; at + 3 <= kind.words.size(); at += 3)
    if (kind.words.substr(at, 3) == lower) return kind.least + static_cast<int>(at / 3);
  return std::nullopt;
}

int number_in(const FieldKind& kind, std::string_view text) {
  if (const auto number = word_number(kind, text)) return *number;
  int number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc() || end != text.data() + text.size() || number < kind.least || number > kind.most)
    refuse(kind, text);
  return number;
}

int step_in(const FieldKind& kind, std::string_view text) {
  int step = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), step);
  if (error != std::errc() || end != text.data() + text.size() || step < 1 || step > kind.most)
    refuse(kind, text);
  return step;
}

// One member of a list: "*", "5", "1-5", each with "/STEP".
std::bitset<64> decode_part(const FieldKind& kind, std::string_view text) {
  const size_t slash = text.find('/');
  const std::string_view range = text.substr(0, slash);
  const int step = slash == std::string_view::npos ? 1 : step_in(kind, text.substr(slash + 1));
  int first = kind.least;
  int last = kind.most;
  if (range != "*") {
    const auto ends = split(range, '-');
    if (ends.size() > 2) refuse(kind, text);
    first = number_in(kind, ends.front());
    if (ends.size() == 2 || slash == std::string_view::npos) last = number_in(kind, ends.back());
    if (first > last) refuse(kind, text);
  }
  std::bitset<64> members;
  for (int number = first; number <= last; number += step) members.set(static_cast<size_t>(number));
  return members;
}

std::bitset<64> decode_field(const FieldKind& kind, std::string_view text) {
  std::bitset<64> members;
  for (const std::string_view part : split(text, ',')) members |= decode_part(kind, part);
  return members;
}

std::tm local(Seconds time) {
  const auto value = static_cast<std::time_t>(time);
  std::tm parts{};
  ::localtime_r(&value, &parts);
  return parts;
}

// Where the clock is put forward at midnight there is none, and the day begins later.
Seconds next_midnight(std::tm parts, Seconds time) {
  parts.tm_sec = parts.tm_min = parts.tm_hour = 0;
  ++parts.tm_mday;
  parts.tm_isdst = -1;
  return std::max<Seconds>(std::mktime(&parts), time + 60);
}

}  // namespace

Schedule Schedule::parse(std::string_view text) {
  const auto words = words_of(text);
  if (words.size() != kinds.size()) {
    throw Error(
        Fault::input,
        fmt::format("a schedule has five fields, not {}: '{}'", words.size(), printable(text.substr(0, 100))),
        "minute, hour, day of the month, month, day of the week: \"*/5 * * * *\"");
  }
  Schedule schedule;
  for (size_t i = 0; i < kinds.size(); ++i) schedule.fields_[i] = decode_field(kinds[i], words[i]);
  if (schedule.fields_[weekday].test(7)) schedule.fields_[weekday].reset(7).set(0);
  schedule.any_day_ = words[day].starts_with('*');
  schedule.any_weekday_ = words[weekday].starts_with('*');
  schedule.next_after(0);
  return schedule;
}

bool Schedule::has_day(int day_now, int month_now, int weekday_now) const {
  if (!fields_[month].test(static_cast<size_t>(month_now))) return false;
  const bool by_day = fields_[day].test(static_cast<size_t>(day_now));
  const bool by_weekday = fields_[weekday].test(static_cast<size_t>(weekday_now));
  return either_day() ? by_day || by_weekday : by_day && by_weekday;
}

std::vector<int> Schedule::numbers(Place place) const {
  std::vector<int> numbers;
  for (size_t number = 0; number < fields_[place].size(); ++number)
    if (fields_[place].test(number)) numbers.push_back(static_cast<int>(number));
  return numbers;
}

Seconds Schedule::next_after(Seconds time) const {
  const Seconds end = time + longest_wait;
  time += 60 - local(time).tm_sec % 60;
  while (time < end) {
    const std::tm now = local(time);
    if (!has_day(now.tm_mday, now.tm_mon + 1, now.tm_wday)) {
      time = next_midnight(now, time);
    } else if (!fields_[hour].test(static_cast<size_t>(now.tm_hour))) {
      time += Seconds{60} * (60 - now.tm_min);
    } else if (!fields_[minute].test(static_cast<size_t>(now.tm_min))) {
      time += 60;
    } else {
      return time;
    }
  }
  throw Error(Fault::input, "a schedule names a day that never comes", "30 February, for instance");
}

}  // namespace bakehouse::base
