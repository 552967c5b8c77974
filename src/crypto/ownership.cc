#include "crypto/ownership.hh"

#include "base/encoding.hh"
#include "base/error.hh"

#include <cerrno>
#include <string>
#include <vector>

#include <sys/stat.h>
#include <unistd.h>

namespace bakehouse::crypto {
namespace {

namespace fs = std::filesystem;
using base::Error;
using base::Fault;
using base::printable;

constexpr int most_links = 40;  // as the kernel

struct stat stat_itself(const fs::path& path) {
  struct stat found {};
  if (::lstat(path.c_str(), &found) != 0) base::fail_os("examine", path.native());
  return found;
}

void check_owner(const fs::path& path, const struct stat& found) {
  const uid_t user = ::geteuid();
  if (found.st_uid == 0 || found.st_uid == user) return;
  const std::string name = printable(path.native());
  throw Error(Fault::trust,
              fmt::format("'{}' belongs to user {}, who could decide what is trusted", name, found.st_uid),
              fmt::format("chown -h {} {}", user, name));
}

enum class Sticky { suffices, no_help };

void check_mode(const fs::path& path, const struct stat& found, Sticky sticky) {
  if ((found.st_mode & (S_IWGRP | S_IWOTH)) == 0) return;
  // In a sticky directory nobody can replace what another one owns, only add.
  if (sticky == Sticky::suffices && (found.st_mode & S_ISVTX) != 0) return;
  const std::string name = printable(path.native());
  const char* const who = (found.st_mode & S_IWOTH) != 0 ? "everybody" : "its group";
  throw Error(Fault::trust,
              fmt::format("'{}' can be written by {}, who could decide what is trusted", name, who),
              fmt::format("chmod go-w {}", name));
}

// The parts of a path still to be walked, the next one last.
void push_parts(const fs::path& path, std::vector<fs::path>& ahead) {
  const std::vector<fs::path> parts(path.begin(), path.end());
  for (auto part = parts.rbegin(); part != parts.rend(); ++part) {
    if (!part->empty() && *part != "." && *part != "/") ahead.push_back(*part);
  }
}

fs::path target_of(const fs::path& link) {
  std::error_code failure;
  fs::path target = fs::read_symlink(link, failure);
  if (failure) throw base::os_error(failure.value(), "read the link", link.native());
  return target;
}

}  // namespace

void check_only_owner_writes(const fs::path& path) {
  std::vector<fs::path> ahead;
  push_parts(fs::absolute(path), ahead);
  // `here` is free of links, and everything from "/" to it has been checked.
  fs::path here = "/";
  check_owner(here, stat_itself(here));
  check_mode(here, stat_itself(here), Sticky::suffices);
  int links = 0;
  while (!ahead.empty()) {
    const fs::path part = ahead.back();
    ahead.pop_back();
    if (part == "..") {
      here = here.parent_path();
      continue;
    }
    const fs::path next = here / part;
    const struct stat found = stat_itself(next);
    check_owner(next, found);
    if (!S_ISLNK(found.st_mode)) {
      check_mode(next, found, Sticky::suffices);
      here = next;
      continue;
    }
    if (++links > most_links) throw base::os_error(ELOOP, "follow", path.native());
    const fs::path target = target_of(next);
    if (target.is_absolute()) here = "/";
    push_parts(target, ahead);
  }
  check_mode(here, stat_itself(here), Sticky::no_help);
}

}  // namespace bakehouse::crypto
