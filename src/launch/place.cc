#include "launch/place.hh"

#include "base/error.hh"
#include "base/files.hh"

#include <fmt/format.h>

#include <cerrno>
#include <cstring>

#include <fcntl.h>
#include <sched.h>
#include <sys/mount.h>
#include <unistd.h>

namespace bakehouse::launch {
namespace {

namespace fs = std::filesystem;
using base::Error;
using base::Fault;

[[noreturn]] void refuse(const fs::path& application, const std::string& app_path, const std::string& why) {
  throw Error(Fault::input, fmt::format("the release was built to run at '{}', and {}", app_path, why),
              fmt::format("make it a link once: ln -s {} {}", application.native(), app_path));
}

// Written by one system call each: the kernel takes a map once and whole.
void write_proc(const char* path, const std::string& text) {
  const base::Fd file(::open(path, O_WRONLY | O_CLOEXEC));
  if (!file) base::fail_os("open", path);
  base::write_all(file, text, path);
}

// Who we are stays as it is, inside and outside.
void map_ourselves(uid_t user, gid_t group) {
  write_proc("/proc/self/setgroups", "deny");
  write_proc("/proc/self/uid_map", fmt::format("{0} {0} 1", user));
  write_proc("/proc/self/gid_map", fmt::format("{0} {0} 1", group));
}

void enter_own_mounts() {
  const uid_t user = ::geteuid();
  const gid_t group = ::getegid();
  if (::unshare(CLONE_NEWNS) == 0) return;
  if (::unshare(CLONE_NEWNS | CLONE_NEWUSER) != 0) base::fail_os("make namespaces for", "/");
  map_ourselves(user, group);
}

void mount_here(const fs::path& application, const std::string& app_path) {
  enter_own_mounts();
  // Nothing of this reaches the mounts of others, but theirs go on reaching us.
  if (::mount(nullptr, "/", nullptr, MS_REC | MS_SLAVE, nullptr) != 0)
    base::fail_os("keep mounts below", "/");
  if (::mount(application.c_str(), app_path.c_str(), nullptr, MS_BIND | MS_REC, nullptr) != 0)
    base::fail_os("mount at", app_path);
}

// By a mount or a link; the link is right before the application is there.
bool leads_to(const fs::path& application, const fs::path& app_path) {
  std::error_code missing;
  if (fs::equivalent(application, app_path, missing)) return true;
  if (!fs::is_symlink(app_path, missing)) return false;
  const fs::path target = app_path.parent_path() / fs::read_symlink(app_path, missing);
  const fs::path leads = fs::weakly_canonical(target, missing);
  return !leads.empty() && leads == fs::weakly_canonical(application, missing);
}

// At which the application can be mounted.
void require_empty_directory(const fs::path& application, const std::string& app_path) {
  std::error_code missing;
  if (!fs::exists(app_path, missing)) refuse(application, app_path, "there is nothing here");
  if (!fs::is_directory(app_path, missing) || !fs::is_empty(app_path, missing))
    refuse(application, app_path, "something else is there");
}

}  // namespace

void require_place(const fs::path& application, const std::string& app_path) {
  if (app_path.empty() || leads_to(application, app_path)) return;
  require_empty_directory(application, app_path);
}

fs::path place(const fs::path& application, const std::string& app_path) {
  if (app_path.empty()) return application;
  if (leads_to(application, app_path)) return app_path;
  require_empty_directory(application, app_path);
  try {
    mount_here(application, app_path);
  } catch (const Error& error) {
    refuse(application, app_path, fmt::format("it cannot be mounted there: {}", error.what()));
  }
  return app_path;
}

}  // namespace bakehouse::launch
