#include "tree/make.hh"

#include "support/archive_draft.hh"
#include "support/failure.hh"
#include "support/mentions.hh"
#include "support/random_tree.hh"
#include "unit/base/ordinary_user.hh"
#include "unit/tree/some_trees.hh"

#include "base/files.hh"
#include "tree/attributes.hh"
#include "tree/diff.hh"
#include "tree/scan.hh"

#include <doctest/doctest.h>

#include <string>

#include <sys/stat.h>
#include <unistd.h>

namespace make_test {

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

struct Umask {
  explicit Umask(mode_t mask) : before(::umask(mask)) {}
  Umask(const Umask&) = delete;
  Umask& operator=(const Umask&) = delete;
  ~Umask() { ::umask(before); }

  const mode_t before;
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
  tree::make_tree(pair.from, tree::scan(pair.from).manifest, pair.to);
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
      {
        const Umask set(mask);
        tree::make_tree(pair.from, manifest_of(tree), pair.to);
      }
      CHECK(describe_tree(pair.to) == describe_tree(tree));
      CHECK(tree::diff_with_directory(manifest_of(tree), pair.to).empty());
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
    tree::make_tree(from, manifest_of(tree), to);
  });
  CHECK(outcome.empty());
  CHECK(describe_tree(temp.path() / "to") == describe_tree(temp.path() / "from"));
}

TEST_CASE("what the manifest does not list is not copied") {
  const Pair pair;
  make_tree(pair.from, {{"a", File{"1"}}, {"b", File{"2"}}, {".bakehouse/x", File{"3"}}});
  tree::make_tree(pair.from, manifest_of({{"a", File{"1"}}}), pair.to);
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
      tree::make_tree(pair.from, manifest_of({{"a/file", File{"content"}}}), pair.to);
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
            tree::make_tree(pair.from, manifest_of({{"a", File{"1"}}}), pair.to);
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
  tree::make_tree(pair.from, scan_all(pair.from), pair.to);
  CHECK(describe_tree(pair.to) == describe_tree(pair.from));
  CHECK(pair.to.stat(TreePath::parse("dir/link"))->uid == 1234);
  CHECK(pair.to.stat(TreePath::parse("dir/file"))->mode == 06755);
}

namespace {

// The content of a file in several pieces with holes before, between and behind them.
const std::string holes = std::string(1 << 20, '\0') + "some data" + std::string(1 << 20, '\0') + "more" +
                          std::string(300'000, '\0');

// cap_net_bind_service=ep, as <linux/capability.h> lays it out.
const std::string some_capability{
    "\x01\x00\x00\x02\x00\x04\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00", 20};

}  // namespace

TEST_CASE("holes stay holes, whether the kernel copies or we do") {
  for (const bool is_known : {false, true}) {
    CAPTURE(is_known);
    const Place place;
    const Dir from = place.with(
        "from",
        {{"sparse", File{holes, 0644, some_time, {}, {}, Storage::sparse}},
         {"only a hole", File{std::string(1 << 20, '\0'), 0644, some_time, {}, {}, Storage::sparse}}});
    const Dir to = place.empty("to");
    const auto manifest = scan_all(from);
    tree::StatIndex index;
    if (is_known) {
      for (const auto& entry : manifest.entries)
        index.add(tree::identity_of(*from.stat(entry.path)), entry.digest);
    }
    tree::MakeOptions options;
    options.index = &index;
    const auto made = tree::make_tree(from, manifest, to, options);
    CHECK(made.cloned + made.copied == 2);
    CHECK(all_of(to) == all_of(from));
    CHECK(allocated_bytes(to) <= allocated_bytes(from) + 8192);
  }
}

TEST_CASE("attributes, access lists and capabilities go along") {
  const Place place;
  const std::string list = posix_acl(0750, 1000, 5);
  const Dir from = place.with(
      "from", {{"file", File{"x", 0750, some_time, {{"user.a", "1"}, {access_list, list}}}},
               {"dir/in", File{"x", 0640}},
               {"dir", Folder{0750, {{"user.b", ""}, {access_list, list}, {default_list, list}}}}});
  if (::geteuid() == 0)
    tree::write_attributes(from, TreePath::parse("dir/in"), {{"security.capability", some_capability}});
  const Dir to = place.empty("to");
  tree::make_tree(from, scan_all(from), to);
  CHECK(all_of(to) == all_of(from));
  CHECK(scan_all(to) == scan_all(from));
}

TEST_CASE("set-id bits and capabilities outlive the change of owner") {
  if (::geteuid() != 0) {
    MESSAGE("skipped: only root gives files away");
    return;
  }
  const Place place;
  const Dir from = place.with(
      "from",
      {{"file", File{"x", 06755, some_time, {{"security.capability", some_capability}}, Owner{1234, 4321}}},
       {"dir", Folder{07770, {}, Owner{1234, 4321}}}});
  const Dir to = place.empty("to");
  tree::make_tree(from, scan_all(from), to);
  CHECK(all_of(to) == all_of(from));
  CHECK(to.stat(TreePath::parse("file"))->mode == 06755);
}

TEST_CASE("names of one file are names of one file again, links included") {
  const Place place;
  const Dir from = place.with("from", {{"a", File{"x"}},
                                       {"b/again", HardLink{"a"}},
                                       {"c", Link{"a"}},
                                       {"d", HardLink{"c"}},
                                       {"locked/third", HardLink{"a"}},
                                       {"locked", Folder{0555}}});
  const Dir to = place.empty("to");
  const auto made = tree::make_tree(from, scan_all(from), to);
  CHECK(made.copied + made.cloned == 1);
  CHECK(all_of(to) == all_of(from));
  CHECK(to.stat(TreePath::parse("a"))->links == 3);
  CHECK(to.stat(TreePath::parse("c"))->inode == to.stat(TreePath::parse("d"))->inode);
}

TEST_CASE("times are exact, of directories and links too, also before 1970") {
  const Place place;
  const Dir from = place.with("from", {{"f", File{"x", 0644, {-1, 999'999'999}}},
                                       {"d/x", File{"y", 0644, {some_time, 1}}},
                                       {"d", Folder{0555, {}, {}, base::FileTime{some_time, 123'456'789}}},
                                       {"l", Link{"f", {}, base::FileTime{some_time, 5}}}});
  const Dir to = place.empty("to");
  tree::make_tree(from, scan_all(from), to);
  CHECK(all_of(to) == all_of(from));
}

TEST_CASE("what a directory hands down is not the manifest's and is not taken") {
  const Place place;
  const Dir from = place.with("from", {{"dir/file", File{"x", 0644}}, {"dir", Folder{0755}}});
  const Dir to = place.with("to", {{"top", Folder{02755, {{default_list, posix_acl(0777, 1000, 7)}}}}});
  tree::make_tree(from, scan_all(from), to.open_dir(TreePath::parse("top")));
  CHECK(all_of(to.open_dir(TreePath::parse("top"))) == all_of(from));
}

TEST_CASE("a digest that was not known is learnt, of each name of a file") {
  const Place place;
  const Dir from = place.with(
      "from", {{"a", File{"content"}}, {"b", HardLink{"a"}}, {"empty", File{""}}, {"l", Link{"a"}}});
  const auto known = scan_all(from);
  tree::ScanOptions look;
  look.detail = tree::Detail::all;
  look.content = tree::ScanOptions::Content::known;
  tree::Manifest manifest = tree::scan(from, look).manifest;
  REQUIRE_FALSE(manifest == known);
  const Dir to = place.empty("to");
  tree::make_tree_learning(from, manifest, to);
  CHECK(manifest == known);
  CHECK(all_of(to) == all_of(from));
}

TEST_CASE("what is made is in the index, hard links too") {
  const Place place;
  const Dir from = place.with("from", {{"a", File{"x"}}, {"b", HardLink{"a"}}, {"c", File{"y", 04755}}});
  const Dir to = place.empty("to");
  tree::StatIndex index;
  tree::MakeOptions options;
  options.index = &index;
  const auto manifest = scan_all(from);
  tree::make_tree(from, manifest, to, options);
  for (const auto& entry : manifest.entries) {
    CAPTURE(entry.path.str());
    CHECK(index.find(tree::identity_of(*to.stat(entry.path))) == entry.digest);
  }
}

TEST_CASE("what the index says of a source counts, and is compared with the manifest") {
  const Place place;
  const Dir from = place.with("from", {{"a", File{"x"}}});
  tree::StatIndex index;
  index.add(tree::identity_of(*from.stat(TreePath::parse("a"))), crypto::sha256("another"));
  tree::MakeOptions options;
  options.index = &index;
  CHECK(failure([&] { tree::make_tree(from, scan_all(from), place.empty("to"), options); }) ==
        Mentions{"a' is not what its manifest says"});
}

TEST_CASE(
    "an ordinary user copies what he owns and may only read, with its attributes and whatever the umask") {
  const Place place;
  ::chmod(place.dir().path().c_str(), 0777);
  const std::string outcome = base::as_ordinary_user([&] {
    const Tree tree{{"locked/file", File{"x", 0444, some_time, {{"user.a", "1"}}}},
                    {"locked/of it", HardLink{"locked/file"}},
                    {"locked", Folder{0555, {{"user.b", "2"}}, {}, base::FileTime{some_time, 1}}}};
    const Dir from = place.with("from", tree);
    const Dir to = place.empty("to");
    const auto manifest = scan_all(from);
    ::umask(0777);
    tree::make_tree(from, manifest, to);
  });
  CHECK(outcome == "");
  CHECK(all_of(place.empty("to")) == all_of(place.empty("from")));
}

}  // namespace make_test
