// How each kind of receiver is told. Private to this folder; errors of the world are thrown.
#pragma once

#include "notify/send.hh"

namespace bakehouse::notify {

Answer send_webhook(const config::Receiver& receiver, const Message& message, const base::Clock& clock);
Answer send_mail(const config::Receiver& receiver, const Message& message);
Answer send_command(const config::Receiver& receiver, const Message& message);

}  // namespace bakehouse::notify
