#include "tree/remove.hh"

#include "unit/tree/some_trees.hh"

#include <doctest/doctest.h>

#include <string>

namespace remove_test {

using namespace bakehouse;
using namespace bakehouse::support;
using base::Dir;
using base::TreePath;

namespace {

const TreePath gone = TreePath::parse("gone");

tree::Identity identity(const Dir& dir, const std::string& path) {
  return tree::identity_of(*dir.stat(TreePath::parse(path)));
}

}  // namespace

TEST_CASE("a tree is removed, whatever is there") {
  for (const Tree& tree :
       {Tree{}, Tree{{"gone", File{"x"}}}, Tree{{"gone", Link{"stays"}}}, Tree{{"gone", Special{}}},
        Tree{{"gone/a/b", File{"x"}},
             {"gone/l", Link{"a"}},
             {"gone/p", Special{}},
             {"gone/a", Folder{0000}}}}) {
    const Place place;
    const Dir root = place.with("root", tree);
    make_tree(root, {{"stays/x", File{"1"}}});
    tree::StatIndex index;
    tree::remove_tree(root, gone, index);
    CHECK(describe_tree(root) == describe_tree(Tree{{"stays/x", File{"1"}}}));
  }
}

TEST_CASE("what is known of a file outlives the name that goes") {
  const Place place;
  const Dir root = place.with("root", {{"gone/a", File{"x"}},
                                       {"gone/d/b", File{"y"}},
                                       {"stays/a", HardLink{"gone/a"}},
                                       {"stays/b", HardLink{"gone/d/b"}},
                                       {"stays/c", HardLink{"gone/d/b"}}});
  tree::StatIndex index;
  for (const char* path : {"stays/a", "stays/b"})
    index.add(identity(root, path), crypto::sha256(path[6] == 'a' ? "x" : "y"));
  tree::remove_tree(root, gone, index);
  CHECK(index.find(identity(root, "stays/a")) == crypto::sha256("x"));
  CHECK(index.find(identity(root, "stays/c")) == crypto::sha256("y"));
}

TEST_CASE("what was not known, or not of this file, is not known afterwards") {
  const Place place;
  const Dir root = place.with("root", {{"gone/a", File{"x"}},
                                       {"gone/b", File{"y"}},
                                       {"stays/a", HardLink{"gone/a"}},
                                       {"stays/b", HardLink{"gone/b"}}});
  tree::StatIndex index;
  tree::Identity earlier = identity(root, "stays/a");
  --earlier.ctime.seconds;
  index.add(earlier, crypto::sha256("what it was"));
  tree::remove_tree(root, gone, index);
  CHECK_FALSE(index.find(identity(root, "stays/a")));
  CHECK_FALSE(index.find(identity(root, "stays/b")));
}

}  // namespace remove_test
