// Who is told how a transaction ended: node.yaml says. Whatever fails here is a warning, and changes nothing.
#pragma once

#include "node/apply.hh"
#include "node/node.hh"
#include "node/transaction.hh"
#include "notify/message.hh"
#include "phase/lock.hh"

#include <exception>
#include <filesystem>
#include <string>
#include <utility>

namespace bakehouse::node {

std::filesystem::path outbox_of(const Node& node);

// Before the journal is closed, so that a crash cannot swallow it: what is told twice has the same id. It is
// only written down here, because the lock is held.
void announce(const Transaction& transaction, const phase::HistoryEntry& ended);
// That a transaction goes on waiting for a person.
void announce_needs_hands(const Transaction& transaction, const std::string& step, const std::string& cause);

// Sends what waits. Without the lock: a receiver may be slow.
void deliver_notices(const Node& node);

// Does the work, and then, however it ended, sends what waits.
template <typename Work>
auto then_deliver(const Node& node, Work&& work) {
  try {
    auto result = std::forward<Work>(work)();
    deliver_notices(node);
    return result;
  } catch (const base::Error&) {
    deliver_notices(node);
    throw;
  }
}

// The same, for what needs the lock; nothing is sent while it is held.
template <typename Work>
auto with_switch_lock(const Node& node, const std::string& purpose, Work&& work) {
  return then_deliver(node, [&] {
    const phase::Lock lock = node.lock_switch(purpose);
    return std::forward<Work>(work)();
  });
}

// A message that says it is a test.
notify::Message test_message(const Node& node);

}  // namespace bakehouse::node
