#include "node/space.hh"

#include "base/error.hh"
#include "node/prune.hh"

#include <fmt/format.h>

#include <algorithm>

#include <sys/stat.h>
#include <sys/statvfs.h>

namespace bakehouse::node {
namespace {

namespace fs = std::filesystem;
using base::Error;
using base::Fault;
using base::TreePath;

struct Disk {
  uint64_t device = 0;
  Need need;
};

Disk look_at_disk(const fs::path& path) {
  struct stat found {};
  struct statvfs disk {};
  if (::stat(path.c_str(), &found) != 0 || ::statvfs(path.c_str(), &disk) != 0)
    base::fail_os("look at the file system of", path.native());
  Disk seen;
  seen.device = found.st_dev;
  seen.need.place = path;
  seen.need.free = {uint64_t{disk.f_bavail} * disk.f_frsize, disk.f_favail};
  // One that does not count inodes says it has none at all.
  seen.need.counts_inodes = disk.f_files != 0;
  return seen;
}

// A path may be made only later: what counts is the file system of what is there of it.
fs::path what_is_there(const Node& node, TreePath place) {
  while (!node.dir.exists(place)) place = place.parent();
  return node.root.at(place);
}

bool is_enough(const Need& need) {
  return need.needed.bytes <= need.free.bytes &&
         (!need.counts_inodes || need.needed.inodes <= need.free.inodes);
}

Error too_little(const Need& need, const std::string& what, const std::string& hint) {
  const bool lacks_bytes = need.needed.bytes > need.free.bytes;
  return {Fault::refused,
          fmt::format("{} need {} {} on the file system of '{}', {} are free", what,
                      lacks_bytes ? need.needed.bytes : need.needed.inodes, lacks_bytes ? "bytes" : "inodes",
                      need.place.native(), lacks_bytes ? need.free.bytes : need.free.inodes),
          hint};
}

class Needs {
 public:
  explicit Needs(const Node& node) : node_(node) {}

  void add(const TreePath& place, const Usage& usage) {
    Disk seen = look_at_disk(what_is_there(node_, place));
    auto disk = std::ranges::find(disks_, seen.device, &Disk::device);
    if (disk == disks_.end()) disk = disks_.insert(disks_.end(), std::move(seen));
    disk->need.needed += usage;
  }

  std::vector<Need> all() const {
    std::vector<Need> needs;
    for (const Disk& disk : disks_) needs.push_back(disk.need);
    return needs;
  }

 private:
  const Node& node_;
  std::vector<Disk> disks_;
};

uint64_t freed_by_pruning(const Node& node) {
  uint64_t bytes = 0;
  for (const Removal& removal : plan_prune(node, Urgency::emergency).removals) bytes += removal.bytes;
  return bytes;
}

}  // namespace

Usage usage_of_tree(uint64_t bytes, uint64_t entries) {
  constexpr uint64_t block = 4096;  // each entry takes one more than its bytes, at most
  return {bytes + entries * block, entries};
}

Usage data_usage(const Node& node) { return usage_below(node.root.at(node.root.layout.data), Counted::all); }

std::vector<Need> forecast_space(const Node& node, const artifact::ReleaseInfo& release, const Usage& data) {
  const config::Layout& layout = node.root.layout;
  const Usage tree = usage_of_tree(release.bytes, release.entries);
  Needs needs(node);
  needs.add(layout.deployments, tree);
  needs.add(layout.run_is_link() ? layout.runs : layout.run.parent(), tree);
  // Where the identity of run/ stays, what replaces its files lies beside them first.
  if (layout.switches.front() == config::Switch::inplace) needs.add(layout.run, tree);
  needs.add(layout.archives, data);
  needs.add(layout.archives, undo_records);
  needs.add(layout.data.parent(), data);
  return needs.all();
}

void require_room(const fs::path& place, const Usage& needed, const std::string& what,
                  const std::string& hint) {
  Need need = look_at_disk(place).need;
  need.needed = needed;
  if (!is_enough(need)) throw too_little(need, what, hint);
}

void require_space(const Node& node, const std::vector<Need>& needs) {
  for (const Need& need : needs) {
    if (is_enough(need)) continue;
    throw too_little(need, "the release and copies of data",
                     fmt::format("make room; `release prune --emergency` keeps only what serves and where a "
                                 "rollback goes, and would free {} bytes",
                                 freed_by_pruning(node)));
  }
}

text::Value encode(const Need& need) {
  return text::Value::map(
      {{"place", need.place.native()},
       {"bytes", need.needed.bytes},
       {"free_bytes", need.free.bytes},
       {"inodes", need.needed.inodes},
       {"free_inodes", need.counts_inodes ? text::Value(need.free.inodes) : text::Value()}});
}

}  // namespace bakehouse::node
