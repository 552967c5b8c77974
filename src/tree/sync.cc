#include "tree/sync.hh"

#include "base/encoding.hh"
#include "base/error.hh"
#include "tree/attributes.hh"
#include "tree/make.hh"
#include "tree/sync_plan.hh"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <unordered_set>

#include <fcntl.h>
#include <sys/stat.h>

namespace bakehouse::tree {
namespace {

using base::Dir;
using base::Error;
using base::Fault;
using base::FileType;
using base::TreePath;

const TreePath held = TreePath::parse("held");

// The directories above every path of a list.
std::set<std::string> directories_above(const std::vector<TreePath>& paths) {
  std::set<std::string> above;
  for (const TreePath& path : paths) {
    for (TreePath up = path.parent(); !up.is_top() && above.insert(up.str()).second; up = up.parent()) {
    }
  }
  return above;
}

// What is wanted where nothing is protected. Names of one file whose first is protected go by the next.
Manifest without(const Manifest& wanted, const std::vector<TreePath>& is_protected) {
  std::unordered_set<std::string> left_out;
  for (const TreePath& path : is_protected) left_out.insert(path.str());
  std::map<TreePath, TreePath> first_names;  // by the one that is left out
  Manifest rest;
  for (Entry entry : wanted.entries) {
    const std::string& path = entry.path.str();
    if (left_out.contains(path) || left_out.contains(std::string(base::parent_of(path)))) {
      left_out.insert(path);  // with all it holds
      continue;
    }
    if (left_out.contains(entry.same_file.str())) {
      const auto [first, is_new] = first_names.try_emplace(entry.same_file, entry.path);
      entry.same_file = is_new ? TreePath() : first->second;
    }
    rest.entries.push_back(entry);
  }
  return rest;
}

// Compares what is wanted with what is there and decides what each path needs.
class Planner {
 public:
  explicit Planner(const SyncRequest& request)
      : request_(request), keep_(directories_above(request.there.left_out)), torn_(torn_groups()) {}

  void run() {
    const EntryList& wanted = request_.wanted.entries;
    const EntryList& there = request_.there.manifest.entries;
    const auto& specials = request_.there.specials;
    size_t w = 0;
    size_t t = 0;
    size_t s = 0;
    // Three lists in one order, merged.
    while (w < wanted.size() || t < there.size() || s < specials.size()) {
      std::string path = w < wanted.size() ? std::string(wanted.path(w)) : std::string();
      const auto consider = [&](std::string_view other) {
        if (path.empty() || other < path) path = other;
      };
      if (t < there.size()) consider(there.path(t));
      if (s < specials.size()) consider(specials[s].str());
      std::optional<Entry> new_entry;
      std::optional<Entry> old_entry;
      if (w < wanted.size() && wanted.path(w) == path) new_entry = wanted[w++];
      if (t < there.size() && there.path(t) == path) old_entry = there[t++];
      if (s < specials.size() && specials[s].str() == path) {
        old_entry.emplace();
        old_entry->path = specials[s++];
        old_entry->type = FileType::other;
      }
      decide(path, new_entry, old_entry);
    }
    note_touched_directories();
    // Innermost first: a directory may become one that its owner cannot enter.
    std::sort(plan.adjustments.begin(), plan.adjustments.end(),
              [](const Adjustment& a, const Adjustment& b) { return b.before.path < a.before.path; });
  }

  SyncPlan plan;
  SyncCounts counts;
  // What must lie in the log before anything moves; directories that are only on the way included.
  std::map<std::string, Entry> staged;

 private:
  // Of files with several names, those of which one at least is to change: all are made anew, so that
  // they are one file again. By the first name.
  std::set<std::string> torn_groups() const {
    std::set<std::string> torn;
    for (const Entry& entry : request_.wanted.entries) {
      if (entry.same_file.is_top()) continue;
      const auto first = request_.wanted.find(entry.same_file);
      if (is_other(entry) || (first && is_other(*first))) torn.insert(entry.same_file.str());
    }
    return torn;
  }

  bool is_other(const Entry& entry) const {
    const auto there = request_.there.manifest.find(entry.path);
    return !there || !is_equal(entry, *there);
  }

  bool is_equal(const Entry& wanted, Entry there) const {
    // Only root gives files away.
    if (!wanted.owner || ::geteuid() != 0) there.owner = wanted.owner;
    if (wanted.detail == Detail::release) {  // what is not told is not asked for
      there.detail = Detail::release;
      there.attributes.clear();
      there.same_file = {};
    }
    const bool is_time_told = wanted.type == FileType::regular || wanted.detail == Detail::all;
    if (request_.times == SyncRequest::Times::any || !is_time_told) there.time = wanted.time;
    return wanted == there;
  }

  bool is_torn(const Entry& wanted) const {
    return torn_.contains(wanted.same_file.is_top() ? wanted.path.str() : wanted.same_file.str());
  }

  void decide(const std::string& path, const std::optional<Entry>& wanted,
              const std::optional<Entry>& there) {
    if (whole_.contains(std::string(base::parent_of(path)))) {
      // Moves with the directory that holds it.
      if (wanted) staged[path] = *wanted;
      whole_.insert(path);
    } else if (wanted && !there) {
      move(Move::Kind::add, *wanted);
    } else if (!wanted) {
      const bool holds_protected = there->type == FileType::directory && keep_.contains(path);
      if (!holds_protected) move(Move::Kind::remove, *there);
    } else if (wanted->type == FileType::directory && there->type == FileType::directory) {
      if (!is_equal(*wanted, *there)) adjust(*wanted);
    } else if (!is_equal(*wanted, *there) || is_torn(*wanted)) {
      require_free(path, *there);
      if (is_adjustable(*wanted, *there)) {
        adjust(*wanted);
      } else {
        move(Move::Kind::replace, *wanted);
      }
    }
  }

  void require_free(const std::string& path, const Entry& there) const {
    if (there.type != FileType::directory || !keep_.contains(path)) return;
    throw Error(Fault::input,
                fmt::format("'{}' is to become another kind of file and holds something protected",
                            base::printable((request_.to.path() / path).native())),
                "move what is protected elsewhere");
  }

  // A file that is right but for its permissions or its time, and that has no other name to feel the
  // change. One that gets rights from its owner, set-id bits or attributes is always made anew: whoever
  // owns it now could have changed what it holds.
  bool is_adjustable(const Entry& wanted, const Entry& there) const {
    constexpr uint32_t set_id_bits = 06000;
    if (wanted.type != FileType::regular || there.type != FileType::regular) return false;
    if (wanted.digest != there.digest || is_torn(wanted) || !there.same_file.is_top()) return false;
    const bool is_owner_told = wanted.owner && ::geteuid() == 0;
    if (is_owner_told && wanted.owner != there.owner) return false;
    if (((wanted.mode | there.mode) & set_id_bits) != 0) return false;
    if (wanted.detail == Detail::all && wanted.attributes != there.attributes) return false;
    const auto stat = request_.to.stat(wanted.path);
    return stat && stat->links == 1;
  }

  void move(Move::Kind kind, const Entry& entry) {
    const std::string& path = entry.path.str();
    if (kind == Move::Kind::add) ++counts.added;
    if (kind == Move::Kind::replace) ++counts.replaced;
    if (kind == Move::Kind::remove) ++counts.removed;
    plan.moves.push_back({kind, entry.path, {}, {}});
    if (kind != Move::Kind::remove) staged[path] = entry;
    whole_.insert(path);
    for (TreePath up = entry.path.parent(); !up.is_top(); up = up.parent()) {
      Entry way;
      way.path = up;
      way.type = FileType::directory;
      way.mode = 0700;
      staged.try_emplace(up.str(), way);
    }
    touched_.insert(entry.path.parent().str());
  }

  void adjust(const Entry& wanted) {
    ++counts.adjusted;
    adjusted_.insert(wanted.path.str());
    add_adjustment(wanted.path, &wanted);
  }

  // A directory gets another time by every name that comes or goes; it gets back the one it is to have.
  void note_touched_directories() {
    for (const std::string& path : touched_) {
      if (adjusted_.contains(path)) continue;
      // No manifest tells of the top, which keeps what it has.
      const TreePath directory = path.empty() ? TreePath() : TreePath::parse(path);
      const auto wanted = directory.is_top() ? std::nullopt : request_.wanted.find(directory);
      add_adjustment(directory, wanted ? &*wanted : nullptr);
    }
  }

  void add_adjustment(const TreePath& path, const Entry* wanted) {
    const auto stat = request_.to.stat(path);
    if (!stat) throw Error(Fault::input, fmt::format("'{}' vanished", base::printable(path.str())));
    Entry before;
    before.path = path;
    before.type = stat->type;
    before.mode = stat->mode;
    before.detail = Detail::all;
    before.owner = Owner{stat->uid, stat->gid};
    before.time = stat->mtime;
    before.attributes = attributes_of(path);
    Entry after = before;
    if (wanted != nullptr) {
      after.mode = wanted->mode;
      if (wanted->owner) after.owner = wanted->owner;
      if (wanted->detail == Detail::all) after.attributes = wanted->attributes;
      const bool is_time_told = wanted->type == FileType::regular || wanted->detail == Detail::all;
      if (is_time_told && request_.times == SyncRequest::Times::wanted) after.time = wanted->time;
    }
    plan.adjustments.push_back({std::move(before), std::move(after), stat->inode});
  }

  Attributes attributes_of(const TreePath& path) const {
    if (path.is_top()) return read_attributes(request_.to, path);
    return read_attributes(request_.to.open_dir(path.parent()), TreePath::parse(path.name()));
  }

  const SyncRequest& request_;
  const std::set<std::string> keep_;  // directories that hold something protected
  const std::set<std::string> torn_;
  std::unordered_set<std::string> whole_;  // paths that move, with all they hold
  std::set<std::string> touched_;
  std::set<std::string> adjusted_;
};

Inode inode_at(const Dir& dir, const TreePath& path) {
  const auto stat = dir.stat(path);
  if (!stat)
    throw Error(Fault::input,
                fmt::format("'{}' vanished", base::printable((dir.path() / path.str()).native())));
  const mode_t type = stat->type == FileType::directory ? S_IFDIR : 0;
  return {stat->inode, type | stat->mode, stat->mtime};
}

// Whether two names can be exchanged here, tried on two names of our own.
SyncPlan::Way find_way(const Dir& log) {
  const TreePath one = TreePath::parse("probe-one");
  const TreePath other = TreePath::parse("probe-other");
  log.make_dir(one, 0700);
  log.make_dir(other, 0700);
  SyncPlan::Way way = SyncPlan::Way::exchange;
  try {
    log.exchange(one, other);
  } catch (const Error&) {
    way = SyncPlan::Way::rename;
  }
  log.remove_tree(one);
  log.remove_tree(other);
  return way;
}

void write_plan(const Dir& log, const SyncPlan& plan) {
  const TreePath unfinished = TreePath::parse("plan.new");
  base::Fd file = log.create_file(unfinished, 0600);
  base::write_all(file, encode_plan(plan), "plan.new");
  base::sync_file(file, "plan.new");
  file.close("plan.new");
  log.rename(unfinished, TreePath::parse("plan"));
  log.sync();
}

SyncCounts stage(const SyncRequest& request) {
  Planner planner(request);
  planner.run();
  planner.plan.way = find_way(request.log);
  Manifest staged;
  for (const auto& [path, entry] : planner.staged) staged.entries.push_back(entry);
  request.log.make_dir(held, 0700);
  const Dir holder = request.log.open_dir(held);
  MakeOptions making;
  making.index = request.index;
  making.writeback = Writeback::now;
  making.workers = request.workers;
  make_tree(request.from, staged, holder, making);
  for (Move& move : planner.plan.moves) {
    if (move.kind != Move::Kind::add) move.old_inode = inode_at(request.to, move.path);
    if (move.kind != Move::Kind::remove) move.new_inode = inode_at(holder, move.path);
  }
  base::sync_filesystem(holder.fd(), holder.path().native());
  // Until the plan has its name nothing was staged, and afterwards everything is.
  write_plan(request.log, planner.plan);
  return planner.counts;
}

// A name cannot be moved from one mount to another, and what is mounted within would move along.
void require_one_mount(const SyncRequest& request) {
  if (!request.there.mounts.empty()) {
    throw Error(
        Fault::input,
        fmt::format("'{}' is mounted below what is to be synchronised",
                    base::printable((request.to.path() / request.there.mounts.front().str()).native())),
        "protect it, or unmount it");
  }
  if (base::mount_of(request.to.fd()) == base::mount_of(request.log.fd())) return;
  throw Error(Fault::input, fmt::format("the log '{}' is not on the mount of '{}'",
                                        base::printable(request.log.path().native()),
                                        base::printable(request.to.path().native())));
}

}  // namespace

SyncCounts stage_sync(const SyncRequest& request) {
  require_one_mount(request);
  if (request.there.left_out.empty()) return stage(request);
  const Manifest unprotected = without(request.wanted, request.there.left_out);
  return stage({request.from, unprotected, request.to, request.there, request.log, request.times,
                request.index, request.workers});
}

}  // namespace bakehouse::tree
