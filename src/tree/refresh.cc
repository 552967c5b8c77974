#include "tree/refresh.hh"

#include "base/error.hh"
#include "base/threads.hh"
#include "tree/copy_file.hh"
#include "tree/copy_torn.hh"
#include "tree/read_file.hh"
#include "tree/scan.hh"
#include "tree/share_file.hh"

#include <fmt/format.h>

#include <algorithm>
#include <atomic>
#include <cerrno>
#include <mutex>
#include <optional>

namespace bakehouse::tree {
namespace {

using base::Dir;
using base::Error;
using base::Fault;
using base::FileType;
using base::TreePath;

constexpr mode_t only_ours = 0700;
constexpr size_t absent = SIZE_MAX;

bool has_digest(const Entry& entry) { return entry.digest != crypto::Digest(); }

// A file that is written to is another one than was listed; one that is taken away is missing.
bool is_about_busy_file(const Error& error) {
  const int code = error.os_error();
  return code == ENOENT || code == ENOTDIR || code == ELOOP || (code == 0 && error.fault() == Fault::input);
}

Scan look_at(const Dir& from, const RefreshOptions& options) {
  ScanOptions look;
  look.detail = Detail::all;
  look.content = ScanOptions::Content::known;
  look.index = options.seen;
  look.workers = options.workers;
  if (options.busy != Busy::fail) look.faults = ScanOptions::Faults::report;
  Scan found = scan(from, look);
  for (const ScanFault& fault : found.faults) {
    // What is gone is no part of the tree any more.
    if (from.exists(fault.path)) throw Error(Fault::input, fault.message);
  }
  return found;
}

// From here on, whoever writes through a mapping gives the file another ctime: the kernel maps its pages for
// reading only when it has written them back.
base::FileTime begin_watching(const Dir& from, Busy busy) {
  const auto when = file_clock();
  if (busy != Busy::fail) base::sync_filesystem(from.fd(), from.path().native());
  return when;
}

// The directories of the file in work; most of what stands side by side in a manifest does so in a directory.
struct Workplace {
  std::optional<TreePath> path;
  std::optional<Dir> from;  // none where there is no such directory
  std::optional<Dir> to;
  std::optional<Dir> lent;
};

class Refresher {
 public:
  Refresher(const Dir& from, const Manifest& held, const Dir& to, const RefreshOptions& options)
      : from_(from),
        held_(held.entries),
        to_(to),
        options_(options),
        when_(begin_watching(from, options.busy)),
        scan_(look_at(from, options)),
        entries_(scan_.manifest.entries),
        counterparts_(entries_.size(), absent),
        is_left_(entries_.size()),
        crew_(options.workers) {}

  Refreshed run() {
    compare();
    remove_what_went();
    make_directories();
    copy_files();
    make_hard_links();
    drop_what_was_left();
    std::ranges::sort(busy_);
    return {std::move(scan_.manifest),
            std::move(scan_.specials),
            std::move(busy_),
            {linked_, cloned_, copied_, bytes_copied_}};
  }

 private:
  // Both are in byte order.
  void compare() {
    size_t k = 0;
    for (size_t i = 0; i < entries_.size(); ++i) {
      for (; k < held_.size() && held_.path(k) < entries_.path(i); ++k) gone_.push_back(k);
      if (k == held_.size() || held_.path(k) != entries_.path(i)) {
        work_.push_back(i);
        continue;
      }
      if (!stays(i, k)) {
        if (!is_same_kind(i, k)) gone_.push_back(k);
        if (is_same_kind(i, k)) counterparts_[i] = k;
        work_.push_back(i);
      }
      ++k;
    }
    for (; k < held_.size(); ++k) gone_.push_back(k);
  }

  bool stays(size_t i, size_t k) const {
    if (entries_.type(i) == FileType::directory) return held_.type(k) == FileType::directory;
    return entries_.is_equal(i, held_, k) && entries_[i].same_file.is_top();
  }

  // Whether the held one is looked at when the file is in work: it may be the right one.
  bool is_same_kind(size_t i, size_t k) const {
    return entries_.type(i) == FileType::regular && held_.type(k) == FileType::regular &&
           entries_[i].same_file.is_top();
  }

  // What a directory holds before the directory.
  void remove_what_went() {
    std::ranges::sort(gone_);
    for (auto k = gone_.rbegin(); k != gone_.rend(); ++k) to_.remove_tree(TreePath::parse(held_.path(*k)));
  }

  void make_directories() {
    for (const size_t i : work_) {
      if (entries_.type(i) == FileType::directory) to_.make_dir(TreePath::parse(entries_.path(i)), only_ours);
    }
  }

  void copy_files() {
    constexpr size_t batch = 256;
    for (size_t first = 0; first < work_.size(); first += batch) {
      crew_.add([this, first, last = std::min(work_.size(), first + batch)] {
        Workplace place;
        for (size_t w = first; w < last; ++w) bring(work_[w], place);
      });
    }
    crew_.finish();
  }

  void go_to(Workplace& place, const TreePath& parent) const {
    if (place.path == parent) return;
    place.from = from_.open_dir_if_any(parent);
    place.to.emplace(to_.open_dir(parent));
    if (options_.lender != nullptr) place.lent = options_.lender->dir.open_dir_if_any(parent);
    place.path = parent;
  }

  void bring(size_t i, Workplace& place) {
    if (entries_.type(i) == FileType::directory) return;
    Entry entry = entries_[i];
    if (!entry.same_file.is_top()) return;  // when what it is a link to stands
    go_to(place, entry.path.parent());
    if (entry.type == FileType::symlink) {
      bring_link(place, entry);
      return;
    }
    if (options_.busy == Busy::fail) {
      bring_file(i, place, entry);
    } else {
      bring_busy_file(i, place, entry);
    }
  }

  static void bring_link(const Workplace& place, const Entry& entry) {
    const TreePath name = TreePath::parse(entry.path.name());
    place.to->make_symlink(entry.link, name);
    set_metadata(*place.to, name, entry);
  }

  void bring_busy_file(size_t i, const Workplace& place, Entry& entry) {
    constexpr int tries = 3;
    for (int tried = 1;; ++tried) {
      try {
        bring_file(i, place, entry);
        return;
      } catch (const Error& error) {
        if (!is_about_busy_file(error)) throw;
      }
      place.to->remove_tree(TreePath::parse(entry.path.name()));
      counterparts_[i] = absent;
      if (options_.busy == Busy::leave || !look_again(i, place, entry)) {
        leave(i, entry.path);
        return;
      }
      if (tried < tries) continue;
      take_torn(i, place, entry);
      return;
    }
  }

  void leave(size_t i, const TreePath& path) {
    const std::lock_guard lock(mutex_);
    is_left_[i] = true;
    if (options_.busy == Busy::leave) busy_.push_back(path);
  }

  // False where no such file is any more.
  bool look_again(size_t i, const Workplace& place, Entry& entry) {
    const auto stat = place.from ? place.from->stat(TreePath::parse(entry.path.name())) : std::nullopt;
    if (!stat || stat->type != FileType::regular) return false;
    entry.size = stat->size;
    entry.time = stat->mtime;
    entry.mode = stat->mode;
    entry.digest = {};
    const std::lock_guard lock(mutex_);
    entries_.set(i, entry);
    return true;
  }

  void take_torn(size_t i, const Workplace& place, Entry& entry) {
    copy_torn(*place.from, TreePath::parse(entry.path.name()), *place.to, entry);
    ++copied_;
    bytes_copied_ += entry.size;
    const std::lock_guard lock(mutex_);
    entries_.set(i, entry);
    busy_.push_back(entry.path);
  }

  void bring_file(size_t i, const Workplace& place, Entry& entry) {
    const TreePath name = TreePath::parse(entry.path.name());
    if (counterparts_[i] != absent) {
      if (is_held(i, place, name, entry)) return;
      place.to->remove_file(name);
    }
    if (is_lent(place, name, entry)) {
      ++linked_;
    } else {
      copy(place, name, entry);
    }
    entries_.set_digest(i, entry.digest);
  }

  // What another pass has copied, and nobody has changed; or changed so that it is the same.
  bool is_held(size_t i, const Workplace& place, const TreePath& name, Entry& entry) {
    const Entry held = held_[counterparts_[i]];
    if (held.size != entry.size || held.time != entry.time) return false;
    if (!has_digest(entry)) entry.digest = read(place, name, entry);
    if (entry != held) return false;
    entries_.set_digest(i, entry.digest);
    return true;
  }

  const Dir& source(const Workplace& place, const Entry& entry) const {
    if (place.from) return *place.from;
    throw Error(Fault::input, fmt::format("'{}' is gone", (from_.path() / entry.path.str()).native()));
  }

  crypto::Digest read(const Workplace& place, const TreePath& name, const Entry& entry) const {
    const auto stat = source(place, entry).stat(name);
    if (!stat || stat->size != entry.size || stat->mtime != entry.time)
      throw Error(Fault::input, fmt::format("'{}' has changed", (from_.path() / entry.path.str()).native()));
    return known_digest(*place.from, name, *stat, when_, options_.seen);
  }

  // To know whether a file is the lender's, an unknown one is read; that is cheaper than writing it.
  bool is_lent(const Workplace& place, const TreePath& name, Entry& entry) {
    if (!place.lent) return false;
    const auto lent = options_.lender->manifest.find(entry.path);
    if (!lent || lent->size != entry.size || lent->time != entry.time || lent->mode != entry.mode)
      return false;
    if (!has_digest(entry)) entry.digest = read(place, name, entry);
    return is_lendable(entry, *lent, options_.lender->times) &&
           share_file(*place.lent, name, *place.to, entry, *options_.lender, loans_, options_.made);
  }

  void copy(const Workplace& place, const TreePath& name, Entry& entry) {
    const Dir& from = source(place, entry);
    const auto before = from.stat(name);
    const Copied copied = copy_file(from, name, *place.to, entry, options_.made, Writeback::now);
    entry.digest = copied.digest;
    ++(copied.means == Means::cloned ? cloned_ : copied_);
    if (copied.means == Means::copied) bytes_copied_ += entry.size;
    const auto after = from.stat(name);
    const bool is_certain = options_.seen != nullptr && before && after && entry.size > 0 &&
                            identity_of(*before) == identity_of(*after) && is_settled(before->ctime, when_);
    if (is_certain) options_.seen->add(identity_of(*before), entry.digest);
  }

  void make_hard_links() {
    for (const size_t i : work_) {
      const Entry entry = entries_[i];
      if (entry.same_file.is_top()) continue;
      const auto first = scan_.manifest.index_of(entry.same_file.str());
      if (!first) throw Error(Fault::internal, "a hard link without its first name");
      if (is_left_[*first]) {
        is_left_[i] = true;
        continue;
      }
      to_.remove_tree(entry.path);
      to_.make_hard_link(entry.same_file, entry.path);
      Entry linked = entries_[*first];  // it may have been looked at again
      linked.path = entry.path;
      linked.same_file = entry.same_file;
      entries_.set(i, linked);
      learn_hard_link(linked);
    }
  }

  // The link has changed the ctime of what it names.
  void learn_hard_link(const Entry& entry) const {
    if (options_.made == nullptr || entry.type != FileType::regular || entry.size == 0) return;
    if (const auto stat = to_.stat(entry.path)) options_.made->add(identity_of(*stat), entry.digest);
  }

  void drop_what_was_left() {
    if (std::ranges::find(is_left_, char{1}) == is_left_.end()) return;
    EntryList kept;
    for (size_t i = 0; i < entries_.size(); ++i) {
      if (!is_left_[i]) kept.link_to(entries_, i);
    }
    kept.adopt(std::move(entries_));
    entries_ = std::move(kept);
  }

  const Dir& from_;
  const EntryList& held_;
  const Dir& to_;
  const RefreshOptions& options_;
  const base::FileTime when_;
  Scan scan_;
  EntryList& entries_;                // of the scan
  std::vector<size_t> counterparts_;  // for each entry the held file that may be the right one
  std::vector<size_t> gone_;          // of held_
  std::vector<size_t> work_;          // of entries_, in order
  std::vector<char> is_left_;
  Loans loans_;
  std::mutex mutex_;  // of what follows, and of entries that are set whole
  std::vector<TreePath> busy_;
  std::atomic<uint64_t> linked_ = 0;
  std::atomic<uint64_t> cloned_ = 0;
  std::atomic<uint64_t> copied_ = 0;
  std::atomic<uint64_t> bytes_copied_ = 0;
  base::Crew crew_;  // the last member: its helpers are gone before what they use
};

}  // namespace

Refreshed refresh(const Dir& from, const Manifest& held, const Dir& to, const RefreshOptions& options) {
  return Refresher(from, held, to, options).run();
}

}  // namespace bakehouse::tree
