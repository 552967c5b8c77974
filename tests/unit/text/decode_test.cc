#include "text/decode.hh"

#include "failure.hh"
#include "text/json.hh"
#include "text/yaml.hh"

#include <doctest/doctest.h>

#include <algorithm>

namespace decode_test {

using namespace bakehouse::text;
using std::chrono::milliseconds;

namespace {

// All diagnostics of `work` as one text; empty when there are none.
template <typename Work>
std::string faults_of(Work&& work) {
  Diagnostics faults;
  work(faults);
  const std::string told = failure([&] { faults.throw_if_any(); });
  return told == "no failure" ? "" : told;
}

}  // namespace

TEST_CASE("all faults are told at once, in the order of the file, each with its hint") {
  const Value value = parse_yaml("nmae: x\nport: 99999\nlist: {a: 1}\nmode: opne\nage: 5\n", "bake.yaml");
  CHECK(faults_of([&](Diagnostics& faults) {
          MapReader file(value, "the project file", faults);
          file.text("name");
          file.duration("age");
          file.choice("mode", {"open", "closed"});
          file.texts("list");
          file.integer("port", 1, 65535);
          file.finish();
        }) ==
        "bake.yaml:1:1: unknown key 'nmae' in the project file (did you mean 'name'?)\n"
        "bake.yaml:2:1: 'port' in the project file must be a whole number from 1 to 65535, not '99999'\n"
        "bake.yaml:3:1: 'list' in the project file must be text, not a map\n"
        "bake.yaml:4:1: 'mode' in the project file must be one of open, closed, not 'opne' (did you mean "
        "'open'?)\n"
        "bake.yaml:5:1: 'age' in the project file must be a duration, not '5' "
        "(a whole number and one of ms, s, m, h, d: 500ms, 30s, 2h)");
}

TEST_CASE("no fault is no error") {
  CHECK(faults_of([](Diagnostics&) {}).empty());
}

TEST_CASE("what is absent or null is nothing, and no fault") {
  const Value value = parse_yaml("a: ~\n", "x");
  CHECK(faults_of([&](Diagnostics& faults) {
          MapReader map(value, "a map", faults);
          CHECK(map.take("a") == nullptr);
          CHECK_FALSE(map.text("b"));
          CHECK_FALSE(map.integer("c", 0, 1));
          CHECK_FALSE(map.boolean("d"));
          CHECK_FALSE(map.duration("e"));
          CHECK_FALSE(map.choice("f", {"g"}));
          CHECK_FALSE(map.texts("h"));
          map.finish();
        }).empty());
}

TEST_CASE("a required member that is missing is told at its map") {
  const Value value = parse_yaml("list:\n  - a: 1\n", "x");
  CHECK(faults_of([&](Diagnostics& faults) {
          MapReader(value.at("list").items()[0], "the entry", faults).require("b");
        }) == "x:2:5: 'b' is missing in the entry");
}

TEST_CASE("a value that is no map is told once and then read as empty") {
  for (const auto& row : std::initializer_list<std::pair<std::string, std::string>>{
           {"word", "x:1:1: the file must be a map, not 'word'"},
           {"[a]", "x:1:1: the file must be a map, not a list"},
           {"", "x:1:1: the file must be a map, not nothing"},
       }) {
    const auto& document = row.first;
    const auto& message = row.second;
    CAPTURE(document);
    const Value value = parse_yaml(document, "x");
    CHECK(faults_of([&](Diagnostics& faults) {
            MapReader file(value, "the file", faults);
            CHECK_FALSE(file.text("a"));
            CHECK(file.require("b") == nullptr);
            file.finish();
          }) == message);
  }
}

TEST_CASE("an integer is decimal, unquoted and in its range") {
  const auto read = [](std::string_view text) {
    std::optional<int64_t> number;
    const std::string told = faults_of(
        [&](Diagnostics& faults) { number = as_integer(parse_yaml(text, "x"), "it", -5, 100, faults); });
    return number ? std::to_string(*number) : told.substr(told.find("not"));
  };
  for (const auto& row : std::initializer_list<std::pair<std::string, std::string>>{
           {"100", "100"},
           {"-5", "-5"},
           {"0", "0"},
           {"101", "not '101'"},
           {"010", "not '010'"},
           {"+5", "not '+5'"},
           {"0x10", "not '0x10'"},
           {"1.0", "not '1.0'"},
           {"1e2", "not '1e2'"},
           {"5 ", "5"},
           {"99999999999999999999", "not '99999999999999999999'"},
           {"[1]", "not a list"},
           {"'5'", "not '5' (without the quotes)"},
           {"'x'", "not 'x'"},
           {"1_000", "not '1_000'"}}) {
    const auto& text = row.first;
    const auto& expected = row.second;
    CAPTURE(text);
    CHECK(read(text) == expected);
  }
  Diagnostics faults;
  CHECK(as_integer(parse_json("7", "x"), "it", 0, 9, faults) == 7);
  CHECK(faults.empty());
}

TEST_CASE("a boolean is one of four words") {
  Diagnostics faults;
  CHECK(as_boolean(parse_yaml("yes", "x"), "it", faults) == true);
  CHECK(as_boolean(parse_yaml("true", "x"), "it", faults) == true);
  CHECK(as_boolean(parse_yaml("no", "x"), "it", faults) == false);
  CHECK(as_boolean(parse_json("false", "x"), "it", faults) == false);
  CHECK(faults.empty());
  for (const std::string_view text : {"on", "Yes", "1", "'yes'", "[yes]"}) {
    CAPTURE(text);
    CHECK_FALSE(as_boolean(parse_yaml(text, "x"), "it", faults));
  }
  CHECK(faults.list().size() == 5);
  CHECK(faults.list()[0].message == "it must be yes or no, not 'on'");
}

TEST_CASE("a duration has a unit and is bounded") {
  struct Row {
    std::string_view text;
    std::optional<milliseconds> expected;
  };
  for (const auto& row : std::initializer_list<Row>{{"200ms", milliseconds(200)},
                                                    {"5s", milliseconds(5000)},
                                                    {"10m", milliseconds(600000)},
                                                    {"2h", milliseconds(7200000)},
                                                    {"7d", milliseconds(604800000)},
                                                    {"0s", milliseconds(0)},
                                                    {"'5s'", milliseconds(5000)},
                                                    {"5", {}},
                                                    {"s", {}},
                                                    {"-5s", {}},
                                                    {"1.5s", {}},
                                                    {"5 s", {}},
                                                    {"1h30m", {}},
                                                    {"5S", {}},
                                                    {"05s", {}},
                                                    {"''", {}},
                                                    {"[5s]", {}},
                                                    {"3650d", milliseconds(int64_t{3650} * 86400000)},
                                                    {"3651d", {}},
                                                    {"9223372036854775807d", {}},
                                                    {"99999999999999999999ms", {}}}) {
    const auto& text = row.text;
    const auto& expected = row.expected;
    CAPTURE(text);
    Diagnostics faults;
    CHECK(as_duration(parse_yaml(text, "x"), "it", faults) == expected);
    CHECK(faults.empty() == expected.has_value());
  }
}

TEST_CASE("a list of texts may be one text") {
  const Value value = parse_yaml("one: a\nmany: [a, '1', 2]\nnone: []\nbad: [a, {b: c}, ~]\n", "x");
  Diagnostics faults;
  MapReader map(value, "the map", faults);
  CHECK(map.texts("one") == std::vector<std::string>{"a"});
  CHECK(map.texts("many") == std::vector<std::string>{"a", "1", "2"});
  CHECK(map.texts("none") == std::vector<std::string>{});
  CHECK(faults.empty());
  CHECK_FALSE(map.texts("bad"));
  REQUIRE(faults.list().size() == 2);
  CHECK(faults.list()[0].message == "an entry of 'bad' in the map must be text, not a map");
  CHECK(faults.list()[1].message == "an entry of 'bad' in the map must be text, not nothing");
}

TEST_CASE("the nearest word is offered when it may be meant, and none otherwise") {
  const std::vector<std::string> known{"name", "env", "time-limit", "processes", "health"};
  for (const auto& row : std::initializer_list<std::pair<std::string_view, std::optional<std::string>>>{
           {"nmae", "name"},
           {"Name", "name"},
           {"nam", "name"},
           {"names", "name"},
           {"environment", "env"},
           {"time_limit", "time-limit"},
           {"timelimit", "time-limit"},
           {"proceses", "processes"},
           {"helth", "health"},
           {"x", {}},
           {"", {}},
           {"colour", {}},
           {"completely-other", {}}}) {
    const auto& word = row.first;
    const auto& expected = row.second;
    CAPTURE(word);
    CHECK(nearest(word, known) == expected);
  }
  CHECK_FALSE(nearest(std::string(1000000, 'a'), known));
}

TEST_CASE("a foreign key is shown harmless and short") {
  Diagnostics faults;
  MapReader(Value::map({{"\x1b[2J" + std::string(500, 'x'), 1}}), "the map", faults).finish();
  REQUIRE(faults.list().size() == 1);
  CHECK(faults.list()[0].message == "unknown key '\\033[2J" + std::string(76, 'x') + "...' in the map");
}

TEST_CASE("a flood of faults is cut") {
  const std::string told = faults_of([](Diagnostics& faults) {
    for (int i = 0; i < 250; ++i) faults.add({}, "fault");
  });
  CHECK(std::count(told.begin(), told.end(), '\n') == 100);
  CHECK(told.ends_with("\nand 150 more"));
}

}  // namespace decode_test
