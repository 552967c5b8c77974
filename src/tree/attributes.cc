#include "tree/attributes.hh"

#include "base/beneath.hh"
#include "base/error.hh"

#include <fmt/format.h>

#include <cerrno>
#include <string_view>

#include <fcntl.h>
#include <sys/xattr.h>

namespace bakehouse::tree {
namespace {

using base::Dir;
using base::TreePath;

bool belongs_to_tree(std::string_view name) {
  return name.starts_with("user.") || name == "security.capability" || name == "system.posix_acl_access" ||
         name == "system.posix_acl_default";
}

// No call takes a directory handle and a name; the handle's name in /proc serves as one, and the
// last part of the path is not followed.
std::string reachable(const Dir& dir, const TreePath& name) {
  return fmt::format("/proc/self/fd/{}/{}", dir.fd().get(), name.is_top() ? "." : name.str());
}

std::string path_of(const Dir& dir, const TreePath& name) { return (dir.path() / name.str()).native(); }

// "a\0b\0", or nullopt with errno.
std::optional<std::string> list_names(const std::string& path) {
  std::string names(1024, '\0');
  for (;;) {
    const ssize_t size = ::llistxattr(path.c_str(), names.data(), names.size());
    if (size >= 0) {
      names.resize(static_cast<size_t>(size));
      return names;
    }
    if (errno != ERANGE) return std::nullopt;
    names.resize(4 * names.size());
  }
}

// nullopt with errno, ENODATA for one that has gone.
std::optional<std::string> read_value(const std::string& path, const std::string& name) {
  std::string value(256, '\0');
  for (;;) {
    const ssize_t size = ::lgetxattr(path.c_str(), name.c_str(), value.data(), value.size());
    if (size >= 0) {
      value.resize(static_cast<size_t>(size));
      return value;
    }
    if (errno != ERANGE) return std::nullopt;
    value.resize(4 * value.size());
  }
}

}  // namespace

Attributes read_attributes(const Dir& dir, const TreePath& name) {
  const std::string path = reachable(dir, name);
  const auto names = list_names(path);
  Attributes found;
  if (!names) {
    if (errno == EOPNOTSUPP) return found;
    base::fail_os("list the attributes of", path_of(dir, name));
  }
  for (size_t at = 0; at < names->size();) {
    const std::string attribute = names->c_str() + at;
    at += attribute.size() + 1;
    if (!belongs_to_tree(attribute)) continue;
    auto value = read_value(path, attribute);
    if (value) {
      found[attribute] = *std::move(value);
    } else if (errno != ENODATA) {
      base::fail_os("read the attributes of", path_of(dir, name));
    }
  }
  return found;
}

void write_attributes(const Dir& dir, const TreePath& name, const Attributes& wanted) {
  const std::string path = reachable(dir, name);
  const Attributes found = read_attributes(dir, name);
  for (const auto& [attribute, value] : found) {
    if (!wanted.contains(attribute) && ::lremovexattr(path.c_str(), attribute.c_str()) != 0)
      base::fail_os("remove an attribute of", path_of(dir, name));
  }
  // "user" before "system": an access list can end the right to write, which the others need.
  for (auto next = wanted.rbegin(); next != wanted.rend(); ++next) {
    const auto& [attribute, value] = *next;
    const auto there = found.find(attribute);
    if (there != found.end() && there->second == value) continue;
    if (::lsetxattr(path.c_str(), attribute.c_str(), value.data(), value.size(), 0) != 0)
      throw base::os_error(errno, "set the attribute " + attribute + " of", path_of(dir, name));
  }
}

}  // namespace bakehouse::tree
