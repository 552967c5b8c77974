#include "tree/copy.hh"

#include "support/archive_draft.hh"
#include "support/failure.hh"
#include "support/mentions.hh"
#include "support/random_tree.hh"
#include "unit/base/ordinary_user.hh"

#include "base/files.hh"
#include "tree/compare.hh"
#include "tree/scan.hh"

#include <doctest/doctest.h>

#include <sys/stat.h>
#include <unistd.h>

using namespace bakehouse;
using namespace bakehouse::support;
using base::Dir;
using base::TempDir;
using base::TreePath;

namespace {

struct Pair {
  TempDir temp;
  Dir from = Dir::open_or_make(temp.path() / "from");
  Dir to = Dir::open_or_make(temp.path() / "to");
};

}  // namespace

TEST_CASE("a copy is the tree: content, modes, times and links") {
  const Pair pair;
  const Tree tree{{"bin/run", File{"#!/bin/sh\n", 0755, 12345}},
                  {"empty", File{"", 0600, 0}},
                  {"big", File{Random(5).bytes((2 << 20) + 13), 0444}},
                  {"locked/inner/file", File{"x", 0400}},
                  {"locked/inner", Folder{0555}},
                  {"locked", Folder{0555}},
                  {"sticky", Folder{01777}},
                  {"link", Link{"bin/run"}},
                  {"out", Link{"/nowhere/at/all"}},
                  {"\xff\x01", File{"odd"}}};
  make_tree(pair.from, tree);
  tree::copy_tree(pair.from, tree::scan(pair.from).manifest, pair.to);
  CHECK(describe_tree(pair.to) == describe_tree(tree));
  CHECK(describe_tree(pair.from) == describe_tree(tree));
}

TEST_CASE("a copy of a random tree is that tree, whatever the umask") {
  Random random(99);
  for (const mode_t mask : {0022, 0077, 0000, 0777}) {
    for (int round = 0; round < 5; ++round) {
      CAPTURE(mask);
      CAPTURE(round);
      const Pair pair;
      const Tree tree = random_tree(random, 40);
      make_tree(pair.from, tree);
      const mode_t before = ::umask(mask);
      tree::copy_tree(pair.from, manifest_of(tree), pair.to);
      ::umask(before);
      CHECK(describe_tree(pair.to) == describe_tree(tree));
      CHECK(tree::compare_with_directory(manifest_of(tree), pair.to).empty());
    }
  }
}

TEST_CASE("an ordinary user copies read-only directories too") {
  const TempDir temp;
  ::chmod(temp.path().c_str(), 0777);
  const Tree tree{{"locked/file", File{"x", 0444}}, {"locked", Folder{0555}}, {"private", Folder{0500}}};
  const std::string outcome = base::as_ordinary_user([&] {
    const Dir from = Dir::open_or_make(temp.path() / "from");
    const Dir to = Dir::open_or_make(temp.path() / "to");
    make_tree(from, tree);
    tree::copy_tree(from, manifest_of(tree), to);
  });
  CHECK(outcome.empty());
  CHECK(describe_tree(temp.path() / "to") == describe_tree(tree));
}

TEST_CASE("what the manifest does not list is not copied") {
  const Pair pair;
  make_tree(pair.from, {{"a", File{"1"}}, {"b", File{"2"}}, {".bakehouse/x", File{"3"}}});
  tree::copy_tree(pair.from, manifest_of({{"a", File{"1"}}}), pair.to);
  CHECK(describe_tree(pair.to) == describe_tree(Tree{{"a", File{"1"}}}));
}

TEST_CASE("what is not as the manifest says is refused by its name") {
  const struct {
    std::string what;
    Tree there;
    std::string said;
  } rows[] = {
      {"another content", {{"a/file", File{"other"}}}, "a/file' is not what its manifest says"},
      {"longer", {{"a/file", File{"content and more"}}}, "a/file' is not what its manifest says"},
      {"shorter", {{"a/file", File{"cont"}}}, "a/file' is not what its manifest says"},
      {"missing", {{"a", Folder{}}}, "a/file'"},
      {"a link", {{"a/file", Link{"other"}}, {"a/other", File{"content"}}}, "a/file'"},
      {"a directory", {{"a/file", Folder{}}}, "a/file'"},
      {"behind a link", {{"a", Link{"b"}}, {"b/file", File{"content"}}}, "a/file'"},
  };
  for (const auto& row : rows) {
    CAPTURE(row.what);
    const Pair pair;
    make_tree(pair.from, row.there);
    const std::string said = failure([&] {
      tree::copy_tree(pair.from, manifest_of({{"a/file", File{"content"}}}), pair.to);
    });
    CHECK(said == Mentions{row.said});
    CHECK(said.starts_with("input: "));
  }
}

TEST_CASE("nothing that exists is written over") {
  for (const Tree& there :
       {Tree{{"a", File{"mine"}}}, Tree{{"a", Link{"elsewhere"}}}, Tree{{"a", Folder{}}}}) {
    const Pair pair;
    make_tree(pair.from, {{"a", File{"1"}}});
    make_tree(pair.to, there);
    CHECK(failure([&] {
            tree::copy_tree(pair.from, manifest_of({{"a", File{"1"}}}), pair.to);
          }) != "no failure");
    CHECK(describe_tree(pair.to) == describe_tree(there));
  }
}

TEST_CASE("root keeps owners, and what a change of owner would take away") {
  if (::geteuid() != 0) {
    MESSAGE("skipped: only root gives files away");
    return;
  }
  const Pair pair;
  const Tree tree{{"dir/file", File{"x", 06755}}, {"dir", Folder{0750}}, {"dir/link", Link{"file"}}};
  make_tree(pair.from, tree);
  for (const char* path : {"dir", "dir/file", "dir/link"})
    pair.from.set_owner(TreePath::parse(path), 1234, 4321);
  pair.from.set_mode(TreePath::parse("dir/file"), 06755);
  tree::copy_tree(pair.from, manifest_of(tree), pair.to);
  for (const char* path : {"dir", "dir/file", "dir/link"}) {
    CAPTURE(path);
    CHECK(pair.to.stat(TreePath::parse(path))->uid == 1234);
    CHECK(pair.to.stat(TreePath::parse(path))->gid == 4321);
  }
  CHECK(describe_tree(pair.to) == describe_tree(tree));
}
