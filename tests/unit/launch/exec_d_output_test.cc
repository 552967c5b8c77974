#include "launch/exec_d_output.hh"

#include "support/failure.hh"
#include "text/toml.hh"

#include <doctest/doctest.h>

#include <string>

namespace exec_d_output_test {

using namespace bakehouse;
using launch::Environment;
using launch::parse_exec_d_output;

namespace {

const std::string sample = R"(# what a program may say
A = "x"
  B	=	'y\n'   # literal

"C D" = "a\tb\u00e9\U0001F35E\"\\"
'e-f'="1"
M = """
first
  second \
     folded""quotes"""""
L = '''
it's
'''
Z = "")";

// The same by the reader of the whole format.
Environment by_toml(const std::string& text) {
  Environment environment;
  const text::Value document = text::parse_toml(text, "");
  for (const auto& [name, value] : document.members()) {
    if (value.kind() != text::Value::Kind::string) throw base::Error(base::Fault::input, "no string");
    environment.emplace(name, value.text());
  }
  return environment;
}

}  // namespace

TEST_CASE("1.9 exec.d: each line is a variable, in any notation that TOML has for strings") {
  const Environment expected{{"A", "x"},
                             {"B", "y\\n"},
                             {"C D", "a\tb\xc3\xa9\xf0\x9f\x8d\x9e\"\\"},
                             {"e-f", "1"},
                             {"M", "first\n  second folded\"\"quotes\"\""},
                             {"L", "it's\n"},
                             {"Z", ""}};
  CHECK(parse_exec_d_output(sample) == expected);
  CHECK(by_toml(sample) == expected);
}

TEST_CASE("1.9 exec.d: nothing said is well said") {
  for (const char* text : {"", "\n", " \t", "# comment", "\r\n\n# x\n"}) {
    CAPTURE(text);
    CHECK(parse_exec_d_output(text).empty());
  }
  CHECK(parse_exec_d_output("A = \"\"\"\r\nx\r\ny\"\"\"\r\n") == Environment{{"A", "x\ny"}});
  CHECK(parse_exec_d_output("A = \"x\"\r\nB = \"y\"\r\n") == Environment{{"A", "x"}, {"B", "y"}});
}

TEST_CASE("1.9 exec.d: what is not understood is refused with its line") {
  const struct {
    std::string text;
    const char* reason;
  } rows[] = {
      {"A=1", "line 1: not a string in quotes"},
      {"A=true", "line 1: not a string in quotes"},
      {"A=", "line 1: not a string in quotes"},
      {"A=[\"x\"]", "line 1: not a string in quotes"},
      {"\n[a]\nB=\"x\"", "line 2: a line must be NAME = \"value\""},
      {"A.B=\"x\"", "line 1: a line must be NAME = \"value\""},
      {"export A=\"x\"", "line 1: a line must be NAME = \"value\""},
      {"A:\"x\"", "line 1: a line must be NAME = \"value\""},
      {"=\"x\"", "line 1: '' cannot be the name of a variable"},
      {"\"\"=\"x\"", "line 1: '' cannot be the name of a variable"},
      {"\"A=B\"=\"x\"", "line 1: 'A=B' cannot be the name of a variable"},
      {"\"A\\u0000\"=\"x\"", "line 1: 'A\\000' cannot be the name of a variable"},
      {"A=\"x\\u0000\"", "line 1: the value of A contains a NUL byte"},
      {"A=\"x\"\nA=\"y\"", "line 2: 'A' stands twice"},
      {"A=\"x\" B=\"y\"", "line 1: something follows the value"},
      {"A=\"x\"\rB=\"y\"", "line 1: something follows the value"},
      {"A=\"x", "line 1: a string without an end"},
      {"A=\"x\ny\"", "line 1: a string without an end"},
      {"A='x", "line 1: a string without an end"},
      {"A=\"\"\"x\n", "line 2: a string without an end"},
      {"A=\"x\\", "line 1: a string without an end"},
      {"A=\"\\q\"", "line 1: an unknown escape in a string"},
      {"A=\"\\u12\"", "line 1: an escaped character needs more hexadecimal digits"},
      {"A=\"\\ud800\"", "line 1: an escaped character is none of Unicode"},
      {"A=\"\\U00110000\"", "line 1: an escaped character is none of Unicode"},
      {"A=\"x\001\"", "line 1: a control character in a string"},
      {"A=\"\"\"x\ry\"\"\"", "line 1: a control character in a string"},
      {"# x\001", "line 1: a control character in a comment"},
      {"A=\"\xff\"", "it is no UTF-8"},
  };
  for (const auto& row : rows) {
    CAPTURE(row.text);
    CHECK(support::failure([&] { parse_exec_d_output(row.text); }) == std::string("input: ") + row.reason);
  }
}

TEST_CASE("1.9 exec.d: whatever is understood means what it means to the reader of all TOML") {
  const std::string pieces[] = {"\"", "'", "\\", "\n", "\r\n", "=", "#", "A", "x", " ", "u0041", "\t"};
  uint32_t state = 1;
  int understood = 0;
  for (int round = 0; round < 20'000; ++round) {
    std::string text = sample.substr(0, 40 + round % 200);
    for (int change = 0; change < 3; ++change) {
      state = state * 1664525 + 1013904223;
      const size_t place = (state >> 8) % text.size();
      state = state * 1664525 + 1013904223;
      const std::string& piece = pieces[(state >> 8) % std::size(pieces)];
      (state >> 24) % 2 == 0 ? text.insert(place, piece) : text.replace(place, 1, piece);
    }
    Environment found;
    if (support::failure([&] { found = parse_exec_d_output(text); }) != "no failure") continue;
    ++understood;
    CAPTURE(text);
    CHECK(found == by_toml(text));
  }
  CHECK(understood > 100);
}

}  // namespace exec_d_output_test
