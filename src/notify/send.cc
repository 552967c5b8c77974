#include "notify/send.hh"

#include "base/error.hh"
#include "notify/kinds.hh"

namespace bakehouse::notify {
namespace {

Answer send_by_kind(const config::Receiver& receiver, const Message& message, const base::Clock& clock) {
  switch (receiver.kind) {
    case config::Receiver::Kind::webhook: return send_webhook(receiver, message, clock);
    case config::Receiver::Kind::mail: return send_mail(receiver, message);
    case config::Receiver::Kind::command: break;
  }
  return send_command(receiver, message);
}

}  // namespace

Answer send(const config::Receiver& receiver, const Message& message, const base::Clock& clock) {
  try {
    return send_by_kind(receiver, message, clock);
  } catch (const base::Error& error) {
    const std::string hint = error.hint().empty() ? "" : " (" + error.hint() + ")";
    // What this machine lacks is not there in a second either.
    const bool is_of_network = error.os_error() == 0 && hint.empty();
    return {false, receiver.kind == config::Receiver::Kind::webhook && is_of_network, error.what() + hint};
  }
}

}  // namespace bakehouse::notify
