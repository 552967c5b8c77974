// A project.toml in the source of a bake.
#include "kitchen.hh"
#include "support/failure.hh"
#include "support/mentions.hh"

#include <doctest/doctest.h>

namespace project_toml_test {

using namespace bakehouse;
using namespace bakehouse::bakery;
using support::failure;
using support::File;
using support::Mentions;

namespace {

const std::string schema = "[_]\nschema-version = \"0.2\"\n";

void say(const Kitchen& kitchen, const std::string& toml) {
  base::write_file(kitchen.source() / "project.toml", schema + toml);
}

std::string builders(Kitchen& kitchen) {
  std::string text;
  for (const auto& name : detect(kitchen.node(), kitchen.options()).builders) text += name + " ";
  return text;
}

std::string script(const std::string& id, const std::string& line) {
  return "id = \"" + id + "\"\n[io.buildpacks.{}.script]\napi = \"0.12\"\ninline = \"" + line + "\"\n";
}

std::string with_table(std::string text, const std::string& table) {
  const size_t at = text.find("{}");
  return at == std::string::npos ? text : text.replace(at, 2, table);
}

}  // namespace

TEST_CASE("1.11 files: what exclude names is gone before anybody is asked") {
  Kitchen kitchen;
  kitchen.write(
      {{"a.md", File{"x"}}, {"docs/b.txt", File{"x"}}, {"src/c.md", File{"x"}}, {"src/keep.md", File{"x"}}});
  kitchen.set_buildpack({.detect = "find . -type f | LC_ALL=C sort"});
  say(kitchen, "[io.buildpacks]\nexclude = [\"*.md\", \"!keep.md\", \"/docs\", \"bake.yaml\"]\n");
  const auto detected = detect(kitchen.node(), kitchen.options());
  REQUIRE(detected.answers.size() == 1);
  CHECK(detected.answers[0].said == "\n  | ./bake.yaml\n  | ./page\n  | ./project.toml\n  | ./src/keep.md");
}

TEST_CASE("1.11 files: only what include names is built, and bake.yaml and its hooks stay") {
  Kitchen kitchen;
  kitchen.write({{"a.md", File{"x"}},
                 {"docs/deep/b.txt", File{"x"}},
                 {"src/c.c", File{"x"}},
                 {"src/d.md", File{"x"}},
                 {".bake/hooks/post_build", File{"#!/bin/sh\n", 0755}}});
  kitchen.set_buildpack({.detect = "find . | LC_ALL=C sort"});
  say(kitchen, "[io.buildpacks]\ninclude = [\"src/*.c\"]\n");
  const auto detected = detect(kitchen.node(), kitchen.options());
  CHECK(detected.answers[0].said ==
        "\n  | .\n  | ./.bake\n  | ./.bake/hooks\n  | ./.bake/hooks/post_build\n  | ./bake.yaml\n  | ./src\n"
        "  | ./src/c.c");
}

TEST_CASE("1.11 group: its buildpacks build, by id, uri and script, with pre before and post behind") {
  Kitchen kitchen;
  buildpack::write_pack(kitchen.source() / "packs/own", buildpack::descriptor("acme/own"),
                        {.build = "echo own"});
  say(kitchen,
      with_table("[[io.buildpacks.pre.group]]\n" + script("acme/pre", "echo pre"), "pre.group") +
          "[[io.buildpacks.group]]\nuri = \"packs/own\"\n[[io.buildpacks.group]]\nid = \"test/all\"\n" +
          with_table("[[io.buildpacks.group]]\n" + script("acme/inline", "echo inline in $PWD"), "group") +
          "[[io.buildpacks.post.group]]\nuri = \"urn:cnb:builder:test/all@1.2.3\"\n");
  CHECK(builders(kitchen) == "acme/pre@0.0.0 acme/own@1.2.3 test/all@1.2.3 acme/inline@0.0.0 ");
  const auto archive = kitchen.open(kitchen.cook());
  CHECK(archive.info.buildpacks.size() == 4);
  CHECK(kitchen.output == Mentions{"pre\nown\ninline in /"});
}

TEST_CASE("1.11 group: pre and post stand around those that are shipped when there is no group") {
  Kitchen kitchen;
  say(kitchen, with_table("[[io.buildpacks.post.group]]\n" + script("acme/post", "true"), "post.group"));
  CHECK(builders(kitchen) == "test/all@1.2.3 acme/post@0.0.0 ");
}

TEST_CASE("1.11 group: the list of bake.yaml stands above it, and a note says so") {
  Kitchen kitchen;
  buildpack::write_pack(kitchen.source() / "own", buildpack::descriptor("acme/own"));
  kitchen.project("name: shop\nversion: 1.0.0\nbuildpacks: [./own]\n");
  say(kitchen, "[[io.buildpacks.group]]\nid = \"test/all\"\n");
  CHECK(builders(kitchen) == "acme/own@1.2.3 ");
  CHECK(kitchen.notes == Mentions{"bake.yaml names the buildpacks; those of project.toml are not used"});
}

TEST_CASE("1.11 group: a buildpack that is not to be had is told by name") {
  const std::pair<const char*, const char*> rows[] = {
      {"id = \"acme/none\"", "acme/none"},
      {"uri = \"docker://example.org/pack\"", "'docker://example.org/pack' cannot be fetched"},
      {"uri = \"https://example.org/p.tgz\"", "a URL is named without the SHA-256"},
      {"uri = \"none\"", "none"},
      {"uri = \"urn:cnb:registry:acme/none\"", "'urn:cnb:registry:acme/none' cannot be fetched"},
  };
  for (const auto& row : rows) {
    CAPTURE(row.first);
    Kitchen kitchen;
    say(kitchen, std::string("[[io.buildpacks.group]]\n") + row.first + "\n");
    CHECK(failure([&] { builders(kitchen); }) == Mentions{row.second});
  }
}

TEST_CASE("1.11 build env: it reaches buildpacks, and bake.yaml stands above it") {
  Kitchen kitchen;
  kitchen.project("name: shop\nversion: 1.0.0\nbuild: {env: {BOTH: ours}}\n");
  say(kitchen,
      "[[io.buildpacks.build.env]]\nname = \"BOTH\"\nvalue = \"theirs\"\n"
      "[[io.buildpacks.build.env]]\nname = \"ONE\"\nvalue = \"first\"\n"
      "[[io.buildpacks.build.env]]\nname = \"ONE\"\nvalue = \"last\"\n");
  kitchen.build_by("echo \"$BOTH $ONE\"");
  kitchen.cook();
  CHECK(kitchen.output == "ours last\n");
}

TEST_CASE("1.11 unknown keys are warnings, faults are errors") {
  Kitchen kitchen;
  say(kitchen, "[io.buildpacks]\nexlude = [\"*.md\"]\n");
  builders(kitchen);
  CHECK(kitchen.warnings == Mentions{"project.toml:4:1: unknown key 'exlude'"});
  say(kitchen, "[io.buildpacks]\nexclude = [\"a\"]\ninclude = [\"b\"]\n");
  CHECK(failure([&] { builders(kitchen); }) == Mentions{"project.toml:4:1: 'include' and 'exclude'"});
}

}  // namespace project_toml_test
