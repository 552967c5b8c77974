// Processes that live on when a transaction is over. Private to this folder.
#pragma once

#include "node/transaction.hh"

#include <functional>

namespace bakehouse::node {

// For the facts of the step that starts them: whether it begins a supervisor.
text::Value facts_of_start(const Transaction& transaction, const config::Project& project);
// Undoes that step. A supervisor that it began ends with its processes, also when whoever began it was
// killed.
void stop_started(Transaction& transaction, const phase::Undo& undo);
// From here on they do, if that is wanted and can be.
void make_lasting(Transaction& transaction, const config::Project& project);

// The release that was in service before is so again: its processes run, and whether it is well is said, not
// undone.
void bring_back_processes(Transaction& transaction, const phase::Undo& undo);

// For transactions that leave the release as it is: its processes end, run again, and must be well.
phase::Step stop_in_service(Transaction& transaction, std::function<void(const phase::Undo&)> undo);
phase::Step start_in_service(Transaction& transaction);
phase::Step health_in_service(Transaction& transaction);

// For the facts of the step that stops them, as "processes": whether any ran, also without a supervisor.
bool any_process(Transaction& transaction);
// What these facts say.
bool had_processes(const phase::Undo& undo);

}  // namespace bakehouse::node
