// A root for one branch: made like another root, with ports of its own, and taken away as a whole.
#pragma once

#include "config/like.hh"
#include "config/root.hh"
#include "node/node.hh"

#include <filesystem>
#include <string>

namespace bakehouse::cli {

struct Preview {
  const node::Node& like;
  std::string branch;
};

// Where it is made unless somebody says: beside the other one, "staging-new-look" for the branch new/look.
std::filesystem::path preview_place(const Preview& preview);
// node.yaml of the other one, but for what one machine has only once: ports, units, files outside of the
// root, and those who are told. Error(input) where nothing is deployed there, which would tell its processes.
std::string preview_node_file(const Preview& preview, const std::string& environment);
// The remotes, the pillar and the identity of the other one, into a root that is being made. Error(input)
// where there is no such branch.
void fill_preview(const Preview& preview, const config::Root& fresh);

// Ends what runs there, and removes the root. Error(input) for one that is no preview.
void remove_preview(const node::Node& node);

}  // namespace bakehouse::cli
