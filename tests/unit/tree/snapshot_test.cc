#include "tree/snapshot.hh"

#include "support/failure.hh"
#include "support/mentions.hh"
#include "unit/base/ordinary_user.hh"
#include "unit/tree/some_trees.hh"

#include <doctest/doctest.h>

#include <functional>
#include <string>
#include <utility>

#include <fcntl.h>
#include <sys/stat.h>

namespace snapshot_test {

using namespace bakehouse;
using namespace bakehouse::support;
using base::Dir;
using base::TreePath;

namespace {

bool share_all(const tree::Entry&, const base::FileStat&) { return true; }

const Tree some_tree{{"a", File{"1", 0640, {some_time, 5}, {{"user.a", "1"}}}},
                     {"b/c", File{"22", 04755}},
                     {"b/again", HardLink{"a"}},
                     {"b", Folder{0555, {{"user.b", ""}}, {}, base::FileTime{some_time, 6}}},
                     {"l", Link{"b/c", {}, base::FileTime{some_time, 7}}},
                     {"empty", File{""}}};

// Other bytes in a file, which keeps its size, and its time where that is wanted.
void rewrite(const Dir& dir, const std::string& path, const std::string& content) {
  const base::Fd file(::open((dir.path() / path).c_str(), O_WRONLY | O_CLOEXEC));
  base::write_all(file, content, path);
}

tree::SnapshotOptions meddling(const std::string& when, std::function<void()> work) {
  tree::SnapshotOptions options;
  options.workers = 1;
  options.excluded = [when, work = std::move(work)](const TreePath& path) {
    if (path.str() == when) work();
    return false;
  };
  return options;
}

}  // namespace

TEST_CASE("a snapshot is what was there, and its manifest says so") {
  const Place place;
  const Dir from = place.with("from", some_tree);
  const Dir to = place.empty("to");
  const std::string before = all_of(from);
  const auto snapshot = tree::take_snapshot(from, to);
  CHECK(all_of(to) == before);
  CHECK(all_of(from) == before);
  CHECK(snapshot.manifest == scan_all(from));
  CHECK(snapshot.made.copied + snapshot.made.cloned == 3);
  CHECK(snapshot.made.linked == 0);
}

TEST_CASE("a snapshot of the detail of a release leaves the rest behind") {
  const Place place;
  const Dir from =
      place.with("from", {{"a", File{"1", 0644, some_time, {{"user.a", "1"}}}}, {"b", HardLink{"a"}}});
  const Dir to = place.empty("to");
  tree::SnapshotOptions options;
  options.detail = tree::Detail::release;
  CHECK(tree::take_snapshot(from, to, options).manifest == tree::scan(from).manifest);
  CHECK(describe_tree(to) == describe_tree(Tree{{"a", File{"1"}}, {"b", File{"1"}}}));
}

TEST_CASE("what is excluded is left out, and what no manifest lists is told") {
  const Place place;
  const Dir from = place.with(
      "from", {{"keep", File{"1"}}, {"drop/x", File{"2"}}, {"d/pipe", Special{}}, {"d", Folder{}}});
  const Dir to = place.empty("to");
  tree::SnapshotOptions options;
  options.excluded = [](const TreePath& path) { return path.str() == "drop"; };
  const auto snapshot = tree::take_snapshot(from, to, options);
  CHECK(describe_tree(to) == describe_tree(Tree{{"d", Folder{}}, {"keep", File{"1"}}}));
  REQUIRE(snapshot.specials.size() == 1);
  CHECK(snapshot.specials[0].str() == "d/pipe");
}

TEST_CASE("unchanged files are those of the earlier snapshot, which stays as it is") {
  const Place place;
  const Dir first = place.empty("first");
  const auto earlier = tree::take_snapshot(place.with("from", some_tree), first);
  const std::string before = all_of(first);
  Tree changed = some_tree;
  changed["b/c"] = File{"33", 04755};
  changed["new"] = File{"new"};
  changed.erase("empty");
  const Dir from = place.with("later", changed);
  const Dir second = place.empty("second");
  const tree::Lender lender{first, earlier.manifest, share_all};
  tree::SnapshotOptions options;
  options.earlier = &lender;
  const auto snapshot = tree::take_snapshot(from, second, options);
  CHECK(snapshot.made.linked == 1);
  CHECK(snapshot.manifest == scan_all(from));
  CHECK(all_of(second) == all_of(from));
  CHECK(all_of(first) == before);
  CHECK(first.stat(TreePath::parse("a"))->inode == second.stat(TreePath::parse("a"))->inode);
}

TEST_CASE("a file changed with the same size and time is not taken from the earlier snapshot") {
  const Place place;
  const Dir from = place.with("from", {{"f", File{"old"}}});
  const Dir first = place.empty("first");
  const auto earlier = tree::take_snapshot(from, first);
  rewrite(from, "f", "new");
  from.set_mtime(TreePath::parse("f"), some_time);
  const tree::Lender lender{first, earlier.manifest, share_all};
  tree::SnapshotOptions options;
  options.earlier = &lender;
  const Dir second = place.empty("second");
  CHECK(tree::take_snapshot(from, second, options).made.linked == 0);
  CHECK(all_of(second) == all_of(from));
}

TEST_CASE("an earlier snapshot that was damaged lends nothing") {
  const Place place;
  const Dir from = place.with("from", {{"f", File{"good"}}});
  const Dir first = place.empty("first");
  const auto earlier = tree::take_snapshot(from, first);
  rewrite(first, "f", "evil");
  first.set_mtime(TreePath::parse("f"), some_time);
  const tree::Lender lender{first, earlier.manifest, share_all};
  tree::SnapshotOptions options;
  options.earlier = &lender;
  const Dir second = place.empty("second");
  CHECK(tree::take_snapshot(from, second, options).made.linked == 0);
  CHECK(all_of(second) == all_of(from));
}

TEST_CASE("a file that both indexes know is linked without being read") {
  const Place place;
  ::chmod(place.dir().path().c_str(), 0777);
  const std::string outcome = base::as_ordinary_user([&] {
    const Dir from = place.with("from", {{"f", File{"x", 0000}}});
    const Dir first = place.with("first", {{"f", File{"x", 0000}}});
    tree::StatIndex index;
    for (const Dir* dir : {&from, &first})
      index.add(tree::identity_of(*dir->stat(TreePath::parse("f"))), crypto::sha256("x"));
    const auto earlier = scan_all(first, &index);
    const tree::Lender lender{first, earlier, share_all};
    tree::SnapshotOptions options;
    options.earlier = &lender;
    options.index = &index;
    if (tree::take_snapshot(from, place.empty("second"), options).made.linked != 1)
      throw base::Error(base::Fault::internal, "not linked");
  });
  CHECK(outcome == "");
}

TEST_CASE("a file that changes meanwhile is an error, also when its size does not tell") {
  const struct {
    std::string what;
    std::string content;
  } rows[] = {{"longer", "longer"}, {"of the same size", "new"}, {"touched", "old"}};
  for (const auto& row : rows) {
    CAPTURE(row.what);
    const Place place;
    const Dir from = place.with("from", {{"a", File{"old"}}, {"z", File{"last"}}});
    const auto options = meddling("z", [&] { rewrite(from, "a", row.content); });
    const std::string said = failure([&] { tree::take_snapshot(from, place.empty("to"), options); });
    CHECK(said == Mentions{"input: '"});
    CHECK(said == Mentions{"from/a'"});
  }
}

TEST_CASE("a file that vanishes meanwhile is an error that names it") {
  const Place place;
  const Dir from = place.with("from", {{"a", File{"old"}}, {"z", File{"last"}}});
  const auto options = meddling("z", [&] { from.remove_file(TreePath::parse("a")); });
  CHECK(failure([&] { tree::take_snapshot(from, place.empty("to"), options); }) == Mentions{"from/a'"});
}

TEST_CASE("the manifest of a snapshot finds every later change of it") {
  const Place place;
  const Dir to = place.empty("to");
  const auto manifest = tree::take_snapshot(place.with("from", some_tree), to).manifest;
  CHECK(differences(manifest, scan_all(to)) == "");
  rewrite(to, "b/c", "33");
  CHECK(differences(manifest, scan_all(to)) == Mentions{"another content: b/c"});
}

}  // namespace snapshot_test
