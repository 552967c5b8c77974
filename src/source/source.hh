// Where a build comes from: a directory, a git repository or a tar archive, checked out into a directory of
// ours.
#pragma once

#include "base/dir.hh"
#include "base/file_time.hh"
#include "tree/stat_index.hh"

#include <filesystem>
#include <functional>
#include <optional>
#include <string>
#include <vector>

namespace bakehouse::source {

struct Checkout {
  std::string kind;    // "git", "directory" or "archive"
  std::string commit;  // git: forty digits
  bool dirty = false;  // git: the work tree held what no commit holds, and that was built
  // When the source was made: the commit's time; nullopt for what has none.
  std::optional<base::Seconds> time;
  std::string description;  // git: as `git describe --tags --always`; "" otherwise
  // Devices, sockets and FIFOs of a work tree or directory: they are not copied.
  std::vector<base::TreePath> left_out = {};
};

// The tree of an earlier check-out, which nobody needs any more. Files of a work tree or directory that stand
// in it as they are to be are linked from it.
struct Earlier {
  const base::Dir* tree;   // null: there is none
  tree::StatIndex& index;  // what its files, and those of the source, held; it learns of the new ones
  std::function<void()> remove =
      {};  // called first where nothing can be linked: there may not be room for both
};

// Fills the empty directory `to`. Of a git repository whose work tree is clean (or that has none)
// the files of HEAD are written from its objects; of one that is dirty, the files of the work tree
// that are not ignored. Of an archive that holds one directory and nothing else, what is in that directory.
// Submodules, and pointers to Git LFS in place of files, are an Error(input) that names them. `.git` never
// travels.
Checkout check_out(const std::filesystem::path& from, const base::Dir& to, const Earlier* earlier = nullptr);

// An empty bare repository to push to.
void make_bare_repository(const std::filesystem::path& path);

}  // namespace bakehouse::source
