#include "base/clock.hh"
#include "notify/kinds.hh"
#include "notify/program.hh"

#include <fmt/format.h>

#include <ctime>

namespace bakehouse::notify {
namespace {

// Whatever the text is, it is one line of a header and cannot begin another.
std::string for_header(std::string_view text) {
  constexpr size_t longest = 200;
  std::string safe;
  for (const char c : text.substr(0, longest)) safe += c >= 0x20 && c < 0x7F ? c : '?';
  return safe;
}

// RFC 5322 in English, whatever the locale.
std::string mail_date(base::Seconds time) {
  static const char* const days[] = {"Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"};
  static const char* const months[] = {"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                       "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
  const std::time_t seconds = time;
  std::tm parts{};
  ::gmtime_r(&seconds, &parts);
  return fmt::format("{}, {} {} {} {:02}:{:02}:{:02} +0000", days[parts.tm_wday], parts.tm_mday,
                     months[parts.tm_mon], parts.tm_year + 1900, parts.tm_hour, parts.tm_min, parts.tm_sec);
}

// Mail knows no line over 998 bytes; what is longer is continued on the next, cut between characters.
std::string in_short_lines(std::string_view text) {
  constexpr size_t longest = 900;
  std::string lines;
  size_t length = 0;
  for (const char c : text) {
    const bool begins_character = (static_cast<unsigned char>(c) & 0xC0) != 0x80;
    if (length >= longest && begins_character && c != '\n') {
      lines += '\n';
      length = 0;
    }
    lines += c;
    length = c == '\n' ? 0 : length + 1;
  }
  return lines;
}

std::string body_of(const Message& message) {
  std::string body = headline(message) + "\n\n";
  const auto add = [&](std::string_view name, const std::string& value) {
    if (!value.empty()) body += fmt::format("{:<12}{}\n", name, value);
  };
  add("project", message.project);
  add("version", message.version);
  add("before", message.previous_version);
  add("deployment", message.deployment);
  add("who", message.who);
  add("began", base::iso_datetime(message.began));
  add("ended", base::iso_datetime(message.ended));
  add("failed in", message.step);
  if (!message.cause.empty()) body += "\n" + message.cause + "\n";
  return in_short_lines(body);
}

}  // namespace

std::string compose_mail(const config::Receiver& receiver, const Message& message) {
  std::string mail;
  if (receiver.from) mail += fmt::format("From: {}\n", for_header(*receiver.from));
  mail += fmt::format("To: {}\n", for_header(receiver.target));
  mail += fmt::format("Subject: [{}] {}\n", for_header(message.project), for_header(headline(message)));
  mail += fmt::format("Date: {}\n", mail_date(message.ended));
  mail += fmt::format("X-Bakehouse-Delivery: {}\n", for_header(id_of(message)));
  mail += "Auto-Submitted: auto-generated\n";
  mail += "MIME-Version: 1.0\nContent-Type: text/plain; charset=utf-8\nContent-Transfer-Encoding: 8bit\n";
  return mail + "\n" + body_of(message);
}

Answer send_mail(const config::Receiver& receiver, const Message& message) {
  // -i: a line that is only a dot ends nothing.
  return run_program({receiver.sendmail.native(), "-t", "-i"}, compose_mail(receiver, message),
                     receiver.time_limit);
}

}  // namespace bakehouse::notify
