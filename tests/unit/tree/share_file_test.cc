// Files lent by another tree, seen through make_tree.
#include "unit/tree/some_trees.hh"

#include "base/files.hh"
#include "tree/attributes.hh"
#include "tree/make.hh"

#include <doctest/doctest.h>

#include <string>

#include <sys/stat.h>
#include <unistd.h>

namespace share_file_test {

using namespace bakehouse;
using namespace bakehouse::support;
using base::Dir;
using base::TempDir;
using base::TreePath;

namespace {

bool share_all(const tree::Entry&, const base::FileStat&) { return true; }

// An old tree that lends, and a new one that is made.
struct Lending {
  Lending(const Tree& old_tree, const Tree& wanted)
      : from(place.with("from", wanted)), old(place.with("old", old_tree)), to(place.empty("to")) {}

  tree::Made make(tree::Lender::Times times = tree::Lender::Times::equal, tree::StatIndex* index = nullptr) {
    const tree::Lender lender{old, old_manifest, may_share, times};
    tree::MakeOptions options;
    options.lender = &lender;
    options.index = index;
    return tree::make_tree(from, scan_all(from), to, options);
  }

  bool is_one(const std::string& path) const { return are_one(old, path, to, path); }
  static bool are_one(const Dir& dir, const std::string& path, const Dir& other_dir,
                      const std::string& other) {
    return dir.stat(TreePath::parse(path))->inode == other_dir.stat(TreePath::parse(other))->inode;
  }

  Place place;
  Dir from;
  Dir old;
  Dir to;
  tree::Manifest old_manifest = scan_all(old);
  tree::MayShare may_share = share_all;
};

}  // namespace

TEST_CASE("a file is lent only when it is equal in all that is told") {
  const auto file = [](const std::string& content, uint32_t mode = 0644, base::FileTime time = some_time) {
    return Tree{{"f", File{content, mode, time}}};
  };
  const struct {
    std::string what;
    Tree old;
    Tree wanted;
    bool is_lent;
  } rows[] = {
      {"equal", file("x"), file("x"), true},
      {"another content of that size", file("x"), file("y"), false},
      {"shorter", file("x"), file("xy"), false},
      {"mode", file("x", 0600), file("x", 0644), false},
      {"set-id", file("x", 04644), file("x", 0644), false},
      {"time", file("x", 0644, some_time + 1), file("x"), false},
      {"nanoseconds", file("x", 0644, {some_time, 1}), file("x"), false},
      {"attributes", {{"f", File{"x", 0644, some_time, {{"user.a", "1"}}}}}, file("x"), false},
      {"value",
       {{"f", File{"x", 0644, some_time, {{"user.a", "1"}}}}},
       {{"f", File{"x", 0644, some_time, {{"user.a", "2"}}}}},
       false},
      {"equal attributes",
       {{"f", File{"x", 0644, some_time, {{"user.a", "1"}}}}},
       {{"f", File{"x", 0644, some_time, {{"user.a", "1"}}}}},
       true},
      {"an access list",
       {{"f", File{"x", 0644, some_time, {{access_list, posix_acl(0644, 1000, 6)}}}}},
       file("x"),
       false},
      {"nothing", {}, file("x"), false},
      {"a link", {{"f", Link{"g"}}, {"g", File{"x"}}}, file("x"), false},
      {"a directory", {{"f", Folder{}}}, file("x"), false},
  };
  for (const auto& row : rows) {
    CAPTURE(row.what);
    Lending lending(row.old, row.wanted);
    const auto made = lending.make();
    CHECK(made.linked == (row.is_lent ? 1 : 0));
    CHECK(made.linked + made.copied + made.cloned == 1);
    CHECK(lending.is_one("f") == row.is_lent);
    CHECK(all_of(lending.to) == all_of(lending.from));
  }
}

TEST_CASE("a file of another owner is not lent") {
  if (::geteuid() != 0) {
    MESSAGE("skipped: only root gives files away");
    return;
  }
  for (const Owner& owner : {Owner{1234, 0}, Owner{0, 1234}}) {
    Lending lending({{"f", File{"x", 0644, some_time, {}, owner}}}, {{"f", File{"x"}}});
    CHECK(lending.make().linked == 0);
  }
  Lending lending({{"f", File{"x", 0644, some_time, {}, Owner{1234, 1234}}}},
                  {{"f", File{"x", 0644, some_time, {}, Owner{1234, 1234}}}});
  CHECK(lending.make().linked == 1);
}

TEST_CASE("where times do not count a lent file keeps its own") {
  Lending lending({{"f", File{"x", 0644, some_time + 5}}}, {{"f", File{"x"}}});
  CHECK(lending.make(tree::Lender::Times::any).linked == 1);
  CHECK(lending.to.stat(TreePath::parse("f"))->mtime == some_time + 5);
}

TEST_CASE("whoever lends may refuse each file") {
  Lending lending({{"a", File{"x"}}, {"b", File{"x"}}}, {{"a", File{"x"}}, {"b", File{"x"}}});
  lending.may_share = [](const tree::Entry& wanted, const base::FileStat& there) {
    CHECK(there.size == 1);
    return wanted.path.str() == "b";
  };
  CHECK(lending.make().linked == 1);
  CHECK(lending.is_one("b"));
}

TEST_CASE("what was changed behind the lender's manifest is not lent") {
  const struct {
    std::string what;
    void (*change)(const Lending&);
  } rows[] = {
      {"content of that size and time",
       [](const Lending& l) {
         base::write_file(l.old.path() / "d/f", "X");
         l.old.set_mode(TreePath::parse("d/f"), 0644);
         l.old.set_mtime(TreePath::parse("d/f"), some_time);
       }},
      {"mode", [](const Lending& l) { l.old.set_mode(TreePath::parse("d/f"), 0600); }},
      {"time", [](const Lending& l) { l.old.set_mtime(TreePath::parse("d/f"), some_time + 1); }},
      {"attributes",
       [](const Lending& l) {
         tree::write_attributes(l.old, TreePath::parse("d/f"), {{"user.new", "1"}});
       }},
      {"removed", [](const Lending& l) { l.old.remove_file(TreePath::parse("d/f")); }},
      {"removed with its directory", [](const Lending& l) { l.old.remove_tree(TreePath::parse("d")); }},
      {"a link to such a file",
       [](const Lending& l) {
         l.old.rename(TreePath::parse("d/f"), TreePath::parse("g"));
         l.old.make_symlink("../g", TreePath::parse("d/f"));
       }},
      {"a directory that is a link",
       [](const Lending& l) {
         l.old.rename(TreePath::parse("d"), TreePath::parse("e"));
         l.old.make_symlink("e", TreePath::parse("d"));
       }},
      {"a FIFO",
       [](const Lending& l) {
         l.old.remove_file(TreePath::parse("d/f"));
         REQUIRE(::mkfifo((l.old.path() / "d/f").c_str(), 0644) == 0);
       }},
  };
  for (const auto& row : rows) {
    CAPTURE(row.what);
    Lending lending({{"d/f", File{"x"}}}, {{"d/f", File{"x"}}});
    row.change(lending);
    CHECK(lending.make().linked == 0);
    CHECK(describe_tree(lending.to) == describe_tree(lending.from));
  }
}

TEST_CASE("two wanted files never become one inode, however the lender's names are tied") {
  const Tree tied{{"a", File{"x"}}, {"b", HardLink{"a"}}};
  const Tree apart{{"a", File{"x"}}, {"b", File{"x"}}};
  Lending lending(tied, apart);
  for (const bool does_manifest_tell : {true, false}) {
    CAPTURE(does_manifest_tell);
    if (!does_manifest_tell) {
      tree::EntryList& entries = lending.old_manifest.entries;
      tree::Entry second = entries[1];
      second.same_file = {};
      entries.set(1, second);
      lending.to.remove_tree(TreePath::parse("a"));
      lending.to.remove_tree(TreePath::parse("b"));
    }
    lending.make();
    CHECK_FALSE(Lending::are_one(lending.to, "a", lending.to, "b"));
  }
}

TEST_CASE("names of one file stay so when the file is lent") {
  Lending lending({{"a", File{"x"}}, {"b", File{"x"}}}, {{"a", File{"x"}}, {"b", HardLink{"a"}}});
  CHECK(lending.make().linked == 1);
  CHECK(lending.is_one("a"));
  CHECK(Lending::are_one(lending.to, "a", lending.to, "b"));
  CHECK(describe_tree(lending.to) == describe_tree(lending.from));
}

TEST_CASE("a lent file is in the index as it is after the link, in both trees") {
  Lending lending({{"f", File{"x"}}, {"g", File{"y"}}}, {{"f", File{"x"}}, {"g", File{"z"}}});
  tree::StatIndex index;
  CHECK(lending.make(tree::Lender::Times::equal, &index).linked == 1);
  for (const Dir* dir : {&lending.old, &lending.to})
    CHECK(index.find(tree::identity_of(*dir->stat(TreePath::parse("f")))) == crypto::sha256("x"));
  CHECK(index.find(tree::identity_of(*lending.to.stat(TreePath::parse("g")))) == crypto::sha256("z"));
}

TEST_CASE("a file that takes no more links is copied") {
  constexpr long bearable = 65'000;
  const TempDir temp;
  const long most = ::pathconf(temp.path().c_str(), _PC_LINK_MAX);
  if (most > bearable || most < 2) {
    MESSAGE("skipped: a file here takes more links than a test should make");
    return;
  }
  const Tree tree{{"f", File{"x"}}};
  const Dir old = Dir::open_or_make(temp.path() / "old");
  const Dir from = Dir::open_or_make(temp.path() / "from");
  const Dir to = Dir::open_or_make(temp.path() / "to");
  make_tree(old, tree);
  make_tree(from, tree);
  const Dir names = Dir::open_or_make(temp.path() / "names");
  for (long i = 1; i < most; ++i)
    REQUIRE(::linkat(old.fd().get(), "f", names.fd().get(), std::to_string(i).c_str(), 0) == 0);
  const auto manifest = scan_all(old);
  const tree::Lender lender{old, manifest, share_all};
  tree::MakeOptions options;
  options.lender = &lender;
  CHECK(tree::make_tree(from, scan_all(from), to, options).linked == 0);
  CHECK(describe_tree(to) == describe_tree(from));
}

TEST_CASE("a lender on another file system lends nothing, and the tree is made") {
  const TempDir here;
  const TempDir there(fast_place());
  const Tree tree{{"f", File{"x"}}};
  const Dir old = Dir::open(there.path());
  const Dir from = Dir::open_or_make(here.path() / "from");
  const Dir to = Dir::open_or_make(here.path() / "to");
  if (base::stat_of(old.fd(), "old").device == base::stat_of(to.fd(), "to").device) {
    MESSAGE("skipped: there is one file system only");
    return;
  }
  make_tree(old, tree);
  make_tree(from, tree);
  const auto manifest = scan_all(old);
  const tree::Lender lender{old, manifest, share_all};
  tree::MakeOptions options;
  options.lender = &lender;
  CHECK(tree::make_tree(from, manifest, to, options).linked == 0);
  CHECK(describe_tree(to) == describe_tree(from));
}

}  // namespace share_file_test
