// One tree of values for YAML, TOML and JSON. Every value knows where it stands, so that a fault
// found long after parsing can still name file, line and column.
#pragma once

#include <cstdint>
#include <initializer_list>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace bakehouse::text {

struct Origin {
  std::shared_ptr<const std::string> source;  // a file's name, or "--set"; null for values made by us
  int line = 0;                               // from 1; 0: unknown
  int column = 0;

  // "bake.yaml:3:7", "bake.yaml", or "" when nothing is known.
  std::string describe() const;
};

class Value {
 public:
  enum class Kind {
    null,
    boolean,
    integer,
    number,  // not an integer; kept as its text
    string,
    date,   // of TOML: a date, a time, or both; kept as its text
    plain,  // an unquoted YAML scalar: what it means is for whoever decodes it to say
    list,
    map,
  };
  using Member = std::pair<std::string, Value>;

  Value() = default;
  Value(bool value);              // NOLINT(google-explicit-constructor): reads as JSON
  Value(int value);               // NOLINT
  Value(int64_t value);           // NOLINT
  Value(uint64_t value);          // NOLINT
  Value(std::string value);       // NOLINT
  Value(std::string_view value);  // NOLINT
  Value(const char* value);       // NOLINT
  static Value scalar(Kind kind, std::string text, Origin origin);
  static Value list(std::vector<Value> items = {}, Origin origin = {});
  static Value map(std::vector<Member> members = {}, Origin origin = {});

  Kind kind() const { return kind_; }
  bool is_null() const { return kind_ == Kind::null; }
  bool is_map() const { return kind_ == Kind::map; }
  bool is_list() const { return kind_ == Kind::list; }
  // "a string", "a list", ...: for messages.
  std::string_view kind_name() const;

  // A scalar as it was written ("" for null, lists and maps).
  const std::string& text() const { return text_; }
  const std::vector<Value>& items() const { return items_; }
  std::vector<Value>& items() { return items_; }
  // In the order of the file.
  const std::vector<Member>& members() const { return members_; }
  std::vector<Member>& members() { return members_; }
  // nullptr when there is no such member, or this is no map.
  const Value* find(std::string_view key) const;
  // Replaces or adds.
  void set(std::string_view key, Value value);
  void push(Value item) { items_.push_back(std::move(item)); }

  const Origin& origin() const { return origin_; }
  void set_origin(Origin origin) { origin_ = std::move(origin); }

  // For files we wrote ourselves: the member of that kind, or Error(input) that names it.
  const Value& at(std::string_view key) const;
  const std::string& string_at(std::string_view key) const;
  std::string string_or(std::string_view key, std::string_view fallback) const;
  int64_t integer_at(std::string_view key) const;
  uint64_t unsigned_at(std::string_view key) const;
  bool boolean_at(std::string_view key) const;

 private:
  Kind kind_ = Kind::null;
  std::string text_;
  std::vector<Value> items_;
  std::vector<Member> members_;
  Origin origin_;
};

// A list of strings, there and back; what else stands in it comes back as its text.
Value list_of(const std::vector<std::string>& texts);
std::vector<std::string> texts_of(const Value& list);

}  // namespace bakehouse::text
