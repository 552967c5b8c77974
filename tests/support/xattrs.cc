#include "support/xattrs.hh"

#include "base/error.hh"

#include <string_view>

#include <sys/xattr.h>

namespace bakehouse::support {
namespace {

std::string list_xattrs(const base::Fd& fd) {
  const ssize_t size = ::flistxattr(fd.get(), nullptr, 0);
  if (size == 0 || (size < 0 && errno == EOPNOTSUPP)) return {};
  std::string names(size > 0 ? static_cast<size_t>(size) : 0, '\0');
  if (::flistxattr(fd.get(), names.data(), names.size()) != size)
    base::fail_os("list the attributes of", "a file of a test");
  return names;
}

std::string read_xattr(const base::Fd& fd, const std::string& name) {
  const ssize_t size = ::fgetxattr(fd.get(), name.c_str(), nullptr, 0);
  std::string value(size > 0 ? static_cast<size_t>(size) : 0, '\0');
  if (size < 0 || ::fgetxattr(fd.get(), name.c_str(), value.data(), value.size()) != size)
    base::fail_os("read the attribute", name);
  return value;
}

bool is_given(const std::string& name) {
  return name.starts_with("user.") || name.starts_with("system.posix_acl_") || name == "security.capability";
}

std::string little_endian(uint32_t number, size_t bytes) {
  std::string text;
  for (; bytes > 0; --bytes, number >>= 8) text += static_cast<char>(number & 0xFF);
  return text;
}

std::string acl_entry(uint32_t tag, uint32_t rights, uint32_t id = UINT32_MAX) {
  return little_endian(tag, 2) + little_endian(rights & 7, 2) + little_endian(id, 4);
}

}  // namespace

Xattrs read_xattrs(const base::Fd& fd) {
  Xattrs xattrs;
  const std::string names = list_xattrs(fd);
  for (size_t start = 0; start < names.size();) {
    const std::string name(names.c_str() + start);
    start += name.size() + 1;
    if (is_given(name)) xattrs[name] = read_xattr(fd, name);
  }
  return xattrs;
}

void set_xattrs(const base::Fd& fd, const Xattrs& xattrs) {
  // "user" before "system": an access list can end the right to write, which the others need.
  for (auto xattr = xattrs.rbegin(); xattr != xattrs.rend(); ++xattr) {
    const auto& [name, value] = *xattr;
    if (::fsetxattr(fd.get(), name.c_str(), value.data(), value.size(), 0) != 0)
      base::fail_os("set the attribute", name);
  }
}

// acl(5), as <linux/posix_acl_xattr.h> lays it out: a version, then entries in the order of their tags.
std::string posix_acl(uint32_t mode, uint32_t uid, uint32_t rights) {
  constexpr uint32_t version = 2;
  constexpr uint32_t owner = 0x01, user = 0x02, group = 0x04, mask = 0x10, other = 0x20;
  return little_endian(version, 4) + acl_entry(owner, mode >> 6) + acl_entry(user, rights, uid) +
         acl_entry(group, mode >> 3) + acl_entry(mask, mode >> 3) + acl_entry(other, mode);
}

}  // namespace bakehouse::support
