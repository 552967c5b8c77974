// What a synchronisation leaves when it is cut off, met by others, or undone.
#include "support/failure.hh"
#include "support/mentions.hh"
#include "unit/tree/change.hh"

#include "base/files.hh"
#include "tree/sync.hh"

#include <doctest/doctest.h>

#include <string>

namespace sync_perform_test {

using namespace bakehouse;
using namespace bakehouse::support;
using base::Dir;
using base::TreePath;

namespace {

const File theirs{"theirs"};

// By rename, so that the old inode is not given to the new file at once.
void put_theirs_in_place_of(const Dir& dir, const std::string& path) {
  make_tree(dir, {{"theirs", theirs}});
  dir.rename(TreePath::parse("theirs"), TreePath::parse(path));
}

}  // namespace

TEST_CASE("what was done twice was done once, and what was undone twice, too") {
  const Change change({{"a", File{"1"}}, {"b/c", File{"2"}}, {"d", File{"3"}}, {"e", File{"4", 0600}}},
                      {{"a", File{"2"}}, {"b", Link{"a"}}, {"f/g", File{"5"}}, {"e", File{"4"}}});
  const std::string before = all_of(change.to);
  change.sync();
  tree::perform_sync(change.to, change.log);
  CHECK(differing_lines(all_of(change.from), all_of(change.to)) == "");
  change.undo();
  CHECK(differing_lines(before, all_of(change.to)) == "");
  change.undo();
  CHECK(differing_lines(before, all_of(change.to)) == "");
}

TEST_CASE("an index that knew the files knows them after a synchronisation and after its undoing") {
  const Change change({{"replaced", File{"old"}}, {"removed", File{"gone"}}, {"same", File{"same"}}},
                      {{"replaced", File{"new"}}, {"d/added", File{"added"}}, {"same", File{"same"}}});
  tree::StatIndex index;
  // Nobody else writes here, so that what has just been made may be believed.
  const auto learn = [&](const Dir& dir) {
    for (const tree::Entry& entry : scan_all(dir).entries) {
      if (entry.type == base::FileType::regular)
        index.add(tree::identity_of(*dir.stat(entry.path)), entry.digest);
    }
  };
  const auto unknown_in = [&](const Dir& dir) {
    std::string unknown;
    for (const tree::Entry& entry : scan_all(dir).entries) {
      if (entry.type != base::FileType::regular) continue;
      if (index.find(tree::identity_of(*dir.stat(entry.path))) != entry.digest)
        unknown += entry.path.str() + "\n";
    }
    return unknown;
  };
  learn(change.from);
  learn(change.to);
  tree::stage_sync({change.from, scan_all(change.from), change.to, look_without(change.to, {}), change.log,
                    change.times, &index});
  tree::perform_sync(change.to, change.log, &index);
  CHECK(unknown_in(change.to) == "");
  tree::undo_sync(change.to, change.log, &index);
  CHECK(unknown_in(change.to) == "");
}

TEST_CASE("the top keeps its own time") {
  const Change change({{"a", File{"1"}}, {"b", File{"2"}}}, {{"a", File{"2"}}, {"c", File{"3"}}});
  const base::FileTime long_ago{1'000'000'000, 123};
  base::set_mtime(change.to.fd(), long_ago, "to");
  change.sync();
  CHECK(change.to.stat(TreePath())->mtime == long_ago);
  change.undo();
  CHECK(change.to.stat(TreePath())->mtime == long_ago);
}

TEST_CASE("what was only staged is undone by forgetting it") {
  const Change change({{"a", File{"1"}}}, {{"a", File{"2"}}, {"b", File{"3"}}});
  const std::string before = all_of(change.to);
  change.stage();
  CHECK_FALSE(change.log.names().empty());
  change.undo();
  CHECK(differing_lines(before, all_of(change.to)) == "");
  CHECK(change.log.names().empty());
}

TEST_CASE("a staging that was cut off is no plan, and is cleared away") {
  const Change change({{"a", File{"1"}}}, {{"a", File{"2"}}});
  const std::string before = all_of(change.to);
  change.stage();
  change.log.rename(TreePath::parse("plan"), TreePath::parse("plan.new"));
  CHECK(failure([&] { tree::perform_sync(change.to, change.log); }) == Mentions{"plan"});
  change.undo();
  CHECK(differing_lines(before, all_of(change.to)) == "");
  CHECK(change.log.names().empty());
}

TEST_CASE("what somebody else put in the place of a file stops the synchronisation") {
  const struct {
    std::string what;
    void (*meddle)(const Dir& to);
  } rows[] = {
      {"where one is to be added",
       [](const Dir& to) {
         make_tree(to, {{"new", theirs}});
       }},
      {"where one is to be replaced", [](const Dir& to) { put_theirs_in_place_of(to, "changed"); }},
      {"where one is to be removed", [](const Dir& to) { put_theirs_in_place_of(to, "old"); }},
      {"removed before it is replaced", [](const Dir& to) { to.remove_file(TreePath::parse("changed")); }},
  };
  for (const auto& row : rows) {
    CAPTURE(row.what);
    const Change change({{"changed", File{"1"}}, {"old", File{"2"}}},
                        {{"changed", File{"2"}}, {"new", File{"3"}}});
    change.stage();
    row.meddle(change.to);
    CHECK(failure([&] { tree::perform_sync(change.to, change.log); }) ==
          Mentions{"' is neither what it was nor what it was to be: somebody else has changed it"});
  }
}

TEST_CASE("an undo does all that it can, names what it cannot, and keeps the log") {
  const struct {
    std::string what;
    std::string path;
    void (*meddle)(const Dir& to);
  } rows[] = {
      {"what was added is another", "new", [](const Dir& to) { put_theirs_in_place_of(to, "new"); }},
      {"what was replaced is another", "changed",
       [](const Dir& to) { put_theirs_in_place_of(to, "changed"); }},
      {"where something was removed is another", "old",
       [](const Dir& to) {
         make_tree(to, {{"old", theirs}});
       }},
  };
  const Tree there{{"changed", File{"1"}}, {"old", File{"2"}}, {"other", File{"3"}}, {"z", File{"4", 0600}}};
  for (const auto& row : rows) {
    CAPTURE(row.what);
    const Change change(there,
                        {{"changed", File{"2"}}, {"new", File{"3"}}, {"other", File{"4"}}, {"z", File{"4"}}});
    change.sync();
    row.meddle(change.to);
    const std::string said = failure([&] { change.undo(); });
    CHECK(said == Mentions{"fault 7: "});
    CHECK(said == Mentions{"to/" + row.path + "' is neither what it was nor what it was to be"});
    CHECK(change.log.exists(TreePath::parse("plan")));
    Tree expected = there;
    expected[row.path] = theirs;
    CHECK(differing_lines(describe_tree(expected), describe_tree(change.to)) == "");
  }
}

TEST_CASE("an undo that was stopped by something in its way is taken up again when that is gone") {
  const Change change({{"a", File{"1"}}, {"b", File{"2"}}}, {{"b", File{"3"}}});
  const std::string before = all_of(change.to);
  change.sync();
  make_tree(change.to, {{"a", theirs}});
  CHECK(failure([&] { change.undo(); }) == Mentions{"cannot be undone whole"});
  change.to.remove_file(TreePath::parse("a"));
  change.undo();
  CHECK(differing_lines(before, all_of(change.to)) == "");
  CHECK(change.log.names().empty());
}

TEST_CASE("a log whose plan is damaged is not acted upon") {
  const Change change({{"a", File{"1"}}}, {{"a", File{"2"}}});
  change.sync();
  const auto plan = change.log.path() / "plan";
  base::write_file(plan, base::read_file(plan, 1 << 20) + "x");
  const std::string after = all_of(change.to);
  for (const auto& work : {tree::undo_sync, tree::perform_sync})
    CHECK(failure([&] { work(change.to, change.log, nullptr); }) ==
          Mentions{"the plan of the synchronisation is damaged"});
  CHECK(differing_lines(after, all_of(change.to)) == "");
  CHECK(base::read_file(change.log.path() / "held/a", 10) == "1");
}

}  // namespace sync_perform_test
