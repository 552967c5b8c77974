// What is told of a transaction that has ended: docs/formats/notification.md.
#pragma once

#include "base/file_time.hh"
#include "config/node_settings.hh"
#include "text/value.hh"

#include <string>

namespace bakehouse::notify {

struct Message {
  std::string project;
  std::string host;
  std::string kind;     // "apply", "rollback", or "test"
  std::string trigger;  // "command", or "expire": nobody had confirmed
  bool recovered = false;
  std::string outcome;  // "good", "failed", "reverted" or "needs-hands"
  std::string version;
  std::string previous_version;  // "" for the first
  std::string deployment;
  std::string who;
  base::Seconds began = 0;
  base::Seconds ended = 0;
  std::string step;   // that failed
  std::string cause;  // safe to show, without passwords of URLs, and not long
};

// The same when it is told once more: a receiver that has seen it can pass it over.
std::string id_of(const Message& message);
// Makes any text a cause.
std::string as_cause(std::string_view text);
// "apply of 1.2 on web1: good"
std::string headline(const Message& message);

text::Value encode(const Message& message);
Message decode_message(const text::Value& value);

bool wants(const config::Receiver& receiver, const Message& message);

}  // namespace bakehouse::notify
