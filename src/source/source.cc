#include "source/source.hh"

#include "base/encoding.hh"
#include "base/error.hh"
#include "base/files.hh"
#include "source/foreign_tar.hh"
#include "source/foreign_tree.hh"
#include "source/git.hh"
#include "tree/make.hh"
#include "tree/scan.hh"

#include <fmt/format.h>

#include <algorithm>
#include <functional>
#include <mutex>
#include <system_error>

namespace bakehouse::source {
namespace {

using base::Dir;
using base::TreePath;

// What the copy is made of but the source: the index proves what each of the two trees holds.
void make_copy(const Dir& source, tree::Manifest& manifest, const Dir& to, const Earlier* earlier) {
  tree::MakeOptions options;
  if (earlier != nullptr) options.index = &earlier->index;
  if (earlier == nullptr || earlier->tree == nullptr) {
    tree::make_tree_learning(source, manifest, to, options);
    return;
  }
  tree::ScanOptions look;
  look.detail = tree::Detail::all;
  look.content = tree::ScanOptions::Content::known;
  look.faults = tree::ScanOptions::Faults::report;
  look.index = &earlier->index;
  const tree::Scan left = tree::scan(*earlier->tree, look);
  const tree::Lender lender{*earlier->tree, left.manifest,
                            [](const tree::Entry&, const base::FileStat&) { return true; }};
  options.lender = &lender;
  tree::make_tree_learning(source, manifest, to, options);
}

// Copies a directory, leaving out what `leave_out` names and every `.git`. Returns what cannot be copied.
std::vector<TreePath> copy_directory(const std::filesystem::path& from, const Dir& to, const Earlier* earlier,
                                     const std::function<bool(const TreePath&)>& leave_out) {
  const Dir source = Dir::open(from);
  tree::ScanOptions options;
  options.detail = tree::Detail::all;
  // What is larger is read once, when it is copied.
  options.wants_content = [](const TreePath&, uint64_t size) { return size < largest_lfs_pointer; };
  if (earlier != nullptr) options.index = &earlier->index;
  // The scan asks from several threads; the library behind `leave_out` answers one at a time.
  std::mutex mutex;
  std::vector<TreePath> pointers;
  options.inspect = [&](const tree::Entry& file, std::string_view piece) {
    if (!is_lfs_pointer(file.size, piece)) return;
    const std::lock_guard lock(mutex);
    pointers.push_back(file.path);
  };
  options.excluded = [&](const TreePath& path) {
    if (path.name() == ".git") return true;
    const std::lock_guard lock(mutex);
    return leave_out(path);
  };
  tree::Scan found = tree::scan(source, options);
  if (!pointers.empty()) refuse_lfs_pointer(*std::ranges::min_element(pointers));
  make_copy(source, found.manifest, to, earlier);
  return std::move(found.specials);
}

// Archives of sources mostly hold one directory, named after project and version.
void lift_only_directory(const Dir& to) {
  const auto names = to.names();
  if (names.size() != 1) return;
  TreePath top = TreePath::parse(names.front());
  if (to.stat(top)->type != base::FileType::directory) return;
  const auto inner = to.open_dir(top).names();
  std::string free = names.front();
  while (std::ranges::find(inner, free) != inner.end()) free += "_";
  if (free != names.front()) {
    to.rename(top, TreePath::parse(free));
    top = TreePath::parse(free);
  }
  for (const std::string& name : inner) to.rename_new(top / name, TreePath::parse(name));
  to.remove_tree(top);
}

// What the archive brought along that no release is made of.
void sift(const Dir& to) {
  tree::ScanOptions options;
  options.excluded = [](const TreePath& path) { return path.name() == ".git"; };
  const tree::Scan found = tree::scan(to, options);
  for (const TreePath& repository : found.left_out) to.remove_tree(repository);
  for (const tree::Entry file : found.manifest.entries) {
    if (file.type != base::FileType::regular || file.size >= largest_lfs_pointer) continue;
    if (is_lfs_pointer(file.size, to.read_file(file.path, largest_lfs_pointer)))
      refuse_lfs_pointer(file.path);
  }
}

Checkout unpack_archive(const std::filesystem::path& from, const Dir& to) {
  Budget budget(source_limits);
  unpack_tar(base::open_for_reading(from), base::printable(from.native()), to, budget);
  lift_only_directory(to);
  sift(to);
  return {"archive", "", false, std::nullopt, "", {}};
}

void let_go(const Earlier* earlier) {
  if (earlier != nullptr && earlier->remove) earlier->remove();
}

}  // namespace

Checkout check_out(const std::filesystem::path& from, const Dir& to, const Earlier* earlier) {
  std::error_code unreadable;
  if (std::filesystem::is_regular_file(from, unreadable)) {
    let_go(earlier);
    return unpack_archive(from, to);
  }
  const auto repository = Repository::open(from);
  if (!repository) {
    auto left_out = copy_directory(from, to, earlier, [](const TreePath&) { return false; });
    return {"directory", "", false, std::nullopt, "", std::move(left_out)};
  }
  Checkout checkout = repository->describe();
  if (checkout.dirty) {
    repository->refuse_submodules();
    checkout.left_out =
        copy_directory(from, to, earlier, [&](const TreePath& path) { return repository->ignores(path); });
  } else {
    let_go(earlier);
    repository->write_head(to);
  }
  return checkout;
}

}  // namespace bakehouse::source
