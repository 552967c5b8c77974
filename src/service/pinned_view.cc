#include "service/pinned_view.hh"

#include "base/dir.hh"
#include "base/error.hh"
#include "base/files.hh"

#include <exception>

#include <fcntl.h>
#include <sched.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <unistd.h>

namespace bakehouse::service {
namespace {

namespace fs = std::filesystem;

enum Failure : int { no_namespace = 1, no_user_map, no_private_mounts, no_tree, no_cover, no_name };

const char* describe_failure(int failed) {
  switch (failed) {
    case no_namespace: return "make a mount namespace for";
    case no_user_map: return "map the user in the namespace of";
    case no_private_mounts: return "keep apart the mounts of";
    case no_tree: return "hold what stands beside run/ for";
    case no_cover: return "cover the directory that holds run/ for";
    default: return "put together the view of";
  }
}

bool write_once(const char* path, const std::string& text) {
  const int fd = ::open(path, O_WRONLY | O_CLOEXEC);
  if (fd < 0) return false;
  const bool is_written = ::write(fd, text.data(), text.size()) == static_cast<ssize_t>(text.size());
  ::close(fd);
  return is_written;
}

}  // namespace

PinnedView::PinnedView(const fs::path& run) : holder_(run.parent_path().native()) {
  if (::geteuid() != 0) {
    uid_map_ = fmt::format("{0} {0} 1\n", ::geteuid());
    gid_map_ = fmt::format("{0} {0} 1\n", ::getegid());
  }
  const base::Dir holder = base::Dir::open(run.parent_path());
  for (const std::string& name : holder.names()) {
    const auto path = base::TreePath::parse(name);
    const auto stat = holder.stat(path);
    if (!stat) continue;  // it went while we looked
    const bool is_link = stat->type == base::FileType::symlink;
    names_.push_back(
        {name, is_link ? holder.read_link(path) : "", stat->type == base::FileType::directory, -1});
  }
  work_.run = [this] { return enter(); };
  work_.explain = [this](int failed, int code) {
    return base::os_error(code, describe_failure(failed), holder_);
  };
}

// In the child, before it becomes its program: system calls only.
int PinnedView::enter() {
  const bool is_user_namespace = !uid_map_.empty();
  if (::unshare(CLONE_NEWNS | (is_user_namespace ? CLONE_NEWUSER : 0)) != 0) return no_namespace;
  const bool is_mapped = !is_user_namespace || (write_once("/proc/self/setgroups", "deny") &&
                                                write_once("/proc/self/uid_map", uid_map_) &&
                                                write_once("/proc/self/gid_map", gid_map_));
  if (!is_mapped) return no_user_map;
  // What the host mounts later is seen here, and nothing of this there.
  if (::mount(nullptr, "/", nullptr, MS_REC | MS_SLAVE, nullptr) != 0) return no_private_mounts;
  const int holder = ::open(holder_.c_str(), O_PATH | O_DIRECTORY | O_CLOEXEC);
  if (holder < 0) return no_tree;
  for (Name& name : names_) {
    if (!name.link.empty()) continue;
    name.tree = ::open_tree(holder, name.name.c_str(),
                            OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC | AT_RECURSIVE | AT_SYMLINK_NOFOLLOW);
    if (name.tree < 0 && errno != ENOENT) return no_tree;
  }
  if (::mount("bakehouse", holder_.c_str(), "tmpfs", MS_NOSUID | MS_NODEV, "mode=0755,size=64k") != 0)
    return no_cover;
  for (Name& name : names_) {
    const int failed = move_in(name);
    if (failed != 0) return failed;
  }
  if (::mount(nullptr, holder_.c_str(), nullptr, MS_REMOUNT | MS_BIND | MS_RDONLY | MS_NOSUID | MS_NODEV,
              nullptr) != 0)
    return no_cover;
  return 0;
}

int PinnedView::move_in(Name& name) const {
  const int holder = ::open(holder_.c_str(), O_PATH | O_DIRECTORY | O_CLOEXEC);
  if (holder < 0) return no_name;
  const char* const text = name.name.c_str();
  int failed = 0;
  if (!name.link.empty()) {
    if (::symlinkat(name.link.c_str(), holder, text) != 0) failed = no_name;
  } else if (name.tree >= 0) {
    const int made =
        name.is_directory ? ::mkdirat(holder, text, 0755) : ::mknodat(holder, text, S_IFREG | 0644, 0);
    if (made != 0 || ::move_mount(name.tree, "", holder, text, MOVE_MOUNT_F_EMPTY_PATH) != 0)
      failed = no_name;
    ::close(name.tree);
  }
  ::close(holder);
  return failed;
}

bool PinnedView::is_possible() {
  try {
    const base::TempDir scratch;
    fs::create_directory(scratch.path() / "run");
    const PinnedView view(scratch.path() / "run");
    base::Command command;
    command.argv = {"/bin/true"};
    command.child_work = &view.child_work();
    return base::Process::start(command).wait().ok();
  } catch (const std::exception&) {
    return false;
  }
}

}  // namespace bakehouse::service
