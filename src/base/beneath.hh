// Opening a path beneath a directory, through no link: the one call all of Dir rests on.
#pragma once

#include "base/tree_path.hh"

#include <fcntl.h>
#include <sys/types.h>

namespace bakehouse::base {

constexpr int directory_flags = O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC;
// For what is only walked through: needs no permission to list.
constexpr int way_flags = O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC;

// By openat2 where the kernel has it and the sandbox lets it through, else a component at a time.
// Returns a descriptor, or -1 with errno (ELOOP for a link).
int open_beneath(int dir, const TreePath& path, int flags, mode_t mode = 0);

// One of the two ways: for tests, which try both.
enum class Resolve { kernel, by_component };
int open_beneath_by(Resolve how, int dir, const TreePath& path, int flags, mode_t mode);

}  // namespace bakehouse::base
