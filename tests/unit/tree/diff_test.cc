#include "tree/diff.hh"

#include "support/archive_draft.hh"
#include "support/random_tree.hh"

#include "base/files.hh"

#include <doctest/doctest.h>

#include <sys/stat.h>

using namespace bakehouse;
using namespace bakehouse::support;
using base::Dir;
using base::TempDir;

namespace {

// All of them, one a line.
std::string describe_all(const std::vector<tree::Difference>& differences) {
  std::string text;
  for (const auto& difference : differences) text += difference.describe() + "\n";
  return text;
}

std::string differences(const Tree& expected, const Tree& found) {
  return describe_all(tree::diff(manifest_of(expected), manifest_of(found)));
}

}  // namespace

TEST_CASE("every kind of difference is named") {
  const struct {
    std::string what;
    Tree expected;
    Tree found;
    std::string said;
  } rows[] = {
      {"nothing", {{"a", File{"1"}}}, {{"a", File{"1"}}}, ""},
      {"both empty", {}, {}, ""},
      {"missing", {{"a", File{"1"}}}, {}, "missing: a\n"},
      {"extra", {}, {{"a", File{"1"}}}, "not in the manifest: a\n"},
      {"content", {{"a", File{"1"}}}, {{"a", File{"2"}}}, "another content: a\n"},
      {"mode", {{"a", File{"1", 0644}}}, {{"a", File{"1", 0755}}}, "another mode: a: 0755 instead of 0644\n"},
      {"mode of a folder",
       {{"a", Folder{0755}}},
       {{"a", Folder{0700}}},
       "another mode: a: 0700 instead of 0755\n"},
      {"target", {{"a", Link{"x"}}}, {{"a", Link{"y"}}}, "another link target: a: y instead of x\n"},
      {"file, link", {{"a", File{"x", 0777}}}, {{"a", Link{"x"}}}, "another type: a: link instead of file\n"},
      {"file, folder",
       {{"a", File{"", 0755}}},
       {{"a", Folder{0755}}},
       "another type: a: directory instead of file\n"},
      {"time", {{"a", File{"1", 0644, 1}}}, {{"a", File{"1", 0644, 2}}}, ""},
      {"neighbours",
       {{"a", File{"1"}}, {"c", File{"3"}}, {"e/f", File{"5"}}},
       {{"b", File{"2"}}, {"c", File{"3"}}, {"e", File{"5"}}, {"g", File{"6"}}},
       "missing: a\nnot in the manifest: b\nanother type: e: file instead of directory\nmissing: e/f\nnot in "
       "the manifest: g\n"},
      {"a hostile name", {}, {{"a\n\x1b[2J", File{""}}}, "not in the manifest: a\\012\\033[2J\n"},
  };
  for (const auto& row : rows) {
    CAPTURE(row.what);
    CHECK(differences(row.expected, row.found) == row.said);
  }
}

TEST_CASE("a tree does not differ from itself, and a random change is found") {
  Random random(11);
  for (int round = 0; round < 100; ++round) {
    CAPTURE(round);
    const tree::Manifest manifest = manifest_of(random_tree(random, 1 + random.up_to(40)));
    CHECK(tree::diff(manifest, manifest).empty());
    if (manifest.entries.empty()) continue;
    const size_t place = random.up_to(manifest.entries.size() - 1);
    const std::string path(manifest.entries.path(place));
    tree::Manifest without;
    for (const auto& entry : manifest.entries) {
      if (entry.path.str() != path) without.entries.push_back(entry);
    }
    REQUIRE(tree::diff(manifest, without).size() == 1);
    CHECK(tree::diff(manifest, without)[0].kind == tree::Difference::Kind::missing);
    CHECK(tree::diff(manifest, without)[0].path.str() == path);
    CHECK(tree::diff(without, manifest)[0].kind == tree::Difference::Kind::extra);
  }
}

TEST_CASE("a directory is compared by its content, without its .bakehouse at the top") {
  const TempDir temp;
  const Dir dir = Dir::open(temp.path());
  const Tree tree{{"a/b", File{"1"}}, {"c", Link{"a"}}};
  make_tree(dir, tree);
  make_tree(dir, {{".bakehouse/release.json", File{"{}"}}});
  CHECK(tree::diff_with_directory(manifest_of(tree), dir).empty());

  make_tree(dir, {{"d/.bakehouse", File{"not at the top"}}});
  REQUIRE(::mkfifo((temp.path() / "fifo").c_str(), 0600) == 0);
  dir.remove_file(base::TreePath::parse("a/b"));
  make_tree(Dir::open(temp.path() / "a"), {{"b", File{"2"}}});
  CHECK(describe_all(tree::diff_with_directory(manifest_of(tree), dir)) ==
        "another content: a/b\n"
        "not in the manifest: d\n"
        "not in the manifest: d/.bakehouse\n"
        "not in the manifest: fifo\n");
}

TEST_CASE("a special file in the place of a listed one is missing and extra") {
  const TempDir temp;
  REQUIRE(::mkfifo((temp.path() / "a").c_str(), 0600) == 0);
  CHECK(describe_all(tree::diff_with_directory(manifest_of({{"a", File{"1"}}}), Dir::open(temp.path()))) ==
        "missing: a\nnot in the manifest: a\n");
}

TEST_CASE("a list of differences shows the first ten and counts the rest") {
  Tree tree;
  for (char c = 'a'; c < 'a' + 13; ++c) tree[std::string(1, c)] = File{""};
  const std::string text = tree::describe(tree::diff(manifest_of(tree), {}));
  CHECK(text.starts_with("  missing: a\n"));
  CHECK(text.ends_with("  missing: j\n  and 3 more\n"));
  CHECK(tree::describe({}).empty());
}
