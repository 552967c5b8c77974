// What holds of every synchronisation, tried with trees that nobody thought of.
#include "unit/tree/other_user.hh"
#include "unit/tree/some_trees.hh"

#include "base/encoding.hh"
#include "base/error.hh"
#include "tree/sync.hh"

#include <doctest/doctest.h>

#include <functional>
#include <map>
#include <memory>
#include <optional>

#include <unistd.h>

namespace sync_property_test {

using namespace bakehouse;
using namespace bakehouse::support;
using base::Dir;
using base::TreePath;

namespace {

using Excluded = std::function<bool(const TreePath&)>;

tree::Scan look_without(const Dir& dir, const Excluded& excluded) {
  tree::ScanOptions options;
  options.detail = tree::Detail::all;
  options.excluded = excluded;
  return tree::scan(dir, options);
}

bool nothing(const TreePath&) { return false; }

// Two trees of which the second is to become the first.
struct Pair {
  Pair(const Tree& wanted, const Tree& there, const std::filesystem::path& parent = fast_place())
      : place(parent),
        from(place.with("from", wanted)),
        to(place.with("to", there)),
        log(place.empty("log")) {}

  tree::SyncCounts stage(const Excluded& is_protected = nothing) const {
    return tree::stage_sync({.from = from,
                             .wanted = look_without(from, is_protected).manifest,
                             .to = to,
                             .there = look_without(to, is_protected),
                             .log = log});
  }
  tree::SyncCounts sync(const Excluded& is_protected = nothing) const {
    const auto counts = stage(is_protected);
    tree::perform_sync(to, log);
    tree::discard_sync(log);
    return counts;
  }

  Place place;
  Dir from;
  Dir to;
  Dir log;
};

// Specials are in no manifest: they can be there, but not be wanted.
Tree without_specials(Tree tree) {
  std::erase_if(tree, [](const auto& row) { return std::holds_alternative<Special>(row.second); });
  return tree;
}

// Which inode stands where, and when it was last touched.
using Stamps = std::map<std::string, std::pair<uint64_t, base::FileTime>>;
Stamps stamps_of(const Dir& dir) {
  Stamps stamps;
  for (const tree::Entry& entry : scan_all(dir).entries) {
    const auto stat = dir.stat(entry.path);
    stamps[entry.path.str()] = {stat->inode, stat->ctime};
  }
  return stamps;
}

}  // namespace

TEST_CASE("a synchronised tree is the wanted one, and once more changes nothing") {
  for (const Trees& trees : some_trees(Richness::all_and_specials)) {
    CAPTURE(trees.seed);
    const Pair pair(without_specials(trees.other), trees.one);
    const std::string wanted = all_of(pair.from);
    pair.sync();
    CHECK(differing_lines(wanted, all_of(pair.to)) == "");
    CHECK(differing_lines(wanted, all_of(pair.from)) == "");
    CHECK(differences(scan_all(pair.from), scan_all(pair.to)) == "");
    CHECK(pair.log.names().empty());

    const Stamps before = stamps_of(pair.to);
    const auto again = pair.sync();
    CHECK(again.added + again.replaced + again.removed + again.adjusted == 0);
    CHECK((stamps_of(pair.to) == before));
  }
}

TEST_CASE("a synchronisation that is undone has changed nothing, to the bit") {
  for (const Trees& trees : some_trees(Richness::all_and_specials)) {
    CAPTURE(trees.seed);
    const Pair pair(without_specials(trees.other), trees.one);
    const std::string before = all_of(pair.to);
    pair.stage();
    CHECK(differing_lines(before, all_of(pair.to)) == "");
    tree::perform_sync(pair.to, pair.log);
    tree::perform_sync(pair.to, pair.log);
    tree::undo_sync(pair.to, pair.log);
    CHECK(differing_lines(before, all_of(pair.to)) == "");
    CHECK(pair.log.names().empty());

    pair.stage();
    tree::undo_sync(pair.to, pair.log);
    tree::undo_sync(pair.to, pair.log);
    CHECK(differing_lines(before, all_of(pair.to)) == "");
    CHECK(pair.log.names().empty());
  }
}

TEST_CASE("whoever has links to the files of the tree does not feel a synchronisation or its undoing") {
  for (const Trees& trees : some_trees()) {
    CAPTURE(trees.seed);
    const Pair pair(trees.other, trees.one);
    const Dir kept = pair.place.empty("kept");
    size_t number = 0;
    for (const tree::Entry& entry : scan_all(pair.to).entries) {
      if (entry.type == base::FileType::directory) continue;
      pair.place.dir().make_hard_link(TreePath::parse("to") / entry.path.str(),
                                      TreePath::parse("kept") / std::to_string(number++));
    }
    const std::string before = all_of(kept);
    const std::string there = all_of(pair.to);
    pair.stage();
    tree::perform_sync(pair.to, pair.log);
    CHECK(differing_lines(all_of(pair.from), all_of(pair.to)) == "");
    CHECK(differing_lines(before, all_of(kept)) == "");
    tree::undo_sync(pair.to, pair.log);
    CHECK(differing_lines(there, all_of(pair.to)) == "");
    pair.sync();
    CHECK(differing_lines(all_of(pair.from), all_of(pair.to)) == "");
    CHECK(differing_lines(before, all_of(kept)) == "");
  }
}

namespace {

// A path of `there` that can stay whatever is wanted: the directories above it are wanted too.
std::optional<TreePath> some_protected(Random& random, const tree::Manifest& there,
                                       const tree::Manifest& wanted) {
  std::vector<TreePath> candidates;
  for (const tree::Entry& entry : there.entries) {
    const TreePath parent = entry.path.parent();
    const auto above = wanted.find(parent);
    if (parent.is_top() || (above && above->type == base::FileType::directory))
      candidates.push_back(entry.path);
  }
  if (candidates.empty()) return std::nullopt;
  return candidates[random.up_to(candidates.size() - 1)];
}

}  // namespace

TEST_CASE("what is protected stays as it is, and all else becomes the wanted tree") {
  for (const Trees& trees : some_trees()) {
    CAPTURE(trees.seed);
    Random random(trees.seed);
    const Pair pair(trees.other, trees.one);
    const auto kept = some_protected(random, scan_all(pair.to), scan_all(pair.from));
    if (!kept) continue;
    CAPTURE(base::printable(kept->str()));
    const Excluded is_kept = [&](const TreePath& path) { return path == *kept; };
    const auto only_kept = [&](const TreePath& path) {
      return !path.is_within(*kept) && !kept->is_within(path);
    };
    const tree::Manifest before = look_without(pair.to, only_kept).manifest;
    const std::string there = all_of(pair.to);

    pair.stage(is_kept);
    tree::perform_sync(pair.to, pair.log);
    tree::undo_sync(pair.to, pair.log);
    CHECK(differing_lines(there, all_of(pair.to)) == "");

    pair.sync(is_kept);
    CHECK(differences(look_without(pair.from, is_kept).manifest, look_without(pair.to, is_kept).manifest) ==
          "");
    for (const tree::Entry& entry : before.entries) {
      if (entry.path.is_within(*kept))
        CHECK(look_without(pair.to, only_kept).manifest.find(entry.path) == entry);
    }
  }
}

namespace {

void require_same(const std::string& expected, const std::string& found) {
  const std::string difference = differing_lines(expected, found);
  if (!difference.empty()) throw base::Error(base::Fault::internal, difference);
}

void sync_and_undo(const Trees& trees, const std::filesystem::path& parent) {
  const Pair pair(trees.other, trees.one, parent);
  const std::string before = all_of(pair.to);
  pair.stage();
  tree::perform_sync(pair.to, pair.log);
  require_same(all_of(pair.from), all_of(pair.to));
  tree::undo_sync(pair.to, pair.log);
  require_same(before, all_of(pair.to));
  pair.sync();
  require_same(all_of(pair.from), all_of(pair.to));
}

}  // namespace

TEST_CASE("an ordinary user synchronises and undoes, also what he has closed to himself") {
  const Place everybodys;
  const auto work = [&] {
    for (const Trees& trees : some_trees())
      base::with_context(std::to_string(trees.seed), [&] { sync_and_undo(trees, everybodys.dir().path()); });
  };
  CHECK(as_user(4711, {4711}, work) == "");
}

}  // namespace sync_property_test
