#include "config/pillar.hh"

#include "base/files.hh"
#include "config/merge.hh"
#include "config/sealed.hh"
#include "failure.hh"
#include "support/mentions.hh"

#include <doctest/doctest.h>

#include <filesystem>
#include <string>

namespace pillar_test {

using namespace bakehouse;
using namespace bakehouse::config;
using support::Mentions;
namespace fs = std::filesystem;

namespace {

Pillar merged(const PillarFiles& files, const std::string& environment = "staging") {
  return merge_pillar(files, "pillar", environment);
}

std::string text_at(const Pillar& pillar, const std::string& key) {
  const text::Value* value = find_value(pillar, key);
  return value == nullptr ? "(nothing)" : value->text();
}

}  // namespace

TEST_CASE("an environment lies over what all have in common, and each value knows where it stands") {
  const Pillar pillar = merged({{"common.yaml", "database: {host: db, port: 5432}\nold: 1\nlist: [a, b]\n"},
                                {"staging.yaml", "database: {host: db.staging}\nold: null\nlist: [c]\n"}});
  CHECK(describe_origins(mask(pillar)) ==
        "database.host = db.staging    pillar/staging.yaml:1:12\n"
        "database.port = 5432    pillar/common.yaml:1:22\n"
        "list[0] = c    pillar/staging.yaml:3:8\n");
  CHECK(text_at(merged({{"common.yaml", "a: {b: 1.10}"}}), "a.b") == "1.10");
}

TEST_CASE("the files of one environment are read, and those of another are not") {
  const base::TempDir scratch;
  fs::create_directories(scratch.path() / "secrets");
  for (const char* name : {"common.yaml", "staging.yaml", "production.yaml", "secrets/staging.yaml"})
    base::write_file(scratch.path() / name, "a: 1\n");
  std::string names;
  for (const auto& [name, content] : read_pillar_files(scratch.path(), "staging")) names += name + " ";
  CHECK(names == "common.yaml secrets/staging.yaml staging.yaml ");
  CHECK(read_pillar_files(scratch.path() / "absent", "staging").empty());
}

TEST_CASE("a link in a pillar is not followed") {
  const base::TempDir scratch;
  base::write_file(scratch.path() / "elsewhere", "a: 1\n");
  fs::create_directories(scratch.path() / "pillar");
  fs::create_symlink("../elsewhere", scratch.path() / "pillar/common.yaml");
  CHECK(failure([&] {
          read_pillar_files(scratch.path() / "pillar", "staging");
        }).ends_with("is no plain file | links in a pillar are not followed: put the file itself there"));
}

TEST_CASE("sealed values are known by name until they are opened, and never shown") {
  Pillar pillar = merged({{"common.yaml", "database: {host: db}\n"},
                          {"secrets/staging.yaml", "database.password: |\n  armored\n"}});
  CHECK(find_value(pillar, "database.password") == nullptr);
  CHECK(holds_sealed(pillar, "database.password"));
  CHECK(holds_sealed(pillar, "database"));
  CHECK_FALSE(holds_sealed(pillar, "database.host"));
  CHECK_FALSE(holds_sealed(pillar, "data"));
  overlay_opened(pillar, {{"database.password", "hunter2"}});
  CHECK(text_at(pillar, "database.password") == "hunter2");
  CHECK(text_at(pillar, "database.host") == "db");
  CHECK(describe_origins(mask(pillar)) ==
        "database.host = db    pillar/common.yaml:1:12\n"
        "database.password = (sealed)    pillar/secrets/staging.yaml:1:1\n");
}

TEST_CASE("what a pillar must not hold is told with its place") {
  struct {
    const char* file;
    const char* content;
    const char* message;
  } const rows[] = {
      {"common.yaml", "a: 1\na: 2\n", "pillar/common.yaml:2:1: the key 'a' stands twice in one map"},
      {"common.yaml", "a.b: 1\n",
       "pillar/common.yaml:1:1: the key 'a.b' cannot be named in a template (write a.b as a map: b within "
       "a)"},
      {"staging.yaml", "- a\n", "pillar/staging.yaml:1:1: a file of the pillar must be a map, not a list"},
      {"staging.yaml", "bakehouse: {run: x}\n",
       "pillar/staging.yaml:1:1: the key 'bakehouse' is filled by Bakehouse itself"},
      {"secrets/staging.yaml", "a: x\na.b: y\n",
       "pillar/secrets/staging.yaml:2:1: 'a.b' lies within 'a', which is sealed as well"},
      {"secrets/staging.yaml", "a..b: x\n",
       "pillar/secrets/staging.yaml:1:1: 'a..b' is no key of a sealed value (words that begin with a letter, "
       "of "
       "letters, digits, '_' and '-', with dots between: database.password; `bakehouse` is not free)"},
      {"secrets/staging.yaml", "a: {b: x}\n",
       "pillar/secrets/staging.yaml:1:1: a sealed value must be text, not a map"},
  };
  for (const auto& row : rows) {
    CAPTURE(row.content);
    CHECK(failure([&] { merged({{row.file, row.content}}); }) == row.message);
  }
}

TEST_CASE("who seals and who deploys have one rule for the keys of sealed values") {
  for (const char* key : {"a", "_", "a.b-1.c_2", "bakehouse-x", "a.bakehouse"}) {
    CAPTURE(key);
    CHECK(is_sealed_key(key));
    CHECK_NOTHROW(check_secret_key(key));
  }
  const std::string long_key(201, 'a');
  for (const std::string& key :
       {std::string(), std::string("1a"), std::string("a.1"), std::string("-a"), std::string("a.-b"),
        std::string("a..b"), std::string(".a"), std::string("a."), std::string("a b"),
        std::string("bakehouse"), std::string("bakehouse.x"), long_key}) {
    CAPTURE(key);
    CHECK_FALSE(is_sealed_key(key));
    CHECK_THROWS(check_secret_key(key));
    if (!key.empty())
      CHECK(failure([&] {
              merged({{"secrets/staging.yaml", "\"" + key + "\": x\n"}});
            }) == Mentions{"is no key of a sealed value"});
  }
}

TEST_CASE("an environment has a name that is the name of a file") {
  CHECK_FALSE(why_not_environment("production"));
  CHECK_FALSE(why_not_environment("eu-1.staging"));
  for (const char* name : {"", "common", "../etc", ".hidden", "a b"}) {
    CAPTURE(name);
    CHECK(why_not_environment(name));
  }
}

}  // namespace pillar_test
