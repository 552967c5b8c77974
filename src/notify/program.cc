#include "notify/program.hh"

#include "base/last_lines.hh"
#include "base/process.hh"
#include "notify/kinds.hh"
#include "text/json.hh"

namespace bakehouse::notify {

Answer run_program(const std::vector<std::string>& argv, std::string_view input,
                   std::chrono::milliseconds limit) {
  constexpr size_t most_lines = 5;
  const base::Fd file = base::file_in_memory(input);
  base::Command command;
  command.argv = argv;
  command.environment = {"PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin", "LANG=C.UTF-8"};
  command.directory = "/";
  command.input = &file;
  base::Limits limits;
  limits.time = limit;
  limits.grace = std::chrono::seconds(1);
  base::LastLines last(most_lines);
  const base::ExitStatus status =
      base::run(std::move(command), limits, [&](std::string_view line) { last.take(line); });
  if (status.ok()) return {true, false, "took it"};
  return {false, false, status.describe() + last.text()};
}

Answer send_command(const config::Receiver& receiver, const Message& message) {
  return run_program(receiver.argv, text::to_json(encode(message)) + "\n", receiver.time_limit);
}

}  // namespace bakehouse::notify
