// Extended attributes and access control lists, for trees in tests.
#pragma once

#include "base/fd.hh"

#include <cstdint>
#include <map>
#include <string>

namespace bakehouse::support {

// Whole names, "user.origin"; an access control list is one of them, as the kernel passes it.
using Xattrs = std::map<std::string, std::string>;

inline const std::string access_list = "system.posix_acl_access";
inline const std::string default_list = "system.posix_acl_default";  // of folders, for what is made in them

// What somebody gives a file; not what a security module or a file system keeps there for itself.
Xattrs read_xattrs(const base::Fd& fd);
// Adds to those that are there.
void set_xattrs(const base::Fd& fd, const Xattrs& xattrs);

// A list that says what `mode` says and lets one more user in, with `rights` out of 0 to 7. Of a file
// with an access list, the group's bits of the mode are its mask: both must agree.
std::string posix_acl(uint32_t mode, uint32_t uid, uint32_t rights);

}  // namespace bakehouse::support
