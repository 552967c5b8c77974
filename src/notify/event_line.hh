// A line for each transaction that has ended, for programs that gather logs.
#pragma once

#include "base/event.hh"
#include "config/node_settings.hh"
#include "notify/message.hh"

#include <filesystem>
#include <string>

namespace bakehouse::notify {

// Wherever the node wants it. What fails is a warning.
void log_event(const config::EventLogs& logs, const Message& message, const base::EventSink& events);

// Each throws when it cannot. The file is opened anew, so that it may be moved away between two lines.
void append_event(const std::filesystem::path& file, const Message& message);
void send_to_journal(const std::filesystem::path& socket, const Message& message);
// A datagram of the journal's native protocol.
std::string journal_fields(const Message& message);

}  // namespace bakehouse::notify
