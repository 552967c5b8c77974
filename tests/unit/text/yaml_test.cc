#include "text/yaml.hh"

#include "failure.hh"
#include "text/json.hh"

#include <doctest/doctest.h>

#include <random>
#include <string>

namespace yaml_test {

using namespace bakehouse::text;

namespace {

std::string as_json(std::string_view document) { return to_json(parse_yaml(document, "x")); }

std::string repeat(std::string_view part, size_t times) {
  std::string all;
  for (size_t i = 0; i < times; ++i) all += part;
  return all;
}

// "1:4: message | hint", for the document named "x".
std::string fault_of(const std::string& document) {
  const std::string told = failure([&] { parse_yaml(document, "x"); });
  return told.starts_with("x:") ? told.substr(2) : told;
}

}  // namespace

TEST_CASE("maps, lists and scalars are read as they are written") {
  struct Row {
    std::string_view document;
    std::string_view expected;
  };
  for (const auto& row : std::initializer_list<Row>{
           {"", "null"},
           {"# only a comment\n", "null"},
           {"---\n", "null"},
           {"a: 1.10\nb: yes\nc: 010\nd: 2024-01-01\n",
            R"({"a":"1.10","b":"yes","c":"010","d":"2024-01-01"})"},
           {"a: ~\nb: null\nc:\nd: ''\n", R"({"a":null,"b":null,"c":null,"d":""})"},
           {"a: {b: , \"c\" : , d:}\n", R"({"a":{"b":null,"c":null,"d":null}})"},
           {"-\n- a:\n  b: # none\n", R"([null,{"a":null,"b":null}])"},
           {"a: {b: [x, 'y', \"z\\n\"], c: {}}\n", R"({"a":{"b":["x","y","z\n"],"c":{}}})"},
           {"a:\n- x\n-   y: 1\n    z: 2\n", R"({"a":["x",{"y":"1","z":"2"}]})"},
           {"a: |\n  one\n   two\nb: >-\n  one\n  two\n", R"({"a":"one\n two\n","b":"one two"})"},
           {"a: one\n  two # comment\n", R"({"a":"one two"})"},
           {"a: http://h:80/x#y\n", R"({"a":"http://h:80/x#y"})"},
           {"---\na: 1\n...\n# after\n", R"({"a":"1"})"},
           {"a: 1\r\nb:\r\n  - c\r\n", R"({"a":"1","b":["c"]})"},
           {"a:\t1\t# tabs between are blanks\n", R"({"a":"1"})"},
           {"'<<': \"*x\"\n", R"({"<<":"*x"})"},
           {"a: 'it''s'\nb: \"\\x41\\u00e4\"\n", "{\"a\":\"it's\",\"b\":\"A\xC3\xA4\"}"},
           {"a: \"\\x85\\xa0\"\n", "{\"a\":\"\xC2\x85\xC2\xA0\"}"},
           {"a: ['-', \"-\", -b, --]\nc: -d\n", R"({"a":["-","-","-b","--"],"c":"-d"})"},
           {"a: \"first\n  second\"\n", R"({"a":"first second"})"},
       }) {
    const auto& document = row.document;
    const auto& expected = row.expected;
    CAPTURE(document);
    CHECK(as_json(document) == expected);
  }
}

TEST_CASE("an unquoted scalar is told from a quoted one") {
  const Value value = parse_yaml("a: true\nb: 'true'\nc: \"1\"\nd: |\n  1\n", "x");
  CHECK(value.at("a").kind() == Value::Kind::plain);
  CHECK(value.at("b").kind() == Value::Kind::string);
  CHECK(value.at("c").kind() == Value::Kind::string);
  CHECK(value.at("d").kind() == Value::Kind::string);
}

TEST_CASE("every value knows where it stands: a member of a map by its key") {
  const Value value = parse_yaml(
      "# \xC3\xA4\n\xC3\xA4: {\xC3\xBC: 1, b: [x,\r\n y]}\r\nc:\r\nd:\n  - e: 1\n    f: |\n     \xC3\xA4\n  "
      "- g\n",
      "x");
  CHECK(value.origin().describe() == "x:2:1");
  CHECK(value.at("\xC3\xA4").origin().describe() == "x:2:1");
  CHECK(value.at("\xC3\xA4").at("\xC3\xBC").origin().describe() == "x:2:5");
  CHECK(value.at("\xC3\xA4").at("b").origin().describe() == "x:2:11");
  CHECK(value.at("\xC3\xA4").at("b").items()[0].origin().describe() == "x:2:15");
  CHECK(value.at("\xC3\xA4").at("b").items()[1].origin().describe() == "x:3:2");
  CHECK(value.at("c").origin().describe() == "x:4:1");
  CHECK(value.at("d").items()[0].origin().describe() == "x:6:5");
  CHECK(value.at("d").items()[0].at("f").origin().describe() == "x:7:5");
  CHECK(value.at("d").items()[1].origin().describe() == "x:9:5");
}

TEST_CASE("what makes YAML surprising is refused with its place") {
  const std::string alias = "an alias ('*') is not allowed here | write the value out";
  const std::string anchor = "an anchor ('&') is not allowed here | write the value out";
  const std::string tag = "a tag ('!') is not allowed here | quote a text that begins with '!'";
  const std::string second =
      "text after the end of the document, or a second document | one document a file; is the indentation "
      "right?";
  for (const auto& row : std::initializer_list<std::pair<std::string, std::string>>{
           {"a: 1\nb: 2\na: 3\n", "3:1: the key 'a' stands twice in one map"},
           {"a: {b: 1, 'b': 2}\n", "1:11: the key 'b' stands twice in one map"},
           {"a: &x 1\n", "1:4: " + anchor},
           {"&x a: 1\n", "1:1: " + anchor},
           {"a: &x\n  b: 1\n", "1:4: " + anchor},
           {"- &x\n- y\n", "1:3: " + anchor},
           {"a: 1\nb: *x\n",
            "2:4: an alias ('*') is not allowed here | write the value out, or quote a text that begins with "
            "'*'"},
           {"a: &\n", "1:5: an anchor ('&') is not allowed here | quote a text that begins with '&'"},
           {"a: *\n", "1:5: an alias ('*') is not allowed here | quote a text that begins with '*'"},
           {"b:\n  <<: {a: 1}\n", "2:3: a merge key ('<<') is not allowed here | write the values out"},
           {"a: ! x\n", "1:4: " + tag},
           {"a: ! 'x'\n", "1:4: " + tag},
           {"a: !\nb: 1\n", "1:4: " + tag},
           {"a: !!str x\n", "1:4: " + tag},
           {"a: !own x\n", "1:4: " + tag},
           {"a: !<tag:x> y\n", "1:4: " + tag},
           {"!x a: 1\n", "1:1: " + tag},
           {"!!map\na: 1\n", "1:1: " + tag},
           {"a: !!seq [x]\n", "1:4: " + tag},
           {"a: ! [x]\n", "1:4: " + tag},
           {"a: 1\n---\nb: 2\n", "2:1: " + second},
           {"a: 1\n...\nb: 2\n", "3:1: " + second},
           {"  a: 1\nb: 2\n", "2:1: " + second},
           {"[a] b\n", "1:5: " + second},
           {",\n", "1:1: " + second},
           {"%YAML 1.2\n---\na: 1\n",
            "1:1: a line that begins with '%' would be a YAML directive | leave directives out, and quote or "
            "indent what is text"},
           {"a: 1\n%b: 2\n",
            "2:1: a line that begins with '%' would be a YAML directive | leave directives out, and quote or "
            "indent what is text"},
           {"? [a]\n: b\n", "1:3: a list or a map cannot be a key | quote it, if it is a text"},
           {"{a: 1}: b\n", "1:1: a list or a map cannot be a key | quote it, if it is a text"},
           {"null: b\n", "1:1: a key is empty or null | quote it, if it is meant"},
           {": b\n", "1:1: a key is empty or null | quote it, if it is meant"},
           {"a: {, b: 1}\n", "1:5: a key is empty or null | quote it, if it is meant"},
           {"a: \"x\\0y\"\n", "1:4: a NUL character in a text"},
           {"a: 1\nword\n",
            "2:5: no ':' follows the key 'word' | write 'key: value' with a blank, and close every bracket"},
           {"a: {b, c: 1}\n",
            "1:6: no ':' follows the key 'b' | write 'key: value' with a blank, and close every bracket"},
           {"a: {b:1}\n",
            "1:8: no ':' follows the key 'b:1' | write 'key: value' with a blank, and close every bracket"},
           {"a: {b # :\n}\n", "1:5: a key is empty or null | quote it, if it is meant"},
           {"a: {\"b\"}\n",
            "1:8: no ':' follows the key 'b' | write 'key: value' with a blank, and close every bracket"},
           {"? a\n",
            "1:4: no ':' follows the key 'a' | write 'key: value' with a blank, and close every bracket"},
           {"a: [b,,c]\n", "1:7: an empty entry in a list | a ',' too much"},
           {"a: [,b]\n", "1:5: an empty entry in a list | a ',' too much"},
           {"a: \n{b: 1}\n", "2:1: this is not indented below the key 'a'"},
       }) {
    const auto& document = row.first;
    const auto& message = row.second;
    CAPTURE(document);
    CHECK(fault_of(document) == message);
  }
}

TEST_CASE("a document that is no plain text in UTF-8 is refused with its place") {
  const std::string control =
      "a control character | lines end with LF or CR LF; in double quotes, \\x1b and its like say the others";
  for (const auto& row : std::initializer_list<std::pair<std::string, std::string>>{
           {"\xEF\xBB\xBF"
            "a: 1\n",
            "1:1: the file begins with a byte order mark | save it as UTF-8 without one"},
           {"a: 1\n\xEF\xBB\xBF"
            "b: 2\n",
            "2:1: a byte order mark inside the file"},
           {std::string("a: x\0y\n", 7), "1:5: a NUL byte | the file must be text in UTF-8"},
           {"\xFF\xFE"
            "a",
            "1:1: a byte that is no UTF-8 | save the file in UTF-8"},
           {"a: \xC3\xA4\nb: \xE4\n", "2:4: a byte that is no UTF-8 | save the file in UTF-8"},
           {"a: 1\rb: 2\n", "1:5: " + control},
           {"a: x\x04\nb: 2\n", "1:5: " + control},
           {"a: \x1b[2J\n", "1:4: " + control},
           {"a: x\x7f\n", "1:5: " + control},
           {"a: \xC2\x85"
            "b\n",
            "1:4: " + control},
           {"a:\n\tb: 1\n", "2:1: a tab in the indentation | indent with blanks"},
           {"a: |\n  \tx\n", "2:3: a tab in the indentation | indent with blanks"},
       }) {
    const auto& document = row.first;
    const auto& message = row.second;
    CAPTURE(document);
    CHECK(fault_of(document) == message);
  }
}

TEST_CASE("a fault of syntax is explained where it stands") {
  const std::string behind = " | check the indentation and what stands behind a closing quote or bracket";
  const std::string colon =
      "a ':' where no key can end | check the indentation, and quote a text that holds ': '";
  for (const auto& row : std::initializer_list<std::pair<std::string, std::string>>{
           {"a: b: c\n", "1:5: " + colon},
           {"a: 1\n  b: 2\n", "2:4: " + colon},
           {"a:\n  - x\n - y\n", "3:2: this does not continue the map above" + behind},
           {"a: 'x' y\n", "1:8: this does not continue the map above" + behind},
           {"a: [b]c\n", "1:7: this does not continue the map above" + behind},
           {"a: [b, c\n",
            "1:9: no ':' follows the key 'c' | write 'key: value' with a blank, and close every bracket"},
           {"a: [b, 'c' d]\n", "1:12: a '[' is not closed here | a ',' or a ']' is missing"},
           {"a: {b: c\n", "2:1: a '{' is not closed here | a ',' or a '}' is missing"},
           {"a: ]\n", "1:4: a closing bracket that nothing opened | remove it, or quote the text"},
           {"a: - b\n",
            "1:4: a '-' where no list can begin | begin the list on a line of its own, or quote the '-'"},
           {"a: {b: -, c: 1}\n", "1:8: a '-' where no list can begin | quote the '-', if it is a text"},
           {"a: [-]\n", "1:5: a '-' where no list can begin | quote the '-', if it is a text"},
           {"a: @x\n", "1:4: no value can begin with this character | quote the text"},
           {"a: \"x\n", "1:4: a quote is never closed"},
           {"a: 'x", "1:6: a quote is never closed"},
           {"a: '\n", "1:4: a quote is never closed"},
           {"a: \"", "1:4: a quote is never closed"},
           {"a: \"\\N\"\n", "1:4: the escapes \\N and \\_ are not understood | write \\x85 and \\xa0"},
           {"a: \"x\\_\"\n", "1:4: the escapes \\N and \\_ are not understood | write \\x85 and \\xa0"},
           {"\"\\_\": 1\n", "1:1: the escapes \\N and \\_ are not understood | write \\x85 and \\xa0"},
           {"a: \"\\q\"\n", "1:7: this is no YAML: unknown escape character: q"},
           {"a: \"\\ud800\"\n", "1:11: this is no YAML: invalid unicode: 55296"},
       }) {
    const auto& document = row.first;
    const auto& message = row.second;
    CAPTURE(document);
    CHECK(fault_of(document) == message);
  }
}

TEST_CASE("depth and size are bounded, whatever the nesting is made of") {
  CHECK_NOTHROW(parse_yaml(repeat("[", 64) + repeat("]", 64), "x"));
  CHECK(fault_of(repeat("[", 65) + repeat("]", 65)) == "1:65: nested deeper than 64 levels");
  for (const std::string part : {"[", "{a: ", "- ", "[a, ", "? ", "{? ", "[? ", ": ", "a:\n ", "- ? "}) {
    CAPTURE(part);
    CHECK(fault_of(repeat(part, 100000)).find("no failure") == std::string::npos);
  }
  CHECK_NOTHROW(parse_yaml("a: " + repeat("x", (1 << 20) - 3), "x"));
  CHECK(fault_of("a: " + repeat("x", 1 << 20)).find("the file is larger than 1048576 bytes") !=
        std::string::npos);
}

TEST_CASE("a document cut or changed anywhere is read or refused, nothing else") {
  const std::string whole = "a: {b: [1, 'x'], \"c\": \"\\n\"}\nd:\n  - e: |\n      f\n    g: h i\n  - ~\n";
  std::mt19937 random(
      3);  // NOLINT(bugprone-random-generator-seed, cert-msc51-cpp): the same rows in every run
  const std::string_view alphabet = " \n\t:-[]{},&*!|>'\"%@`#?~ax<.\r\\";
  for (int i = 0; i < 5000; ++i) {
    std::string changed = whole.substr(0, random() % (whole.size() + 1));
    for (size_t n = random() % 4; n > 0 && !changed.empty(); --n) {
      changed[random() % changed.size()] = alphabet[random() % alphabet.size()];
    }
    CAPTURE(changed);
    CHECK(fault_of(changed).find("not bad input") == std::string::npos);
  }
}

}  // namespace yaml_test
