// A deployment that counts only until a deadline, unless somebody confirms it: who locks himself out, or
// finds nobody at the telephone, gets the old release back.
#pragma once

#include "node/apply.hh"
#include "node/node.hh"
#include "phase/deadline.hh"
#include "text/value.hh"

#include <optional>
#include <string>

namespace bakehouse::node {

struct Provisional {
  std::string deployment;
  std::string version;
  phase::Deadline deadline;

  std::string describe() const;  // "1.1 is provisional until ..."
};
text::Value encode(const Provisional& provisional);

std::optional<Provisional> read_provisional(const Node& node);
// Of one deployment it is written once, whoever finishes its transaction.
void write_provisional(const Node& node, const Provisional& provisional);
void remove_provisional(const Node& node);
// Error(refused) while there is one: nothing is built on what may go.
void require_not_provisional(const Node& node);

// It counts from now on. nullopt when nothing was provisional; Error(refused) when it comes too late, and
// then the old release is in service again.
std::optional<Provisional> confirm(const Node& node);

// Waits, without the lock, until what is provisional is confirmed or the deadline is past; then goes back.
// nullopt when it was confirmed, or nothing was provisional. A wish to stop ends the waiting.
std::optional<Result> keep_deadline(const Node& node);

}  // namespace bakehouse::node
