#include "base/beneath.hh"
#include "base/encoding.hh"
#include "base/error.hh"
#include "tree/attributes.hh"
#include "tree/sync.hh"
#include "tree/sync_plan.hh"

#include <fmt/format.h>

#include <cerrno>
#include <optional>

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

// Every move is decided by what stands at its path, known by its inode; so each may be done, or
// undone, any number of times and from any state that a crash leaves.

namespace bakehouse::tree {
namespace {

using base::Dir;
using base::Error;
using base::Fault;
using base::FileType;
using base::TreePath;

constexpr uint64_t largest_plan = 4ULL << 30;
const TreePath plan_name = TreePath::parse("plan");
const TreePath held_name = TreePath::parse("held");
// Where no two names can be exchanged, what is replaced lies here by the number of its move.
const TreePath replaced_name = TreePath::parse("replaced");

using Found = std::optional<base::FileStat>;

// A path below one directory and a path below another, for the calls that take two.
struct Ends {
  Dir from;
  TreePath from_name;
  Dir to;
  TreePath to_name;

  Ends(const Dir& one, const TreePath& path, const Dir& other, const TreePath& other_path)
      : from(one.open_dir(path.parent())),
        from_name(TreePath::parse(path.name())),
        to(other.open_dir(other_path.parent())),
        to_name(TreePath::parse(other_path.name())) {}

  void rename(unsigned flags) const {
    if (try_rename(flags)) return;
    // Where a file system knows no flags; nobody else takes a name between the look and the rename.
    if (errno == EINVAL && flags == RENAME_NOREPLACE && !to.exists(to_name) && try_rename(0)) return;
    // Moving a directory writes into it, which its owner may have denied himself. The modes are set
    // again by whoever moves it.
    if (errno == EACCES && ::geteuid() != 0) {
      open(from, from_name);
      open(to, to_name);
      if (try_rename(flags)) return;
    }
    base::fail_os("rename", (from.path() / from_name.str()).native());
  }

  bool try_rename(unsigned flags) const {
    return ::renameat2(from.fd().get(), from_name.str().c_str(), to.fd().get(), to_name.str().c_str(),
                       flags) == 0;
  }

  static void open(const Dir& dir, const TreePath& name) {
    const auto stat = dir.stat(name);
    if (stat && stat->type == FileType::directory && (stat->mode & S_IWUSR) == 0)
      dir.set_mode(name, stat->mode | S_IWUSR);
  }

  // False where the file system has no hard links.
  bool link() const {
    if (::linkat(from.fd().get(), from_name.str().c_str(), to.fd().get(), to_name.str().c_str(), 0) == 0)
      return true;
    if (errno == EPERM || errno == EOPNOTSUPP || errno == EMLINK) return false;
    base::fail_os("link", (from.path() / from_name.str()).native());
  }
};

class Performer {
 public:
  Performer(const Dir& to, const Dir& log, StatIndex* index)
      : to_(to),
        log_(log),
        index_(index),
        device_(log.stat(TreePath())->device),
        plan_(decode_plan(log.read_file(plan_name, largest_plan))),
        held_(log.open_dir(held_name)) {}

  void perform() {
    open_directories();
    for (size_t i = 0; i < plan_.moves.size(); ++i) go(plan_.moves[i], i);
    for (const Adjustment& adjustment : plan_.adjustments) set(adjustment.after, adjustment.inode);
    base::sync_filesystem(to_.fd(), to_.path().native());
  }

  void undo() {
    open_directories();
    for (size_t i = plan_.moves.size(); i-- > 0;) attempt([&] { go_back(plan_.moves[i], i); });
    for (const Adjustment& adjustment : plan_.adjustments)
      attempt([&] { set(adjustment.before, adjustment.inode); });
    base::sync_filesystem(to_.fd(), to_.path().native());
    if (faults_.empty()) return;
    throw Error(Fault::needs_hands,
                fmt::format("the synchronisation of '{}' cannot be undone whole:\n{}",
                            base::printable(to_.path().native()), faults_),
                fmt::format("what was replaced lies in '{}'", base::printable(log_.path().native())));
  }

 private:
  template <typename Work>
  void attempt(Work&& work) {
    try {
      work();
    } catch (const Error& error) {
      faults_ += fmt::format("  {}\n", error.what());
    }
  }

  // An owner may have denied himself the directory whose names are to change. All of these get their
  // metadata at the end.
  void open_directories() const {
    if (::geteuid() == 0) return;
    // The outermost first, which is the last in the plan.
    for (auto adjustment = plan_.adjustments.rbegin(); adjustment != plan_.adjustments.rend(); ++adjustment) {
      const TreePath& path = adjustment->before.path;
      if (path.is_top()) continue;
      const auto stat = to_.stat(path);
      if (stat && stat->type == FileType::directory && (stat->mode & S_IRWXU) != S_IRWXU)
        to_.set_mode(path, stat->mode | S_IRWXU);
    }
  }

  // Only what was looked at when the plan was made, held by a descriptor: whoever may write in the
  // directory could put something else there.
  void set(const Entry& entry, uint64_t inode) const {
    if (entry.path.is_top()) return set_directory(entry, inode);
    const base::Fd file(base::open_beneath(to_.fd().get(), entry.path, O_PATH | O_NOFOLLOW | O_CLOEXEC));
    const std::string shown = (to_.path() / entry.path.str()).native();
    if (!file) base::fail_os("look at", shown);
    const auto stat = base::stat_of(file, shown);
    if (stat.inode != inode || stat.device != device_ || stat.type != entry.type) fail(entry.path);
    if (entry.type == FileType::directory) {
      set_directory(entry, inode);
    } else {
      set_permissions(file, stat, entry, shown);
    }
  }

  void set_directory(const Entry& entry, uint64_t inode) const {
    const Dir dir = to_.open_dir(entry.path);
    const std::string shown = dir.path().native();
    const auto stat = base::stat_of(dir.fd(), shown);
    if (stat.inode != inode || stat.device != device_) fail(entry.path);
    const bool has_owner = stat.uid == entry.owner->uid && stat.gid == entry.owner->gid;
    if (!has_owner && ::geteuid() == 0 && ::fchown(dir.fd().get(), entry.owner->uid, entry.owner->gid) != 0)
      base::fail_os("set the owner of", shown);
    write_attributes(dir, TreePath(), entry.attributes);
    set_permissions(dir.fd(), base::stat_of(dir.fd(), shown), entry, shown);
  }

  // Through its name in /proc, because a descriptor without rights has no calls of its own.
  static void set_permissions(const base::Fd& file, const base::FileStat& stat, const Entry& entry,
                              const std::string& shown) {
    const std::string name = fmt::format("/proc/self/fd/{}", file.get());
    if (stat.mode != entry.mode && ::chmod(name.c_str(), entry.mode) != 0)
      base::fail_os("set the mode of", shown);
    const timespec stamp{entry.time.seconds, static_cast<long>(entry.time.nanoseconds)};
    const timespec times[2] = {stamp, stamp};
    if (stat.mtime != entry.time && ::utimensat(AT_FDCWD, name.c_str(), times, 0) != 0)
      base::fail_os("set the time of", shown);
  }

  // A rename gives a file another ctime; what the index knew of it stays true.
  struct Known {
    base::FileStat stat;
    std::optional<crypto::Digest> digest;
  };

  struct Place {
    const Dir& dir;
    TreePath path;
  };
  // Where what a move took away lies afterwards.
  Place old_place(const Move& move, size_t i) const {
    const bool is_put_away = move.kind == Move::Kind::replace && plan_.way == SyncPlan::Way::rename;
    return is_put_away ? Place{log_, replaced(i)} : Place{held_, move.path};
  }

  Known know(const Place& place) const {
    Known known;
    if (index_ == nullptr) return known;
    const auto found = place.dir.stat(place.path);
    if (!found || found->type != FileType::regular) return known;
    known.stat = *found;
    known.digest = index_->find(identity_of(*found));
    return known;
  }

  void keep(const Known& known, const Place& place) const {
    if (!known.digest) return;
    const auto found = place.dir.stat(place.path);
    const bool is_same = found && found->inode == known.stat.inode && found->device == known.stat.device &&
                         found->size == known.stat.size && found->mtime == known.stat.mtime;
    if (is_same) index_->add(identity_of(*found), *known.digest);
  }

  bool is(const Found& found, const Inode& inode) const {
    return found && found->device == device_ && found->inode == inode.number;
  }

  TreePath replaced(size_t i) const { return replaced_name / std::to_string(i); }

  [[noreturn]] void fail(const Move& move) const { fail(move.path); }

  [[noreturn]] void fail(const TreePath& path) const {
    throw Error(Fault::needs_hands,
                fmt::format("'{}' is neither what it was nor what it was to be: somebody else has changed it",
                            base::printable((to_.path() / path.str()).native())));
  }

  void go(const Move& move, size_t i) const {
    const auto found = to_.stat(move.path);
    const bool is_done = move.kind == Move::Kind::remove ? !found : is(found, move.new_inode);
    if (!is_done) {
      const bool is_expected = move.kind == Move::Kind::add ? !found : is(found, move.old_inode);
      if (!is_expected && !was_put_away(move, i, found)) fail(move);
      const Known before = know({to_, move.path});
      const Known after = know({held_, move.path});
      if (move.kind == Move::Kind::add) Ends(held_, move.path, to_, move.path).rename(RENAME_NOREPLACE);
      if (move.kind == Move::Kind::remove) Ends(to_, move.path, held_, move.path).rename(RENAME_NOREPLACE);
      if (move.kind == Move::Kind::replace) replace(move, i, found);
      keep(before, old_place(move, i));
      keep(after, {to_, move.path});
    }
    if (move.kind != Move::Kind::remove) close(move.path, move.new_inode);
  }

  // Cut off between the two renames of one replacement.
  bool was_put_away(const Move& move, size_t i, const Found& found) const {
    return move.kind == Move::Kind::replace && plan_.way == SyncPlan::Way::rename && !found &&
           is(log_.stat(replaced(i)), move.old_inode);
  }

  void replace(const Move& move, size_t i, const Found& found) const {
    if (plan_.way == SyncPlan::Way::exchange) {
      Ends(held_, move.path, to_, move.path).rename(RENAME_EXCHANGE);
      return;
    }
    if (!held_.exists(move.path)) fail(move);
    if (!log_.exists(replaced_name)) log_.make_dir(replaced_name, 0700);
    if (found && !is(log_.stat(replaced(i)), move.old_inode)) put_away(move, i);
    Ends(held_, move.path, to_, move.path).rename(0);
  }

  // A file gets a second name, so that its first is never missing; between kinds of which one is a
  // directory a moment without the name is not to be avoided.
  void put_away(const Move& move, size_t i) const {
    const auto old_type = to_.stat(move.path)->type;
    const auto new_type = held_.stat(move.path)->type;
    const Ends ends(to_, move.path, log_, replaced(i));
    const bool has_directory = old_type == FileType::directory || new_type == FileType::directory;
    if (has_directory || !ends.link()) ends.rename(RENAME_NOREPLACE);
  }

  // A directory had perhaps to be opened for its move; and XFS sets its time, because it has another
  // parent now.
  void close(const TreePath& path, const Inode& inode) const {
    if (!S_ISDIR(inode.mode)) return;
    const auto stat = to_.stat(path);
    if (!stat || stat->type != FileType::directory) return;
    const mode_t mode = inode.mode & 07777;
    if (stat->mode != mode) to_.set_mode(path, mode);
    if (stat->mtime != inode.time) to_.set_mtime(path, inode.time);
  }

  void go_back(const Move& move, size_t i) const {
    const auto found = to_.stat(move.path);
    const bool is_as_it_was = move.kind == Move::Kind::add ? !found : is(found, move.old_inode);
    if (!is_as_it_was) {
      const Known before = know(old_place(move, i));
      if (move.kind == Move::Kind::add) take_out(move, found);
      if (move.kind == Move::Kind::remove) put_in(move, found);
      if (move.kind == Move::Kind::replace) put_back(move, i, found);
      keep(before, {to_, move.path});
    }
    if (move.kind != Move::Kind::add) close(move.path, move.old_inode);
  }

  void take_out(const Move& move, const Found& found) const {
    if (!is(found, move.new_inode)) fail(move);
    Ends(to_, move.path, held_, move.path).rename(RENAME_NOREPLACE);
  }

  void put_in(const Move& move, const Found& found) const {
    if (found || !is(held_.stat(move.path), move.old_inode)) fail(move);
    Ends(held_, move.path, to_, move.path).rename(RENAME_NOREPLACE);
  }

  void put_back(const Move& move, size_t i, const Found& found) const {
    if (plan_.way == SyncPlan::Way::exchange) {
      if (!is(found, move.new_inode) || !is(held_.stat(move.path), move.old_inode)) fail(move);
      Ends(held_, move.path, to_, move.path).rename(RENAME_EXCHANGE);
      return;
    }
    const auto old = log_.stat(replaced(i));
    if (!is(old, move.old_inode) || (found && !is(found, move.new_inode))) fail(move);
    const bool has_directory =
        old->type == FileType::directory || (found && found->type == FileType::directory);
    if (found && has_directory) Ends(to_, move.path, held_, move.path).rename(RENAME_NOREPLACE);
    Ends(log_, replaced(i), to_, move.path).rename(0);
  }

  const Dir& to_;
  const Dir& log_;
  StatIndex* const index_;
  const uint64_t device_;
  const SyncPlan plan_;
  const Dir held_;
  std::string faults_;
};

}  // namespace

void perform_sync(const Dir& to, const Dir& log, StatIndex* index) { Performer(to, log, index).perform(); }

void discard_sync(const Dir& log) {
  // The plan first: without it the rest is rubbish, however much of it is left.
  if (log.exists(plan_name)) {
    log.remove_file(plan_name);
    log.sync();
  }
  for (const std::string& name : log.names()) log.remove_tree(TreePath::parse(name));
}

void undo_sync(const Dir& to, const Dir& log, StatIndex* index) {
  if (log.exists(plan_name)) Performer(to, log, index).undo();
  discard_sync(log);
}

}  // namespace bakehouse::tree
