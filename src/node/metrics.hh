// What a monitor wants to know of a node. Reads, takes no lock, and changes nothing.
#pragma once

#include "node/node.hh"
#include "text/metrics.hh"

#include <vector>

namespace bakehouse::node {

// The names are documented in docs/operations.md, and promises.
std::vector<text::Metric> read_metrics(const Node& node);

}  // namespace bakehouse::node
