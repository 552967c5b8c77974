#include "tree/scan.hh"

#include "base/encoding.hh"
#include "base/error.hh"
#include "base/threads.hh"
#include "tree/attributes.hh"
#include "tree/read_file.hh"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <memory>
#include <mutex>
#include <tuple>

namespace bakehouse::tree {
namespace {

using base::Dir;
using base::Error;
using base::Fault;
using base::FileStat;
using base::FileType;
using base::TreePath;

// Deeper trees would also meet the limit of a path's length; this bound is for the assembly's stack.
constexpr int deepest = 512;
// Files of one directory that one worker reads in a row.
constexpr size_t batch_entries = 256;

// A directory that was looked into. Each is filled by one job, and its digests by jobs that follow.
struct Folder {
  TreePath path;
  const Folder* parent = nullptr;
  int depth = 0;
  uint64_t device = 0;
  uint64_t inode = 0;

  EntryList entries;  // in byte order of their names
  // Those with several names: the place in `entries`, device and inode.
  struct Linked {
    size_t entry;
    uint64_t device;
    uint64_t inode;
  };
  std::vector<Linked> linked;
  // The directories in it, by name with a '/' behind it: so the paths below them are ordered.
  std::map<std::string, std::unique_ptr<Folder>> inner;
};

// A file to be read.
struct Unread {
  size_t entry;
  FileStat seen;
};

class Scanner {
 public:
  Scanner(const Dir& top, const ScanOptions& options)
      : top_(top), options_(options), crew_(options.workers) {}

  Scan run() {
    Folder folder;
    const auto stat = base::stat_of(top_.fd(), top_.path().native());
    folder.device = stat.device;
    folder.inode = stat.inode;
    crew_.add([&] { look_into(folder); });
    crew_.finish();
    assemble(folder);
    note_hard_links();
    std::sort(result_.specials.begin(), result_.specials.end());
    std::sort(result_.left_out.begin(), result_.left_out.end());
    std::sort(result_.mounts.begin(), result_.mounts.end());
    std::sort(result_.faults.begin(), result_.faults.end(),
              [](const ScanFault& a, const ScanFault& b) { return a.path < b.path; });
    return std::move(result_);
  }

 private:
  // Runs `work`; a fault of what stands at `name` of the folder (empty: the folder) is thrown or
  // noted, as was asked for.
  template <typename Work>
  void attempt(const Folder& folder, std::string_view name, Work&& work) {
    try {
      work();
    } catch (const Error& error) {
      if (options_.faults == ScanOptions::Faults::fail) throw;
      const std::lock_guard lock(mutex_);
      result_.faults.push_back({place_of(folder, name), error.what()});
    }
  }

  // A name too long for a path is a fault of the directory.
  static TreePath place_of(const Folder& folder, std::string_view name) {
    const std::string path =
        folder.path.is_top() ? std::string(name) : fmt::format("{}/{}", folder.path.str(), name);
    return TreePath::why_not(path) ? folder.path : TreePath::parse(path);
  }

  void look_into(Folder& folder) {
    attempt(folder, "", [&] {
      require_no_loop(folder);
      const auto dir = std::make_shared<Dir>(top_.open_dir(folder.path));
      if (!folder.path.is_top() && base::is_mount_root(dir->fd())) {
        const std::lock_guard lock(mutex_);
        result_.mounts.push_back(folder.path);
      }
      std::vector<Unread> unread;
      const auto when = file_clock();
      const auto names = dir->names();
      reserve(folder, names);
      for (const std::string& name : names) {
        attempt(folder, name, [&] { look_at(folder, *dir, name, unread); });
      }
      for (auto& [key, inner] : folder.inner) {
        crew_.add([this, &inner = *inner] { look_into(inner); });
      }
      // Added last and so done first: the directory is open only until then.
      read_in_batches(folder, dir, std::move(unread), when);
    });
  }

  static void require_no_loop(const Folder& folder) {
    if (folder.depth > deepest) {
      throw Error(Fault::input, fmt::format("'{}' lies more than {} directories deep",
                                            base::printable(folder.path.str()), deepest));
    }
    for (const Folder* up = folder.parent; up != nullptr; up = up->parent) {
      if (up->inode != folder.inode || up->device != folder.device) continue;
      throw Error(Fault::input,
                  fmt::format("'{}' contains itself: it is '{}' mounted again",
                              base::printable(folder.path.str()), base::printable(up->path.str())),
                  "unmount it or leave it out");
    }
  }

  // In one block; links and attributes, which few have, go into another.
  static void reserve(Folder& folder, const std::vector<std::string>& names) {
    const size_t above = folder.path.is_top() ? 0 : folder.path.str().size() + 1;
    size_t bytes = 0;
    for (const std::string& name : names) bytes += EntryList::bytes_of_file(above + name.size());
    folder.entries.reserve(names.size(), bytes);
  }

  void look_at(Folder& folder, const Dir& dir, const std::string& name, std::vector<Unread>& unread) {
    const TreePath path = folder.path / name;
    if (options_.excluded(path)) {
      const std::lock_guard lock(mutex_);
      result_.left_out.push_back(path);
      return;
    }
    const TreePath here = TreePath::parse(name);
    const auto stat = dir.stat(here);
    if (!stat) return;  // vanished since the listing: it is not part of the tree
    if (stat->type == FileType::other) {
      const std::lock_guard lock(mutex_);
      result_.specials.push_back(path);
      return;
    }
    Entry entry = describe(dir, here, path, *stat);
    if (stat->type == FileType::regular && !recall(entry, *stat) && wants_content(path, stat->size)) {
      unread.push_back({folder.entries.size(), *stat});
    }
    if (stat->type == FileType::directory) add_inner(folder, name, path, *stat);
    if (options_.detail == Detail::all && stat->links > 1 && stat->type != FileType::directory)
      folder.linked.push_back({folder.entries.size(), stat->device, stat->inode});
    folder.entries.push_back(entry);
  }

  Entry describe(const Dir& dir, const TreePath& here, const TreePath& path, const FileStat& stat) const {
    Entry entry;
    entry.path = path;
    entry.type = stat.type;
    entry.mode = stat.type == FileType::symlink ? 0777 : stat.mode;
    if (stat.type == FileType::symlink) entry.link = dir.read_link(here);
    if (stat.type == FileType::regular) entry.size = stat.size;
    if (stat.type == FileType::regular || options_.detail == Detail::all) entry.time = stat.mtime;
    if (options_.detail == Detail::all) {
      entry.detail = Detail::all;
      entry.owner = Owner{stat.uid, stat.gid};
      entry.attributes = read_attributes(dir, here);
    }
    return entry;
  }

  bool wants_content(const TreePath& path, uint64_t size) const {
    return options_.content == ScanOptions::Content::all &&
           (!options_.wants_content || options_.wants_content(path, size));
  }

  // Whether the digest is known without reading.
  bool recall(Entry& entry, const FileStat& stat) const {
    if (options_.index == nullptr || (options_.inspect && wants_content(entry.path, entry.size)))
      return false;
    const auto known = options_.index->find(identity_of(stat));
    if (known) entry.digest = *known;
    return known.has_value();
  }

  static void add_inner(Folder& folder, const std::string& name, const TreePath& path, const FileStat& stat) {
    auto inner = std::make_unique<Folder>();
    inner->path = path;
    inner->parent = &folder;
    inner->depth = folder.depth + 1;
    inner->device = stat.device;
    inner->inode = stat.inode;
    folder.inner.emplace(name + "/", std::move(inner));
  }

  static std::string_view name_in(const Folder& folder, size_t entry) {
    return folder.entries.path(entry).substr(folder.path.is_top() ? 0 : folder.path.str().size() + 1);
  }

  void read_in_batches(Folder& folder, const std::shared_ptr<Dir>& dir, std::vector<Unread> unread,
                       base::FileTime when) {
    constexpr uint64_t enough = 8 << 20;
    for (size_t first = 0; first < unread.size();) {
      size_t last = first;
      uint64_t bytes = 0;
      while (last < unread.size() && last - first < batch_entries && bytes < enough)
        bytes += unread[last++].seen.size;
      std::vector<Unread> some(std::make_move_iterator(unread.begin() + static_cast<std::ptrdiff_t>(first)),
                               std::make_move_iterator(unread.begin() + static_cast<std::ptrdiff_t>(last)));
      crew_.add([this, &folder, dir, some = std::move(some), when] {
        for (const Unread& file : some) read(folder, *dir, file, when);
      });
      first = last;
    }
  }

  void read(Folder& folder, const Dir& dir, const Unread& file, base::FileTime when) {
    const TreePath name = TreePath::parse(name_in(folder, file.entry));
    attempt(folder, name.str(), [&] {
      SeePiece see;
      if (options_.inspect) {
        see = [&, entry = folder.entries[file.entry]](std::string_view piece) {
          options_.inspect(entry, piece);
        };
      }
      folder.entries.set_digest(
          file.entry, digest_file(dir, name, file.seen, when, options_.index, see, options_.overlap));
    });
  }

  void assemble(Folder& folder) {
    EntryList& all = result_.manifest.entries;
    auto inner = folder.inner.begin();
    const auto take_inner = [&] {
      assemble(*inner->second);
      inner->second.reset();
      ++inner;
    };
    auto linked = folder.linked.begin();
    for (size_t i = 0; i < folder.entries.size(); ++i) {
      while (inner != folder.inner.end() && inner->first < name_in(folder, i)) take_inner();
      all.link_to(folder.entries, i);
      if (linked != folder.linked.end() && linked->entry == i) {
        linked_.push_back({all.size() - 1, linked->device, linked->inode});
        ++linked;
      }
    }
    while (inner != folder.inner.end()) take_inner();
    all.adopt(std::move(folder.entries));
  }

  // Names of one inode stand beside each other once they are sorted by it, the first one first.
  void note_hard_links() {
    std::sort(linked_.begin(), linked_.end(), [](const Folder::Linked& a, const Folder::Linked& b) {
      return std::tie(a.device, a.inode, a.entry) < std::tie(b.device, b.inode, b.entry);
    });
    EntryList& all = result_.manifest.entries;
    for (size_t i = 1, first = 0; i < linked_.size(); ++i) {
      const bool is_same =
          linked_[i].device == linked_[first].device && linked_[i].inode == linked_[first].inode;
      if (!is_same) {
        first = i;
        continue;
      }
      join(all[linked_[first].entry], linked_[i].entry);
    }
  }

  // Looked at before and after a change, two names of a file tell of two files; they stay apart.
  void join(const Entry& first, size_t other) {
    EntryList& all = result_.manifest.entries;
    Entry entry = all[other];
    const bool agree = entry.type == first.type && entry.size == first.size && entry.mode == first.mode &&
                       entry.owner == first.owner && entry.time == first.time;
    if (!agree) return;
    entry.same_file = first.path;
    all.set(other, entry);
  }

  const Dir& top_;
  const ScanOptions& options_;
  std::mutex mutex_;  // of `result_` while the crew works
  Scan result_;
  std::vector<Folder::Linked> linked_;  // of all directories, by their place in the manifest
  base::Crew crew_;                     // the last member: its helpers are gone before what they use
};

}  // namespace

Scan scan(const Dir& dir, const ScanOptions& options) { return Scanner(dir, options).run(); }

}  // namespace bakehouse::tree
