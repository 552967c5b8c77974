#include "config/template.hh"

#include "base/encoding.hh"
#include "base/error.hh"
#include "config/escape.hh"
#include "text/document.hh"

#include <fmt/format.h>

#include <algorithm>
#include <optional>

namespace bakehouse::config {
namespace {

using base::Error;
using base::printable;
using text::Value;

constexpr std::string_view literal_sign = "$${";
constexpr std::string_view opening = "${";
constexpr std::string_view default_sign = ":-";
constexpr size_t longest_quoted = 80;

struct Place {
  std::string key;
  std::string filter;                   // "": none
  std::optional<std::string> fallback;  // the text behind ":-"
};

std::string in_quotes(std::string_view text) {
  return fmt::format("'{}{}'", printable(text.substr(0, longest_quoted)),
                     text.size() > longest_quoted ? "..." : "");
}

// What stands between the braces.
Place split_place(std::string_view body) {
  Place place;
  const size_t sign = body.find(default_sign);
  if (sign != std::string_view::npos) {
    place.fallback = std::string(body.substr(sign + default_sign.size()));
    body = body.substr(0, sign);
  }
  const size_t bar = body.find('|');
  if (bar != std::string_view::npos) place.filter = std::string(body.substr(bar + 1));
  place.key = std::string(body.substr(0, bar));
  return place;
}

// As the pillar would have it: a number stays one for |json.
Value fallback_value(const std::string& text) { return Value::scalar(Value::Kind::plain, text, {}); }

class Renderer {
 public:
  Renderer(std::string_view text, std::string_view name, const Pillar& pillar, text::Diagnostics& faults)
      : document_(text, name), text_(text), pillar_(pillar), faults_(faults) {}

  Rendered run() {
    if (text_.size() > largest_template)
      document_.fail(largest_template, fmt::format("the template is larger than {} bytes", largest_template));
    document_.check_encoding();
    for (size_t at = 0; at < text_.size();) at = take(at);
    return std::move(out_);
  }

 private:
  // Copies or replaces what stands at `at`, and says where to go on.
  size_t take(size_t at) {
    const size_t dollar = std::min(text_.find('$', at), text_.size());
    append(at, text_.substr(at, dollar - at));
    const std::string_view rest = text_.substr(dollar);
    if (rest.starts_with(literal_sign)) {
      append(dollar, opening);
      return dollar + literal_sign.size();
    }
    if (rest.starts_with(opening)) return take_place(dollar);
    append(dollar, rest.substr(0, 1));
    return dollar + std::min<size_t>(rest.size(), 1);
  }

  size_t take_place(size_t start) {
    const size_t body = start + opening.size();
    const size_t end = text_.find_first_of("}\n", body);
    if (end == std::string_view::npos || text_[end] == '\n') {
      fault(start, "'${' is not closed in its line", "$${ stands for the two characters themselves");
      return body;
    }
    fill(start, split_place(text_.substr(body, end - body)));
    return end + 1;
  }

  void fill(size_t start, const Place& place) {
    if (!is_well_formed(start, place)) return;
    out_.keys.insert(place.key);
    const Value* value = find_value(pillar_, place.key);
    if (value == nullptr && !place.fallback) {
      tell_missing(start, place.key);
      return;
    }
    out_.has_sealed = out_.has_sealed || (value != nullptr && holds_sealed(pillar_, place.key));
    try {
      append(start, write_value(value != nullptr ? *value : fallback_value(*place.fallback), place.filter));
    } catch (const Error& error) {
      fault(start, fmt::format("'{}' {}", place.key, error.what()), error.hint());
    }
  }

  bool is_well_formed(size_t start, const Place& place) {
    if (!is_dotted_key(place.key)) {
      fault(start, fmt::format("{} is no key", in_quotes(place.key)),
            "${a.b}, ${a.b|shell} or ${a.b:-default}; $${ stands for the two characters themselves");
      return false;
    }
    const auto& names = filter_names();
    if (place.filter.empty() || std::ranges::find(names, place.filter) != names.end()) return true;
    const auto meant = text::nearest(place.filter, names);
    fault(start, fmt::format("there is no filter {}", in_quotes(place.filter)),
          meant ? fmt::format("did you mean '{}'?", *meant) : fmt::format("{}", fmt::join(names, ", ")));
    return false;
  }

  void tell_missing(size_t start, const std::string& key) {
    if (holds_sealed(pillar_, key)) {
      fault(start, fmt::format("'{}' is sealed, and was not opened", key),
            "the identity of this root must be among its recipients");
      return;
    }
    const auto meant = text::nearest(key, keys_of(pillar_));
    const std::string file = (pillar_.directory / (pillar_.environment + ".yaml")).native();
    fault(start, fmt::format("'{}' has no value in the environment {}", key, pillar_.environment),
          fmt::format("{}write it into {}, or a default: ${{{}:-TEXT}}",
                      meant ? fmt::format("did you mean '{}'? Or ", *meant) : std::string(), printable(file),
                      key));
  }

  void fault(size_t at, std::string message, std::string hint) {
    faults_.add(document_.origin_at(at), std::move(message), std::move(hint));
  }

  void append(size_t at, std::string_view text) {
    if (out_.text.size() + text.size() > largest_rendered)
      document_.fail(at,
                     fmt::format("what is made of the template is larger than {} bytes", largest_rendered));
    out_.text += text;
  }

  text::Document document_;
  std::string_view text_;
  const Pillar& pillar_;
  text::Diagnostics& faults_;
  Rendered out_;
};

}  // namespace

Rendered render_template(std::string_view text, std::string_view name, const Pillar& pillar,
                         text::Diagnostics& faults) {
  return Renderer(text, name, pillar, faults).run();
}

}  // namespace bakehouse::config
