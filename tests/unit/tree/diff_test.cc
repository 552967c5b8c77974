#include "tree/diff.hh"

#include "support/archive_draft.hh"
#include "support/random_tree.hh"
#include "unit/base/ordinary_user.hh"
#include "unit/tree/some_trees.hh"

#include "base/files.hh"

#include <doctest/doctest.h>

#include <string>
#include <utility>

#include <sys/stat.h>

namespace diff_test {

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

namespace {

using Kind = tree::Difference::Kind;

// A file of which all is told.
tree::Entry whole_file() {
  tree::Entry entry;
  entry.path = base::TreePath::parse("a");
  entry.mode = 0644;
  entry.size = 1;
  entry.time = {5, 6};
  entry.digest = crypto::sha256("1");
  entry.owner.emplace();
  entry.detail = tree::Detail::all;
  return entry;
}

tree::Manifest only(const tree::Entry& entry) {
  tree::Manifest manifest;
  manifest.entries.push_back(entry);
  return manifest;
}

}  // namespace

TEST_CASE(
    "owners, attributes and hard links are compared where both tell of them, and times where asked for") {
  using tree::Entry;
  const struct {
    std::string what;
    void (*change)(Entry&);
    std::string said;
    bool is_always;  // also where one of the two tells of no owners
  } rows[] = {
      {"uid",
       [](Entry& e) {
         e.owner = {7, 0};
       },
       "another owner: a: 7:0 instead of 0:0\n", false},
      {"gid",
       [](Entry& e) {
         e.owner = {0, 8};
       },
       "another owner: a: 0:8 instead of 0:0\n", false},
      {"attributes", [](Entry& e) { e.attributes["user.x"] = "v"; }, "other attributes: a\n", false},
      {"hard link", [](Entry& e) { e.same_file = base::TreePath::parse("0"); },
       "other hard links: a: 0 instead of none\n", false},
      {"seconds",
       [](Entry& e) {
         e.time = {-7, 6};
       },
       "another time: a: -7.000000006 instead of 5.000000006\n", true},
      {"nanoseconds", [](Entry& e) { e.time = 5; }, "another time: a: 5 instead of 5.000000006\n", true},
      {"all of it",
       [](Entry& e) {
         e.digest = crypto::sha256("2");
         e.mode = 04755;
         e.owner = {1, 2};
         e.attributes["user.x"];
         e.time = 1;
       },
       "another content: a\nanother mode: a: 4755 instead of 0644\nanother owner: a: 1:2 instead of 0:0\n"
       "other attributes: a\nanother time: a: 1 instead of 5.000000006\n",
       false},
  };
  constexpr tree::DiffOptions with_times{tree::DiffOptions::Times::compare};
  for (const auto& row : rows) {
    CAPTURE(row.what);
    tree::Entry other = whole_file();
    row.change(other);
    CHECK(describe_all(tree::diff(only(whole_file()), only(other), with_times)) == row.said);
    if (row.said.starts_with("another time")) CHECK(tree::diff(only(whole_file()), only(other)).empty());
    if (row.what == "all of it") continue;
    tree::Entry bare = whole_file();
    bare.owner.reset();
    bare.detail = tree::Detail::release;
    CHECK(describe_all(tree::diff(only(bare), only(other), with_times)) == (row.is_always ? row.said : ""));
  }
}

TEST_CASE("times of directories and links are compared only where both tell of them") {
  constexpr tree::DiffOptions with_times{tree::DiffOptions::Times::compare};
  for (const auto type : {base::FileType::directory, base::FileType::symlink}) {
    tree::Entry one;
    one.path = base::TreePath::parse("a");
    one.type = type;
    tree::Entry other = one;
    other.time = 5;
    CHECK(tree::diff(only(one), only(other), with_times).empty());
    one.detail = tree::Detail::all;
    other.detail = tree::Detail::all;
    CHECK(describe_all(tree::diff(only(one), only(other), with_times)) ==
          "another time: a: 5 instead of 0\n");
  }
}

TEST_CASE("each kind of difference has a word for programs") {
  const std::pair<Kind, std::string> rows[] = {
      {Kind::missing, "missing"},
      {Kind::extra, "extra"},
      {Kind::type, "type"},
      {Kind::content, "content"},
      {Kind::mode, "mode"},
      {Kind::owner, "owner"},
      {Kind::link, "link"},
      {Kind::attributes, "attributes"},
      {Kind::hard_link, "hard-link"},
      {Kind::time, "time"},
      {Kind::unreadable, "unreadable"},
  };
  for (const auto& [kind, word] : rows) CHECK(tree::word_for(kind) == word);
}

TEST_CASE("what cannot be read is said to be unreadable, and not to be other") {
  const Place place;
  ::chmod(place.dir().path().c_str(), 0777);
  const Tree tree{
      {"closed", File{"1", 0000}}, {"mode", File{"2", 0000}}, {"open", File{"3"}}, {"shut", Folder{0000}}};
  const std::string outcome = base::as_ordinary_user([&] {
    const Dir dir = place.with("dir", tree);
    Tree expected = tree;
    expected["mode"] = File{"2", 0600};
    expected["shut/inside"] = File{"4"};
    throw base::Error(base::Fault::input,
                      describe_all(tree::diff_with_directory(manifest_of(expected), dir)));
  });
  const std::string where = "'" + (place.dir().path() / "dir").native() + "/";
  const std::string why = "': Permission denied\n";
  CHECK(outcome == "another mode: mode: 0000 instead of 0600\nunreadable: closed: cannot open " + where +
                       "closed" + why + "unreadable: mode: cannot open " + where + "mode" + why +
                       "unreadable: shut: cannot open the directory " + where + "shut" + why);
}

TEST_CASE("an index spares reading, and is not asked where files may lie") {
  const Place place;
  const Dir dir = place.with("dir", {{"f", File{"lie"}}});
  tree::StatIndex index;
  index.add(tree::identity_of(*dir.stat(base::TreePath::parse("f"))), crypto::sha256("fox"));
  const auto expected = manifest_of({{"f", File{"fox"}}});
  CHECK(tree::diff_with_directory(expected, dir, {&index}).empty());
  CHECK(describe_all(tree::diff_with_directory(expected, dir)) == "another content: f\n");
}

}  // namespace diff_test
