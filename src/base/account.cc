#include "base/encoding.hh"
#include "base/error.hh"
#include "base/process.hh"

#include <cerrno>
#include <vector>

#include <grp.h>
#include <pwd.h>
#include <unistd.h>

namespace bakehouse::base {

namespace {

std::vector<gid_t> groups_of(const std::string& name, gid_t first) {
  int count = 32;
  std::vector<gid_t> groups(static_cast<size_t>(count));
  // It says how many there are when there are more.
  while (::getgrouplist(name.c_str(), first, groups.data(), &count) < 0)
    groups.resize(static_cast<size_t>(count));
  groups.resize(static_cast<size_t>(count));
  return groups;
}

}  // namespace

Account find_account(const std::string& name) {
  constexpr size_t enough = 64 * 1024;
  std::vector<char> buffer(enough);
  passwd entry{};
  passwd* found = nullptr;
  const int failure = ::getpwnam_r(name.c_str(), &entry, buffer.data(), buffer.size(), &found);
  if (failure != 0) throw os_error(failure, "look up the user", name);
  if (found == nullptr) {
    throw Error(Fault::input, fmt::format("there is no user '{}' on this machine", printable(name)),
                "make one, or name another");
  }
  Account account;
  account.name = name;
  account.uid = entry.pw_uid;
  account.gid = entry.pw_gid;
  account.groups = groups_of(name, entry.pw_gid);
  account.home = entry.pw_dir;
  return account;
}

}  // namespace bakehouse::base
