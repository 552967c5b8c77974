#include "text/json.hh"

#include "base/encoding.hh"
#include "base/error.hh"
#include "text/document.hh"
#include "text/limits.hh"

#include <nlohmann/json.hpp>

#include <algorithm>
#include <unordered_set>

namespace bakehouse::text {
namespace {

using base::Error;
using base::Fault;
using base::printable;

constexpr int number_overflow = 406;  // as nlohmann counts its errors

// Finds where each token begins. The parser reports values in order and has accepted all that
// stands before them, so that between two tokens only punctuation can stand.
class Tokens {
 public:
  explicit Tokens(Document& document) : document_(document), text_(document.text()) {}

  Origin next() {
    start_ = std::min(text_.find_first_not_of(" \t\r\n,:]}", end_), text_.size());
    end_ = end_of_token();
    return document_.origin_at(start_);
  }
  [[noreturn]] void fail(const std::string& message) { document_.fail(start_, message); }

 private:
  size_t end_of_token() const {
    if (start_ == text_.size()) return start_;
    if (text_[start_] == '"') return end_of_string();
    if (text_[start_] == '{' || text_[start_] == '[') return start_ + 1;
    return std::min(text_.find_first_of(" \t\r\n,]}", start_), text_.size());
  }
  size_t end_of_string() const {
    size_t index = start_ + 1;
    while (index < text_.size() && text_[index] != '"') index += text_[index] == '\\' ? 2 : 1;
    return std::min(index + 1, text_.size());
  }

  Document& document_;
  std::string_view text_;
  size_t start_ = 0;
  size_t end_ = 0;
};

// nlohmann's events, made into a Value. Reading by events is what makes duplicate keys visible.
class Builder : public nlohmann::json_sax<nlohmann::json> {
 public:
  explicit Builder(Document& document) : document_(document), tokens_(document) {}

  Value take() { return std::move(result_); }

  bool null() override { return add(Value::scalar(Value::Kind::null, "", tokens_.next())); }
  bool boolean(bool value) override {
    return add(Value::scalar(Value::Kind::boolean, value ? "true" : "false", tokens_.next()));
  }
  bool number_integer(int64_t value) override {
    return add(Value::scalar(Value::Kind::integer, std::to_string(value), tokens_.next()));
  }
  bool number_unsigned(uint64_t value) override {
    return add(Value::scalar(Value::Kind::integer, std::to_string(value), tokens_.next()));
  }
  // Integers that fit neither type arrive here too, and stay the text they are.
  bool number_float(double, const std::string& text) override {
    return add(Value::scalar(Value::Kind::number, text, tokens_.next()));
  }
  bool string(std::string& text) override {
    return add(Value::scalar(Value::Kind::string, std::move(text), tokens_.next()));
  }
  bool binary(nlohmann::json::binary_t&) override { return false; }  // not in JSON

  bool start_object(size_t) override { return open(Value::map({}, tokens_.next())); }
  bool start_array(size_t) override { return open(Value::list({}, tokens_.next())); }
  bool end_object() override { return close(); }
  bool end_array() override { return close(); }

  bool key(std::string& text) override {
    Open& map = open_.back();
    map.key_origin = tokens_.next();
    if (!map.keys.insert(text).second) {
      tokens_.fail(fmt::format("the key '{}' stands twice in one map", printable(text)));
    }
    map.key = std::move(text);
    return true;
  }

  // `position` counts the bytes read so far, among them the one that does not fit.
  bool parse_error(size_t position, const std::string&, const nlohmann::detail::exception& error) override {
    const std::string_view text = document_.text();
    if (position > text.size()) document_.fail(text.size(), "the JSON ends too early");
    const size_t last = std::max<size_t>(position, 1) - 1;
    if (error.id == number_overflow) document_.fail(last, "a number too large to be held");
    document_.fail(last,
                   fmt::format("this is no JSON: unexpected '{}'", printable(character_at(text, last))));
  }

 private:
  struct Open {
    Value value;
    std::unordered_set<std::string> keys{};
    // Of the member that is being read, when `value` is a map.
    std::string key{};
    Origin key_origin{};
  };

  bool open(Value container) {
    if (open_.size() == deepest_nesting)
      tokens_.fail(fmt::format("nested deeper than {} levels", deepest_nesting));
    open_.push_back({std::move(container)});
    return true;
  }
  bool close() {
    Value done = std::move(open_.back().value);
    open_.pop_back();
    return add(std::move(done));
  }
  bool add(Value value) {
    if (open_.empty()) {
      result_ = std::move(value);
    } else if (Open& parent = open_.back(); parent.value.is_map()) {
      value.set_origin(std::move(parent.key_origin));
      parent.value.members().emplace_back(std::move(parent.key), std::move(value));
    } else {
      parent.value.push(std::move(value));
    }
    return true;
  }

  Document& document_;
  Tokens tokens_;
  std::vector<Open> open_;
  Value result_;
};

enum class Style { canonical, pretty };

class Writer {
 public:
  explicit Writer(Style style) : style_(style) {}

  void write(const Value& value) {
    switch (value.kind()) {
      case Value::Kind::null: out_ += "null"; break;
      case Value::Kind::boolean:
      case Value::Kind::integer: out_ += value.text(); break;
      case Value::Kind::number: write_number(value); break;
      case Value::Kind::string:
      case Value::Kind::date:
      case Value::Kind::plain: write_string(value.text()); break;
      case Value::Kind::list: write_list(value); break;
      case Value::Kind::map: write_map(value); break;
    }
  }
  std::string take() { return std::move(out_); }

 private:
  // A fraction has many spellings, so that a canonical document has none.
  void write_number(const Value& value) {
    if (style_ == Style::canonical) {
      throw Error(Fault::input,
                  fmt::format("{} is not a whole number that JSON could carry", printable(value.text())));
    }
    const bool is_json = nlohmann::json::accept(value.text());  // TOML's inf and nan are not
    is_json ? static_cast<void>(out_ += value.text()) : write_string(value.text());
  }

  void write_string(std::string_view text) {
    if (!is_utf8(text)) {
      throw Error(Fault::input,
                  fmt::format("'{}' is no UTF-8 and cannot be written as JSON", printable(text)));
    }
    out_ += '"';
    for (const char c : text) write_character(c);
    out_ += '"';
  }

  void write_character(char c) {
    constexpr std::string_view special = "\"\\\b\f\n\r\t";
    constexpr std::string_view letters = "\"\\bfnrt";
    if (const size_t index = special.find(c); index != std::string_view::npos) {
      out_ += '\\';
      out_ += letters[index];
    } else if (static_cast<unsigned char>(c) < 0x20) {
      out_ += fmt::format("\\u{:04x}", static_cast<unsigned char>(c));
    } else {
      out_ += c;
    }
  }

  void write_list(const Value& value) {
    write_container('[', ']', value.items().size(), [&](size_t i) { write(value.items()[i]); });
  }

  void write_map(const Value& value) {
    std::vector<const Value::Member*> members;
    for (const auto& member : value.members()) members.push_back(&member);
    if (style_ == Style::canonical) {
      std::ranges::sort(members, {},
                        [](const Value::Member* member) -> const std::string& { return member->first; });
    }
    write_container('{', '}', members.size(), [&](size_t i) {
      write_string(members[i]->first);
      out_ += style_ == Style::pretty ? ": " : ":";
      write(members[i]->second);
    });
  }

  template <typename WriteItem>
  void write_container(char opening, char closing, size_t count, WriteItem write_item) {
    out_ += opening;
    ++level_;
    for (size_t i = 0; i < count; ++i) {
      if (i > 0) out_ += ',';
      break_line();
      write_item(i);
    }
    --level_;
    if (count > 0) break_line();
    out_ += closing;
  }

  void break_line() {
    if (style_ != Style::pretty) return;
    out_ += '\n';
    out_.append(2 * level_, ' ');
  }

  Style style_;
  size_t level_ = 0;
  std::string out_;
};

std::string write(const Value& value, Style style) {
  Writer writer(style);
  writer.write(value);
  return writer.take();
}

}  // namespace

Value parse_json(std::string_view document, std::string_view name) {
  Document checked(document, name);
  // The parser would skip a byte order mark, and take a NUL byte for the end of the document.
  checked.check_encoding();
  Builder builder(checked);
  nlohmann::json::sax_parse(document.begin(), document.end(), &builder);
  return builder.take();
}

std::string to_json(const Value& value) { return write(value, Style::canonical); }

std::string to_pretty_json(const Value& value) { return write(value, Style::pretty) + '\n'; }

}  // namespace bakehouse::text
