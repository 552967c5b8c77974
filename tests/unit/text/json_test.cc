#include "text/json.hh"

#include "failure.hh"

#include <doctest/doctest.h>

#include <random>
#include <string>

namespace json_test {

using namespace bakehouse::text;

namespace {

std::string repeat(std::string_view part, size_t times) {
  std::string all;
  for (size_t i = 0; i < times; ++i) all += part;
  return all;
}

std::string canonical(std::string_view document) { return to_json(parse_json(document, "x.json")); }

// A value of every kind JSON can carry without loss, `depth` levels at most.
Value random_value(std::mt19937& random, int depth) {
  switch (random() % (depth > 0 ? 7 : 5)) {
    case 0: return {};
    case 1: return random() % 2 == 0;
    case 2: return static_cast<int64_t>((uint64_t{random()} << 32) | random());
    case 3: return std::string(random() % 5, static_cast<char>(random() % 128));
    case 4: return "\xC3\xA4\xF0\x9F\x8D\x9E\"\\/";
    case 5: {
      Value list = Value::list();
      for (size_t i = random() % 4; i > 0; --i) list.push(random_value(random, depth - 1));
      return list;
    }
    default: {
      Value map = Value::map();
      for (size_t i = random() % 4; i > 0; --i)
        map.set(std::to_string(random() % 100), random_value(random, depth - 1));
      return map;
    }
  }
}

}  // namespace

TEST_CASE("canonical JSON has sorted keys, no blanks and one spelling of each value") {
  struct Row {
    std::string_view document;
    std::string_view expected;
  };
  for (const auto& row : std::initializer_list<Row>{
           {R"( { "b" : 1 , "a" : [ true , false , null ] } )", R"({"a":[true,false,null],"b":1})"},
           {"{}", "{}"},
           {"[]\n", "[]"},
           {"-0", "0"},
           {R"("\u0041\/\u00e4\ud83c\udf5e")", "\"A/\xC3\xA4\xF0\x9F\x8D\x9E\""},
           {R"("\u0000\u001F\b\f\n\r\t\"\\")", R"("\u0000\u001f\b\f\n\r\t\"\\")"},
           {"\"\x7f\"", "\"\x7f\""},
           {"[18446744073709551615,-9223372036854775808]", "[18446744073709551615,-9223372036854775808]"},
           {"{\"\xC3\xA4\":1,\"z\":2,\"Z\":3,\"\":4}", "{\"\":4,\"Z\":3,\"z\":2,\"\xC3\xA4\":1}"},
       }) {
    const auto& document = row.document;
    const auto& expected = row.expected;
    CAPTURE(document);
    CHECK(canonical(document) == expected);
  }
}

TEST_CASE("what was written is read again as the same value") {
  std::mt19937 random(
      1);  // NOLINT(bugprone-random-generator-seed, cert-msc51-cpp): the same rows in every run
  for (int i = 0; i < 500; ++i) {
    const Value value = random_value(random, 4);
    const std::string written = to_json(value);
    CAPTURE(written);
    CHECK(canonical(written) == written);
    CHECK(canonical(to_pretty_json(value)) == written);
  }
}

TEST_CASE("every value knows where it stands: a member of a map by its key") {
  const Value value =
      parse_json("{\n  \"a\": 1, \"\xC3\xA4\": \"x\\\"]\",\n \"c\": [ {}, -1.5e3 ,\n[true]] }", "x.json");
  CHECK(value.origin().describe() == "x.json:1:1");
  CHECK(value.at("a").origin().describe() == "x.json:2:3");
  CHECK(value.at("\xC3\xA4").origin().describe() == "x.json:2:11");
  CHECK(value.at("c").origin().describe() == "x.json:3:2");
  CHECK(value.at("c").items()[0].origin().describe() == "x.json:3:9");
  CHECK(value.at("c").items()[1].origin().describe() == "x.json:3:13");
  CHECK(value.at("c").items()[2].origin().describe() == "x.json:4:1");
  CHECK(value.at("c").items()[2].items()[0].origin().describe() == "x.json:4:2");
}

TEST_CASE("members keep the order of the file when shown to people") {
  CHECK(to_pretty_json(parse_json(R"({"b":{"y":[1,{}],"x":[]},"a":1.50})", "x")) ==
        "{\n  \"b\": {\n    \"y\": [\n      1,\n      {}\n    ],\n    \"x\": []\n  },\n  \"a\": 1.50\n}\n");
}

TEST_CASE("what JSON does not allow, or two readers may take differently, is refused with its place") {
  struct Row {
    std::string document;
    std::string_view message;
  };
  for (const auto& row : std::initializer_list<Row>{
           {"", "x:1:1: the JSON ends too early"},
           {"{\"a\":\n", "x:2:1: the JSON ends too early"},
           {"\"abc", "x:1:5: the JSON ends too early"},
           {"{} {}", "x:1:4: this is no JSON: unexpected '{'"},
           {"[1]\nx", "x:2:1: this is no JSON: unexpected 'x'"},
           {"[1,]", "x:1:4: this is no JSON: unexpected ']'"},
           {"[1,,2]", "x:1:4: this is no JSON: unexpected ','"},
           {"{\"a\" 1}", "x:1:6: this is no JSON: unexpected '1'"},
           {"{a:1}", "x:1:2: this is no JSON: unexpected 'a'"},
           {"[tru]", "x:1:5: this is no JSON: unexpected ']'"},
           {"[01]", "x:1:3: this is no JSON: unexpected '1'"},
           {"[NaN]", "x:1:2: this is no JSON: unexpected 'N'"},
           {"[1e999]", "x:1:6: a number too large to be held"},
           {"// c\n1", "x:1:1: this is no JSON: unexpected '/'"},
           {"['a']", "x:1:2: this is no JSON: unexpected '''"},
           {"\"\\x\"", "x:1:3: this is no JSON: unexpected 'x'"},
           {"\"\\ud800\"", "x:1:8: this is no JSON: unexpected '\"'"},
           {"\"a\tb\"", "x:1:3: this is no JSON: unexpected '\\011'"},
           {"[\xC3\xA4]", "x:1:2: this is no JSON: unexpected '\xC3\xA4'"},
           {"{\"a\":1,\n \"b\":{\"c\":1,\"\\u0063\":2}}", "x:2:13: the key 'c' stands twice in one map"},
           {"\xEF\xBB\xBF{}", "x:1:1: the file begins with a byte order mark | save it as UTF-8 without one"},
           {std::string("{}\0{", 4), "x:1:3: a NUL byte | the file must be text in UTF-8"},
           {"[\n\"\xC3\xA4\xFF\"]", "x:2:3: a byte that is no UTF-8 | save the file in UTF-8"},
           {"\"\xED\xA0\x80\"", "x:1:2: a byte that is no UTF-8 | save the file in UTF-8"},
           {"\"\xC0\x80\"", "x:1:2: a byte that is no UTF-8 | save the file in UTF-8"},
           {"\"\xF4\x90\x80\x80\"", "x:1:2: a byte that is no UTF-8 | save the file in UTF-8"},
           {"\"\xE2\x82", "x:1:2: a byte that is no UTF-8 | save the file in UTF-8"},
       }) {
    const auto& document = row.document;
    const auto& message = row.message;
    CAPTURE(document);
    CHECK(failure([&] { parse_json(document, "x"); }) == message);
  }
}

TEST_CASE("64 levels are read, one more is refused, and a million end as quickly") {
  CHECK_NOTHROW(parse_json(repeat("[", 64) + repeat("]", 64), "x"));
  CHECK(failure([] { parse_json(repeat("[", 65) + repeat("]", 65), "x"); }) ==
        "x:1:65: nested deeper than 64 levels");
  CHECK(failure([] { parse_json(repeat("{\"a\":", 1000000), "x"); }) ==
        "x:1:321: nested deeper than 64 levels");
}

TEST_CASE("a number that is no integer of 64 bits stays its text, and is not canonical") {
  for (const std::string_view number :
       {"1.50", "1e3", "-0.0", "18446744073709551616", "-9223372036854775809"}) {
    CAPTURE(number);
    const Value value = parse_json(number, "x");
    CHECK(value.kind() == Value::Kind::number);
    CHECK(value.text() == number);
    CHECK(failure([&] { to_json(value); }) ==
          std::string(number) + " is not a whole number that JSON could carry");
  }
}

TEST_CASE("bytes that are no UTF-8 are not written") {
  CHECK(failure([] { to_json("a\xFF"); }) == "'a\\377' is no UTF-8 and cannot be written as JSON");
  CHECK(failure([] {
          to_json(Value::map({{"\xC3", 1}}));
        }) == "'\\303' is no UTF-8 and cannot be written as JSON");
}

TEST_CASE("a document cut or changed anywhere is read or refused, nothing else") {
  const std::string whole = R"({"a":[1,-2.5,"\u00e4\n",null],"b":{"c":true,"d":""}})";
  std::mt19937 random(2);  // NOLINT(bugprone-random-generator-seed, cert-msc51-cpp)
  for (int i = 0; i < 3000; ++i) {
    std::string changed = whole.substr(0, random() % (whole.size() + 1));
    if (!changed.empty()) changed[random() % changed.size()] = static_cast<char>(random());
    CAPTURE(changed);
    CHECK(failure([&] { parse_json(changed, "x"); }).find("not bad input") == std::string::npos);
  }
}

}  // namespace json_test
