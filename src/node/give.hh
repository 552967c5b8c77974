// What belongs to the user who runs the processes, where that is another than who deploys. Private to this
// folder.
#pragma once

#include "base/dir.hh"
#include "base/process.hh"
#include "config/project.hh"

#include <optional>
#include <vector>

namespace bakehouse::node {

// Error(refused) as service::identity_of; nullopt when the processes are to run as us.
std::optional<base::Identity> owner_of_data(const config::Project& project);

// Makes those that are missing, his like `data` itself as long as that is ours. What is there already keeps
// its owner.
void make_data_directories(const base::Dir& root, const base::TreePath& data,
                           const std::vector<base::TreePath>& directories,
                           const std::optional<base::Identity>& user);

// How far what lies in a directory is given with it.
enum class Within {
  ours,  // only where nobody else could have put it
  any,   // nobody but us has worked there so far
};
// What `writable` names of a tree that runs nowhere yet, as far as it is ours.
void give_writable(const base::Dir& run, const std::vector<config::Writable>& writable,
                   const std::optional<base::Identity>& user, Within within);
// To the hooks that are to fill it, or to read what those of root have made.
void give_dumps(const base::Dir& root, const base::TreePath& dumps, const base::Identity& user);

}  // namespace bakehouse::node
