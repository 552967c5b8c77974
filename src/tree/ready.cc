#include "tree/ready.hh"

#include <algorithm>
#include <set>

#include <sys/stat.h>

namespace bakehouse::tree {
namespace {

using base::TreePath;

// Files with several names are shared by their first one, and only if none of the others is the
// application's own.
std::set<TreePath> owned_by_another_name(const Manifest& manifest,
                                         const std::function<bool(const TreePath&)>& is_own) {
  std::set<TreePath> owned;
  for (const Entry& entry : manifest.entries) {
    if (!entry.same_file.is_top() && is_own(entry.path)) owned.insert(entry.same_file);
  }
  return owned;
}

}  // namespace

bool can_change(const ServiceUser& user, const base::FileStat& file, const Attributes& attributes) {
  if (user.uid == 0 || user.uid == file.uid) return true;
  // An access list may say anything; files of a release rarely have one.
  if (attributes.contains("system.posix_acl_access")) return true;
  if ((file.mode & S_IWOTH) != 0) return true;
  const bool is_in_group = std::find(user.groups.begin(), user.groups.end(), file.gid) != user.groups.end();
  return is_in_group && (file.mode & S_IWGRP) != 0;
}

Made make_ready(const base::Dir& deployment, const Manifest& manifest, const base::Dir& next,
                const ReadyOptions& options) {
  MakeOptions making;
  making.index = options.index;
  making.writeback = Writeback::now;
  making.workers = options.workers;
  if (options.old_run == nullptr) return make_tree(deployment, manifest, next, making);
  const auto owned = owned_by_another_name(manifest, options.is_own);
  const auto may_share = [&](const Entry& wanted, const base::FileStat& there) {
    const bool is_own = options.is_own(wanted.path) || owned.contains(wanted.path);
    return !is_own && !can_change(options.user, there, wanted.attributes);
  };
  const Lender lender{options.old_run->dir, options.old_run->expected, may_share, Lender::Times::any};
  making.lender = &lender;
  return make_tree(deployment, manifest, next, making);
}

}  // namespace bakehouse::tree
