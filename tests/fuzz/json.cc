// JSON: what is read can be written, is read as the same again, and has one canonical spelling.
#include "text/json.hh"

#include "fuzz/same_value.hh"
#include "fuzz/target.hh"

namespace bakehouse::fuzz {

void test_one(std::string_view input) {
  const auto value = accepted([&] { return text::parse_json(input, "x.json"); });
  if (!value) return;
  const std::string pretty = text::to_pretty_json(*value);
  require(is_same(text::parse_json(pretty, "pretty"), *value), "pretty JSON says the same");
  // Fractions have no canonical spelling.
  const auto canonical = accepted([&] { return text::to_json(*value); });
  if (!canonical) return;
  const text::Value again = text::parse_json(*canonical, "canonical");
  require(text::to_json(again) == *canonical, "canonical JSON has one spelling");
  require(text::to_pretty_json(again).size() == pretty.size(), "nothing is lost");
}

}  // namespace bakehouse::fuzz
