#include "config/merge.hh"

#include "base/files.hh"
#include "failure.hh"
#include "text/json.hh"
#include "text/yaml.hh"

#include <doctest/doctest.h>

#include <array>
#include <string>

namespace merge_test {

using namespace bakehouse;
using namespace bakehouse::config;

namespace {

std::string merged(const std::string& under, const std::string& over) {
  return text::to_json(merge(text::parse_yaml(under, "under"), text::parse_yaml(over, "over")));
}

}  // namespace

TEST_CASE("maps are merged by member, anything else is replaced, null removes") {
  for (const auto& row : std::initializer_list<std::array<std::string, 3>>{
           {"{a: 1, b: 2}", "{b: 3, c: 4}", R"({"a":"1","b":"3","c":"4"})"},
           {"{a: {b: 1, c: 2}}", "{a: {c: 3}}", R"({"a":{"b":"1","c":"3"}})"},
           {"{a: [1, 2]}", "{a: [3]}", R"({"a":["3"]})"},
           {"{a: {b: 1}}", "{a: word}", R"({"a":"word"})"},
           {"{a: word}", "{a: {b: 1}}", R"({"a":{"b":"1"}})"},
           {"{a: 1, b: 2}", "{a: ~}", R"({"b":"2"})"},
           {"{a: {b: 1, c: 2}}", "{a: {b: ~}}", R"({"a":{"c":"2"}})"},
           {"{}", "{a: {b: ~, c: 1}, d: ~}", R"({"a":{"c":"1"}})"},
           {"{a: ~}", "{}", R"({"a":null})"},
           {"{a: 1}", "", R"({"a":"1"})"},
           {"", "{a: 1}", R"({"a":"1"})"},
           {"", "", "null"},
       }) {
    const auto& under = row[0];
    const auto& over = row[1];
    const auto& expected = row[2];
    CAPTURE(under);
    CAPTURE(over);
    CHECK(merged(under, over) == expected);
  }
}

TEST_CASE("merging the same again changes nothing") {
  const std::string over = "{a: {b: 1, c: ~}, d: [x, {y: z}]}";
  const text::Value once = merge(text::parse_yaml("{a: {c: 2, e: 3}}", "x"), text::parse_yaml(over, "y"));
  CHECK(text::to_json(merge(once, text::parse_yaml(over, "y"))) == text::to_json(once));
}

TEST_CASE("each value keeps the place it came from") {
  const base::TempDir place;
  const auto node_file = place.path() / "node.yaml";
  base::write_file(node_file, "processes:\n  web:\n    port: 9000\nroot: ~\n");
  const Sources sources{
      "name: \"shop\"\nprocesses: {web: {port: 8080, command: \"a b\"}}\nroot: /srv\nhealth:\n- http: /x\n"
      "  body: ''\ndata: {\"a.b\": c, \"x\\x1by\": z}\nbuildpacks: []\nundo-data:\n",
      "bake.yaml",
      node_file,
      {"build.env.A=1=2", "build.time-limit=5m"}};
  CHECK(describe_origins(merge_sources(sources)) ==
        "build.env.A = 1=2    --set\n"
        "build.time-limit = 5m    --set\n"
        "buildpacks = []    bake.yaml:8:1\n"
        "data.\"a.b\" = c    bake.yaml:7:8\n"
        "data.\"x\\033y\" = z    bake.yaml:7:18\n"
        "health[0].body = \"\"    bake.yaml:6:3\n"
        "health[0].http = /x    bake.yaml:5:3\n"
        "name = \"shop\"    bake.yaml:1:1\n"
        "processes.web.command = \"a b\"    bake.yaml:2:31\n"
        "processes.web.port = 9000    " +
            node_file.native() +
            ":3:5\n"
            "undo-data = null    bake.yaml:9:1\n");
  CHECK(describe_origins({}).empty());
}

TEST_CASE("a later setting wins over an earlier one, the node's file and the project's") {
  const base::TempDir place;
  const auto node_file = place.path() / "node.yaml";
  Sources sources{"name: shop\nlayout: one\n", "bake.yaml", node_file, {}};
  CHECK(load_project(sources).layout == "one");
  base::write_file(node_file, "layout: two\n");
  CHECK(load_project(sources).layout == "two");
  sources.settings = {"layout=three"};
  CHECK(load_project(sources).layout == "three");
  sources.settings = {"layout=three", "layout=four"};
  CHECK(load_project(sources).layout == "four");
}

TEST_CASE("a setting is keys, a sign and a text taken as it stands") {
  CHECK(text::to_json(parse_setting("a.b-c.d=x: [y] # = ~")) == R"({"a":{"b-c":{"d":"x: [y] # = ~"}}})");
  CHECK(text::to_json(parse_setting("a=")) == R"({"a":""})");
  for (const char* plain : {"1", "9000", "yes", "a b", "http://h:1/x"}) {
    CAPTURE(plain);
    CHECK(parse_setting("a=" + std::string(plain)).find("a")->kind() == text::Value::Kind::plain);
  }
  for (const char* odd : {"", "null", "~", "[x]", "{a: b}", "a: b", "a #b", "'a'", "*a", "&a", "!a", "- a",
                          "a\n- b", " a", "a "}) {
    CAPTURE(odd);
    const text::Value setting = parse_setting("a=" + std::string(odd));
    CHECK(setting.find("a")->kind() == text::Value::Kind::string);
    CHECK(setting.find("a")->text() == odd);
  }
  CHECK(parse_setting("a.b=1").find("a")->find("b")->origin().describe() == "--set");
  const auto usage = [](const std::string& assignment) {
    return failure([&] { parse_setting(assignment); }, base::Fault::usage);
  };
  CHECK(usage("a.b") == "--set 'a.b' has no '=' | --set build.time-limit=1h");
  for (const char* bad : {"=1", ".a=1", "a.=1", "a..b=1"}) {
    CAPTURE(bad);
    CHECK(usage(bad) == "--set '" + std::string(bad) +
                            "' has an empty key | keys stand between dots: --set build.time-limit=1h");
  }
}

TEST_CASE("faults of all sources are told together") {
  const base::TempDir place;
  const auto node_file = place.path() / "node.yaml";
  base::write_file(node_file, "layuot: x\n");
  const Sources sources{"name: Shop\nprot: 1\n", "bake.yaml", node_file, {"undo-data=maybe"}};
  CHECK(failure([&] { load_project(sources); }) ==
        "--set: 'undo-data' in the project file must be one of closed, always, never, not 'maybe'\n" +
            node_file.native() +
            ":1:1: unknown key 'layuot' in the project file (did you mean 'layout'?)\n"
            "bake.yaml:1:1: the project's name 'Shop' does not begin with one of a-z 0-9 (a name is like "
            "'shop' or 'shop-api.v2')\n"
            "bake.yaml:2:1: unknown key 'prot' in the project file");
}

TEST_CASE("a source that is no map is refused before anything is laid over it") {
  const base::TempDir place;
  const auto node_file = place.path() / "node.yaml";
  base::write_file(node_file, "name: shop\n");
  CHECK(failure([&] {
          load_project({"[a]\n", "bake.yaml", node_file, {}});
        }) == "bake.yaml:1:1: the project file must be a map, not a list");
  base::write_file(node_file, "word\n");
  CHECK(failure([&] {
          load_project({"name: shop\n", "bake.yaml", node_file, {}});
        }) == node_file.native() + ":1:1: the node's file must be a map, not 'word'");
  CHECK(failure([&] {
          load_project({"", "bake.yaml", {}, {}});
        }) == "bake.yaml:1:1: the project file must be a map, not nothing");
  base::write_file(node_file, "# nothing yet\n");
  CHECK(load_project({"name: shop\n", "bake.yaml", node_file, {}}).name == "shop");
}

}  // namespace merge_test
