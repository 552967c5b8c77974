#include "node/give.hh"

#include "service/account.hh"

#include <unistd.h>

namespace bakehouse::node {
namespace {

using base::Dir;
using base::FileType;
using base::Identity;
using base::TreePath;

void make_directory(const Dir& root, const TreePath& directory, const std::optional<Identity>& user) {
  if (root.exists(directory)) return;
  make_directory(root, directory.parent(), user);
  root.make_dirs(directory, 0755);
  if (user) root.set_owner(directory, user->uid, user->gid);
}

// A file of several names may have one of them where it is no affair of his.
bool may_be_given(const base::FileStat& file) {
  return file.uid == ::geteuid() && (file.type != FileType::regular || file.links == 1);
}

void give(const Dir& run, const TreePath& path, const Identity& user) {
  const auto file = run.stat(path);
  if (!file) return;
  if (may_be_given(*file)) run.set_owner(path, user.uid, user.gid);
  if (file->type != FileType::directory) return;
  for (const std::string& name : run.open_dir(path).names()) give(run, path / name, user);
}

}  // namespace

std::optional<Identity> owner_of_data(const config::Project& project) {
  return project.services.user ? service::identity_of(*project.services.user) : std::nullopt;
}

void make_data_directories(const Dir& root, const TreePath& data, const std::vector<TreePath>& directories,
                           const std::optional<Identity>& user) {
  const auto whole = root.stat(data);
  if (user && whole && whole->uid == ::geteuid()) root.set_owner(data, user->uid, user->gid);
  for (const TreePath& directory : directories) make_directory(root, directory, user);
}

void give_writable(const Dir& run, const std::vector<config::Writable>& writable,
                   const std::optional<Identity>& user) {
  if (!user) return;
  for (const config::Writable& one : writable) give(run, one.path, *user);
}

}  // namespace bakehouse::node
