// Which deployments of the past are kept, and why. Private to this folder.
#pragma once

#include "config/project.hh"
#include "phase/history.hh"

#include <optional>
#include <set>
#include <string>
#include <vector>

namespace bakehouse::node {

// The newest `last` good ones; of each of the newest days, weeks, months and years that have a good one, its
// newest; and whatever ended otherwise, or went back, since the oldest of the last good ones. Days are those
// of UTC. Without a rule all.
std::set<std::string> kept_by(const std::optional<config::KeepRule>& rule,
                              const std::vector<phase::HistoryEntry>& history);

}  // namespace bakehouse::node
