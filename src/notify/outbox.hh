// Messages that nobody has taken yet, each in a file of its own: `.bakehouse/outbox/`.
#pragma once

#include "base/event.hh"
#include "base/file_time.hh"
#include "config/node_settings.hh"
#include "notify/message.hh"

#include <filesystem>
#include <string>
#include <vector>

namespace bakehouse::notify {

struct Waiting {
  std::string receiver;  // key_of
  Message message;
  base::Seconds queued = 0;
  base::Seconds next = 0;  // not before
  int tries = 0;
};

// By which a receiver is known again, without telling what it is.
std::string key_of(const config::Receiver& receiver);

// Durable when it returns; the same message to the same receiver waits once. When too many wait, the oldest
// goes, with a warning.
void put(const std::filesystem::path& outbox, const Waiting& waiting, const base::EventSink& events);
void remove(const std::filesystem::path& outbox, const Waiting& waiting);
// Oldest first. What cannot be read is removed, with a warning.
std::vector<Waiting> read_outbox(const std::filesystem::path& outbox, const base::EventSink& events);
// How many; 0 also for who may not look.
size_t count_waiting(const std::filesystem::path& outbox);

}  // namespace bakehouse::notify
