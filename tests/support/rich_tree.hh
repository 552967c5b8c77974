// The pieces of random trees that are more than a release. Private to this folder.
#pragma once

#include "support/random_tree.hh"

#include <optional>
#include <string>
#include <vector>

namespace bakehouse::support {

std::string random_content(Random& random);
base::FileTime random_time(Random& random);
// Of folders and links: at the very first moment they would pass for ones whose time is not told.
uint32_t random_mode(Random& random, const File&);
uint32_t random_mode(Random& random, const Folder&);
Xattrs random_xattrs(Random& random, const File& file);
Xattrs random_xattrs(Random& random, const Folder& folder);
MaybeOwner random_owner(Random& random);
std::string random_target(Random& random, const SharedTree& tree);

File random_file(Random& random);
Folder random_folder(Random& random);
Link random_link(Random& random, const SharedTree& tree);

// What nothing has yet, in one of the folders; nullopt after a bad throw.
std::optional<std::string> free_path(Random& random, const SharedTree& tree);
// At most one, and now and then a chain of folders with a file at its end.
void add_entry(Random& random, SharedTree& tree, Richness richness);

template <typename Kind>
std::vector<std::string> paths_of(const SharedTree& tree) {
  std::vector<std::string> paths;
  for (const auto& [path, node] : tree) {
    if (std::holds_alternative<Kind>(*node)) paths.push_back(path);
  }
  return paths;
}

}  // namespace bakehouse::support
