#include "tree/make.hh"

#include "base/encoding.hh"
#include "base/error.hh"
#include "base/threads.hh"
#include "tree/copy_file.hh"
#include "tree/read_file.hh"
#include "tree/share_file.hh"

#include <atomic>
#include <cerrno>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include <sys/stat.h>
#include <sys/xattr.h>

namespace bakehouse::tree {
namespace {

using base::Dir;
using base::FileType;
using base::TreePath;

// What one worker takes in a row of one directory.
constexpr size_t batch_files = 256;
constexpr uint64_t batch_bytes = 8 << 20;
constexpr mode_t closed = 0700;

TreePath path_of(std::string_view text) { return text.empty() ? TreePath() : TreePath::parse(text); }

// What stands in each directory of a manifest, so that each is opened once.
struct Group {
  std::string_view directory;
  std::vector<uint32_t> files;  // and links; places in the manifest
  std::vector<uint32_t> directories;
};

class Groups {
 public:
  explicit Groups(const Manifest& manifest) {
    group_of("");
    const EntryList& entries = manifest.entries;
    for (uint32_t i = 0; i < entries.size(); ++i) {
      Group& group = group_of(base::parent_of(entries.path(i)));
      (entries.type(i) == FileType::directory ? group.directories : group.files).push_back(i);
    }
  }

  // An empty one for a directory that holds nothing.
  const Group& find(std::string_view directory) const {
    static const Group empty;
    const auto place = places_.find(directory);
    return place == places_.end() ? empty : groups_[place->second];
  }

 private:
  Group& group_of(std::string_view directory) {
    const auto [place, is_new] = places_.try_emplace(directory, groups_.size());
    if (is_new) groups_.push_back({directory, {}, {}});
    return groups_[place->second];
  }

  std::vector<Group> groups_;
  std::unordered_map<std::string_view, size_t> places_;
};

// The directories that the files of one group are taken from and put into.
struct OpenDirs {
  Dir to;
  std::optional<Dir> from;  // none where there is no such directory; then nothing is taken from it
  std::optional<Dir> lent;  // none where the lender has no such directory
};

void set_mode(const Dir& dir, mode_t mode) {
  if (::fchmod(dir.fd().get(), mode) != 0) base::fail_os("set the mode of", dir.path().native());
}

// The group and the ACL that a directory hands down to what is made in it would not be the
// manifest's. Returns the mode that is left.
mode_t hand_nothing_down(const Dir& to) {
  const std::string shown = to.path().native();
  if (::fremovexattr(to.fd().get(), "system.posix_acl_default") != 0 && errno != ENODATA &&
      errno != EOPNOTSUPP)
    base::fail_os("remove the default ACL of", shown);
  const mode_t mode = base::stat_of(to.fd(), shown).mode;
  if ((mode & S_ISGID) != 0) set_mode(to, mode & ~S_ISGID);
  return mode & ~S_ISGID;
}

// Whether a directory can be made with all the metadata it is to have, and still be filled.
bool has_plain_mode(const Entry& directory) {
  return !directory.owner && directory.detail == Detail::release && (directory.mode & S_IRWXU) == S_IRWXU;
}

void finish_directory(const Dir& to, const Entry& entry) {
  if (entry.owner || entry.detail == Detail::all) {
    set_metadata(to.open_dir(entry.path.parent()), TreePath::parse(entry.path.name()), entry);
  } else {
    to.set_mode(entry.path, entry.mode);
  }
}

bool is_known(const crypto::Digest& digest) { return digest != crypto::Digest(); }

class Maker {
 public:
  Maker(const Dir& from, const Manifest& manifest, const Dir& to, const MakeOptions& options,
        EntryList* learnt)
      : from_(from),
        manifest_(manifest),
        to_(to),
        options_(options),
        learnt_(learnt),
        groups_(manifest),
        crew_(options.workers) {}

  Made run() {
    const mode_t mode = hand_nothing_down(to_);
    set_mode(to_, closed);  // nobody else comes in while it is filled
    crew_.add([this] { fill({}); });
    crew_.finish();
    make_hard_links();
    finish_directories();
    set_mode(to_, mode);
    return {linked_, cloned_, copied_, bytes_copied_};
  }

 private:
  void fill(std::string_view directory) {
    const Group& group = groups_.find(directory);
    const auto opened = std::make_shared<OpenDirs>(open(directory));
    for (const uint32_t i : group.directories) {
      make_directory(opened->to, i);
      crew_.add([this, path = manifest_.entries.path(i)] { fill(path); });
    }
    // Added last and so done first: the directories are open only until then.
    for (size_t first = 0; first < group.files.size();) {
      size_t last = first;
      uint64_t bytes = 0;
      while (last < group.files.size() && last - first < batch_files && bytes < batch_bytes)
        bytes += manifest_.entries.size_of_file(group.files[last++]);
      crew_.add([this, opened, &group, first, last] {
        for (size_t k = first; k < last; ++k) make(*opened, group.files[k]);
      });
      first = last;
    }
  }

  OpenDirs open(std::string_view directory) const {
    const TreePath path = path_of(directory);
    OpenDirs opened{to_.open_dir(path), from_.open_dir_if_any(path), std::nullopt};
    if (options_.lender != nullptr) opened.lent = open_lender(path);
    return opened;
  }

  // What cannot be entered lends nothing.
  std::optional<Dir> open_lender(const TreePath& path) const {
    try {
      return options_.lender->dir.open_dir_if_any(path);
    } catch (const base::Error&) {
      return std::nullopt;
    }
  }

  void make_directory(const Dir& parent, uint32_t i) const {
    const Entry entry = manifest_.entries[i];
    const std::string name(entry.path.name());
    const mode_t mode = has_plain_mode(entry) ? entry.mode : closed;
    // The umask may have taken bits away.
    if (::mkdirat(parent.fd().get(), name.c_str(), mode) != 0 ||
        ::fchmodat(parent.fd().get(), name.c_str(), mode, 0) != 0)
      base::fail_os("make the directory", (parent.path() / name).native());
  }

  // Innermost first: what is inside can still be reached.
  void finish_directories() const {
    for (size_t i = manifest_.entries.size(); i-- > 0;) {
      if (manifest_.entries.type(i) != FileType::directory) continue;
      const Entry entry = manifest_.entries[i];
      if (!has_plain_mode(entry)) finish_directory(to_, entry);
    }
  }

  void make(const OpenDirs& opened, uint32_t i) {
    Entry entry = manifest_.entries[i];
    if (!entry.same_file.is_top()) return;  // when what it is a link to stands
    const TreePath name = TreePath::parse(entry.path.name());
    if (entry.type == FileType::symlink) {
      opened.to.make_symlink(entry.link, name);
      set_metadata(opened.to, name, entry);
      return;
    }
    if (!opened.from) fail_missing(entry);
    if (is_shared(opened, name, entry)) {
      ++linked_;
    } else {
      copy(opened, name, entry);
    }
    if (learnt_ != nullptr) learnt_->set_digest(i, entry.digest);
  }

  [[noreturn]] void fail_missing(const Entry& entry) const {
    throw base::Error(base::Fault::input,
                      fmt::format("'{}' is not in '{}'", base::printable(entry.path.str()),
                                  base::printable(from_.path().native())));
  }

  void copy(const OpenDirs& opened, const TreePath& name, Entry& entry) {
    const Copied copied = copy_file(*opened.from, name, opened.to, entry, options_.index, options_.writeback);
    entry.digest = copied.digest;
    ++(copied.means == Means::cloned ? cloned_ : copied_);
    if (copied.means == Means::copied) bytes_copied_ += entry.size;
  }

  // To know whether a file is the lender's, an unknown one is read; that is cheaper than writing it.
  bool is_shared(const OpenDirs& opened, const TreePath& name, Entry& entry) {
    if (!opened.lent) return false;
    const auto lent = options_.lender->manifest.find(entry.path);
    if (!lent || lent->size != entry.size) return false;
    if (!is_known(entry.digest)) {
      const auto when = file_clock();
      const auto stat = opened.from->stat(name);
      if (!stat) fail_missing(entry);
      if (stat->size != entry.size || stat->mtime != entry.time) return false;  // the copy will say so
      entry.digest = digest_file(*opened.from, name, *stat, when, options_.index);
    }
    return is_lendable(entry, *lent, options_.lender->times) &&
           share_file(*opened.lent, name, opened.to, entry, *options_.lender, loans_, options_.index);
  }

  void make_hard_links() {
    for (size_t i = 0; i < manifest_.entries.size(); ++i) {
      const Entry entry = manifest_.entries[i];
      if (entry.same_file.is_top()) continue;
      to_.make_hard_link(entry.same_file, entry.path);
      if (entry.type == FileType::regular) learn_hard_link(i, entry);
    }
  }

  // The link has changed the ctime of what it names.
  void learn_hard_link(size_t i, const Entry& entry) {
    const auto first = manifest_.find(entry.same_file);
    if (!first) throw base::Error(base::Fault::internal, "a hard link without its first name");
    if (learnt_ != nullptr) learnt_->set_digest(i, first->digest);
    if (options_.index == nullptr || entry.size == 0) return;
    if (const auto stat = to_.stat(entry.path)) options_.index->add(identity_of(*stat), first->digest);
  }

  const Dir& from_;
  const Manifest& manifest_;
  const Dir& to_;
  const MakeOptions& options_;
  EntryList* const learnt_;  // of `manifest_`, to put digests in; null where all are known
  const Groups groups_;
  Loans loans_;
  std::atomic<uint64_t> linked_ = 0;
  std::atomic<uint64_t> cloned_ = 0;
  std::atomic<uint64_t> copied_ = 0;
  std::atomic<uint64_t> bytes_copied_ = 0;
  base::Crew crew_;  // the last member: its helpers are gone before what they use
};

}  // namespace

Made make_tree(const Dir& from, const Manifest& manifest, const Dir& to, const MakeOptions& options) {
  return Maker(from, manifest, to, options, nullptr).run();
}

Made make_tree_learning(const Dir& from, Manifest& manifest, const Dir& to, const MakeOptions& options) {
  return Maker(from, manifest, to, options, &manifest.entries).run();
}

void make_directories_and_links(const Manifest& manifest, const Dir& to) {
  hand_nothing_down(to);
  for (const Entry& entry : manifest.entries) {
    if (entry.type == FileType::directory) to.make_dir(entry.path, closed);
    if (entry.type == FileType::symlink) to.make_symlink(entry.link, entry.path);
  }
}

void finish_directories(const Manifest& manifest, const Dir& to) {
  for (size_t i = manifest.entries.size(); i-- > 0;) {
    if (manifest.entries.type(i) == FileType::directory) finish_directory(to, manifest.entries[i]);
  }
}

}  // namespace bakehouse::tree
