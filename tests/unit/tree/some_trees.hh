// Trees that nobody thought of, a place for them, and what is said of them: what tests of properties share.
#pragma once

#include "support/random_tree.hh"

#include "base/files.hh"
#include "tree/diff.hh"
#include "tree/scan.hh"

#include <cstdint>
#include <filesystem>
#include <string>
#include <utility>
#include <vector>

#include <sys/stat.h>

namespace bakehouse::support {

// One tree and another: most often what became of it, sometimes one that has nothing to do with it.
struct Trees {
  uint64_t seed;
  Tree one;
  Tree other;
};

inline std::vector<Trees> some_trees(Richness richness = Richness::all) {
  static constexpr struct {
    uint64_t seed;
    size_t entries;
    bool is_related;
  } rows[] = {{101, 0, false}, {102, 1, true},  {103, 2, true},  {104, 3, true},  {105, 5, false},
              {106, 8, true},  {107, 8, true},  {108, 15, true}, {109, 15, true}, {110, 20, true},
              {111, 25, true}, {112, 25, true}, {113, 30, true}, {114, 30, true}, {115, 30, false},
              {116, 40, true}, {117, 40, true}, {118, 40, true}, {119, 50, true}, {120, 40, true},
              {121, 50, true}, {122, 70, true}};
  std::vector<Trees> all;
  for (const auto& row : rows) {
    Random random(row.seed);
    Tree one = random_tree(random, row.entries, richness);
    Tree other = row.is_related ? mutate_tree(random, one) : random_tree(random, row.entries + 10, richness);
    all.push_back({row.seed, std::move(one), std::move(other)});
  }
  return all;
}

// Directories side by side, which other users reach.
class Place {
 public:
  explicit Place(const std::filesystem::path& parent = fast_place())
      : temp_(parent), dir_(base::Dir::open(temp_.path())) {
    ::chmod(temp_.path().c_str(), 0777);
  }

  const base::Dir& dir() const { return dir_; }
  base::Dir empty(const std::string& name) const {
    return base::Dir::open_or_make(temp_.path() / name, 0755);
  }
  base::Dir with(const std::string& name, const Tree& tree) const {
    base::Dir made = empty(name);
    make_tree(made, what_fits(tree, made));
    return made;
  }

 private:
  base::TempDir temp_;
  base::Dir dir_;
};

inline std::string all_of(const base::Dir& dir) { return describe_tree(dir, Times::of_all); }

inline tree::Scan look_at(const base::Dir& dir, tree::StatIndex* index = nullptr) {
  tree::ScanOptions options;
  options.detail = tree::Detail::all;
  options.index = index;
  return tree::scan(dir, options);
}
inline tree::Manifest scan_all(const base::Dir& dir, tree::StatIndex* index = nullptr) {
  return look_at(dir, index).manifest;
}

// "" for two that are equal, down to the nanosecond where asked for.
inline std::string differences(const tree::Manifest& expected, const tree::Manifest& found,
                               tree::DiffOptions::Times times = tree::DiffOptions::Times::compare) {
  return tree::describe(tree::diff(expected, found, {times}));
}

inline bool is_regular(const tree::Entry& entry) { return entry.type == base::FileType::regular; }

}  // namespace bakehouse::support
