#include "tree/lend.hh"

#include "support/failure.hh"
#include "support/mentions.hh"
#include "unit/tree/some_trees.hh"

#include "tree/attributes.hh"

#include <doctest/doctest.h>

#include <algorithm>
#include <atomic>
#include <string>
#include <vector>

namespace lend_test {

using namespace bakehouse;
using namespace bakehouse::support;
using base::Dir;
using base::TreePath;

namespace {

bool share_all(const tree::Entry&, const base::FileStat&) { return true; }

// A tree that lends, and the directories of a new one.
struct Lending {
  Lending(const Tree& old_tree, const Tree& new_tree)
      : wanted(manifest_of_release(new_tree)), old(place.with("old", old_tree)), to(place.empty("to")) {
    lent = tree::scan(old).manifest;
    tree::make_directories_and_links(wanted, to);
  }

  // What a release would list of it.
  tree::Manifest manifest_of_release(const Tree& tree) const {
    return tree::scan(place.with("new", tree)).manifest;
  }

  // The paths that are there now.
  std::vector<std::string> link(unsigned workers = 2) {
    const tree::Lender lender{old, lent, may_share, times};
    linked = tree::link_lent_files(wanted, to, lender, index, workers);
    REQUIRE(linked.size() == wanted.entries.size());
    std::vector<std::string> paths;
    for (size_t i = 0; i < linked.size(); ++i) {
      if (linked[i]) paths.emplace_back(wanted.entries.path(i));
    }
    return paths;
  }

  bool is_one(const TreePath& path) const { return old.stat(path)->inode == to.stat(path)->inode; }

  Place place;
  tree::Manifest wanted;
  Dir old;
  Dir to;
  tree::Manifest lent;
  tree::MayShare may_share = share_all;
  tree::Lender::Times times = tree::Lender::Times::equal;
  tree::StatIndex* index = nullptr;
  std::vector<bool> linked;
};

using Paths = std::vector<std::string>;

}  // namespace

TEST_CASE("what is at the same path, the same in all that a release tells, is linked and nothing else made") {
  const Tree old{{"same", File{"x"}},        {"dir/same", File{"y"}},  {"empty", File{""}},
                 {"content", File{"x"}},     {"mode", File{"x"}},      {"time", File{"x"}},
                 {"longer", File{"x"}},      {"elsewhere", File{"z"}}, {"a file", File{"x"}},
                 {"a folder/in", File{"x"}}, {"a link", Link{"same"}}, {"was a link", Link{"same"}},
                 {"only here", File{"x"}}};
  const Tree wanted{
      {"same", File{"x"}},         {"dir/same", File{"y"}},   {"empty", File{""}},
      {"content", File{"y"}},      {"mode", File{"x", 0755}}, {"time", File{"x", 0644, some_time + 1}},
      {"longer", File{"xx"}},      {"here", File{"z"}},       {"a file/in", File{"x"}},
      {"a folder", File{"x"}},     {"a link", Link{"same"}},  {"was a link", File{"x"}},
      {"no such/dir/f", File{"x"}}};
  Lending lending(old, wanted);
  CHECK(lending.link() == Paths{"dir/same", "empty", "same"});
  for (const char* path : {"dir/same", "empty", "same"}) CHECK(lending.is_one(TreePath::parse(path)));
  for (const tree::Entry& entry : lending.wanted.entries) {
    CAPTURE(entry.path.str());
    const bool is_linked = lending.linked[*lending.wanted.index_of(entry.path.str())];
    if (is_regular(entry)) CHECK(lending.to.exists(entry.path) == is_linked);
  }
  CHECK(describe_tree(lending.old) == describe_tree(old));
}

TEST_CASE("another time is no hindrance where the lender does not mind") {
  Lending lending({{"f", File{"x"}}}, {{"f", File{"x", 0644, some_time + 1}}});
  lending.times = tree::Lender::Times::any;
  CHECK(lending.link() == Paths{"f"});
  CHECK(lending.to.stat(TreePath::parse("f"))->mtime == base::FileTime(some_time));
}

TEST_CASE("the disk is believed and not the lender's manifest") {
  const Tree tree{{"dir/f", File{"content"}}, {"dir/g", File{"content too"}}};
  const struct {
    std::string what;
    Tree there;
    Paths linked;
  } rows[] = {
      {"as listed", tree, {"dir/f", "dir/g"}},
      {"another content", {{"dir/f", File{"CONTENT"}}, {"dir/g", File{"content too"}}}, {"dir/g"}},
      {"longer", {{"dir/f", File{"content."}}, {"dir/g", File{"content too"}}}, {"dir/g"}},
      {"another mode", {{"dir/f", File{"content", 0600}}, {"dir/g", File{"content too"}}}, {"dir/g"}},
      {"another time", {{"dir/f", File{"content", 0644, 1}}, {"dir/g", File{"content too"}}}, {"dir/g"}},
      {"attributes",
       {{"dir/f", File{"content", 0644, some_time, {{"user.a", "1"}}}}, {"dir/g", File{"content too"}}},
       {"dir/g"}},
      {"gone", {{"dir/g", File{"content too"}}}, {"dir/g"}},
      {"a link", {{"dir/f", Link{"g"}}, {"dir/g", File{"content too"}}}, {"dir/g"}},
      {"a folder", {{"dir/f", Folder{}}, {"dir/g", File{"content too"}}}, {"dir/g"}},
      {"no directory", {}, {}},
      {"a file for a directory", {{"dir", File{"x"}}}, {}},
      {"behind a link",
       {{"dir", Link{"other"}}, {"other/f", File{"content"}}, {"other/g", File{"content too"}}},
       {}},
  };
  for (const auto& row : rows) {
    CAPTURE(row.what);
    Lending lending(row.there, tree);
    lending.lent = lending.wanted;
    CHECK(lending.link() == row.linked);
  }
}

TEST_CASE("what may not be shared is not linked, and who decides sees the wanted file and the one there") {
  Lending lending({{"f", File{"x"}}, {"g", File{"yy"}}}, {{"f", File{"x"}}, {"g", File{"yy"}}});
  lending.may_share = [](const tree::Entry& wanted, const base::FileStat& there) {
    return wanted.path.str() == "g" && there.size == 2;
  };
  CHECK(lending.link() == Paths{"g"});
}

TEST_CASE("two names of one file are lent as one, because two are wanted") {
  const Tree wanted{{"a", File{"x"}}, {"b/c", File{"x"}}, {"d", File{"x"}}};
  for (const unsigned workers : {1U, 8U}) {
    Lending lending({{"a", File{"x"}}, {"b/c", HardLink{"a"}}, {"d", File{"x"}}}, wanted);
    const auto paths = lending.link(workers);
    CHECK(paths.size() == 2);
    CHECK(std::find(paths.begin(), paths.end(), "d") != paths.end());
  }
}

TEST_CASE("something at the place of a file that is lent is an error, and stays") {
  Lending lending({{"f", File{"x"}}}, {{"f", File{"x"}}});
  make_tree(lending.to, {{"f", File{"mine"}}});
  CHECK(failure([&] { lending.link(); }) == Mentions{"f'"});
  CHECK(describe_tree(lending.to) == describe_tree(Tree{{"f", File{"mine"}}}));
}

TEST_CASE("the index is asked, and knows what was linked as it is now") {
  Lending lending({{"known", File{"x"}}, {"unknown", File{"y"}}, {"wrongly known", File{"z"}}},
                  {{"known", File{"x"}}, {"unknown", File{"y"}}, {"wrongly known", File{"z"}}});
  tree::StatIndex index;
  lending.index = &index;
  const auto identity = [&](const Dir& dir, const char* name) {
    return tree::identity_of(*dir.stat(TreePath::parse(name)));
  };
  index.add(identity(lending.old, "known"), crypto::sha256("x"));
  index.add(identity(lending.old, "wrongly known"), crypto::sha256("another"));
  CHECK(lending.link() == Paths{"known", "unknown"});
  CHECK(index.find(identity(lending.to, "known")) == crypto::sha256("x"));
  CHECK(index.find(identity(lending.to, "unknown")) == crypto::sha256("y"));
}

TEST_CASE("a tree of many directories is linked whole, whatever the workers") {
  Tree tree;
  for (int i = 0; i < 2000; ++i)
    tree[std::to_string(i / 30) + "/" + std::to_string(i)] = File{std::to_string(i)};
  for (const unsigned workers : {1U, 2U, 8U}) {
    CAPTURE(workers);
    Lending lending(tree, tree);
    CHECK(lending.link(workers).size() == 2000);
    tree::finish_directories(lending.wanted, lending.to);
    CHECK(describe_tree(lending.to) == describe_tree(tree));
    CHECK(allocated_bytes(lending.place.dir()) <=
          allocated_bytes(lending.old) + allocated_bytes(lending.place.empty("new")));
  }
}

TEST_CASE("of any two trees what is equal is linked, and only that") {
  for (const Trees& trees : some_trees(Richness::release)) {
    CAPTURE(trees.seed);
    Lending lending(trees.one, trees.other);
    lending.link(3);
    for (size_t i = 0; i < lending.wanted.entries.size(); ++i) {
      const tree::Entry entry = lending.wanted.entries[i];
      CAPTURE(entry.path.str());
      const auto before = lending.lent.find(entry.path);
      const bool is_equal = is_regular(entry) && before && *before == entry;
      if (lending.linked[i]) {
        CHECK(is_equal);
        CHECK(lending.is_one(entry.path));
      } else if (is_regular(entry)) {
        CHECK_FALSE(lending.to.exists(entry.path));
        // Of several names of a file one is lent; attributes are not to be lost.
        const bool has_more = is_equal && (lending.old.stat(entry.path)->links > 1 ||
                                           !tree::read_attributes(lending.old, entry.path).empty());
        CHECK((!is_equal || has_more));
      }
    }
  }
}

}  // namespace lend_test
