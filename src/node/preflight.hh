// Everything that can be refused before anything is touched.
#pragma once

#include "artifact/read.hh"
#include "node/apply.hh"
#include "node/disk_usage.hh"
#include "node/node.hh"

#include <cstdint>
#include <filesystem>
#include <string>

namespace bakehouse::node {

// Error(trust) for another project, Error(refused) for the rest. Returns what data/ takes, of which there
// must be room for copies.
Usage check_archive(const Node& node, const artifact::Archive& archive, const crypto::TrustPolicy& policy,
                    const ApplyOptions& options);
// What holds for every transaction: the switch works here, run/ is what we put there, and what has
// to move within one file system is on one.
void check_root(const Node& node);
// As root, before anything below the root is believed: nobody else may write what decides what runs.
void check_owners(const Node& node);

}  // namespace bakehouse::node
