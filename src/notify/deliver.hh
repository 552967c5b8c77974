// Sending what waits.
#pragma once

#include "base/clock.hh"
#include "base/event.hh"
#include "config/node_settings.hh"
#include "notify/message.hh"
#include "notify/send.hh"

#include <chrono>
#include <filesystem>
#include <vector>

namespace bakehouse::notify {

// Puts it into the outbox, for each receiver that wants it. A failure is a warning.
void enqueue(const std::filesystem::path& outbox, const std::vector<config::Receiver>& receivers,
             const Message& message, const base::Clock& clock, const base::EventSink& events);

enum class Due {
  now,  // only what was not tried a short while ago
  all,
};
struct Delivery {
  size_t sent = 0;
  size_t waiting = 0;  // afterwards
};
// Tries each receiver until it fails, and no longer than about `patience` in all. One at a time: while
// another process does it nothing is done here, and what was put in meanwhile is sent by that one. What stays
// is a warning.
Delivery deliver(const std::filesystem::path& outbox, const std::vector<config::Receiver>& receivers, Due due,
                 const base::Clock& clock, const base::EventSink& events,
                 std::chrono::milliseconds patience = std::chrono::seconds(60));

// At once, without the outbox, three times at most.
Answer send_patiently(const config::Receiver& receiver, const Message& message, const base::Clock& clock);

}  // namespace bakehouse::notify
