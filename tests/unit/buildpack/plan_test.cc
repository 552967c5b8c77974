#include "buildpack/plan.hh"

#include "support/failure.hh"
#include "support/mentions.hh"
#include "text/json.hh"
#include "text/toml.hh"

#include <doctest/doctest.h>

#include <string>

namespace plan_test {

using namespace bakehouse;
using namespace bakehouse::buildpack;
using support::failure;
using support::Mentions;

namespace {

std::string describe(const BuildPlan& plan) {
  std::string text;
  for (const PlanOption& option : plan) {
    for (const std::string& name : option.provides) text += "+" + name + " ";
    for (const Requirement& requirement : option.requirements) {
      text += "-" + requirement.name;
      if (!requirement.metadata.is_null()) text += text::to_json(requirement.metadata);
      text += " ";
    }
    text += "/ ";
  }
  return text;
}

std::string parsed(const std::string& toml) { return describe(parse_build_plan(toml, "plan")); }

text::Value metadata_of(const std::string& toml) { return text::parse_toml(toml, "metadata"); }

}  // namespace

TEST_CASE("1.5 plan: what detect wrote, alternatives in the order of the file") {
  CHECK(parsed("") == "/ ");
  CHECK(parsed("# nothing\r\n") == "/ ");
  CHECK(parsed("[[provides]]\nname = 'a'\n[[provides]]\nname = 'b'\n[[requires]]\nname = 'a'\n") ==
        "+a +b -a / ");
  CHECK(parsed("[[or]]\n[[or.provides]]\nname = 'x'\n[[or]]\n[[or.requires]]\nname = 'y'\n"
               "[or.requires.metadata]\nversion = '1'\n[[or]]\n[[provides]]\nname = 'a'\n") ==
        "+a / +x / -y{\"version\":\"1\"} / / ");
  CHECK(parsed("provides = [{name = 'a'}]\nrequires = [{name = 'b', metadata = {n = 1}, other = 2}]\n"
               "or = [{requires = [{name = 'c'}]}]\nunknown = 3\n") == "+a -b{\"n\":1} / -c / ");
}

TEST_CASE("1.3 plan: a version beside the name of a requirement is an error") {
  CHECK(failure([] { parsed("[[requires]]\nname = 'ruby'\nversion = '3'\n"); }) ==
        "input: plan:3:1: 'version' stands beside the name of a requirement (it belongs into its metadata)");
  CHECK(failure([] { parsed("[[or]]\n[[or.requires]]\nname = 'ruby'\nversion = '3'\n"); }) ==
        Mentions{"plan:4:1: 'version' stands beside"});
  CHECK(parsed("[[requires]]\nname = 'ruby'\n[requires.metadata]\nversion = '3'\n") ==
        "-ruby{\"version\":\"3\"} / ");
}

TEST_CASE("1.3 plan: what is no plan names its place") {
  const std::pair<std::string, std::string> rows[] = {
      {"provides = 3", "plan:1:1: 'provides' must be a list of tables (written as [[provides]])"},
      {"[provides]\nname = 'a'", "plan:1:1: 'provides' must be a list of tables"},
      {"provides = ['a']", "'provides' must be a list of tables"},
      {"[[provides]]\n", "plan:1:1: 'name' is missing in what is provided"},
      {"[[provides]]\nname = 3", "plan:2:1: 'name' must be text, not a whole number"},
      {"[[provides]]\nname = ''", "plan:2:1: 'name' is empty"},
      {"[[requires]]\nname = \"\\u0000\"", "plan:2:1: 'name' holds a NUL byte"},
      {"[[requires]]\nname = 'a'\nmetadata = 'b'", "plan:3:1: 'metadata' must be a table, not a string"},
      {"or = 1", "plan:1:1: 'or' must be a list of tables"},
      {"just words", "this is no TOML"},
  };
  for (const auto& row : rows) {
    CAPTURE(row.first);
    CHECK(failure([&] { parsed(row.first); }) == Mentions{row.second});
  }
}

TEST_CASE("1.5 plan: metadata goes through plan.toml with all its types") {
  const std::string metadata =
      "i = 1\nf = 1.0\nb = true\ns = '1'\nd = 1979-05-27T07:32:00Z\nday = 1979-05-27\nt = 07:32:00\n"
      "list = [1, 'x', [2.5], {k = 1979-05-27}]\n'dotted.key' = 1\n[table.inner]\nx = inf\n[[tables]]\ny = "
      "1\n";
  const std::string written = format_plan({{"node", metadata_of(metadata)}, {"npm", {}}});
  const text::Value plan = text::parse_toml(written, "plan.toml");
  const auto& entries = plan.at("entries").items();
  REQUIRE(entries.size() == 2);
  CHECK(entries[0].string_at("name") == "node");
  CHECK(text::to_pretty_json(entries[0].at("metadata")) == text::to_pretty_json(metadata_of(metadata)));
  CHECK(entries[0].at("metadata").at("d").kind() == text::Value::Kind::date);
  CHECK(entries[0].at("metadata").at("f").kind() == text::Value::Kind::number);
  CHECK(entries[0].at("metadata").at("i").kind() == text::Value::Kind::integer);
  CHECK(entries[1].find("metadata") == nullptr);
}

TEST_CASE("1.7 plan: the file of a buildpack, as bytes; empty when there is nothing") {
  CHECK(format_plan({}) == "");
  CHECK(format_plan({{"a", metadata_of("world = 'Earth-616'")}, {"a", metadata_of("")}, {"b", {}}}) ==
        "[[entries]]\nname = \"a\"\n\n[entries.metadata]\nworld = \"Earth-616\"\n\n[[entries]]\nname = "
        "\"a\"\n\n"
        "[entries.metadata]\n\n[[entries]]\nname = \"b\"\n");
}

TEST_CASE("1.7 plan: a buildpack gets what it provided and nobody has met; what it leaves unmet goes on") {
  std::vector<Dependency> dependencies{
      {"a", {0, 2}, {{"a", metadata_of("n = 1")}, {"a", metadata_of("n = 2")}}},
      {"b", {0}, {{"b", {}}}},
      {"c", {1, 2}, {{"c", {}}}}};
  const auto names = [&](size_t provider) {
    std::string text;
    for (const Requirement& entry : requirements_for(provider, dependencies)) text += entry.name + " ";
    return text;
  };
  CHECK(names(0) == "a a b ");
  CHECK(names(1) == "c ");
  CHECK(names(2) == "a a c ");
  CHECK(names(3) == "");
  remove_met(dependencies, 0, {"a"});
  CHECK(names(0) == "a a ");
  CHECK(names(2) == "a a c ");
  remove_met(dependencies, 1, {});
  CHECK(names(2) == "a a ");
  remove_met(dependencies, 2, {});
  CHECK(dependencies.empty());
}

TEST_CASE("1.7 plan: an unmet name that was not in the plan is an error") {
  std::vector<Dependency> dependencies{{"a", {0}, {{"a", {}}}}, {"b", {1}, {{"b", {}}}}};
  for (const std::string name : {"b", "c", ""}) {
    CAPTURE(name);
    CHECK(failure([&] {
            remove_met(dependencies, 0, {"a", name});
          }) == "input: '" + name + "' is called unmet, but was not in the plan");
  }
  CHECK(dependencies.size() == 2);
}

}  // namespace plan_test
