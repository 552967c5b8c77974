#include "support/random_tree.hh"

#include "base/files.hh"
#include "unit/base/ordinary_user.hh"

#include <doctest/doctest.h>

#include <algorithm>
#include <set>

#include <sys/stat.h>

namespace random_tree_test {

using namespace bakehouse;
using namespace bakehouse::support;
using base::Dir;
using base::TempDir;

namespace {

template <typename Kind, typename Claim>
size_t count_of(const Tree& tree, Claim claim) {
  return static_cast<size_t>(std::count_if(tree.begin(), tree.end(), [&](const auto& row) {
    const auto* node = std::get_if<Kind>(&row.second);
    return node != nullptr && claim(*node);
  }));
}

constexpr auto any = [](const auto&) { return true; };

void count_kinds(const Tree& tree, std::map<std::string, size_t>& counts) {
  counts["hard link"] += count_of<HardLink>(tree, any);
  counts["special"] += count_of<Special>(tree, any);
  counts["sparse"] += count_of<File>(tree, [](const File& file) { return file.storage == Storage::sparse; });
  counts["fraction"] += count_of<File>(tree, [](const File& file) { return file.time.nanoseconds != 0; });
  counts["attribute"] += count_of<File>(tree, [](const File& file) { return !file.xattrs.empty(); });
  counts["list"] += count_of<File>(tree, [](const File& file) { return file.xattrs.contains(access_list); });
  counts["default list"] +=
      count_of<Folder>(tree, [](const Folder& folder) { return folder.xattrs.contains(default_list); });
  counts["owner"] += count_of<File>(tree, [](const File& file) { return file.owner.has_value(); });
  counts["outward"] += count_of<Link>(tree, [](const Link& link) { return link.target.starts_with("/"); });
  for (const auto& [path, node] : tree) {
    if (std::count(path.begin(), path.end(), '/') >= 39) ++counts["deep"];
    if (path.size() > 2700) ++counts["long"];
  }
}

}  // namespace

TEST_CASE("a rich tree has some of everything, and is made as it is described") {
  Random random(1);
  std::map<std::string, size_t> counts;
  for (int round = 0; round < 40; ++round) {
    CAPTURE(round);
    const TempDir temp(fast_place());
    const Dir dir = Dir::open(temp.path());
    const Tree tree = what_fits(random_tree(random, 60, Richness::all_and_specials), dir);
    make_tree(dir, tree);
    CHECK(describe_tree(dir, Times::of_all) == describe_tree(tree));
    count_kinds(tree, counts);
  }
  for (const auto& row : counts) {
    const std::string& kind = row.first;
    CAPTURE(kind);
    const bool needs_rights = kind == "owner" || kind.ends_with("list") || kind == "attribute";
    if (!needs_rights || ::geteuid() == 0) CHECK(row.second > 3);
  }
}

TEST_CASE("a release holds nothing of it, and specials come only when asked for") {
  Random random(2);
  std::map<std::string, size_t> release;
  std::map<std::string, size_t> all;
  for (int round = 0; round < 30; ++round) {
    count_kinds(random_tree(random, 60), release);
    count_kinds(random_tree(random, 60, Richness::all), all);
  }
  for (const auto& row : release) CHECK_MESSAGE(row.second == 0, row.first);
  CHECK(all["special"] == 0);
}

TEST_CASE("the same seed gives the same tree and the same later tree") {
  Random one(5);
  Random other(5);
  const Tree tree = random_tree(one, 80, Richness::all);
  CHECK(describe_tree(tree) == describe_tree(random_tree(other, 80, Richness::all)));
  CHECK(describe_tree(mutate_tree(one, tree)) == describe_tree(mutate_tree(other, tree)));
}

TEST_CASE("a later tree is a tree that can be made, again and again, from nothing on") {
  Random random(3);
  Tree tree;
  std::set<std::string> seen;
  for (int round = 0; round < 60; ++round) {
    CAPTURE(round);
    const TempDir temp(fast_place());
    const Dir dir = Dir::open(temp.path());
    tree = mutate_tree(random, round % 20 == 0 ? random_tree(random, 40, Richness::all) : tree);
    const Tree fitting = what_fits(tree, dir);
    make_tree(dir, fitting);
    const std::string text = describe_tree(dir, Times::of_all);
    CHECK(text == describe_tree(fitting));
    seen.insert(text);
  }
  CHECK(seen.size() > 50);
  CHECK_NOTHROW(mutate_tree(random, {}));
}

TEST_CASE("whoever makes a rich tree needs no privilege and may read all of it") {
  const TempDir temp(fast_place());
  ::chmod(temp.path().c_str(), 0777);
  CHECK(base::as_ordinary_user([&] {
          Random random(4);
          for (int round = 0; round < 10; ++round) {
            const Dir dir = Dir::open_or_make(temp.path() / std::to_string(round));
            const Tree tree = what_fits(random_tree(random, 60, Richness::all), dir);
            make_tree(dir, tree);
            if (describe_tree(dir, Times::of_all) != describe_tree(tree))
              throw base::Error(base::Fault::internal, "differs");
          }
        }) == "");
}

}  // namespace random_tree_test
