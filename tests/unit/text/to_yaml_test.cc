#include "failure.hh"
#include "text/json.hh"
#include "text/yaml.hh"

#include <doctest/doctest.h>

#include <random>
#include <string>

namespace to_yaml_test {

using namespace bakehouse::text;

namespace {

// Value by value with its kind: "{a:plain 1,b:[string 2]}".
std::string describe(const Value& value) {
  std::string text;
  for (const auto& [key, member] : value.members())
    text += to_json(Value(key)) + ":" + describe(member) + ",";
  for (const Value& item : value.items()) text += describe(item) + ",";
  return std::string(value.kind_name()) + "(" + value.text() + text + ")";
}

std::string random_text(std::mt19937& random) {
  static const std::string_view parts[] = {
      "a",    "B1", " ", ": ",       "#",    "'",    "\"",       "\\",          "\n", "\t",
      "-",    "[",  "{", "!",        "&",    "*",    "%",        "|",           ">",  "~",
      "null", "1",  ",", "\xC3\xA4", "\x7f", "\x1b", "\xC2\x85", "\xEF\xBB\xBF"};
  std::string text;
  for (size_t i = random() % 5; i > 0; --i) text += parts[random() % std::size(parts)];
  return text;
}

Value random_value(std::mt19937& random, int depth) {
  const size_t kind = random() % (depth > 0 ? 5 : 3);
  if (kind == 0) return {};
  if (kind == 1) return random_text(random);
  if (kind == 2) return Value::scalar(Value::Kind::plain, std::to_string(random() % 100) + "x y:z", {});
  Value container = kind == 3 ? Value::list() : Value::map();
  for (size_t i = random() % 4; i > 0; --i) {
    if (kind == 3) {
      container.push(random_value(random, depth - 1));
    } else {
      container.set(random_text(random) + std::to_string(i), random_value(random, depth - 1));
    }
  }
  return container;
}

}  // namespace

TEST_CASE("what was written as YAML is read again as the same value") {
  std::mt19937 random(
      4);  // NOLINT(bugprone-random-generator-seed, cert-msc51-cpp): the same rows in every run
  for (int i = 0; i < 2000; ++i) {
    const Value value = random_value(random, 4);
    const std::string written = to_yaml(value);
    CAPTURE(written);
    Value again;
    CHECK(failure([&] { again = parse_yaml(written, "x"); }) == "no failure");
    CHECK(describe(again) == describe(value));
  }
}

TEST_CASE("a document of people survives being read, written and read") {
  for (const std::string_view document :
       {"a: 1.10\nb: yes\nc: 'yes'\nd: ~\ne: ''\nf: []\ng: {}\n", "- [[x], {a: b}]\n- |\n  b\n   c\n",
        "a: one\n  two\n\n  three\n", "x", "", "'q'"}) {
    CAPTURE(document);
    const Value value = parse_yaml(document, "x");
    CHECK(to_json(parse_yaml(to_yaml(value), "x")) == to_json(value));
  }
}

}  // namespace to_yaml_test
