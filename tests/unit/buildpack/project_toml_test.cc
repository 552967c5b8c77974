#include "buildpack/project_toml.hh"

#include "support/failure.hh"
#include "support/mentions.hh"

#include <fmt/ranges.h>

#include <doctest/doctest.h>

#include <string>
#include <vector>

namespace project_toml_test {

using namespace bakehouse;
using namespace bakehouse::buildpack;
using support::failure;
using support::Mentions;

namespace {

const std::string schema_0_2 = "[_]\nschema-version = '0.2'\n";

ProjectToml parsed(const std::string& toml) { return parse_project_toml(toml, "project.toml"); }

std::string describe(const std::vector<ProjectBuildpack>& group) {
  std::string text;
  for (const ProjectBuildpack& pack : group) {
    text += pack.id + "@" + pack.version + " " + pack.uri;
    if (pack.script)
      text += fmt::format("{}:{}:{}", pack.script->api, pack.script->shell, pack.script->inline_text);
    for (const std::string& name : pack.exec_envs) text += " (" + name + ")";
    text += " / ";
  }
  return text;
}

std::string environment(const ProjectToml& project) {
  std::string text;
  for (const ProjectVariable& variable : project.environment) {
    text += variable.name + "=" + variable.value;
    for (const std::string& name : variable.exec_envs) text += " (" + name + ")";
    text += " ";
  }
  return text;
}

std::vector<std::string> warnings(const std::string& toml) {
  std::vector<std::string> texts;
  for (const text::Diagnostic& warning : parsed(toml).warnings) {
    texts.push_back(warning.origin.describe() + ": " + warning.message +
                    (warning.hint.empty() ? "" : " (" + warning.hint + ")"));
  }
  return texts;
}

using Texts = std::vector<std::string>;

}  // namespace

TEST_CASE("1.11 project.toml without a schema is one of 0.1") {
  const ProjectToml project = parsed(
      "[project]\nid = 'i'\nname = 'n'\nversion = '1'\nauthors = ['a']\n[[project.licenses]]\ntype = 'MIT'\n"
      "[build]\nexclude = ['*.md', '!README.md', '/tmp/']\n"
      "[[build.buildpacks]]\nid = 'acme/node'\nversion = '1.2'\n[[build.buildpacks]]\nuri = '../packs/own'\n"
      "[[build.env]]\nname = 'A'\nvalue = '1'\n[[build.env]]\nname = 'B'\n[metadata]\nany = 1\n");
  CHECK(project.schema_version == "0.1");
  CHECK(project.id == "i");
  CHECK(project.name == "n");
  CHECK(project.version == "1");
  CHECK(project.exclude == Texts{"*.md", "!README.md", "/tmp/"});
  CHECK(project.include.empty());
  CHECK(describe(project.group) == "acme/node@1.2  / @ ../packs/own / ");
  CHECK(environment(project) == "A=1 B= ");
  CHECK(project.warnings.empty());
  CHECK(parsed("").schema_version == "0.1");
}

TEST_CASE("1.11 project.toml 0.2: groups, pre, post, patterns and environment") {
  const ProjectToml project = parsed(
      "[_]\nschema-version = '0.2'\nid = 'i'\nname = 'n'\nlicenses = [{type = 'MIT'}]\n[_.metadata]\nx = 1\n"
      "[io.buildpacks]\ninclude = ['src/', 'go.*']\n"
      "[[io.buildpacks.pre.group]]\nid = 'first'\n[[io.buildpacks.post.group]]\nid = 'last'\nversion = '2'\n"
      "[[io.buildpacks.group]]\nid = 'a'\n[[io.buildpacks.group]]\nuri = 'https://example.org/b.tgz'\n"
      "[[io.buildpacks.build.env]]\nname = 'A'\nvalue = 'x y'\n[com.example]\nanything = 1\n");
  CHECK(project.schema_version == "0.2");
  CHECK(project.id == "i");
  CHECK(project.name == "n");
  CHECK(project.include == Texts{"src/", "go.*"});
  CHECK(describe(project.pre) == "first@  / ");
  CHECK(describe(project.post) == "last@2  / ");
  CHECK(describe(project.group) == "a@  / @ https://example.org/b.tgz / ");
  CHECK(environment(project) == "A=x y ");
  CHECK(project.warnings.empty());
}

TEST_CASE("1.11 project.toml: the environment is also read from where many have written it by mistake") {
  const ProjectToml project = parsed(schema_0_2 + "[[io.buildpacks.env.build]]\nname = 'A'\nvalue = '1'\n");
  CHECK(environment(project) == "A=1 ");
  CHECK(project.warnings.empty());
}

TEST_CASE("1.11 project.toml: an inline buildpack") {
  const std::string group =
      schema_0_2 + "[[io.buildpacks.group]]\nid = 'own'\n[io.buildpacks.group.script]\n";
  CHECK(describe(parsed(group + "api = '0.10'\ninline = 'echo hello'\n").group) ==
        "own@ 0.10:/bin/sh:echo hello / ");
  CHECK(describe(parsed(group + "api = '0.10'\nshell = '/bin/bash'\ninline = '''\na\nb'''\n").group) ==
        "own@ 0.10:/bin/bash:a\nb / ");
  const std::string old = "[[build.buildpacks]]\nid = 'own'\nscript = {api = '0.7', inline = 'x'}\n";
  CHECK(describe(parsed(old).group) == "own@ 0.7:/bin/sh:x / ");
}

TEST_CASE("1.11 project.toml 0.3 has exec-env, 0.2 has not") {
  const std::string body =
      "[[io.buildpacks.group]]\nid = 'a'\nexec-env = ['test']\n[[io.buildpacks.build.env]]\nname = 'A'\n"
      "exec-env = ['dev']\n";
  const ProjectToml project = parsed("[_]\nschema-version = '0.3'\n" + body);
  CHECK(describe(project.group) == "a@  (test) / ");
  CHECK(environment(project) == "A= (dev) ");
  CHECK(warnings(schema_0_2 + body) == Texts{"project.toml:5:1: unknown key 'exec-env' in a buildpack",
                                             "project.toml:8:1: unknown key 'exec-env' in a variable"});
}

TEST_CASE("1.11 project.toml: unknown keys are warned of, with their place") {
  CHECK(warnings("[project]\nnmae = 'x'\n[build]\nexcludes = []\n[[build.buildpacks]]\nid = 'a'\nver = "
                 "'1'\n[other]\n") ==
        Texts{"project.toml:2:1: unknown key 'nmae' in the project (did you mean 'name'?)",
              "project.toml:7:1: unknown key 'ver' in a buildpack (did you mean 'version'?)",
              "project.toml:4:1: unknown key 'excludes' in 'build' (did you mean 'exclude'?)",
              "project.toml:8:1: unknown key 'other' in project.toml of schema 0.1"});
  CHECK(warnings("top = 1\n" + schema_0_2 +
                 "odd = 1\n[io.buildpacks]\nincluded = []\n[io.buildpacks.pre]\ngroups = 1\n") ==
        Texts{"project.toml:4:1: unknown key 'odd' in the project",
              "project.toml:8:1: unknown key 'groups' in 'pre' (did you mean 'group'?)",
              "project.toml:6:1: unknown key 'included' in 'io.buildpacks' (did you mean 'include'?)",
              "project.toml:1:1: unknown key 'top' (it is ignored)"});
}

TEST_CASE("1.11 project.toml: tables of the other schema, and a builder image, are ignored aloud") {
  CHECK(warnings("[io.buildpacks]\ninclude = ['a']\n") ==
        Texts{"project.toml:1:1: [io.buildpacks] is ignored, because the file is of schema 0.1 (if it is "
              "not, say so: "
              "[_] schema-version = \"0.2\")"});
  CHECK(
      warnings(schema_0_2 + "[project]\nname = 'x'\n[build]\n") ==
      Texts{"project.toml:3:1: [project] is ignored, it belongs to schema 0.1 (in 0.2 it is [_])",
            "project.toml:5:1: [build] is ignored, it belongs to schema 0.1 (in 0.2 it is [io.buildpacks])"});
  CHECK(warnings("[build]\nbuilder = 'x'\n") ==
        Texts{"project.toml:2:1: 'builder' names an image, and here is none (it is ignored)"});
}

TEST_CASE("1.11 project.toml: include and exclude side by side are an error") {
  CHECK(failure([] { parsed("[build]\ninclude = ['a']\nexclude = ['b']\n"); }) ==
        "input: project.toml:3:1: 'include' and 'exclude' stand side by side, only one of them may");
  CHECK(failure([] { parsed(schema_0_2 + "[io.buildpacks]\nexclude = []\ninclude = []\n"); }) ==
        "input: project.toml:4:1: 'include' and 'exclude' stand side by side, only one of them may");
}

TEST_CASE("1.11 project.toml: what is wrong is told at once, each with its place") {
  CHECK(failure([] {
          parsed(
              "[project]\nname = 1\n[build]\ninclude = 'x'\n[[build.buildpacks]]\n[[build.buildpacks]]\nuri "
              "= 'u'\n"
              "version = '1'\n[[build.env]]\nvalue = 2\n");
        }) ==
        "input: project.toml:2:1: 'name' must be text, not a whole number\n"
        "project.toml:4:1: 'include' must be a list of texts, not a string\n"
        "project.toml:5:1: a buildpack needs an 'id' or a 'uri'\n"
        "project.toml:6:1: 'version' stands beside 'uri', which is of one version anyway\n"
        "project.toml:9:1: 'name' is missing in a variable\n"
        "project.toml:10:1: 'value' must be text, not a whole number");
}

TEST_CASE("1.11 project.toml: what is no project.toml names its place") {
  const std::pair<std::string, std::string> rows[] = {
      {"project = 1", "project.toml:1:1: the project must be a map"},
      {"[[build]]\n", "project.toml:1:1: 'build' must be a map"},
      {"[_]\nschema-version = '0.4'",
       "project.toml:2:1: the schema '0.4' is not known (known are 0.1, 0.2 and 0.3)"},
      {"[_]\nschema-version = 0.2", "project.toml:2:1: 'schema-version' must be text"},
      {"io = 1\n" + schema_0_2, "project.toml:1:1: 'io' must be a table, not a whole number"},
      {"io.buildpacks = 1\n" + schema_0_2, "project.toml:1:4: 'io.buildpacks' must be a map"},
      {schema_0_2 + "[[io.buildpacks.pre]]\n", "project.toml:3:1: 'pre' must be a map"},
      {schema_0_2 + "[io.buildpacks.group]\n", "project.toml:3:1: 'group' must be a list of tables"},
      {schema_0_2 + "[io.buildpacks]\nbuild = 3\n", "project.toml:4:1: 'build' must be a map"},
      {"[build]\nbuildpacks = [{id = 'a', script = 3}]", "'script' must be a map"},
      {"[build]\nbuildpacks = [{id = 'a', script = {inline = 'x'}}]", "'api' is missing in 'script'"},
      {"[build]\nbuildpacks = [{id = 'a', script = {api = '0.9'}}]", "'inline' is missing in 'script'"},
      {"[build]\nbuildpacks = [{id = 'a', script = {api = '0.9', inline = '', shell = 'sh'}}]",
       "'shell' must be the absolute path of a program, on one line"},
      {"[build]\nbuildpacks = [{id = 'a', script = {api = '0.9', inline = '', shell = \"/bin/sh\\n\"}}]",
       "'shell' must be the absolute path of a program, on one line"},
      {"[build]\nbuildpacks = [{script = {api = '0.9', inline = ''}}]", "an inline buildpack needs an 'id'"},
      {"[build]\nbuildpacks = [{id = 'a', uri = 'b', script = {api = '0.9', inline = ''}}]",
       "'script' stands beside 'uri', and only one of them can be the buildpack"},
  };
  for (const auto& row : rows) {
    CAPTURE(row.first);
    CHECK(failure([&] { parsed(row.first); }) == Mentions{row.second});
  }
}

TEST_CASE("1.11 project.toml: a variable becomes a file of its name, so that the name must do as one") {
  for (const std::string name : {"", ".", "..", "a/b", "a=b", "a\\u0000"}) {
    CAPTURE(name);
    CHECK(failure([&] { parsed("[[build.env]]\nname = \"" + name + "\"\nvalue = ''\n"); }) ==
          Mentions{"is no name of a variable"});
  }
  CHECK(failure([] { parsed("[[build.env]]\nname = 'A'\nvalue = \"\\u0000\"\n"); }) ==
        Mentions{"'value' holds a NUL byte"});
  CHECK(environment(parsed("[[build.env]]\nname = 'a.b'\nvalue = ''\n")) == "a.b= ");
}

}  // namespace project_toml_test
