#include "notify/message.hh"

#include "base/clock.hh"
#include "base/encoding.hh"
#include "config/url.hh"

#include <fmt/format.h>

#include <algorithm>

namespace bakehouse::notify {
namespace {

using text::Value;

constexpr int64_t schema = 1;
constexpr size_t longest_cause = 4000;

base::Seconds duration(const Message& message) {
  return std::max<base::Seconds>(message.ended - message.began, 0);  // the clock may have been set back
}

}  // namespace

std::string id_of(const Message& message) { return message.deployment + "." + message.outcome; }

std::string as_cause(std::string_view text) {
  std::string cause = base::printable_lines(config::without_passwords(text));
  if (cause.size() <= longest_cause) return cause;
  size_t end = longest_cause;
  while (end > 0 && (static_cast<unsigned char>(cause[end]) & 0xC0) == 0x80) --end;
  return cause.substr(0, end) + "\n(cut here; `release log` has all of it)";
}

std::string headline(const Message& message) {
  const std::string by_itself = message.trigger == "expire" ? " (nobody confirmed)" : "";
  const std::string taken_up = message.recovered ? " (taken up after an interruption)" : "";
  return fmt::format("{} of {} on {}: {}{}{}", message.kind, message.version, message.host, message.outcome,
                     by_itself, taken_up);
}

Value encode(const Message& message) {
  return Value::map({{"schema", schema},
                     {"id", id_of(message)},
                     {"time", base::iso_datetime(message.ended)},
                     {"project", message.project},
                     {"host", message.host},
                     {"kind", message.kind},
                     {"trigger", message.trigger},
                     {"recovered", message.recovered},
                     {"outcome", message.outcome},
                     {"version", message.version},
                     {"previous_version", message.previous_version},
                     {"deployment", message.deployment},
                     {"who", message.who},
                     {"began", message.began},
                     {"ended", message.ended},
                     {"duration", duration(message)},
                     {"step", message.step},
                     {"cause", message.cause}});
}

Message decode_message(const Value& value) {
  Message message;
  message.project = value.string_at("project");
  message.host = value.string_at("host");
  message.kind = value.string_at("kind");
  message.trigger = value.string_at("trigger");
  message.recovered = value.boolean_at("recovered");
  message.outcome = value.string_at("outcome");
  message.version = value.string_at("version");
  message.previous_version = value.string_at("previous_version");
  message.deployment = value.string_at("deployment");
  message.who = value.string_at("who");
  message.began = value.integer_at("began");
  message.ended = value.integer_at("ended");
  message.step = value.string_at("step");
  message.cause = value.string_at("cause");
  return message;
}

bool wants(const config::Receiver& receiver, const Message& message) {
  if (receiver.on.empty()) return true;
  return receiver.on.contains(message.outcome == "good" ? "success" : "failure") ||
         (message.trigger == "expire" && receiver.on.contains("expired")) ||
         (message.recovered && receiver.on.contains("recovered"));
}

}  // namespace bakehouse::notify
