// One commit of a repository that is somebody else's. Its digits say what it holds, wherever it comes from.
#pragma once

#include "base/dir.hh"
#include "source/foreign_tree.hh"

#include <cstdint>
#include <filesystem>
#include <functional>
#include <string>

namespace bakehouse::source {

struct CommitRequest {
  std::string from;    // the path of a repository, or an http:// or https:// URL
  std::string commit;  // forty digits
  Limits limits = {};
  uint64_t download = uint64_t{1} << 30;  // bytes
  std::function<bool()> cancelled = [] { return false; };
};

// Writes the files of the commit into `to`, which is empty. A local repository is read where it is; of a
// remote one all branches and tags are fetched into the directory `scratch`. Nothing of a repository is
// executed, and its configuration and hooks are not looked at beyond what it takes to open it. Error(input):
// no such repository or commit, a `.git` that is a link, a submodule (named), a link that leads out, or more
// than the limits allow.
void check_out_commit(const CommitRequest& request, const base::Dir& to,
                      const std::filesystem::path& scratch);

}  // namespace bakehouse::source
