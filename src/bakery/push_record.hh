// What the last push to a remote put into service, until its branch says so, too.
#pragma once

#include "node/apply.hh"
#include "source/remote.hh"

#include <filesystem>
#include <optional>
#include <string>

namespace bakehouse::bakery {

struct PushRecord {
  source::RefUpdate update;
  std::string deployment;
  bool has_moved = false;  // the branch
};

// `remote` is the name of one: "project" or "pillar".
void write_push_record(const node::Node& node, const std::string& remote, const PushRecord& record);
std::optional<PushRecord> read_push_record(const node::Node& node, const std::string& remote);

std::filesystem::path remote_path(const config::Root& root, const std::string& remote);

// Takes up a transaction that was cut off, when the history does not know yet how that deployment ended.
void require_over(const node::Node& node, const std::string& deployment);

// The record, when what it speaks of is in service and its branch does not hold it. While somebody bakes
// nobody can tell: nullopt then.
std::optional<PushRecord> find_unmoved(const node::Node& node, const std::string& remote);
// Whether what was pushed last is what is in run/, whatever the history says of it, and has not moved its
// branch.
bool serves_unmoved(const node::Node& node, const std::string& remote);
// Whether the commit itself is gone from the repository, so that no branch can be moved there.
bool is_lost(const node::Node& node, const std::string& remote, const PushRecord& record);
// The warning "deployed commit not on branch", with what to do, for each remote of which that is so.
void tell_unmoved(const node::Node& node);
// Moves the branch, compare and swap, unless it holds the commit. Error(needs_hands) when it is elsewhere.
void move_branch(const node::Node& node, const std::string& remote, PushRecord record);

}  // namespace bakehouse::bakery
