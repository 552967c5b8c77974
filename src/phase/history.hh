// `.bakehouse/history.jsonl`: one line for each deployment that ended, and how it did.
#pragma once

#include "base/file_time.hh"
#include "text/value.hh"

#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace bakehouse::phase {

struct HistoryEntry {
  std::string deployment;
  std::string kind;     // "apply", "rollback" or "adopt"
  std::string outcome;  // "good", "failed" (nothing had been touched) or "reverted"
  std::string version;
  uint64_t sequence = 0;
  std::string manifest;  // its digest
  std::string parent;    // the deployment in service before; "" for the first
  std::string step;      // that failed
  std::string cause;
  std::string who;
  base::Seconds began = 0;
  base::Seconds ended = 0;
  text::Value durations = text::Value::map();  // seconds by phase
};

text::Value encode(const HistoryEntry& entry);

// In the order in which they were written. A torn last line is passed over.
std::vector<HistoryEntry> read_history(const std::filesystem::path& path);
// Durable when it returns. An entry of the same deployment is not written twice.
void append_history(const std::filesystem::path& path, const HistoryEntry& entry);

// The newest good one, or nullptr.
const HistoryEntry* last_good(const std::vector<HistoryEntry>& history);
const HistoryEntry* find_deployment(const std::vector<HistoryEntry>& history, std::string_view id);

}  // namespace bakehouse::phase
