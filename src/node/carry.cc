#include "node/carry.hh"

#include "base/encoding.hh"
#include "base/error.hh"
#include "node/drift.hh"
#include "node/run_place.hh"

#include <fmt/format.h>

#include <algorithm>
#include <utility>
#include <vector>

#include <unistd.h>

namespace bakehouse::node {
namespace {

using base::Dir;
using base::Error;
using base::Fault;
using base::FileStat;
using base::FileType;
using base::TreePath;
using tree::Difference;

// Not of times: those of what the application reads and writes are its own affair.
bool is_same(const tree::Entry& one, const tree::Entry& other) {
  return one.type == other.type && one.mode == other.mode && one.digest == other.digest &&
         one.link == other.link;
}

// Where a change can be made without taking anything from the new release.
class Ground {
 public:
  Ground(const tree::Manifest& before, const NewRun& run) : before_(before), run_(run) {}

  bool allows(const Difference& difference) const {
    switch (difference.kind) {
      case Difference::Kind::owner:
      case Difference::Kind::attributes:
      case Difference::Kind::hard_link:
      case Difference::Kind::unreadable: return false;
      default: break;
    }
    const TreePath& path = difference.path;
    if (touches_data(path) || lies_in_a_file(path)) return false;
    const auto old_entry = before_.find(path);
    const auto new_entry = run_.release.find(path);
    if (!old_entry) return !new_entry;
    return new_entry && is_same(*old_entry, *new_entry) && (is_kept(difference) || holds_nothing_new(path));
  }

 private:
  static bool is_kept(const Difference& difference) {
    return difference.kind != Difference::Kind::missing && difference.kind != Difference::Kind::type;
  }

  bool touches_data(const TreePath& path) const {
    return std::ranges::any_of(run_.links, [&](const config::DataLink& link) {
      return path.is_within(link.in_run) || link.in_run.is_within(path);
    });
  }

  bool lies_in_a_file(const TreePath& path) const {
    for (TreePath above = path.parent(); !above.is_top(); above = above.parent()) {
      const auto entry = run_.release.find(above);
      if (!entry || entry->type == FileType::directory) continue;
      // Where the old release had the same file, that has become a directory in run/, and will here.
      const auto old_entry = before_.find(above);
      return !old_entry || !is_same(*old_entry, *entry);
    }
    return false;
  }

  // What goes with a directory must be nothing that the release brings anew.
  bool holds_nothing_new(const TreePath& path) const {
    const auto& entries = run_.release.entries;
    for (size_t i = *run_.release.index_of(path.str()); i < entries.size(); ++i) {
      const TreePath below = TreePath::parse(entries.path(i));
      if (!below.str().starts_with(path.str())) break;
      if (below.is_within(path) && !before_.find(below)) return false;
    }
    return true;
  }

  const tree::Manifest& before_;
  const NewRun& run_;
};

void require_ground(const tree::Manifest& before, const NewRun& run, const std::vector<Difference>& drift) {
  const Ground ground(before, run);
  std::vector<Difference> conflicts;
  for (const Difference& difference : drift)
    if (!ground.allows(difference)) conflicts.push_back(difference);
  if (conflicts.empty()) return;
  std::string list = tree::describe(conflicts);
  list.pop_back();  // its last line's end
  throw Error(
      Fault::refused,
      "these changes of run/ cannot be made in the new release, which has changed the same paths, or they "
      "cannot be read:\n" +
          list,
      "apply with --discard-drift, and make them again by hand");
}

// Makes in `next`, which has at each path what the old release had or nothing, what run/ has.
class Carrier {
 public:
  Carrier(const Dir& run, const Dir& next) : run_(run), next_(next) {}

  void carry(const TreePath& path) {
    const auto found = run_.stat(path);
    const bool is_directory = found && found->type == FileType::directory;
    if (!is_directory || !next_.open_dir_if_any(path)) next_.remove_tree(path);
    if (!found) return;
    next_.make_dirs(path.parent(), 0755);
    switch (found->type) {
      case FileType::directory: make_directory(path, *found); break;
      case FileType::symlink:
        next_.make_symlink(run_.read_link(path), path);
        give_away(path, *found);
        break;
      case FileType::regular: copy_file(path, *found); break;
      case FileType::other: break;  // a socket or FIFO: whoever made it makes it anew
    }
  }

  // Innermost first: who may not write a directory may not look for what it holds either.
  void finish() {
    for (auto made = modes_.rbegin(); made != modes_.rend(); ++made)
      next_.set_mode(made->first, made->second);
  }

 private:
  // A set-id bit that an application gave itself is not for the new release.
  static uint32_t harmless_mode(const FileStat& found) { return found.mode & 0777; }

  // What the application made stays its own, where that can be.
  void give_away(const TreePath& path, const FileStat& found) {
    if (::geteuid() == 0) next_.set_owner(path, found.uid, found.gid);
  }

  // Open to us until all it holds is made.
  void make_directory(const TreePath& path, const FileStat& found) {
    next_.make_dirs(path, 0755);
    give_away(path, found);
    next_.set_mode(path, harmless_mode(found) | 0700);
    modes_.emplace_back(path, harmless_mode(found));
  }

  void copy_file(const TreePath& path, const FileStat& found) {
    const std::string shown = base::printable(path.str());
    const base::Fd source = run_.open_file(path);
    base::Fd target = next_.create_file(path, harmless_mode(found));
    std::vector<char> buffer(size_t{256} << 10);
    while (const size_t count = base::read_some(source, buffer, shown))
      base::write_all(target, {buffer.data(), count}, shown);
    if (tree::identity_of(base::stat_of(source, shown)) != tree::identity_of(found))
      throw Error(Fault::input, fmt::format("'{}' changed while it was copied", shown));
    base::set_mtime(target, found.mtime, shown);
    // Not by its name, in whose place something else may stand by now.
    if (::geteuid() == 0 && ::fchown(target.get(), found.uid, found.gid) != 0)
      base::fail_os("set the owner of", shown);
    target.close(shown);
  }

  const Dir& run_;
  const Dir& next_;
  std::vector<std::pair<TreePath, uint32_t>> modes_;
};

void carry_all(Carrier& carrier, const Dir& run, const TreePath& path) {
  carrier.carry(path);
  if (const auto directory = run.open_dir_if_any(path))
    for (const std::string& name : directory->names()) carry_all(carrier, run, path / name);
}

}  // namespace

void require_carriable(const Node& node, const std::string& deployment, const NewRun& run,
                       tree::StatIndex& index) {
  require_ground(read_expected(node, deployment), run, find_drift(node, deployment, index));
}

void carry_drift(const Node& node, const std::string& deployment, const NewRun& run, const Dir& next,
                 tree::StatIndex& index) {
  const auto drift = find_drift(node, deployment, index);
  require_ground(read_expected(node, deployment), run, drift);
  const Dir old = open_run(node);
  Carrier carrier(old, next);
  const TreePath* last = nullptr;
  for (const Difference& difference : drift) {
    // All differences of one path follow each other.
    if (last == nullptr || *last != difference.path) carrier.carry(difference.path);
    last = &difference.path;
  }
  carrier.finish();
}

bool carry_writable(const Node& node, const std::vector<config::Writable>& writable, const Dir& next) {
  const Dir run = open_run(node);
  Carrier carrier(run, next);
  bool any = false;
  for (const config::Writable& one : writable) {
    if (one.then != config::Writable::Then::keep || !run.exists(one.path)) continue;
    next.remove_tree(one.path);
    carry_all(carrier, run, one.path);
    any = true;
  }
  carrier.finish();
  return any;
}

}  // namespace bakehouse::node
