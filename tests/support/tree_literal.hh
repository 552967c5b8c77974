// A directory as a literal, and a directory as text: a test says what is there and what must be
// there, and a failure is a readable difference.
#pragma once

#include "base/clock.hh"
#include "base/dir.hh"

#include <cstdint>
#include <map>
#include <string>
#include <variant>

namespace bakehouse::support {

constexpr base::Seconds some_time = 1'700'000'000;

struct File {
  std::string content;
  uint32_t mode = 0644;
  base::Seconds time = some_time;
};
struct Folder {
  uint32_t mode = 0755;
};
struct Link {
  std::string target;
};
// What stands at each path. A folder that holds others needs no row, unless its mode matters.
using Tree = std::map<std::string, std::variant<File, Folder, Link>>;

// Makes it inside `dir`; modes are exact, whatever the umask.
void make_tree(const base::Dir& dir, const Tree& tree);

// One line an entry, in byte order of the paths, with all that a manifest could say of it:
//   bin/ 0755
//   bin/run 0755 1700000000 "#!/bin/sh\n"
//   link -> bin/run
// A file with other names says how many; long content is shown by its size and digest; what is
// neither file, directory nor link is "special". Nothing is followed.
std::string describe_tree(const base::Dir& dir);
std::string describe_tree(const std::filesystem::path& dir);
// The same text for a tree that exists only as a literal.
std::string describe_tree(const Tree& tree);

}  // namespace bakehouse::support
