#include "source/source.hh"

#include "base/encoding.hh"
#include "base/error.hh"
#include "source/git.hh"
#include "tree/make.hh"
#include "tree/scan.hh"

#include <fmt/format.h>

#include <mutex>

namespace bakehouse::source {
namespace {

using base::Dir;
using base::TreePath;

// Copies a directory, leaving out what `leave_out` names and every `.git`. Returns what cannot be copied.
std::vector<TreePath> copy_directory(const std::filesystem::path& from, const Dir& to,
                                     const std::function<bool(const TreePath&)>& leave_out) {
  const Dir source = Dir::open(from);
  tree::ScanOptions options;
  options.detail = tree::Detail::all;
  // The scan asks from several threads; the library behind `leave_out` answers one at a time.
  std::mutex mutex;
  options.excluded = [&](const TreePath& path) {
    if (path.name() == ".git") return true;
    const std::lock_guard lock(mutex);
    return leave_out(path);
  };
  tree::Scan found = tree::scan(source, options);
  tree::make_tree(source, found.manifest, to);
  return std::move(found.specials);
}

}  // namespace

Checkout check_out(const std::filesystem::path& from, const Dir& to) {
  const auto repository = Repository::open(from);
  if (!repository) {
    auto left_out = copy_directory(from, to, [](const TreePath&) { return false; });
    return {"directory", "", false, std::nullopt, "", std::move(left_out)};
  }
  Checkout checkout = repository->describe();
  if (checkout.dirty) {
    repository->refuse_submodules();
    checkout.left_out =
        copy_directory(from, to, [&](const TreePath& path) { return repository->ignores(path); });
  } else {
    repository->write_head(to);
  }
  return checkout;
}

}  // namespace bakehouse::source
