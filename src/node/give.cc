#include "node/give.hh"

#include "service/account.hh"

#include <sys/fsuid.h>
#include <unistd.h>

namespace bakehouse::node {
namespace {

using base::Dir;
using base::FileType;
using base::Identity;
using base::TreePath;

// This thread makes files as that user would.
class AsUser {
 public:
  explicit AsUser(const Identity& user) {
    ::setfsgid(user.gid);
    ::setfsuid(user.uid);
  }
  ~AsUser() {
    ::setfsuid(::geteuid());
    ::setfsgid(::getegid());
  }
  AsUser(const AsUser&) = delete;
  AsUser& operator=(const AsUser&) = delete;
};

// In a directory of his he makes it himself: what we make there he could exchange for something of ours
// before it is given to him.
void make_directory(const Dir& root, const TreePath& directory, const std::optional<Identity>& user) {
  if (root.exists(directory)) return;
  make_directory(root, directory.parent(), user);
  if (user && root.stat(directory.parent())->uid == user->uid) {
    const AsUser as(*user);
    root.make_dirs(directory, 0755);
    return;
  }
  root.make_dirs(directory, 0755);
  if (user) root.set_owner(directory, user->uid, user->gid);
}

// A file of several names may have one of them where it is no affair of his.
bool may_be_given(const base::FileStat& file) {
  return file.uid == ::geteuid() && (file.type != FileType::regular || file.links == 1);
}

// Where others may put something, what is ours may be anything of ours.
bool only_we_write(const base::FileStat& directory) {
  constexpr uint32_t others = 0022;
  return directory.uid == ::geteuid() && (directory.mode & others) == 0;
}

// What a directory holds goes first: as long as it is ours, nobody exchanges anything in it.
void give(const Dir& tree, const TreePath& path, const Identity& user, Within within) {
  const auto file = tree.stat(path);
  if (!file) return;
  if (file->type == FileType::directory && (within == Within::any || only_we_write(*file))) {
    for (const std::string& name : tree.open_dir(path).names()) give(tree, path / name, user, within);
  }
  tree.set_owner_if(path, user.uid, user.gid, may_be_given);
}

}  // namespace

std::optional<Identity> owner_of_data(const config::Project& project) {
  return project.services.user ? service::identity_of(*project.services.user) : std::nullopt;
}

void make_data_directories(const Dir& root, const TreePath& data, const std::vector<TreePath>& directories,
                           const std::optional<Identity>& user) {
  const auto whole = root.stat(data);
  if (user && whole && whole->uid == ::geteuid())
    root.set_owner(data, user->uid, whole->gid == ::getegid() ? user->gid : whole->gid);
  for (const TreePath& directory : directories) make_directory(root, directory, user);
}

void give_writable(const Dir& run, const std::vector<config::Writable>& writable,
                   const std::optional<Identity>& user, Within within) {
  if (!user) return;
  for (const config::Writable& one : writable) give(run, one.path, *user, within);
}

void give_dumps(const Dir& root, const TreePath& dumps, const Identity& user) {
  give(root, dumps, user, Within::ours);
}

}  // namespace bakehouse::node
