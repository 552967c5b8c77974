#include "text/toml.hh"

#include "base/encoding.hh"
#include "base/error.hh"
#include "text/document.hh"
#include "text/limits.hh"

#define TOML_MAX_NESTED_VALUES 64
#define TOML_ENABLE_FORMATTERS 0
#include <toml++/toml.h>

#include <algorithm>
#include <memory>
#include <sstream>
#include <tuple>

namespace bakehouse::text {
namespace {

using base::Error;
using base::Fault;

// toml++ bounds the depth of brackets but not the parts of a dotted key, each of which is a table
// in a table: some ten thousand of them exhaust the stack. So the dots are counted beforehand.
class KeyCheck {
 public:
  explicit KeyCheck(Document& document) : document_(document), text_(document.text()) {}

  void run() {
    while (index_ < text_.size()) {
      const char c = text_[index_];
      if (c == '"' || c == '\'') {
        skip_string(c);
      } else if (c == '#') {
        index_ = std::min(text_.find('\n', index_), text_.size());
      } else {
        count(c);
        ++index_;
      }
    }
  }

 private:
  void count(char c) {
    constexpr std::string_view separators = "=,[]{}\n";
    if (separators.find(c) != std::string_view::npos) dots_ = 0;
    if (c == '.' && ++dots_ >= deepest_nesting)
      document_.fail(index_, fmt::format("a key of more than {} parts", deepest_nesting));
  }

  void skip_string(char quote) {
    const std::string fence(3, quote);
    const bool is_long = text_.substr(index_, 3) == fence;
    index_ += is_long ? 3 : 1;
    while (index_ < text_.size()) {
      const char c = text_[index_];
      if (c == '\\' && quote == '"') {
        index_ += 2;
      } else if (is_long && text_.substr(index_, 3) == fence) {
        return skip_closing_fence(quote);
      } else if (!is_long && (c == quote || c == '\n')) {
        index_ += c == quote ? 1 : 0;
        return;
      } else {
        ++index_;
      }
    }
  }

  // Up to two quotes that belong to the text may stand before the three that end it.
  void skip_closing_fence(char quote) {
    const size_t end = std::min(text_.find_first_not_of(quote, index_), text_.size());
    index_ += std::min<size_t>(end - index_, 5);
  }

  Document& document_;
  std::string_view text_;
  size_t index_ = 0;
  size_t dots_ = 0;
};

template <typename Date>
std::string print(const Date& date) {
  std::ostringstream out;
  out << date;
  return out.str();
}

// "1.0" stays apart from the integer 1.
std::string print_float(double number) {
  const std::string text = fmt::format("{}", number);
  return text.find_first_of(".en") == std::string::npos ? text + ".0" : text;
}

class Converter {
 public:
  explicit Converter(std::string_view name) : source_(std::make_shared<const std::string>(name)) {}

  Value convert(const toml::node& node) {
    const Origin origin = origin_of(node.source().begin);
    if (const auto* table = node.as_table()) return convert_table(*table, origin);
    if (const auto* array = node.as_array()) return convert_array(*array, origin);
    if (const auto* text = node.as_string()) return Value::scalar(Value::Kind::string, text->get(), origin);
    if (const auto* number = node.as_integer()) {
      return Value::scalar(Value::Kind::integer, std::to_string(number->get()), origin);
    }
    if (const auto* number = node.as_floating_point()) {
      return Value::scalar(Value::Kind::number, print_float(number->get()), origin);
    }
    if (const auto* boolean = node.as_boolean()) {
      return Value::scalar(Value::Kind::boolean, boolean->get() ? "true" : "false", origin);
    }
    return Value::scalar(Value::Kind::date, convert_date(node), origin);
  }

 private:
  Origin origin_of(const toml::source_position& position) const {
    return {source_, static_cast<int>(position.line), static_cast<int>(position.column)};
  }

  static std::string convert_date(const toml::node& node) {
    if (const auto* date = node.as_date()) return print(date->get());
    if (const auto* time = node.as_time()) return print(time->get());
    return print(node.as_date_time()->get());
  }

  Value convert_array(const toml::array& array, const Origin& origin) {
    enter(origin);
    std::vector<Value> items;
    for (const auto& item : array) items.push_back(convert(item));
    --depth_;
    return Value::list(std::move(items), origin);
  }

  Value convert_table(const toml::table& table, const Origin& origin) {
    enter(origin);
    std::vector<Value::Member> members;
    for (const auto& [key, node] : table) {
      Value value = convert(node);
      // For an array of tables, toml++ remembers the end of the key but the begin of the value.
      const auto& value_begin = node.source().begin;
      const auto& key_begin = key.source().begin;
      value.set_origin(origin_of(value_begin && value_begin < key_begin ? value_begin : key_begin));
      members.emplace_back(key.str(), std::move(value));
    }
    --depth_;
    // The table is sorted by key; a Value keeps the order of the file.
    std::ranges::stable_sort(members, {}, [](const Value::Member& member) {
      return std::make_tuple(member.second.origin().line, member.second.origin().column);
    });
    return Value::map(std::move(members), origin);
  }

  void enter(const Origin& origin) {
    if (++depth_ <= deepest_nesting) return;
    throw Error(Fault::input,
                fmt::format("{}: nested deeper than {} levels", origin.describe(), deepest_nesting));
  }

  std::shared_ptr<const std::string> source_;
  size_t depth_ = 0;
};

}  // namespace

Value parse_toml(std::string_view document, std::string_view name) {
  Document checked(document, name);
  if (document.size() > largest_document)
    checked.fail(largest_document, fmt::format("the file is larger than {} bytes", largest_document));
  checked.check_encoding();
  KeyCheck(checked).run();
  try {
    const toml::table table = toml::parse(document, std::string_view());
    return Converter(name).convert(table);
  } catch (const toml::parse_error& error) {
    const auto& begin = error.source().begin;
    throw Error(Fault::input, fmt::format("{}:{}:{}: this is no TOML: {}", base::printable(name), begin.line,
                                          begin.column, base::printable(error.description())));
  }
}

}  // namespace bakehouse::text
