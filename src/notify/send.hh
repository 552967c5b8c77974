// One message to one receiver, once.
#pragma once

#include "base/clock.hh"
#include "config/node_settings.hh"
#include "notify/message.hh"

#include <string>

namespace bakehouse::notify {

struct Answer {
  bool taken = false;
  bool may_pass = false;  // what went wrong may be over in a moment
  std::string text;       // "answered 204", "Connection refused": safe to show, without secrets
};

// Returns within about the receiver's limit, and never throws for what the receiver does.
Answer send(const config::Receiver& receiver, const Message& message, const base::Clock& clock);

// "sha256=..." for the bytes "<timestamp>.<body>".
std::string webhook_signature(std::string_view secret, base::Seconds timestamp, std::string_view body);
// A whole mail, header and body, for `sendmail -t`.
std::string compose_mail(const config::Receiver& receiver, const Message& message);

}  // namespace bakehouse::notify
