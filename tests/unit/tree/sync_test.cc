#include "tree/sync.hh"

#include "support/failure.hh"
#include "support/mentions.hh"
#include "unit/base/ordinary_user.hh"
#include "unit/tree/change.hh"

#include "base/files.hh"

#include <doctest/doctest.h>
#include <fmt/format.h>

#include <string>
#include <vector>

#include <sys/stat.h>
#include <unistd.h>

namespace sync_test {

using namespace bakehouse;
using namespace bakehouse::support;
using base::Dir;
using base::TreePath;

namespace {

const std::string some_list = posix_acl(0750, 1000, 5);
const base::FileTime old_time{some_time, 5};

// "+1 =1 -1 ~1": added, replaced, removed, adjusted.
std::string show(const tree::SyncCounts& counts) {
  return fmt::format("+{} ={} -{} ~{}", counts.added, counts.replaced, counts.removed, counts.adjusted);
}

}  // namespace

TEST_CASE("each kind of change is made, is undone, and is made again") {
  const struct {
    std::string what;
    Tree there;
    Tree wanted;
    std::string counts;
  } rows[] = {
      {"nothing", {{"a", File{"1"}}}, {{"a", File{"1"}}}, "+0 =0 -0 ~0"},
      {"both empty", {}, {}, "+0 =0 -0 ~0"},
      {"all of it", {}, {{"a", File{"1"}}, {"d/e/f", File{"2"}}, {"l", Link{"a"}}}, "+3 =0 -0 ~0"},
      {"to nothing", {{"a", File{"1"}}, {"d/e/f", File{"2"}}, {"l", Link{"a"}}}, {}, "+0 =0 -3 ~0"},
      {"content", {{"a", File{"1"}}}, {{"a", File{"22"}}}, "+0 =1 -0 ~0"},
      {"content of that size and time", {{"a", File{"1"}}}, {{"a", File{"2"}}}, "+0 =1 -0 ~0"},
      {"mode", {{"a", File{"1", 0600}}}, {{"a", File{"1", 0755}}}, "+0 =0 -0 ~1"},
      {"a set-id bit", {{"a", File{"1", 0755}}}, {{"a", File{"1", 04755}}}, "+0 =1 -0 ~0"},
      {"no set-id bit", {{"a", File{"1", 02755}}}, {{"a", File{"1", 0755}}}, "+0 =1 -0 ~0"},
      {"time", {{"a", File{"1", 0644, 5}}}, {{"a", File{"1", 0644, {5, 1}}}}, "+0 =0 -0 ~1"},
      {"time to the epoch", {{"a", File{"1", 0644, 5}}}, {{"a", File{"1", 0644, 0}}}, "+0 =0 -0 ~1"},
      {"attributes",
       {{"a", File{"1", 0444, some_time, {{"user.a", "1"}, {"user.b", ""}}}}},
       {{"a", File{"1", 0444, some_time, {{"user.a", "2"}}}}},
       "+0 =1 -0 ~0"},
      {"an access list",
       {{"a", File{"1", 0750}}},
       {{"a", File{"1", 0750, some_time, {{access_list, some_list}}}}},
       "+0 =1 -0 ~0"},
      {"no access list",
       {{"a", File{"1", 0750, some_time, {{access_list, some_list}}}}},
       {{"a", File{"1", 0750}}},
       "+0 =1 -0 ~0"},
      {"target", {{"a", Link{"x", {}, old_time}}}, {{"a", Link{"y", {}, old_time}}}, "+0 =1 -0 ~0"},
      {"mode of a folder",
       {{"d", Folder{0700, {}, {}, old_time}}},
       {{"d", Folder{01777, {}, {}, old_time}}},
       "+0 =0 -0 ~1"},
      {"time of a folder",
       {{"d", Folder{0700, {}, {}, old_time}}},
       {{"d", Folder{0700, {}, {}, some_time}}},
       "+0 =0 -0 ~1"},
      {"lists of a folder",
       {{"d", Folder{0750, {}, {}, old_time}}},
       {{"d", Folder{0750, {{default_list, some_list}, {"user.a", ""}}, {}, old_time}}},
       "+0 =0 -0 ~1"},
      {"file to folder", {{"a", File{"1"}}}, {{"a/b/c", File{"1"}}}, "+0 =1 -0 ~0"},
      {"folder to file", {{"a/b/c", File{"1"}}, {"a/d", Link{"x"}}}, {{"a", File{"1"}}}, "+0 =1 -0 ~0"},
      {"file to link", {{"a", File{"x"}}}, {{"a", Link{"x"}}}, "+0 =1 -0 ~0"},
      {"folder to link", {{"a/b", File{"x"}}}, {{"a", Link{"x"}}}, "+0 =1 -0 ~0"},
      {"link to folder", {{"a", Link{"x"}}}, {{"a/b", File{"x"}}}, "+0 =1 -0 ~0"},
      {"a special file to a file", {{"a", Special{}}}, {{"a", File{"x"}}}, "+0 =1 -0 ~0"},
      {"a special file to nothing",
       {{"d/a", Special{}}, {"d", Folder{0755, {}, {}, old_time}}},
       {{"d", Folder{0755, {}, {}, old_time}}},
       "+0 =0 -1 ~0"},
      {"names that begin alike",
       {{"a/x", File{"1"}}, {"a-b", File{"2"}}, {"a.c/y", File{"3"}}, {"a", Folder{0755, {}, {}, old_time}}},
       {{"a", Folder{0755, {}, {}, old_time}}, {"a-b/x", File{"1"}}, {"a.c", File{"2"}}},
       "+0 =2 -1 ~0"},
      {"deep in folders that stay",
       {{"d/e/old", File{"1"}},
        {"d/e/same", File{"2"}},
        {"d/e", Folder{0555, {}, {}, old_time}},
        {"d", Folder{0555, {}, {}, old_time}}},
       {{"d/e/new", File{"1"}},
        {"d/e/same", File{"2"}},
        {"d/e", Folder{0555, {}, {}, old_time}},
        {"d", Folder{0555, {}, {}, old_time}}},
       "+1 =0 -1 ~0"},
  };
  for (const auto& row : rows) {
    CAPTURE(row.what);
    const Change change(row.there, row.wanted);
    const std::string before = all_of(change.to);
    const std::string wanted = all_of(change.from);
    CHECK(show(change.stage()) == row.counts);
    CHECK(differing_lines(before, all_of(change.to)) == "");
    tree::perform_sync(change.to, change.log);
    CHECK(differing_lines(wanted, all_of(change.to)) == "");
    change.undo();
    CHECK(differing_lines(before, all_of(change.to)) == "");
    CHECK(change.log.names().empty());
    change.sync();
    change.finish();
    CHECK(differing_lines(wanted, all_of(change.to)) == "");
    CHECK(change.log.names().empty());
    CHECK(show(change.stage()) == "+0 =0 -0 ~0");
    CHECK(differing_lines(wanted, all_of(change.from)) == "");
  }
}

TEST_CASE("a file that needs another mode alone keeps its inode, and another gets a new one") {
  const Change change({{"kept", File{"1", 0600}}, {"changed", File{"1"}}, {"same", File{"1"}}},
                      {{"kept", File{"1", 0644}}, {"changed", File{"2"}}, {"same", File{"1"}}});
  const auto inode = [&](const char* path) { return change.to.stat(TreePath::parse(path))->inode; };
  const uint64_t before[] = {inode("kept"), inode("changed"), inode("same")};
  change.sync();
  CHECK(inode("kept") == before[0]);
  CHECK(inode("changed") != before[1]);
  CHECK(inode("same") == before[2]);
}

TEST_CASE("a file with a name elsewhere is replaced, so that the other name feels nothing") {
  const Change change({{"a", File{"1", 0600}}}, {{"a", File{"1", 0644}}});
  REQUIRE(::link((change.to.path() / "a").c_str(), (change.place.dir().path() / "elsewhere").c_str()) == 0);
  CHECK(show(change.sync()) == "+0 =1 -0 ~0");
  CHECK(change.place.dir().stat(TreePath::parse("elsewhere"))->mode == 0600);
  CHECK(change.to.stat(TreePath::parse("a"))->mode == 0644);
}

TEST_CASE("where times do not count a difference in time alone is none") {
  Change change({{"a", File{"1", 0644, 5}}, {"b", File{"1", 0600, 5}}}, {{"a", File{"1"}}, {"b", File{"1"}}});
  change.times = tree::SyncRequest::Times::any;
  CHECK(show(change.sync()) == "+0 =0 -0 ~1");
  CHECK(change.to.stat(TreePath::parse("a"))->mtime == 5);
  CHECK(change.to.stat(TreePath::parse("b"))->mtime == 5);
}

TEST_CASE("owners are made what they should be, and back") {
  if (::geteuid() != 0) {
    MESSAGE("skipped: only root gives files away");
    return;
  }
  const Change change(
      {{"f", File{"x", 04755}}, {"d", Folder{0755, {}, {}, old_time}}, {"l", Link{"f", {}, old_time}}},
      {{"f", File{"x", 04755, some_time, {}, Owner{1, 2}}},
       {"d", Folder{0755, {}, Owner{3, 4}, old_time}},
       {"l", Link{"f", Owner{5, 6}, old_time}}});
  const std::string before = all_of(change.to);
  CHECK(show(change.sync()) == "+0 =2 -0 ~1");
  CHECK(differing_lines(all_of(change.from), all_of(change.to)) == "");
  change.undo();
  CHECK(differing_lines(before, all_of(change.to)) == "");
}

TEST_CASE("names of one file are so afterwards, and were so before") {
  const struct {
    std::string what;
    Tree there;
    Tree wanted;
  } rows[] = {
      {"joined", {{"a", File{"1"}}, {"b", File{"1"}}}, {{"a", File{"1"}}, {"b", HardLink{"a"}}}},
      {"parted", {{"a", File{"1"}}, {"b", HardLink{"a"}}}, {{"a", File{"1"}}, {"b", File{"1"}}}},
      {"one more name",
       {{"a", File{"1"}}, {"b", HardLink{"a"}}},
       {{"a", File{"1"}}, {"b", HardLink{"a"}}, {"c/d", HardLink{"a"}}}},
      {"one name less",
       {{"a", File{"1"}}, {"b", HardLink{"a"}}, {"c", HardLink{"a"}}},
       {{"a", File{"1"}}, {"c", HardLink{"a"}}}},
      {"the first name gone",
       {{"a", File{"1"}}, {"b", HardLink{"a"}}, {"c", HardLink{"a"}}},
       {{"b", File{"1"}}, {"c", HardLink{"b"}}}},
      {"new content", {{"a", File{"1"}}, {"b", HardLink{"a"}}}, {{"a", File{"2"}}, {"b", HardLink{"a"}}}},
      {"new mode", {{"a", File{"1", 0600}}, {"b", HardLink{"a"}}}, {{"a", File{"1"}}, {"b", HardLink{"a"}}}},
      {"tied otherwise",
       {{"a", File{"1"}}, {"b", HardLink{"a"}}, {"c", File{"1"}}, {"d", HardLink{"c"}}},
       {{"a", File{"1"}}, {"b", File{"1"}}, {"c", HardLink{"a"}}, {"d", HardLink{"b"}}}},
      {"a new directory holds one", {{"a", File{"1"}}}, {{"a", File{"1"}}, {"d/e", HardLink{"a"}}}},
      {"a removed directory held one", {{"a", File{"1"}}, {"d/e", HardLink{"a"}}}, {{"a", File{"1"}}}},
      {"links", {{"a", Link{"x"}}, {"b", Link{"x"}}}, {{"a", Link{"x"}}, {"b", HardLink{"a"}}}},
  };
  for (const auto& row : rows) {
    CAPTURE(row.what);
    const Change change(row.there, row.wanted);
    const std::string before = all_of(change.to);
    change.sync();
    CHECK(differing_lines(all_of(change.from), all_of(change.to)) == "");
    change.undo();
    CHECK(differing_lines(before, all_of(change.to)) == "");
    change.sync();
    change.finish();
    CHECK(show(change.stage()) == "+0 =0 -0 ~0");
  }
}

TEST_CASE("what is protected stays, whatever is wanted around it") {
  const struct {
    std::string what;
    std::vector<std::string> is_protected;
    Tree there;
    Tree wanted;
    Tree after;
  } rows[] = {
      {"a file that is not wanted",
       {"a"},
       {{"a", File{"mine"}}, {"b", File{"x"}}},
       {},
       {{"a", File{"mine"}}}},
      {"a file of another content", {"a"}, {{"a", File{"mine"}}}, {{"a", File{"x"}}}, {{"a", File{"mine"}}}},
      {"a directory",
       {"d"},
       {{"d/x", File{"mine"}}},
       {{"d/x", File{"x"}}, {"d/y", File{"y"}}},
       {{"d/x", File{"mine"}}}},
      {"a directory where a file is wanted",
       {"d"},
       {{"d/x", File{"mine"}}},
       {{"d", File{"x"}}},
       {{"d/x", File{"mine"}}}},
      {"in a directory that is not wanted",
       {"d/e/x"},
       {{"d/e/x", File{"mine"}}, {"d/e/y", File{"y"}}, {"d/z/z", File{"z"}}},
       {},
       {{"d/e/x", File{"mine"}}}},
      {"in a directory that is wanted",
       {"d/x"},
       {{"d/x", File{"mine"}}, {"d/y", File{"y"}}},
       {{"d/y", File{"new"}}, {"d/z", File{"z"}}},
       {{"d/x", File{"mine"}}, {"d/y", File{"new"}}, {"d/z", File{"z"}}}},
      {"names that begin alike",
       {"a"},
       {{"a/x", File{"mine"}}, {"a-b", File{"1"}}, {"a.c", File{"1"}}},
       {{"a-b", File{"2"}}, {"a0", File{"3"}}},
       {{"a/x", File{"mine"}}, {"a-b", File{"2"}}, {"a0", File{"3"}}}},
      {"another name of a wanted file",
       {"d"},
       {{"d/x", File{"mine"}}},
       {{"d/x", File{"1"}}, {"e", HardLink{"d/x"}}, {"f", HardLink{"d/x"}}},
       {{"d/x", File{"mine"}}, {"e", File{"1"}}, {"f", HardLink{"e"}}}},
  };
  for (const auto& row : rows) {
    CAPTURE(row.what);
    const Change change(row.there, row.wanted);
    const std::string before = all_of(change.to);
    change.sync(row.is_protected);
    CHECK(differing_lines(describe_tree(row.after), describe_tree(change.to)) == "");
    change.undo();
    CHECK(differing_lines(before, all_of(change.to)) == "");
    change.sync(row.is_protected);
    change.finish();
    CHECK(show(change.stage(row.is_protected)) == "+0 =0 -0 ~0");
  }
}

TEST_CASE("where something protected is in the way nothing is touched") {
  const Change change({{"d/x", File{"mine"}}, {"a", File{"1"}}}, {{"d", File{"x"}}, {"a", File{"2"}}});
  const std::string before = all_of(change.to);
  CHECK(failure([&] { change.stage({"d/x"}); }) ==
        Mentions{"d' is to become another kind of file and holds something protected"});
  CHECK(differing_lines(before, all_of(change.to)) == "");
  change.undo();
  CHECK(change.log.names().empty());
}

TEST_CASE("what cannot be read is not staged, and nothing is touched") {
  const Change change({{"a", File{"1"}}}, {{"a", File{"2"}}, {"b", File{"3"}}});
  const auto wanted = scan_all(change.from);
  base::write_file(change.from.path() / "b", "4");
  const std::string before = all_of(change.to);
  CHECK(failure([&] {
          tree::stage_sync({change.from, wanted, change.to, look_without(change.to, {}), change.log});
        }) == Mentions{"b' is not what its manifest says"});
  change.undo();
  CHECK(differing_lines(before, all_of(change.to)) == "");
  CHECK(change.log.names().empty());
}

TEST_CASE("an ordinary user synchronises directories that he may not write, and undoes it") {
  const Place place;
  ::chmod(place.dir().path().c_str(), 0777);
  const Tree there{{"d/e/changed", File{"1", 0444, some_time, {{"user.a", "1"}}}},
                   {"d/e/moded", File{"1", 0444, some_time, {{"user.a", "1"}}}},
                   {"d/gone/x", File{"2", 0400}},
                   {"d/gone", Folder{0555, {}, {}, old_time}},
                   {"d/turned/y", File{"3"}},
                   {"d/turned", Folder{0500, {}, {}, old_time}},
                   {"d/e", Folder{0555, {}, {}, old_time}},
                   {"d", Folder{0555, {}, {}, old_time}}};
  const Tree wanted{{"d/e/changed", File{"2", 0444, some_time, {{"user.a", "2"}}}},
                    {"d/e/moded", File{"1", 0400, some_time, {{"user.a", "2"}}}},
                    {"d/new/x", File{"2", 0400}},
                    {"d/new", Folder{0555, {}, {}, old_time}},
                    {"d/turned", File{"3"}},
                    {"d/e", Folder{0500, {{"user.b", "1"}}, {}, old_time}},
                    {"d", Folder{0555, {}, {}, old_time}}};
  const auto as_user = [&](auto work) {
    CHECK(base::as_ordinary_user([&] { work(place.empty("to"), place.empty("from"), place.empty("log")); }) ==
          "");
  };
  as_user([&](const Dir& to, const Dir& from, const Dir&) {
    make_tree(to, what_fits(there, place.dir()));
    make_tree(from, what_fits(wanted, place.dir()));
  });
  const std::string before = all_of(place.empty("to"));
  as_user([&](const Dir& to, const Dir& from, const Dir& log) {
    tree::stage_sync({from, scan_all(from), to, look_without(to, {}), log});
    tree::perform_sync(to, log);
  });
  CHECK(differing_lines(all_of(place.empty("from")), all_of(place.empty("to"))) == "");
  as_user([](const Dir& to, const Dir&, const Dir& log) { tree::undo_sync(to, log); });
  CHECK(differing_lines(before, all_of(place.empty("to"))) == "");
  CHECK(place.empty("log").names().empty());
}

TEST_CASE("a manifest that tells of no owners asks for none, and of no attributes") {
  const Change change({{"a", File{"1", 0644, some_time, {{"user.a", "1"}}}},
                       {"b", HardLink{"a"}},
                       {"d", Folder{0755, {}, {}, old_time}}},
                      {{"a", File{"1"}}, {"b", File{"1"}}, {"d", Folder{}}});
  const auto counts = tree::stage_sync(
      {change.from, tree::scan(change.from).manifest, change.to, look_without(change.to, {}), change.log});
  CHECK(show(counts) == "+0 =0 -0 ~0");
}

}  // namespace sync_test
