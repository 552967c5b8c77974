// What a transaction needs on each file system that it writes, and what is there.
#pragma once

#include "artifact/release_info.hh"
#include "node/disk_usage.hh"
#include "node/node.hh"
#include "text/value.hh"

#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

namespace bakehouse::node {

struct Need {
  std::filesystem::path place;  // on that file system
  Usage needed;                 // at most: what is shared or cloned takes less
  Usage free;
  bool counts_inodes = true;  // some file systems make them as they go
};
text::Value encode(const Need& need);

// At most, of a tree with so much in it.
Usage usage_of_tree(uint64_t bytes, uint64_t entries);
// What an undo writes besides data: journal, history, log.
constexpr Usage undo_records{64 * 1024, 1};

// Of what data/ takes, for the copy that is made of it and the one that goes back.
Usage data_usage(const Node& node);
std::vector<Need> forecast_space(const Node& node, const artifact::ReleaseInfo& release, const Usage& data);
// Error(refused), with this hint, where the file system of `place` has no room for so much of `what`.
void require_room(const std::filesystem::path& place, const Usage& needed, const std::string& what,
                  const std::string& hint);
// Error(refused) where something is missing, with what pruning would free.
void require_space(const Node& node, const std::vector<Need>& needs);

}  // namespace bakehouse::node
