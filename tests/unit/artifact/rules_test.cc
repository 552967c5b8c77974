#include "artifact/rules.hh"

#include "support/archive_draft.hh"
#include "support/failure.hh"
#include "support/mentions.hh"
#include "support/random_tree.hh"

#include <doctest/doctest.h>

#include <string>

namespace rules_test {

using namespace bakehouse;
using namespace bakehouse::support;

namespace {

std::string faults(const Tree& tree) {
  std::string text;
  for (const auto& fault : artifact::find_forbidden(manifest_of(tree))) text += fault + "\n";
  return text;
}

}  // namespace

TEST_CASE("what a release may hold is not complained of") {
  CHECK(faults({}).empty());
  CHECK(faults({{"a", File{"x", 0755}},
                {"modes/a", File{"x", 0400}},
                {"modes/b", File{"x", 0}},
                {"modes/c", Folder{0711}},
                {"b/c", Link{"../a"}},
                {"b/d", Link{"c"}},
                {"b/e", Link{".."}},
                {"b/f", Link{"../b/../b/./c"}},
                {"b/g", Link{"nowhere/at/all"}},
                {"b/h", Link{"."}},
                {"b/i", Link{"x//y"}},
                {"b/...", File{""}},
                {".bakehouses", File{""}},
                {".bake/hooks/dump", File{"", 0755}},
                {"wh.x", File{""}},
                {"x.wh.", File{""}},
                {"sub/.bakehouse", File{""}},
                {"\xff\n", File{""}}})
            .empty());
}

TEST_CASE("random trees of the generator are allowed") {
  Random random(1);
  for (int round = 0; round < 30; ++round) {
    CAPTURE(round);
    CHECK(faults(random_tree(random, 60)) == "");
  }
}

TEST_CASE("every forbidden entry is named with the reason") {
  const char* const out = "the link leads out of the tree";
  const std::string writable = "others than its owner may write it (mode ";
  const char* const clash = "where case does not count it clashes with";
  const struct {
    Tree tree;
    std::string path;
    std::string reason;
  } rows[] = {
      {{{"a", Link{"/etc/passwd"}}}, "a", out},
      {{{"a", Link{"/"}}}, "a", out},
      {{{"a", Link{".."}}}, "a", out},
      {{{"a", Link{"../x"}}}, "a", out},
      {{{"a", Link{"./../x"}}}, "a", out},
      {{{"a", Link{"x/../../y"}}}, "a", out},
      {{{"d/a", Link{"../.."}}}, "d/a", out},
      {{{"d/a", Link{"../../d/b"}}}, "d/a", out},  // out, and in again by a name that may be another's
      {{{"d/a", Link{"x/../../../d"}}}, "d/a", out},
      {{{"d/a", Link{"//etc"}}}, "d/a", out},
      // Each alone stays inside by its text; together they do not.
      {{{"d/up", Link{"."}}, {"out", Link{"d/up/../../x"}}}, "out", out},
      {{{"a", Link{"."}}, {"b", Link{"a/../etc"}}}, "b", out},
      {{{"d/e", Link{".."}}, {"out", Link{"d/e/../x"}}}, "out", out},
      {{{"s/t/back", Link{"../.."}}, {"z", Link{"s/t/back/.."}}}, "z", out},
      {{{"a", File{"", 04755}}}, "a", "set-user-id and set-group-id bits are not allowed"},
      {{{"a", File{"", 02755}}}, "a", "set-user-id and set-group-id bits are not allowed"},
      {{{"a", Folder{02755}}}, "a", "set-user-id and set-group-id bits are not allowed"},
      {{{"a", File{"", 07777}}}, "a", "set-user-id and set-group-id bits are not allowed"},
      {{{"a", File{"", 01644}}}, "a", "the sticky bit is not allowed"},
      {{{"a", Folder{01755}}}, "a", "the sticky bit is not allowed"},
      {{{"a", Folder{01777}}}, "a", "the sticky bit is not allowed"},
      {{{"a", File{"", 0666}}}, "a", writable + "0666"},
      {{{"a", File{"", 0646}}}, "a", writable + "0646"},
      {{{"a", File{"", 0002}}}, "a", writable + "0002"},
      {{{"a", File{"", 0664}}}, "a", writable + "0664"},
      {{{"a", Folder{0777}}}, "a", writable + "0777"},
      {{{"a", Folder{0775}}}, "a", writable + "0775"},
      {{{".wh.a", File{""}}}, ".wh.a", "read names that begin with .wh. as deletions"},
      {{{".wh..wh..opq", File{""}}}, ".wh..wh..opq", "as deletions"},
      {{{"d/.wh.a", Folder{}}}, "d/.wh.a", "as deletions"},
      {{{".bakehouse", File{""}}}, ".bakehouse", "the name .bakehouse belongs to the release itself"},
      {{{".bakehouse/manifest", File{""}}}, ".bakehouse/manifest", "belongs to the release itself"},
      {{{".bakehouse", Link{"x"}}}, ".bakehouse", "belongs to the release itself"},
      {{{".Bakehouse", Folder{}}}, ".Bakehouse", "belongs to the release itself"},
      {{{"README", File{""}}, {"readme", File{""}}}, "readme", clash},
      {{{"A", Folder{}}, {"a/x", File{""}}}, "a", clash},
      {{{"D/x", File{""}}, {"d/X", File{""}}}, "d/X", clash},
  };
  for (const auto& row : rows) {
    CAPTURE(row.path);
    const std::string said = faults(row.tree);
    CHECK(said == Mentions{std::string("'") + row.path + "': "});
    CHECK(said == Mentions{row.reason});
    CHECK(failure([&] {
            artifact::require_allowed(manifest_of(row.tree));
          }).starts_with("input: the tree holds what no release may hold:\n  '"));
  }
}

TEST_CASE("links that lead through links inside the tree are allowed, and loops end") {
  CHECK(faults({{"lib", Link{"usr/lib"}},
                {"usr/lib/x", File{""}},
                {"y", Link{"lib/../share"}},
                {"one", Link{"two"}},
                {"two", Link{"one"}},
                {"three", Link{"three/../x"}}})
            .empty());
}

TEST_CASE("many faults are listed up to the twentieth and counted") {
  Tree tree;
  for (char c = 'a'; c <= 'z'; ++c) tree[std::string(1, c)] = Link{"/x"};
  const std::string said = failure([&] { artifact::require_allowed(manifest_of(tree)); });
  CHECK(said == Mentions{"'t': "});
  CHECK(said.find("'u': ") == std::string::npos);
  CHECK(said.ends_with("\n  and 6 more"));
  CHECK(failure([&] { artifact::require_allowed({}); }) == "no failure");
}

TEST_CASE("a hostile name is shown harmlessly") {
  const std::string said = faults({{"a\x1b[2J", Link{"/\x1b[2J"}}});
  CHECK(said.find('\x1b') == std::string::npos);
}

TEST_CASE("a release names no owners and knows whole seconds only") {
  const struct {
    std::string what;
    void (*change)(tree::Entry&);
    bool is_allowed;
  } rows[] = {
      {"neither", [](tree::Entry&) {}, true},
      {"before 1970", [](tree::Entry& e) { e.time = -5; }, true},
      {"root",
       [](tree::Entry& e) {
         e.owner = {0, 0};
       },
       false},
      {"a nanosecond", [](tree::Entry& e) { e.time.nanoseconds = 1; }, false},
  };
  for (const auto& row : rows) {
    CAPTURE(row.what);
    tree::Manifest manifest = manifest_of({{"a", File{""}}, {"b", File{""}}});
    tree::Entry entry = manifest.entries[1];
    row.change(entry);
    manifest.entries.set(1, entry);
    const std::string said = failure([&] { artifact::require_release_fields(manifest); });
    CHECK(said == (row.is_allowed ? "no failure"
                                  : "input: 'b': a release names no owners and knows whole seconds only"));
  }
}

}  // namespace rules_test
