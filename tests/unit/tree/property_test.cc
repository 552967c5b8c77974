// What holds of every tree, tried with trees that nobody thought of: snapshots and runs made ready.
#include "unit/tree/other_user.hh"
#include "unit/tree/some_trees.hh"

#include "base/beneath.hh"
#include "base/error.hh"
#include "tree/ready.hh"
#include "tree/snapshot.hh"

#include <doctest/doctest.h>

#include <iterator>
#include <set>

#include <fcntl.h>
#include <sys/stat.h>
#include <sys/xattr.h>
#include <unistd.h>

namespace property_test {

using namespace bakehouse;
using namespace bakehouse::support;
using base::Dir;
using base::TreePath;

TEST_CASE("a snapshot is the tree that was there, and leaves it alone") {
  for (const Trees& trees : some_trees()) {
    CAPTURE(trees.seed);
    const Place place;
    const Dir from = place.with("from", trees.one);
    const Dir to = place.empty("to");
    const std::string before = all_of(from);
    const auto snapshot = tree::take_snapshot(from, to);
    CHECK(differing_lines(before, all_of(to)) == "");
    CHECK(differing_lines(before, all_of(from)) == "");
    CHECK(snapshot.specials.empty());
    CHECK(differences(scan_all(from), snapshot.manifest) == "");
    CHECK(differences(scan_all(to), snapshot.manifest) == "");
    CHECK(allocated_bytes(to) <= allocated_bytes(from) + 4096 * trees.one.size());  // holes stay holes
  }
}

TEST_CASE("a snapshot is the tree that was there, whatever it is made in gives to what is made in it") {
  for (const Trees& trees : some_trees()) {
    CAPTURE(trees.seed);
    const Place place;
    const Dir from = place.with("from", trees.one);
    const Xattrs lists{{default_list, posix_acl(0755, 1000, 7)}};
    make_tree(place.dir(), what_fits({{"to", Folder{02775, lists, Owner{1000, 1001}}}}, place.dir()));
    const Dir to = Dir::open(place.dir().path() / "to");
    tree::take_snapshot(from, to);
    CHECK(differing_lines(all_of(from), all_of(to)) == "");
  }
}

TEST_CASE("a directory of the first moment of 1970 keeps its time") {
  const Place place;
  const Dir from = place.with("from", {{"old", Folder{0755, {}, {}, {{0, 0}}}}});
  const Dir to = place.empty("to");
  tree::take_snapshot(from, to);
  CHECK(differing_lines(all_of(from), all_of(to)) == "");
}

namespace {

// As it comes back from its file, which has no word for attributes and hard links.
tree::Manifest as_text(const tree::Manifest& manifest) {
  return tree::parse_manifest(tree::format_manifest(manifest), "manifest");
}

}  // namespace

TEST_CASE("a snapshot that shares files with an earlier one is the tree, and the earlier one stays") {
  uint64_t linked = 0;
  for (const Trees& trees : some_trees()) {
    CAPTURE(trees.seed);
    const Place place;
    tree::StatIndex index;
    tree::SnapshotOptions options;
    options.index = &index;
    const Dir first = place.empty("first");
    const auto earlier = tree::take_snapshot(place.with("from", trees.one), first, options);
    const std::string before = all_of(first);

    const tree::Manifest known = trees.seed % 2 == 0 ? as_text(earlier.manifest) : earlier.manifest;
    const tree::Lender lender{first, known, [](const auto&, const auto&) { return true; }};
    options.earlier = &lender;
    const Dir from = place.with("later", trees.other);
    const Dir second = place.empty("second");
    linked += tree::take_snapshot(from, second, options).made.linked;
    CHECK(differing_lines(all_of(from), all_of(second)) == "");
    CHECK(differing_lines(before, all_of(first)) == "");
    CHECK(scan_all(second, &index) == scan_all(second));
  }
  CHECK(linked > 100);
}

TEST_CASE(
    "two files that were one in the earlier snapshot are two in the next, whatever its manifest tells") {
  for (const bool is_from_text : {false, true}) {
    CAPTURE(is_from_text);
    const Place place;
    const Dir first = place.empty("first");
    const Dir one = place.with("one", {{"a", File{"x"}}, {"b", HardLink{"a"}}});
    const tree::Manifest earlier = tree::take_snapshot(one, first).manifest;
    const tree::Manifest known = is_from_text ? as_text(earlier) : earlier;
    const tree::Lender lender{first, known, [](const auto&, const auto&) { return true; }};
    tree::SnapshotOptions options;
    options.earlier = &lender;
    const Dir second = place.empty("second");
    tree::take_snapshot(place.with("two", {{"a", File{"x"}}, {"b", File{"x"}}}), second, options);
    CHECK(describe_tree(second) == "a 0644 1700000000 \"x\"\nb 0644 1700000000 \"x\"\n");
  }
}

namespace {

// Another content with the size and the time that it had.
void change_secretly(const Dir& dir, const tree::Entry& entry) {
  const auto stat = dir.stat(entry.path);
  dir.set_mode(entry.path, stat->mode | S_IRUSR | S_IWUSR);
  const base::Fd fd(base::open_beneath(dir.fd().get(), entry.path, O_RDWR | O_NOFOLLOW | O_CLOEXEC));
  char byte = 0;
  REQUIRE(::pread(fd.get(), &byte, 1, 0) == 1);
  byte = static_cast<char>(byte ^ 1);
  REQUIRE(::pwrite(fd.get(), &byte, 1, 0) == 1);
  dir.set_mode(entry.path, stat->mode);
  dir.set_mtime(entry.path, stat->mtime);
}

}  // namespace

TEST_CASE("a file changed at once, with the same size and time, is never taken for the old one") {
  for (const Trees& trees : some_trees()) {
    CAPTURE(trees.seed);
    const Place place;
    tree::StatIndex index;
    tree::SnapshotOptions options;
    options.index = &index;
    const Dir read = place.with("read", trees.one);
    const Dir written = place.empty("written");
    const auto manifest = tree::take_snapshot(read, written, options).manifest;
    // Of the one the index may have learnt by reading it, of the other by writing it.
    for (const Dir* dir : {&read, &written}) {
      for (const tree::Entry& entry : manifest.entries) {
        if (is_regular(entry) && entry.size > 0 && entry.same_file.is_top()) change_secretly(*dir, entry);
      }
      CHECK(scan_all(*dir, &index) == scan_all(*dir));
      const Dir later = place.empty(dir == &read ? "read-later" : "written-later");
      tree::take_snapshot(*dir, later, options);
      CHECK(differing_lines(all_of(*dir), all_of(later)) == "");
    }
  }
}

namespace {

// A deployment, the run made from it, and the next deployment, which is not made ready yet.
struct Site {
  explicit Site(const Trees& trees)
      : first(place.with("first", trees.one)),
        second(place.with("second", trees.other)),
        old(place.empty("old")),
        next(place.empty("next")),
        wanted(scan_all(second)) {
    tree::make_ready(first, scan_all(first), old, {});
    expected = scan_all(old);
  }

  tree::Made make_ready(const tree::ServiceUser& user) {
    const tree::OldRun old_run{old, expected};
    tree::ReadyOptions options;
    options.old_run = &old_run;
    options.user = user;
    options.is_own = is_own;
    options.index = &index;
    return tree::make_ready(second, wanted, next, options);
  }

  // Which files the application owns: some that have nothing in common.
  static bool is_own(const TreePath& path) { return path.str().size() % 5 == 0; }

  Place place;
  Dir first;
  Dir second;
  Dir old;
  Dir next;
  tree::Manifest wanted;
  tree::Manifest expected;
  tree::StatIndex index;
};

// Whatever a program may try with a file, and where it may not, nothing.
void harm(const Dir& dir, const TreePath& path) {
  const base::Fd any(base::open_beneath(dir.fd().get(), path, O_PATH | O_NOFOLLOW | O_CLOEXEC));
  if (!any) return;
  const std::string name = "/proc/self/fd/" + std::to_string(any.get());
  ::chmod(name.c_str(), 0666);
  if (const base::Fd fd(::open(name.c_str(), O_WRONLY | O_APPEND | O_CLOEXEC)); fd) {
    ::ftruncate(fd.get(), 1);
    base::write_all(fd, "harm", path.str());
  }
  ::setxattr(name.c_str(), "user.harm", "done", 4, 0);
  ::utimensat(AT_FDCWD, name.c_str(), nullptr, 0);
  const Dir folder = path.parent().is_top() ? Dir::open(dir.path()) : dir.open_dir(path.parent());
  ::unlinkat(folder.fd().get(), std::string(path.name()).c_str(), 0);
}

void harm_all(const Dir& dir, const tree::Manifest& manifest) {
  for (const tree::Entry& entry : manifest.entries) {
    if (!is_regular(entry)) continue;
    try {
      harm(dir, entry.path);
    } catch (const base::Error&) {
      // A folder that is closed to this user: the file is safe.
    }
  }
}

// Paths whose files are one inode in both.
std::set<std::string> shared_paths(const tree::Manifest& manifest, const Dir& one, const Dir& other) {
  std::set<std::string> shared;
  for (const tree::Entry& entry : manifest.entries) {
    const auto here = one.stat(entry.path);
    const auto there = other.stat(entry.path);
    if (is_regular(entry) && here && there && here->inode == there->inode) shared.insert(entry.path.str());
  }
  return shared;
}

}  // namespace

TEST_CASE("what is made ready is what was deployed, shared or not, and the old run stays as it was") {
  size_t linked = 0;
  for (const Trees& trees : some_trees()) {
    CAPTURE(trees.seed);
    Site site(trees);
    const std::string before = all_of(site.old);
    const std::string deployed = all_of(site.second);
    CHECK(differing_lines(all_of(site.first), before) == "");
    const auto made = site.make_ready({4711, {4711}});
    linked += made.linked;
    CHECK(differences(site.wanted, scan_all(site.next), tree::DiffOptions::Times::ignore) == "");
    CHECK(differing_lines(before, all_of(site.old)) == "");
    CHECK(differing_lines(deployed, all_of(site.second)) == "");
    for (const std::string& path : shared_paths(site.wanted, site.old, site.next))
      CHECK_FALSE(Site::is_own(TreePath::parse(path)));
  }
  CHECK(linked > 100);
}

TEST_CASE(
    "nothing is shared with a service user who owns the files, and no harm of his is seen in the old run") {
  for (const Trees& trees : some_trees()) {
    CAPTURE(trees.seed);
    Site site(trees);
    const std::string before = all_of(site.old);
    const auto made = site.make_ready({::geteuid(), {::getegid()}});
    for (const std::string& path : shared_paths(site.wanted, site.old, site.next))
      CHECK(site.old.stat(TreePath::parse(path))->uid != ::geteuid());
    if (::geteuid() == 0) CHECK(made.linked == 0);
    harm_all(site.next, site.wanted);
    CHECK(differing_lines(before, all_of(site.old)) == "");
  }
}

TEST_CASE("whatever the service user can do to the new run, the old one does not see it") {
  if (::geteuid() != 0) {
    MESSAGE("skipped: only root can become another user");
    return;
  }
  static const tree::ServiceUser users[] = {{1000, {1000}}, {1001, {1002, 1000}}, {1002, {4711}}};
  for (const Trees& trees : some_trees()) {
    CAPTURE(trees.seed);
    const tree::ServiceUser& user = users[trees.seed % std::size(users)];
    Site site(trees);
    const std::string before = all_of(site.old);
    site.make_ready(user);
    CHECK(as_user(user.uid, user.groups, [&] { harm_all(site.next, site.wanted); }) == "");
    CHECK(differing_lines(before, all_of(site.old)) == "");
  }
}

TEST_CASE("replacing files of the new run does not change the old one, which shares them") {
  for (const Trees& trees : some_trees()) {
    CAPTURE(trees.seed);
    Site site(trees);
    const std::string before = all_of(site.old);
    site.make_ready({4711, {4711}});
    const TreePath replacement = TreePath::parse("replacement");
    for (const tree::Entry& entry : site.wanted.entries) {
      if (!is_regular(entry)) continue;
      if (!entry.path.parent().is_top()) site.next.set_mode(entry.path.parent(), 0755);
      make_tree(site.next, {{replacement.str(), File{"replaced"}}});
      site.next.rename(replacement, entry.path);
    }
    CHECK(differing_lines(before, all_of(site.old)) == "");
  }
}

}  // namespace property_test
