#include "tree/refresh.hh"

#include "support/failure.hh"
#include "support/mentions.hh"
#include "tree/copy_torn.hh"
#include "unit/tree/some_trees.hh"

#include <doctest/doctest.h>

#include <algorithm>
#include <string>

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

namespace refresh_test {

using namespace bakehouse;
using namespace bakehouse::support;
using base::Dir;
using base::TreePath;

namespace {

bool share_all(const tree::Entry&, const base::FileStat&) { return true; }

tree::Refreshed refresh_whole(const Dir& from, const tree::Manifest& held, const Dir& to,
                              const tree::RefreshOptions& options = {}) {
  tree::Refreshed refreshed = tree::refresh(from, held, to, options);
  tree::finish_directories(refreshed.manifest, to);
  return refreshed;
}

uint64_t inode(const Dir& dir, const std::string& path) { return dir.stat(TreePath::parse(path))->inode; }

void rewrite(const Dir& dir, const std::string& path, const std::string& content) {
  const base::Fd file(::open((dir.path() / path).c_str(), O_WRONLY | O_TRUNC | O_CLOEXEC));
  base::write_all(file, content, path);
}

}  // namespace

TEST_CASE("a copy becomes what its directory is, whatever both were") {
  for (const Trees& trees : some_trees()) {
    CAPTURE(trees.seed);
    const Place place;
    const Dir before = place.with("before", trees.one);
    const Dir after = place.with("after", trees.other);
    const Dir to = place.empty("to");
    tree::RefreshOptions options;
    options.workers = 2;
    const auto first = tree::refresh(before, {}, to, options);
    const auto second = refresh_whole(after, first.manifest, to, options);
    CHECK(differences(scan_all(after), scan_all(to)) == "");
    CHECK(second.manifest == scan_all(to));
    // Nothing has changed, so nothing is done.
    const auto third = refresh_whole(after, second.manifest, to, options);
    CHECK(third.made.copied + third.made.cloned + third.made.linked == 0);
    CHECK(third.manifest == second.manifest);
  }
}

TEST_CASE("what an earlier copy holds is linked to that and not to the directory") {
  for (const Trees& trees : some_trees()) {
    CAPTURE(trees.seed);
    const Place place;
    const Dir from = place.with("from", trees.one);
    const Dir earlier = place.empty("earlier");
    const Dir to = place.empty("to");
    const auto old = refresh_whole(from, {}, earlier);
    const std::string before = all_of(earlier);
    const tree::Lender lender{earlier, old.manifest, share_all};
    tree::RefreshOptions options;
    options.lender = &lender;
    const auto fresh = refresh_whole(from, {}, to, options);
    CHECK(fresh.made.copied + fresh.made.cloned == 0);
    CHECK(all_of(to) == all_of(from));
    CHECK(all_of(earlier) == before);
    for (const tree::Entry& entry : fresh.manifest.entries) {
      if (!is_regular(entry)) continue;
      CHECK(inode(to, entry.path.str()) == inode(earlier, entry.path.str()));
      CHECK(inode(to, entry.path.str()) != inode(from, entry.path.str()));
    }
  }
}

TEST_CASE("a later pass leaves the earlier copy that lent its files as it was") {
  const Place place;
  const Dir from = place.with("from", {{"a", File{"one"}}, {"b", File{"two"}}, {"d/c", File{"three"}}});
  const Dir earlier = place.empty("earlier");
  const Dir to = place.empty("to");
  const auto old = refresh_whole(from, {}, earlier);
  const std::string before = all_of(earlier);
  const tree::Lender lender{earlier, old.manifest, share_all};
  tree::RefreshOptions options;
  options.lender = &lender;
  const auto first = tree::refresh(from, {}, to, options);
  rewrite(from, "a", "other");
  ::chmod((from.path() / "b").c_str(), 0600);
  from.remove_tree(TreePath::parse("d"));
  const auto second = refresh_whole(from, first.manifest, to, options);
  CHECK(all_of(to) == all_of(from));
  CHECK(all_of(earlier) == before);
  CHECK(second.made.copied + second.made.cloned == 2);
}

TEST_CASE("a file whose size and time were put back is copied again") {
  const Place place;
  const Dir from = place.with("from", {{"book", File{"signed by anna"}}});
  const Dir to = place.empty("to");
  tree::StatIndex index;
  tree::RefreshOptions options;
  options.seen = &index;
  options.made = &index;
  const auto first = tree::refresh(from, {}, to, options);
  rewrite(from, "book", "signed by otto");
  from.set_mtime(TreePath::parse("book"), some_time);
  const auto second = refresh_whole(from, first.manifest, to, options);
  CHECK(to.read_file(TreePath::parse("book"), 100) == "signed by otto");
  CHECK(second.made.copied + second.made.cloned == 1);
}

TEST_CASE("the file that an earlier copy lost its content of is copied and not linked") {
  const Place place;
  const Dir from = place.with("from", {{"book", File{"signed by anna"}}});
  const Dir earlier = place.empty("earlier");
  const Dir to = place.empty("to");
  tree::StatIndex index;
  tree::RefreshOptions options;
  options.made = &index;
  const auto old = refresh_whole(from, {}, earlier, options);
  rewrite(earlier, "book", "signed by otto");
  earlier.set_mtime(TreePath::parse("book"), some_time);
  const tree::Lender lender{earlier, old.manifest, share_all};
  options.lender = &lender;
  const auto fresh = refresh_whole(from, {}, to, options);
  CHECK(fresh.made.linked == 0);
  CHECK(to.read_file(TreePath::parse("book"), 100) == "signed by anna");
}

TEST_CASE("a file that changes while it is copied fails, waits for another pass, or is tried again") {
  const Place place;
  const Dir from = place.with("from", {{"log", File{"1"}}, {"still", File{"2"}}});
  const Dir earlier = place.empty("earlier");
  const auto old = refresh_whole(from, {}, earlier);
  // Between the look at the file and its copy.
  const auto meddle = [&](const tree::Entry& entry, const base::FileStat&) {
    if (entry.path.str() == "log") rewrite(from, "log", "1 and more");
    return false;
  };
  const tree::Lender lender{earlier, old.manifest, meddle};
  tree::RefreshOptions options;
  options.lender = &lender;
  const Dir to = place.empty("to");
  SUBCASE("fails") {
    CHECK(failure([&] { tree::refresh(from, {}, to, options); }) == Mentions{"log"});
  }
  SUBCASE("waits") {
    options.busy = tree::Busy::leave;
    const auto first = tree::refresh(from, {}, to, options);
    REQUIRE(first.busy.size() == 1);
    CHECK(first.busy[0].str() == "log");
    CHECK(first.manifest == scan_all(to));
    CHECK_FALSE(first.manifest.find("log"));
    options.lender = nullptr;
    options.busy = tree::Busy::fail;
    refresh_whole(from, first.manifest, to, options);
    CHECK(all_of(to) == all_of(from));
  }
  SUBCASE("is tried again") {
    options.busy = tree::Busy::take;
    const auto taken = refresh_whole(from, {}, to, options);
    CHECK(taken.busy.empty());
    CHECK(taken.manifest == scan_all(to));
    CHECK(all_of(to) == all_of(from));
  }
}

TEST_CASE("a file that went while it was copied is in no copy") {
  const Place place;
  const Dir from = place.with("from", {{"gone", File{"1"}}, {"stays", File{"2"}}});
  const Dir earlier = place.empty("earlier");
  const auto old = refresh_whole(from, {}, earlier);
  const auto meddle = [&](const tree::Entry& entry, const base::FileStat&) {
    if (entry.path.str() == "gone") from.remove_tree(entry.path);
    return false;
  };
  const tree::Lender lender{earlier, old.manifest, meddle};
  tree::RefreshOptions options;
  options.lender = &lender;
  options.busy = tree::Busy::take;
  const Dir to = place.empty("to");
  const auto taken = refresh_whole(from, {}, to, options);
  CHECK(taken.manifest == scan_all(to));
  CHECK(all_of(to) == all_of(from));
}

TEST_CASE(
    "what never comes to rest is copied as far as it was listed, and the manifest tells what was copied") {
  const Place place;
  const Dir from = place.with("from", {{"log", File{"0123456789", 0640}}});
  const Dir to = place.empty("to");
  tree::Entry entry = scan_all(from).entries[0];
  for (const uint64_t listed : {4, 10, 20}) {
    entry.size = listed;
    to.remove_tree(entry.path);
    tree::copy_torn(from, entry.path, to, entry);
    CHECK(entry.size == std::min<uint64_t>(listed, 10));
    CHECK(entry == scan_all(to).entries[0]);
  }
}

TEST_CASE("what cannot be read is no busy file") {
  if (::geteuid() == 0) return;  // root reads all
  const Place place;
  const Dir from = place.with("from", {{"secret", File{"1", 0000}}});
  const Dir to = place.empty("to");
  tree::RefreshOptions options;
  options.busy = tree::Busy::leave;
  CHECK(failure([&] { tree::refresh(from, {}, to, options); }) == Mentions{"secret"});
}

}  // namespace refresh_test
