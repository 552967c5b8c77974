// What is said over the supervisor's socket: one JSON object a line, a question and its answer.
//
//     {"command":"stop"|"start"|"ensure"|"states"|"end"|"try"|"hand-over"|"drop", "services":[...],
//     "names":[...]}
//     {"states":[...]}  or  {"error":{"fault":3,"hint":"...","message":"..."}}
//
// "start", "ensure" and "try" have services; "stop" may have names, and means all without them. "end" is
// "stop", and the end of a supervisor in the background with it. "try" starts a release beside the one that
// serves, which "hand-over" puts in its place and "drop" ends.
#pragma once

#include "base/error.hh"
#include "service/spec.hh"

#include <string>
#include <string_view>
#include <vector>

namespace bakehouse::service {

// In bytes, of a question or an answer.
inline constexpr size_t longest_line = 4 * 1024 * 1024;

struct Request {
  enum class Command {
    stop,
    start,
    ensure,
    states,
    end,
    try_beside,
    hand_over,
    drop_beside
  } command = Command::states;
  std::vector<ServiceSpec> services = {};
  std::vector<std::string> names = {};
};

// Each ends in its line end, which the parsers do not expect.
std::string format_request(const Request& request);
std::string format_answer(const std::vector<ServiceState>& states);
std::string format_failure(const base::Error& error);

// Throws Error(input) for anything else.
Request parse_request(std::string_view line);
// Throws the Error that the answer carries, as it was thrown on the other side.
std::vector<ServiceState> parse_answer(std::string_view line);

}  // namespace bakehouse::service
