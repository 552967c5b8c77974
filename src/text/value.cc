#include "text/value.hh"

#include "base/encoding.hh"
#include "base/error.hh"

#include <algorithm>
#include <charconv>

namespace bakehouse::text {

using base::Error;
using base::Fault;
using base::printable;

std::string Origin::describe() const {
  if (!source) return {};
  const std::string name = printable(*source);
  return line == 0 ? name : fmt::format("{}:{}:{}", name, line, column);
}

Value::Value(bool value) : kind_(Kind::boolean), text_(value ? "true" : "false") {}
Value::Value(int value) : kind_(Kind::integer), text_(std::to_string(value)) {}
Value::Value(int64_t value) : kind_(Kind::integer), text_(std::to_string(value)) {}
Value::Value(uint64_t value) : kind_(Kind::integer), text_(std::to_string(value)) {}
Value::Value(std::string value) : kind_(Kind::string), text_(std::move(value)) {}
Value::Value(std::string_view value) : kind_(Kind::string), text_(value) {}
Value::Value(const char* value) : kind_(Kind::string), text_(value) {}

Value Value::scalar(Kind kind, std::string text, Origin origin) {
  Value value;
  value.kind_ = kind;
  value.text_ = std::move(text);
  value.origin_ = std::move(origin);
  return value;
}

Value Value::list(std::vector<Value> items, Origin origin) {
  Value value;
  value.kind_ = Kind::list;
  value.items_ = std::move(items);
  value.origin_ = std::move(origin);
  return value;
}

Value Value::map(std::vector<Member> members, Origin origin) {
  Value value;
  value.kind_ = Kind::map;
  value.members_ = std::move(members);
  value.origin_ = std::move(origin);
  return value;
}

namespace {

std::string_view name_of(Value::Kind kind) {
  switch (kind) {
    case Value::Kind::null: return "nothing";
    case Value::Kind::boolean: return "a boolean";
    case Value::Kind::integer: return "a whole number";
    case Value::Kind::number: return "a number with a fraction";
    case Value::Kind::string: return "a string";
    case Value::Kind::date: return "a date";
    case Value::Kind::plain: return "a plain word";
    case Value::Kind::list: return "a list";
    case Value::Kind::map: return "a map";
  }
  return "a value";
}

[[noreturn]] void fail_at(const Origin& origin, const std::string& message) {
  const std::string place = origin.describe();
  throw Error(Fault::input, place.empty() ? message : fmt::format("{}: {}", place, message));
}

const Value& expect(const Value& map, std::string_view key, Value::Kind kind) {
  const Value& value = map.at(key);
  if (value.kind() == kind) return value;
  fail_at(value.origin(),
          fmt::format("'{}' must be {}, not {}", printable(key), name_of(kind), value.kind_name()));
}

template <typename Integer>
Integer parse_integer(const Value& value, std::string_view key) {
  const std::string& text = value.text();
  Integer number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error == std::errc() && end == text.data() + text.size()) return number;
  fail_at(value.origin(), fmt::format("'{}' is out of range: {}", printable(key), printable(text)));
}

}  // namespace

std::string_view Value::kind_name() const { return name_of(kind_); }

const Value* Value::find(std::string_view key) const {
  const auto member = std::ranges::find(members_, key, &Member::first);
  return member == members_.end() ? nullptr : &member->second;
}

void Value::set(std::string_view key, Value value) {
  if (kind_ == Kind::null) kind_ = Kind::map;
  const auto member = std::ranges::find(members_, key, &Member::first);
  if (member != members_.end()) {
    member->second = std::move(value);
  } else {
    members_.emplace_back(key, std::move(value));
  }
}

const Value& Value::at(std::string_view key) const {
  if (!is_map()) {
    fail_at(origin_, fmt::format("a map with '{}' was expected, not {}", printable(key), kind_name()));
  }
  if (const Value* value = find(key)) return *value;
  fail_at(origin_, fmt::format("'{}' is missing", printable(key)));
}

const std::string& Value::string_at(std::string_view key) const {
  return expect(*this, key, Kind::string).text();
}

std::string Value::string_or(std::string_view key, std::string_view fallback) const {
  const Value* value = find(key);
  return value == nullptr || value->is_null() ? std::string(fallback) : string_at(key);
}

int64_t Value::integer_at(std::string_view key) const {
  return parse_integer<int64_t>(expect(*this, key, Kind::integer), key);
}

uint64_t Value::unsigned_at(std::string_view key) const {
  return parse_integer<uint64_t>(expect(*this, key, Kind::integer), key);
}

bool Value::boolean_at(std::string_view key) const {
  return expect(*this, key, Kind::boolean).text() == "true";
}

Value list_of(const std::vector<std::string>& texts) {
  return Value::list(std::vector<Value>(texts.begin(), texts.end()));
}

std::vector<std::string> texts_of(const Value& list) {
  std::vector<std::string> texts;
  for (const Value& item : list.items()) texts.push_back(item.text());
  return texts;
}

}  // namespace bakehouse::text
