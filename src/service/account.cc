#include "service/account.hh"

#include "base/encoding.hh"
#include "base/error.hh"

#include <fmt/format.h>

#include <grp.h>
#include <pwd.h>
#include <unistd.h>

namespace bakehouse::service {
namespace {

using base::Error;
using base::Fault;
using base::printable;

std::vector<gid_t> groups_of(const passwd& user) {
  int count = 1;
  std::vector<gid_t> groups(1);
  // Until all have a place: there may be more of them from one question to the next.
  while (::getgrouplist(user.pw_name, user.pw_gid, groups.data(), &count) < 0)
    groups.resize(static_cast<size_t>(count));
  groups.resize(static_cast<size_t>(count));
  return groups;
}

std::string name_of_us() {
  const passwd* us = ::getpwuid(::geteuid());
  return us != nullptr ? us->pw_name : std::to_string(::geteuid());
}

}  // namespace

std::string home_of(const std::string& user) {
  const passwd* found = ::getpwnam(user.c_str());
  return found != nullptr ? found->pw_dir : "/";
}

std::string own_home() {
  const passwd* us = ::getpwuid(::geteuid());
  return us != nullptr ? us->pw_dir : "/";
}

std::optional<base::Identity> identity_of(const std::string& user) {
  const passwd* found = ::getpwnam(user.c_str());
  if (found == nullptr) {
    throw Error(Fault::refused, fmt::format("this machine has no user '{}'", printable(user)),
                "make that user, or say another in `services: {user: NAME}` of node.yaml");
  }
  if (found->pw_uid == ::geteuid()) return std::nullopt;
  if (::geteuid() != 0) {
    throw Error(Fault::refused,
                fmt::format("only root can run processes as '{}', and this is '{}'", user, name_of_us()),
                "let root do it, or name this user in `services: {user: NAME}` of node.yaml");
  }
  return base::Identity{found->pw_uid, found->pw_gid, groups_of(*found)};
}

std::vector<ServiceSpec> with_identities(std::vector<ServiceSpec> specs) {
  for (ServiceSpec& spec : specs) {
    if (spec.user.empty()) continue;
    spec.identity = identity_of(spec.user);
    spec.user.clear();
  }
  return specs;
}

// What the kernel has to say is found out by a program that does nothing.
void require_identities(const std::vector<ServiceSpec>& specs, const std::filesystem::path& directory) {
  for (const ServiceSpec& spec : specs) {
    if (spec.user.empty()) continue;
    base::Command command;
    command.argv = {"/bin/true"};
    command.directory = directory;
    command.identity = identity_of(spec.user);
    try {
      base::Process::start(command).wait();
    } catch (const Error& error) {
      if (error.os_error() != EACCES) throw;
      throw error.within(fmt::format("the user '{}'", spec.user))
          .as(Fault::refused)
          .with_hint("let others pass through that directory and those above it: chmod o+x");
    }
  }
}

}  // namespace bakehouse::service
