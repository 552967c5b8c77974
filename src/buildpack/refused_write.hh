// Recognises, in what a program prints, that it was not allowed to write outside of its tree.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace bakehouse::buildpack {

struct RefusedWrite {
  std::string path;  // as the program named it; empty when the line names none
};

// nullopt when the line does not say "Read-only file system" (EROFS) in some program's words.
// A hint for a message and no proof: a program may keep such a failure to itself, print these words about
// something else, name a path relative to a directory that nobody knows, or say no path at all. Where the
// path holds blanks and stands unquoted, only its last part is found.
std::optional<RefusedWrite> find_refused_write(std::string_view line);

}  // namespace bakehouse::buildpack
