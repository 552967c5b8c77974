// What a release has and its source lacks, lent to the source while somebody edits it: products of the build,
// layers, configuration. Private to this folder.
#pragma once

#include "node/node.hh"

#include <string>
#include <vector>

namespace bakehouse::node {

// Paths in the source that nothing has there, and in the release something; without what is below them.
std::vector<std::string> lacking_in_source(const Node& node);
// Copies them, each whole or not at all, and tells Git to leave them alone. Nothing may work in the release.
void fill_source(const Node& node, const std::vector<std::string>& lacking);
// The way back at once: nobody has edited them.
void unfill_source(const Node& node, const std::vector<std::string>& filled);

// Out of the source, to archives/<id>/filled, since somebody may have edited them; and back. Each may be
// repeated.
void set_aside_filled(const Node& node, const std::string& id, const std::vector<std::string>& filled);
void bring_back_filled(const Node& node, const std::string& id, const std::vector<std::string>& filled);

}  // namespace bakehouse::node
