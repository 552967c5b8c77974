#include "tree/lend.hh"

#include "base/threads.hh"
#include "tree/share_file.hh"

#include <mutex>
#include <optional>

namespace bakehouse::tree {
namespace {

using base::Dir;
using base::TreePath;

class Linker {
 public:
  Linker(const Manifest& manifest, const Dir& to, const Lender& lender, StatIndex* index, unsigned workers)
      : manifest_(manifest),
        to_(to),
        lender_(lender),
        index_(index),
        linked_(manifest.entries.size()),
        crew_(workers) {}

  std::vector<bool> run() {
    constexpr size_t batch_links = 256;
    const size_t count = manifest_.entries.size();
    for (size_t first = 0; first < count; first += batch_links) {
      crew_.add([this, first, last = std::min(count, first + batch_links)] { link(first, last); });
    }
    crew_.finish();
    return std::move(linked_);
  }

 private:
  // Most of what stands side by side in a manifest does so in a directory.
  void link(size_t first, size_t last) {
    std::vector<size_t> done;
    std::optional<TreePath> open;
    std::optional<Dir> from;  // none where the lender has no such directory
    std::optional<Dir> to;
    for (size_t i = first; i < last; ++i) {
      const auto wanted = lendable(i);
      if (!wanted) continue;
      const TreePath parent = wanted->path.parent();
      if (open != parent) {
        from = lender_.dir.open_dir_if_any(parent);
        to.emplace(to_.open_dir(parent));
        open = parent;
      }
      const TreePath name = TreePath::parse(wanted->path.name());
      if (from && share_file(*from, name, *to, *wanted, lender_, loans_, index_)) done.push_back(i);
    }
    const std::lock_guard lock(mutex_);
    for (const size_t i : done) linked_[i] = true;
  }

  std::optional<Entry> lendable(size_t i) const {
    if (manifest_.entries.type(i) != base::FileType::regular) return std::nullopt;
    const auto place = lender_.manifest.index_of(manifest_.entries.path(i));
    if (!place) return std::nullopt;
    Entry wanted = manifest_.entries[i];
    if (!is_lendable(wanted, lender_.manifest.entries[*place], lender_.times)) return std::nullopt;
    return wanted;
  }

  const Manifest& manifest_;
  const Dir& to_;
  const Lender& lender_;
  StatIndex* const index_;
  Loans loans_;
  std::mutex mutex_;
  std::vector<bool> linked_;
  base::Crew crew_;  // the last member: its helpers are gone before what they use
};

}  // namespace

std::vector<bool> link_lent_files(const Manifest& manifest, const Dir& to, const Lender& lender,
                                  StatIndex* index, unsigned workers) {
  return Linker(manifest, to, lender, index, workers).run();
}

}  // namespace bakehouse::tree
