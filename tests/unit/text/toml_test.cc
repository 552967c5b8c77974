#include "text/toml.hh"

#include "failure.hh"
#include "text/json.hh"

#include <doctest/doctest.h>

#include <string>

namespace toml_test {

using namespace bakehouse::text;

namespace {

std::string repeat(std::string_view part, size_t times) {
  std::string all;
  for (size_t i = 0; i < times; ++i) all += part;
  return all;
}

}  // namespace

TEST_CASE("a buildpack's description is read in the order of the file") {
  const Value value = parse_toml(
      "api = \"0.10\"\n"
      "[buildpack]\nid = \"example/static\"\nversion = \"1.0.0\"\nhomepage = 'https://example.org/a.b.c'\n"
      "[[targets]]\nos = \"linux\"\n[[targets.distros]]\nname = \"debian\"\n[[targets]]\nos = \"any\"\n"
      "[metadata]\ncount = 0xff\nratio = 1.0\nflag = true\nwhen = 1979-05-27T07:32:00Z\nday = 1979-05-27\nat "
      "= 07:32:00\n"
      "list = [1, [\"x\"], {y = 2}]\n",
      "buildpack.toml");
  CHECK(to_pretty_json(value) == R"({
  "api": "0.10",
  "buildpack": {
    "id": "example/static",
    "version": "1.0.0",
    "homepage": "https://example.org/a.b.c"
  },
  "targets": [
    {
      "os": "linux",
      "distros": [
        {
          "name": "debian"
        }
      ]
    },
    {
      "os": "any"
    }
  ],
  "metadata": {
    "count": 255,
    "ratio": 1.0,
    "flag": true,
    "when": "1979-05-27T07:32:00Z",
    "day": "1979-05-27",
    "at": "07:32:00",
    "list": [
      1,
      [
        "x"
      ],
      {
        "y": 2
      }
    ]
  }
}
)");
  CHECK(value.at("buildpack").at("version").origin().describe() == "buildpack.toml:4:1");
  CHECK(value.at("targets").origin().describe() == "buildpack.toml:6:1");
  CHECK(value.at("targets").items()[1].at("os").origin().describe() == "buildpack.toml:11:1");
}

TEST_CASE("a float is a number, whatever its value") {
  for (const auto& row : std::initializer_list<std::pair<std::string, std::string>>{
           {"1.0", "1.0"}, {"-0.5", "-0.5"}, {"1e30", "1e+30"}, {"inf", "inf"}, {"nan", "nan"}}) {
    const auto& written = row.first;
    const auto& text = row.second;
    CAPTURE(written);
    const Value value = parse_toml("a = " + written, "x");
    CHECK(value.at("a").kind() == Value::Kind::number);
    CHECK(value.at("a").text() == text);
  }
}

TEST_CASE("a fault names its place") {
  for (const auto& row : std::initializer_list<std::pair<std::string, std::string>>{
           {"a = 1\nb = \n", "x:2:5: this is no TOML: "},
           {"a = 1\na = 2\n", "x:2:5: this is no TOML: "},
           {"[a]\n[a]\n", "x:2:1: this is no TOML: "},
           {"a = \"x\ny\"", "x:1:7: this is no TOML: "},
           {"a = 01\n", "x:1:"},
           {"a = 9223372036854775808\n", "x:1:"},
           {"\xEF\xBB\xBF"
            "a = 1\n",
            "x:1:1: the file begins with a byte order mark"},
           {"a = '\xE4'\n", "x:1:6: a byte that is no UTF-8"},
           {std::string("a = 1\0", 6), "x:1:6: a NUL byte"},
       }) {
    const auto& document = row.first;
    const auto& begin = row.second;
    CAPTURE(document);
    const std::string told = failure([&] { parse_toml(document, "x"); });
    CAPTURE(told);
    CHECK(told.starts_with(begin));
  }
}

TEST_CASE("depth is bounded, by brackets and by dots") {
  CHECK_NOTHROW(parse_toml("a = " + repeat("[", 60) + repeat("]", 60), "x"));
  CHECK(failure([] { parse_toml("a = " + repeat("[", 100000), "x"); }) != "no failure");
  CHECK(failure([] { parse_toml("a = " + repeat("{a=", 100000), "x"); }) != "no failure");
  const std::string told = "x:1:128: a key of more than 64 parts";
  CHECK(failure([] { parse_toml(repeat("a.", 100000) + "a = 1", "x"); }) == told);
  CHECK(failure([] { parse_toml("[" + repeat("a.", 100000) + "a]", "x"); }) ==
        "x:1:129: a key of more than 64 parts");
  CHECK(failure([] { parse_toml(repeat("\"=\".", 64) + "a = 1", "x"); }) ==
        "x:1:256: a key of more than 64 parts");
  CHECK(failure([] { parse_toml("\"\"\" = 1\n\"\"\"\"\" = \"#\"\n" + repeat("a.", 100000), "x"); }) !=
        "no failure");
  CHECK(failure([] { parse_toml("a = [[[[{" + repeat("b.", 62) + "b = 1}]]]]", "x"); }) ==
        "x:1:126: nested deeper than 64 levels");
}

TEST_CASE("dots in texts, comments and lists of numbers are no keys") {
  const std::string dots = repeat("x.", 100);
  for (const std::string& document :
       {"a = \"" + dots + "\"\n", "a = '" + dots + "\"'\n", "a = \"\\\"" + dots + "\"\n", "# " + dots + "\n",
        "a = \"\"\"" + dots + "\n\"" + dots + "\\\"\"\"" + dots + "\"\"\"\"\"\n",
        "a = '''" + dots + "'" + dots + "'''\n", "a = [" + repeat("1.5, ", 100) + "]\n",
        repeat("a.b = 1\n[x.y]\n", 1)}) {
    CAPTURE(document);
    CHECK(failure([&] { parse_toml(document, "x"); }) == "no failure");
  }
}

}  // namespace toml_test
