#include "text/to_toml.hh"

#include "failure.hh"
#include "text/json.hh"
#include "text/toml.hh"

#include <doctest/doctest.h>

#include <algorithm>
#include <string>
#include <vector>

namespace to_toml_test {

using namespace bakehouse::text;

namespace {

// Kinds and texts, in the order of keys: what a round trip must keep.
std::string describe(const Value& value) {
  if (value.is_list()) {
    std::string all = "[";
    for (const Value& item : value.items()) all += describe(item) + ",";
    return all + "]";
  }
  if (!value.is_map()) return std::string(value.kind_name()) + " " + value.text();
  std::vector<std::string> members;
  for (const auto& [key, member] : value.members()) members.push_back(key + ":" + describe(member));
  std::sort(members.begin(), members.end());
  std::string all = "{";
  for (const auto& member : members) all += member + ",";
  return all + "}";
}

std::string again(const std::string& toml) { return to_toml(parse_toml(toml, "x")); }

}  // namespace

TEST_CASE("a table's own members stand before its tables") {
  CHECK(again("[a.b]\nx = 1\n[a]\ny = 2\n[[c]]\nz = 3\n[c.d]\n[[c]]\n") ==
        "[a]\ny = 2\n\n[a.b]\nx = 1\n\n[[c]]\nz = 3\n\n[c.d]\n\n[[c]]\n");
  CHECK(again("") == "");
}

TEST_CASE("every type comes back from TOML as it went in") {
  const std::string rows[] = {
      "a = 1\nb = -9223372036854775808\nc = 9223372036854775807\nd = 0xff\n",
      "a = 1.0\nb = -0.0\nc = 1e30\nd = inf\ne = -inf\nf = nan\ng = 0.1\nh = 5e-324\ni = 6.02e23\n",
      "a = true\nb = false\n",
      "a = 1979-05-27T07:32:00Z\nb = 1979-05-27T00:32:00.999999-07:00\nc = 1979-05-27T07:32:00.5\n",
      "a = 1979-05-27\nb = 07:32:00\nc = 00:00:00.000000001\nd = 0001-01-01\n",
      "a = '1979-05-27'\nb = '1'\nc = 'true'\nd = '1.0'\n",
      "a = []\nb = [[], [[]]]\nc = [1, 'x', 2.0, {y = [{}]}, 1979-05-27]\nd = {}\n",
      "a = [{b = 1}, {b = {c = [{d = 1}]}}]\n[[b]]\n[[b.c]]\n[b.c.d]\ne = 1\n",
      "'' = 1\n' ' = 2\n'a.b' = 3\n'ä' = 4\n\"\\n\" = 5\n'-' = 6\n1 = 7\n'\"' = 8\n['x y'.'z.'.w]\nv = 1\n",
      "a = \"\\u0000\\u0001\\b\\t\\n\\f\\r\\u001F \\\" \\\\ \\u007F \\u0080 \\U0001F600 '''\"\n",
      "a = '''\nlong\r\ntext''' # and more\r\nb = 1",
  };
  for (const std::string& toml : rows) {
    CAPTURE(toml);
    const std::string written = again(toml);
    CAPTURE(written);
    CHECK(describe(parse_toml(written, "y")) == describe(parse_toml(toml, "x")));
    CHECK(again(written) == written);
  }
}

TEST_CASE("what nests as deep as it may be read can be written") {
  std::string brackets = "a = ";
  for (int i = 0; i < 60; ++i) brackets += "[";
  for (int i = 0; i < 60; ++i) brackets += "]";
  std::string dots = "a";
  for (int i = 0; i < 60; ++i) dots += ".a";
  for (const std::string& toml : {brackets, dots + " = 1\n"}) {
    CAPTURE(toml);
    CHECK(describe(parse_toml(again(toml), "y")) == describe(parse_toml(toml, "x")));
  }
}

TEST_CASE("what TOML cannot hold is refused with its place") {
  for (const auto& row : std::initializer_list<std::pair<std::string, std::string>>{
           {R"({"a": null})", "x:1:2: TOML has no word for nothing at all"},
           {R"({"a": 9223372036854775808})",
            "x:1:2: the number 9223372036854775808 has more than 63 bits, as many as TOML holds"},
           {R"([1])", "x:1:1: a TOML document is a map, not a list"}}) {
    CAPTURE(row.first);
    CHECK(failure([&] { to_toml(parse_json(row.first, "x")); }) == row.second);
  }
  CHECK(failure([] {
          to_toml(Value::map({{"a", Value("\xE4")}}));
        }) == "'\\344' is no UTF-8, as TOML must be");
  CHECK(failure([] {
          to_toml(Value::map({{"\xE4", Value(1)}}));
        }) == "the key '\\344' is no UTF-8, as TOML must be");
}

}  // namespace to_toml_test
