// Which deployments of the past are kept, and why. Private to this folder.
#pragma once

#include "config/project.hh"
#include "phase/history.hh"

#include <map>
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

// Something that was taken at a time.
struct Dated {
  std::string id;
  base::Seconds time = 0;
};
// Why each that the rule keeps is kept: "last", "daily 2026-01-31", "within 30d". Newest first. An empty rule
// keeps none.
std::map<std::string, std::vector<std::string>> reasons_by_rule(const config::BackupRule& rule,
                                                                const std::vector<Dated>& all,
                                                                base::Seconds now);

}  // namespace bakehouse::node
