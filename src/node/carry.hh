// What of run/ goes on in the new run: changes that somebody wants to keep, and what the application wrote
// where it may. Private to this folder.
#pragma once

#include "base/dir.hh"
#include "config/project.hh"
#include "node/node.hh"
#include "tree/manifest.hh"
#include "tree/stat_index.hh"

#include <string>
#include <vector>

namespace bakehouse::node {

// The release into whose run the changes are to be made.
struct NewRun {
  const tree::Manifest& release;
  const std::vector<config::DataLink>& links;
};
// Error(refused) for a change that cannot be made there: of what the release has changed as well, of what
// leads to data, and of what cannot be read.
void require_carriable(const Node& node, const std::string& deployment, const NewRun& run,
                       tree::StatIndex& index);
// Makes them in `next`. To be called when the application has ended: what it wrote last counts.
void carry_drift(const Node& node, const std::string& deployment, const NewRun& run, const base::Dir& next,
                 tree::StatIndex& index);

// What the release in `next` wants to go on with of what the application wrote: taken out of run/, which is
// the one before. Returns whether there was any.
bool carry_writable(const Node& node, const std::vector<config::Writable>& writable, const base::Dir& next);

}  // namespace bakehouse::node
