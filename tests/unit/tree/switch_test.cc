#include "tree/switch.hh"

#include "support/failure.hh"
#include "support/tree_literal.hh"

#include "base/files.hh"

#include <doctest/doctest.h>

using namespace bakehouse;
using namespace bakehouse::support;
using base::Dir;
using base::TempDir;
using base::TreePath;

namespace {

const TreePath run = TreePath::parse("run");
const TreePath next = TreePath::parse(".run.2");

}  // namespace

TEST_CASE("an exchange puts each tree in the other's place, and once more puts them back") {
  const TempDir temp;
  const Dir root = Dir::open(temp.path());
  const Tree before{{"run/version", File{"1"}}, {".run.2/version", File{"2"}}, {".run.2/more", Folder{0700}}};
  const Tree after{{"run/version", File{"2"}}, {"run/more", Folder{0700}}, {".run.2/version", File{"1"}}};
  make_tree(root, before);
  const uint64_t inode = root.stat(run)->inode;
  tree::exchange(root, run, next);
  CHECK(describe_tree(root) == describe_tree(after));
  CHECK(root.stat(next)->inode == inode);
  tree::exchange(root, run, next);
  CHECK(describe_tree(root) == describe_tree(before));
}

TEST_CASE("a first deployment has no run to exchange with") {
  const TempDir temp;
  const Dir root = Dir::open(temp.path());
  make_tree(root, {{".run.2/version", File{"2"}}});
  tree::exchange(root, run, next);
  CHECK(describe_tree(root) == describe_tree(Tree{{"run/version", File{"2"}}}));
}

TEST_CASE("run and next may lie in directories of their own") {
  const TempDir temp;
  const Dir root = Dir::open(temp.path());
  make_tree(root, {{"a/run/version", File{"1"}}, {"b/next/version", File{"2"}}});
  tree::exchange(root, TreePath::parse("a/run"), TreePath::parse("b/next"));
  CHECK(describe_tree(root) ==
        describe_tree(Tree{{"a/run/version", File{"2"}}, {"b/next/version", File{"1"}}}));
}

TEST_CASE("an exchange with nothing changes nothing") {
  const TempDir temp;
  const Dir root = Dir::open(temp.path());
  const Tree tree{{"run/version", File{"1"}}};
  make_tree(root, tree);
  CHECK(failure([&] { tree::exchange(root, run, next); }) != "no failure");
  CHECK(describe_tree(root) == describe_tree(tree));
  CHECK(failure([&] { tree::exchange(root, TreePath::parse("neither"), next); }) != "no failure");
  CHECK(describe_tree(root) == describe_tree(tree));
}

TEST_CASE("the probe leaves nothing behind, even after one that was killed") {
  const TempDir temp;
  const Dir root = Dir::open(temp.path());
  const Tree tree{{".bakehouse/root.json", File{"{}"}}, {"run/version", File{"1"}}};
  make_tree(root, tree);
  tree::probe_exchange(root);
  CHECK(describe_tree(root) == describe_tree(tree));
  make_tree(Dir::open(temp.path() / ".bakehouse"),
            {{"probe-one/left", File{"over"}}, {"probe-other", Folder{0000}}});
  tree::probe_exchange(root);
  CHECK(describe_tree(root) == describe_tree(tree));
}
