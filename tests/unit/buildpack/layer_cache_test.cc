#include "buildpack/layer_cache.hh"

#include "support/failure.hh"
#include "support/mentions.hh"
#include "workbench.hh"

#include <doctest/doctest.h>

#include <sys/stat.h>

namespace layer_cache_test {

using namespace bakehouse;
using namespace bakehouse::buildpack;
using support::failure;
using support::Mentions;
namespace fs = std::filesystem;

namespace {

// Says what it finds of the layer `l`, then makes it where it is not there, of these types.
std::string find_and_make(const std::string& types) {
  return "set -e\n"
         "if [[ -d $1/l ]]; then echo \"directory $(cat \"$1/l/made\")\"; else echo 'no directory'; fi\n"
         "if [[ -f $1/l.toml ]]; then echo \"toml $(tr '\\n' ' ' <\"$1/l.toml\")\"; else echo 'no toml'; fi\n"
         "if [[ ! -d $1/l && ! -f $1/keep ]]; then mkdir -p \"$1/l\"; echo first >\"$1/l/made\"; fi\n"
         "printf '[types]\\n" +
         types + "\\n[metadata]\\nversion = 1.5\\n' >\"$1/l.toml\"\n";
}

uint64_t inode_of(const fs::path& file) {
  struct stat found {};
  REQUIRE(::stat(file.c_str(), &found) == 0);
  return found.st_ino;
}

struct TwoBuilds {
  std::string first;
  std::string second;
};

TwoBuilds build_twice(Workbench& bench, const std::string& first, const std::string& second) {
  TwoBuilds said;
  bench.build({bench.pack("acme/a", {.build = first})});
  said.first = std::exchange(bench.output, "");
  bench.begin_again();
  bench.build({bench.pack("acme/a", {.build = second})});
  said.second = bench.output;
  return said;
}

// As a bake begins that finds the tree of the one before.
void begin_after(const Workbench& bench) {
  take_over_layers(bench.cache(), base::Dir::open(bench.application()));
  bench.begin_again();
}

}  // namespace

TEST_CASE("1.8 restore: what comes back of a layer follows from its types") {
  struct Row {
    const char* types;
    const char* second;
  };
  const char* const both = "directory first\ntoml [metadata] version = 1.5 \n";
  const char* const neither = "no directory\nno toml\n";
  const Row rows[] = {
      {"cache = true", both},
      {"build = true\\ncache = true", both},
      {"launch = true\\ncache = true", both},
      {"launch = true", "no directory\ntoml [metadata] version = 1.5 \n"},
      {"build = true", neither},
      {"build = true\\nlaunch = true", neither},
      {"", neither},
  };
  for (const Row& row : rows) {
    CAPTURE(row.types);
    Workbench bench;
    const TwoBuilds said = build_twice(bench, find_and_make(row.types), find_and_make(row.types));
    CHECK(said.first == neither);
    CHECK(said.second == row.second);
    CHECK(bench.warnings.empty());
  }
}

TEST_CASE("1.8 restore: types are not restored, so a layer that is not declared again is gone") {
  Workbench bench;
  build_twice(bench, find_and_make("launch = true\\ncache = true"), "true");
  CHECK_FALSE(fs::exists(bench.application() / ".layers"));
  bench.begin_again();
  bench.output.clear();
  bench.build({bench.pack("acme/a", {.build = find_and_make("cache = true")})});
  CHECK(bench.output == "no directory\nno toml\n");
}

TEST_CASE(
    "1.8 restore: a layer for the launch that is declared again without a directory is the last release's") {
  Workbench bench;
  build_twice(bench, find_and_make("launch = true"), "printf '[types]\\nlaunch = true\\n' >\"$1/l.toml\"");
  CHECK(base::read_file(bench.application() / ".layers/acme_a/l/made", 10) == "first\n");
  bench.begin_again();
  CHECK(failure([&] {
          bench.build(
              {bench.pack("acme/a", {.build = "printf '[types]\\nlaunch = true\\n' >\"$1/x.toml\""})});
        }) == Mentions{"the layer 'x' is to be launched and has no directory"});
}

TEST_CASE("1.8 restore: store.toml comes back, launch.toml and build.toml do not") {
  Workbench bench;
  const TwoBuilds said = build_twice(
      bench, "echo '[metadata]' >\"$1/store.toml\"; echo >\"$1/launch.toml\"; echo >\"$1/build.toml\"",
      "ls \"$1\"");
  CHECK(said.second == "store.toml\n");
}

TEST_CASE("1.8 cache: an unchanged layer is neither copied nor made anew") {
  Workbench bench;
  const fs::path kept = bench.cache() / "current/acme_a/layers/l/made";
  const Buildpack pack = bench.pack("acme/a", {.build = find_and_make("launch = true\\ncache = true")});
  bench.build({pack});
  const uint64_t inode = inode_of(kept);
  bench.begin_again();
  bench.build({pack});
  CHECK(inode_of(kept) == inode);
  CHECK(inode_of(bench.application() / ".layers/acme_a/l/made") == inode);
}

TEST_CASE("1.8 cache: a layer that a build changed is what the next one finds") {
  Workbench bench;
  const std::string types = "printf '[types]\\ncache = true\\n' >\"$1/l.toml\"";
  build_twice(bench, find_and_make("cache = true"),
              "echo second >\"$1/l/made\"; touch \"$1/l/more\"; " + types);
  bench.begin_again();
  bench.output.clear();
  bench.build({bench.pack("acme/a", {.build = "cat \"$1/l/made\"; ls \"$1/l\"; " + types})});
  CHECK(bench.output == "second\nmade\nmore\n");
  CHECK(bench.warnings.empty());
}

TEST_CASE(
    "1.8 cache: a build that fails leaves the last good one's, and what it wrote into is not believed") {
  Workbench bench;
  const Buildpack good = bench.pack("acme/a", {.build = find_and_make("cache = true")});
  bench.build({good});
  // A new file beside: the layer that was saved does not see it.
  for (const std::string damage : {"touch \"$1/l/more\"", "rm \"$1/l/made\"", "mv \"$1/l\" \"$1/m\""}) {
    CAPTURE(damage);
    bench.begin_again();
    CHECK(failure([&] { bench.build({bench.pack("acme/a", {.build = damage + "; exit 1"})}); }) !=
          "no failure");
    bench.begin_again();
    bench.output.clear();
    bench.build({good});
    CHECK(bench.output == "directory first\ntoml [metadata] version = 1.5 \n");
    CHECK(bench.warnings.empty());
  }
  // Into the very file.
  bench.begin_again();
  CHECK(failure([&] {
          bench.build({bench.pack("acme/a", {.build = "echo half-written >\"$1/l/made\"; exit 1"})});
        }) != "no failure");
  bench.begin_again();
  bench.output.clear();
  bench.build({good});
  CHECK(bench.output == "no directory\nno toml\n");
  REQUIRE(bench.warnings.size() == 1);
  CHECK(bench.warnings.front() ==
        "the cached layer 'l' of acme/a was changed since it was saved, and is built anew");
}

TEST_CASE("1.8 restore: of a layer that is not whole any more the metadata do not come back either") {
  Workbench bench;
  const Buildpack pack = bench.pack("acme/a", {.build = find_and_make("launch = true")});
  bench.build({pack});
  // Shared with the release, in which a hook may write.
  base::write_file(bench.application() / ".layers/acme_a/l/more", "");
  std::filesystem::resize_file(bench.application() / ".layers/acme_a/l/made", 1);
  bench.begin_again();
  bench.output.clear();
  bench.build({pack});
  CHECK(bench.output == "no directory\nno toml\n");
  CHECK(bench.warnings.size() == 1);
}

TEST_CASE("1.8 cache: names of layers that end like its own files") {
  Workbench bench;
  const std::string make =
      "for l in a a.stat a.restored; do mkdir -p \"$1/$l\"; printf '[types]\\ncache = true\\n' "
      ">\"$1/$l.toml\"; done";
  const TwoBuilds said = build_twice(bench, make, "LC_ALL=C ls \"$1\"");
  CHECK(said.second == "a\na.restored\na.restored.toml\na.stat\na.stat.toml\na.toml\n");
  CHECK(bench.warnings.empty());
}

TEST_CASE("1.8 restore: only for buildpacks of the group; others are pruned") {
  Workbench bench;
  bench.build({bench.pack("acme/a", {.build = find_and_make("cache = true")}),
               bench.pack("acme/b", {.build = find_and_make("cache = true")})});
  bench.begin_again();
  bench.build({bench.pack("acme/b", {.build = find_and_make("cache = true")})});
  CHECK_FALSE(fs::exists(bench.cache() / "current/acme_a"));
  CHECK(fs::exists(bench.cache() / "current/acme_b/layers/l/made"));
}

TEST_CASE("1.8 cache: links and modes come back as they were, links are not followed") {
  Workbench bench;
  const std::string types = "printf '[types]\\ncache = true\\n' >\"$1/l.toml\"";
  const std::string make =
      "mkdir -m 0750 \"$1/l\" \"$1/l/d\"; ln -s /etc \"$1/l/etc\"; ln -s . \"$1/l/round\"; echo x "
      ">\"$1/l/d/x\"; "
      "chmod 0555 \"$1/l/d/x\"; " +
      types;
  const TwoBuilds said = build_twice(
      bench, make, "cd \"$1/l\"; find . -mindepth 1 -printf '%P %y %m %l\\n' | LC_ALL=C sort; " + types);
  CHECK(said.second == "d d 750 \nd/x f 555 \netc l 777 /etc\nround l 777 .\n");
}

TEST_CASE("1.8 cache: a layer is moved out of the tree before where it is as it was saved") {
  // One for the cache alone is set aside at the end of the build already.
  for (const std::string types : {"launch = true\\ncache = true", "cache = true"}) {
    CAPTURE(types);
    Workbench bench;
    const Buildpack pack =
        bench.pack("acme/a", {.build = find_and_make(types) + "stat -c 'directory %i' \"$1/l\"\n"});
    std::string last;
    for (int build = 0; build < 3; ++build) {
      bench.output.clear();
      bench.build({pack});
      if (build == 0) last = bench.output.substr(bench.output.find("directory ", 12));
      begin_after(bench);
    }
    CHECK(bench.output == "directory first\ntoml [metadata] version = 1.5 \n" + last);
    CHECK(bench.warnings.empty());
  }
}

TEST_CASE(
    "1.8 cache: of what a failed build left in its tree only the layers that it left alone are taken over") {
  Workbench bench;
  const Buildpack good = bench.pack("acme/a", {.build = find_and_make("launch = true\\ncache = true")});
  for (const std::string damage :
       {"touch \"$1/l/more\"", "rm \"$1/l/made\"", "chmod 0700 \"$1/l\"; mv \"$1/l\" \"$1/m\""}) {
    CAPTURE(damage);
    bench.build({good});
    begin_after(bench);
    CHECK(failure([&] { bench.build({bench.pack("acme/a", {.build = damage + "; exit 1"})}); }) !=
          "no failure");
    begin_after(bench);
    bench.output.clear();
    bench.build({good});
    CHECK(bench.output == "directory first\ntoml [metadata] version = 1.5 \n");
    CHECK_FALSE(fs::exists(bench.application() / ".layers/acme_a/l/more"));
    CHECK(bench.warnings.empty());
    bench.begin_again();
  }
}

TEST_CASE("1.8 cache: what was taken over and not used is gone after the build") {
  Workbench bench;
  bench.build({bench.pack("acme/a", {.build = find_and_make("launch = true")}),
               bench.pack("acme/b", {.build = find_and_make("launch = true")})});
  begin_after(bench);
  CHECK(fs::exists(bench.cache() / "spare/acme_a/l/made"));
  bench.build({bench.pack("acme/b", {.build = "true"})});
  CHECK_FALSE(fs::exists(bench.cache() / "spare"));
}

TEST_CASE("1.8 cache: a tree is taken over where there is no cache, or no layer, without a word") {
  Workbench bench;
  begin_after(bench);
  CHECK_FALSE(fs::exists(bench.cache()));
  bench.build({bench.pack("acme/a", {})});
  base::write_file(bench.application() / ".layers", "no directory");
  begin_after(bench);
  CHECK_FALSE(fs::exists(bench.cache() / "spare"));
}

}  // namespace layer_cache_test
