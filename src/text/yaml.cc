#include "text/yaml.hh"

#include "base/encoding.hh"
#include "text/document.hh"
#include "text/limits.hh"

#include <fmt/format.h>
#include <yaml-cpp/emitterstyle.h>
#include <yaml-cpp/eventhandler.h>
#include <yaml-cpp/exceptions.h>
#include <yaml-cpp/parser.h>

#include <sstream>
#include <unordered_set>

namespace bakehouse::text {
namespace {

using base::printable;

// What yaml-cpp would misread or skip in silence is refused before it sees the document: it reads
// a tab as no indentation, a lone CR as nothing, and a '%' at the start of a line as a directive
// wherever it stands.
class LineCheck {
 public:
  explicit LineCheck(Document& document) : document_(document), text_(document.text()) {}

  void run() {
    for (size_t start = 0; start < text_.size();) {
      const size_t end = std::min(text_.find('\n', start), text_.size());
      check_start(start, end);
      for (size_t i = start; i < end; ++i) check_character(i);
      start = end + 1;
    }
  }

 private:
  void check_start(size_t start, size_t end) {
    if (text_[start] == '%') {
      document_.fail(start, "a line that begins with '%' would be a YAML directive",
                     "leave directives out, and quote or indent what is text");
    }
    const size_t indentation = std::min(text_.find_first_not_of(' ', start), end);
    if (indentation < end && text_[indentation] == '\t') {
      document_.fail(indentation, "a tab in the indentation", "indent with blanks");
    }
  }

  void check_character(size_t index) {
    const auto byte = static_cast<unsigned char>(text_[index]);
    const bool is_control = byte < 0x20 || byte == 0x7F;
    const bool ends_line = byte == '\r' && text_.substr(index + 1, 1) == "\n";
    const bool is_c1 = byte == 0xC2 && static_cast<unsigned char>(text_[index + 1]) < 0xA0;
    if ((is_control && byte != '\t' && !ends_line) || is_c1) {
      document_.fail(index, "a control character",
                     "lines end with LF or CR LF; in double quotes, \\x1b and its like say the others");
    }
    if (text_.substr(index, 3) == "\xEF\xBB\xBF") document_.fail(index, "a byte order mark inside the file");
  }

  Document& document_;
  std::string_view text_;
};

// yaml-cpp's events, made into a Value. Whatever makes YAML surprising ends here.
class Builder : public YAML::EventHandler {
 public:
  explicit Builder(Document& document)
      : document_(document), result_(Value::scalar(Value::Kind::null, "", document.origin_at(0))) {}

  Value take() { return std::move(result_); }

  void OnDocumentStart(const YAML::Mark& mark) override {
    if (started_) {
      document_.fail(offset(mark), "text after the end of the document, or a second document",
                     "one document a file; is the indentation right?");
    }
    started_ = true;
  }
  void OnDocumentEnd() override {}

  void OnNull(const YAML::Mark& mark, YAML::anchor_t anchor) override {
    refuse_anchor(mark, anchor);
    if (expects_key()) document_.fail(offset(mark), "a key is empty or null", "quote it, if it is meant");
    check_null(mark);
    add(Value::scalar(Value::Kind::null, "", origin(mark)));
  }

  void OnAlias(const YAML::Mark& mark, YAML::anchor_t) override {
    document_.fail(offset(mark), "an alias ('*') is not allowed here", "write the value out");
  }

  void OnScalar(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
                const std::string& text) override {
    refuse_anchor(mark, anchor);
    const bool is_plain = tag == "?";
    // Quoted scalars carry the tag "!", which can be written, too.
    if ((!is_plain && tag != "!") || first_character(mark) == '!') refuse_tag(mark);
    if (!is_plain) check_quotes(mark);
    if (text.find('\0') != std::string::npos) document_.fail(offset(mark), "a NUL character in a text");
    // yaml-cpp reads two escapes, and only these, as single bytes.
    if (!is_utf8(text)) {
      document_.fail(offset(mark), "the escapes \\N and \\_ are not understood", "write \\x85 and \\xa0");
    }
    if (expects_key()) return begin_member(mark, text, is_plain);
    check_indentation(mark);
    // yaml-cpp takes "[-]" for a text; YAML, and yaml-cpp itself outside of brackets, do not.
    if (is_plain && text == "-")
      document_.fail(offset(mark), "a '-' where no list can begin", "quote the '-', if it is a text");
    add(Value::scalar(is_plain ? Value::Kind::plain : Value::Kind::string, text, origin(mark)));
  }

  void OnSequenceStart(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
                       YAML::EmitterStyle::value style) override {
    open(mark, tag, anchor, {Value::list({}, origin(mark)), style});
  }
  void OnSequenceEnd() override { close(); }
  void OnMapStart(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
                  YAML::EmitterStyle::value style) override {
    open(mark, tag, anchor, {Value::map({}, origin(mark)), style});
  }
  void OnMapEnd() override { close(); }

 private:
  struct Open {
    Value value;
    YAML::EmitterStyle::value style;
    std::unordered_set<std::string> keys{};
    // Of the member whose value comes next, when `value` is a map.
    bool has_key = false;
    std::string key{};
    Origin key_origin{};
    size_t key_end = 0;
  };

  static size_t offset(const YAML::Mark& mark) { return static_cast<size_t>(std::max(mark.pos, 0)); }
  Origin origin(const YAML::Mark& mark) { return document_.origin_at(offset(mark)); }
  char first_character(const YAML::Mark& mark) const {
    return offset(mark) < document_.text().size() ? document_.text()[offset(mark)] : '\0';
  }
  bool expects_key() const { return !open_.empty() && open_.back().value.is_map() && !open_.back().has_key; }

  void refuse_anchor(const YAML::Mark& mark, YAML::anchor_t anchor) {
    if (anchor != 0)
      document_.fail(offset(mark), "an anchor ('&') is not allowed here", "write the value out");
  }
  [[noreturn]] void refuse_tag(const YAML::Mark& mark) {
    document_.fail(offset(mark), "a tag ('!') is not allowed here", "quote a text that begins with '!'");
  }

  // Where the closing quote stands, of a scalar that begins with one.
  size_t find_closing_quote(size_t start) const {
    const std::string_view text = document_.text();
    const char quote = text[start];
    size_t index = start + 1;
    while (index < text.size()) {
      const bool is_doubled = quote == '\'' && text.substr(index, 2) == "''";
      const bool is_escape = quote == '"' && text[index] == '\\';
      if (text[index] == quote && !is_doubled) return index;
      index += is_doubled || is_escape ? 2 : 1;
    }
    return std::string_view::npos;
  }

  // yaml-cpp accepts a quote that the end of the file cuts off after a line end.
  void check_quotes(const YAML::Mark& mark) {
    const char quote = first_character(mark);
    if (quote != '\'' && quote != '"') return;
    if (find_closing_quote(offset(mark)) != std::string_view::npos) return;
    document_.fail(offset(mark), "a quote is never closed");
  }

  // yaml-cpp takes a word alone for a key without a value, and "[a,,b]" for three entries.
  void check_null(const YAML::Mark& mark) {
    if (open_.empty()) return;
    const Open& parent = open_.back();
    if (!parent.value.is_map()) {
      if (first_character(mark) == ',')
        document_.fail(offset(mark), "an empty entry in a list", "a ',' too much");
      return;
    }
    const std::string_view text = document_.text();
    const size_t next = text.find_first_not_of(" \t", parent.key_end);
    if (next != std::string_view::npos && text[next] == ':') return;
    document_.fail(parent.key_end, fmt::format("no ':' follows the key '{}'", printable(parent.key)),
                   "write 'key: value' with a blank, and close every bracket");
  }

  // At the end of a file yaml-cpp takes a scalar for the value of a key it is not indented below.
  void check_indentation(const YAML::Mark& mark) {
    if (open_.empty() || !open_.back().value.is_map()) return;
    const Open& parent = open_.back();
    const Origin place = origin(mark);
    const bool is_below = place.line == parent.key_origin.line || place.column > parent.key_origin.column;
    if (parent.style == YAML::EmitterStyle::Flow || is_below) return;
    document_.fail(offset(mark),
                   fmt::format("this is not indented below the key '{}'", printable(parent.key)));
  }

  void begin_member(const YAML::Mark& mark, const std::string& key, bool is_plain) {
    if (is_plain && key == "<<") {
      document_.fail(offset(mark), "a merge key ('<<') is not allowed here", "write the values out");
    }
    Open& map = open_.back();
    if (!map.keys.insert(key).second) {
      document_.fail(offset(mark), fmt::format("the key '{}' stands twice in one map", printable(key)));
    }
    map.has_key = true;
    map.key = key;
    map.key_origin = origin(mark);
    map.key_end = is_plain ? offset(mark) + key.size() : find_closing_quote(offset(mark)) + 1;
  }

  void open(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor, Open container) {
    refuse_anchor(mark, anchor);
    if (tag != "?") refuse_tag(mark);
    if (expects_key()) {
      document_.fail(offset(mark), "a list or a map cannot be a key", "quote it, if it is a text");
    }
    if (container.style == YAML::EmitterStyle::Flow) check_indentation(mark);
    if (open_.size() == deepest_nesting) {
      document_.fail(offset(mark), fmt::format("nested deeper than {} levels", deepest_nesting));
    }
    open_.push_back(std::move(container));
  }

  void close() {
    Value done = std::move(open_.back().value);
    open_.pop_back();
    add(std::move(done));
  }

  void add(Value value) {
    if (open_.empty()) {
      result_ = std::move(value);
      return;
    }
    Open& parent = open_.back();
    if (!parent.value.is_map()) return parent.value.push(std::move(value));
    parent.has_key = false;
    value.set_origin(std::move(parent.key_origin));
    parent.value.members().emplace_back(std::move(parent.key), std::move(value));
  }

  Document& document_;
  std::vector<Open> open_;
  Value result_;
  bool started_ = false;
};

struct Explanation {
  std::string_view told;  // by yaml-cpp
  std::string_view message;
  std::string_view hint;
};

// Other messages of yaml-cpp say enough by themselves.
const Explanation explanations[] = {
    {YAML::ErrorMsg::MAP_VALUE, "a ':' where no key can end",
     "check the indentation, and quote a text that holds ': '"},
    {YAML::ErrorMsg::MAP_KEY, "a '?' where no key can begin", "quote a text that begins with '?'"},
    {YAML::ErrorMsg::BLOCK_ENTRY, "a '-' where no list can begin",
     "begin the list on a line of its own, or quote the '-'"},
    {YAML::ErrorMsg::END_OF_MAP, "this does not continue the map above",
     "check the indentation and what stands behind a closing quote or bracket"},
    {YAML::ErrorMsg::END_OF_SEQ, "this does not continue the list above",
     "check the indentation and what stands behind a closing quote or bracket"},
    {YAML::ErrorMsg::END_OF_MAP_FLOW, "a '{' is not closed here", "a ',' or a '}' is missing"},
    {YAML::ErrorMsg::END_OF_SEQ_FLOW, "a '[' is not closed here", "a ',' or a ']' is missing"},
    {YAML::ErrorMsg::FLOW_END, "a closing bracket that nothing opened", "remove it, or quote the text"},
    {YAML::ErrorMsg::EOF_IN_SCALAR, "a quote is never closed", ""},
    {YAML::ErrorMsg::DOC_IN_SCALAR, "a quote is not closed before the end of the document", ""},
    {YAML::ErrorMsg::UNKNOWN_TOKEN, "no value can begin with this character", "quote the text"},
    {YAML::ErrorMsg::UNKNOWN_ANCHOR, "an alias ('*') is not allowed here",
     "write the value out, or quote a text that begins with '*'"},
    {YAML::ErrorMsg::ALIAS_NOT_FOUND, "an alias ('*') is not allowed here",
     "quote a text that begins with '*'"},
    {YAML::ErrorMsg::ANCHOR_NOT_FOUND, "an anchor ('&') is not allowed here",
     "quote a text that begins with '&'"},
};

[[noreturn]] void fail_as_explained(Document& document, const YAML::Exception& error) {
  const auto offset = static_cast<size_t>(std::max(error.mark.pos, 0));
  for (const auto& [told, message, hint] : explanations) {
    if (error.msg == told) document.fail(offset, std::string(message), std::string(hint));
  }
  document.fail(offset, fmt::format("this is no YAML: {}", printable(error.msg)));
}

}  // namespace

Value parse_yaml(std::string_view document, std::string_view name) {
  Document checked(document, name);
  if (document.size() > largest_document)
    checked.fail(largest_document, fmt::format("the file is larger than {} bytes", largest_document));
  checked.check_encoding();
  LineCheck(checked).run();

  Builder builder(checked);
  std::istringstream stream{std::string(document)};
  try {
    YAML::Parser parser(stream);
    // What follows the first document is told as a second one.
    while (parser.HandleNextDocument(builder)) {
    }
  } catch (const YAML::Exception& error) {
    fail_as_explained(checked, error);
  }
  return builder.take();
}

}  // namespace bakehouse::text
