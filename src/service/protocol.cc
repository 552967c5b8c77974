#include "service/protocol.hh"

#include "base/encoding.hh"
#include "text/decode.hh"
#include "text/json.hh"

#include <algorithm>
#include <array>

namespace bakehouse::service {
namespace {

using base::Error;
using base::Fault;
using text::Diagnostics;
using text::MapReader;
using text::Value;

struct CommandName {
  Request::Command command;
  const char* name;
};
constexpr std::array<CommandName, 8> commands = {{
    {Request::Command::stop, "stop"},
    {Request::Command::start, "start"},
    {Request::Command::ensure, "ensure"},
    {Request::Command::states, "states"},
    {Request::Command::end, "end"},
    {Request::Command::try_beside, "try"},
    {Request::Command::hand_over, "hand-over"},
    {Request::Command::drop_beside, "drop"},
}};

std::string name_of(Request::Command command) {
  return std::ranges::find(commands, command, &CommandName::command)->name;
}

Request::Command command_of(const std::string& name) {
  return std::ranges::find_if(commands, [&](const CommandName& each) { return each.name == name; })->command;
}

std::vector<std::string> command_names() {
  std::vector<std::string> names;
  names.reserve(commands.size());
  for (const auto& each : commands) names.emplace_back(each.name);
  return names;
}

std::string as_line(const Value& value) { return text::to_json(value) + '\n'; }

template <typename Items>
Value encode_list(const Items& items) {
  Value list = Value::list();
  for (const auto& item : items) list.push(encode(item));
  return list;
}

const std::vector<Value>& items_of(const Value& list, std::string_view what) {
  if (list.is_list()) return list.items();
  throw Error(Fault::input, fmt::format("'{}' must be a list, not {}", what, list.kind_name()));
}

// A message may quote what is no UTF-8.
std::string presentable(const std::string& text) {
  try {
    text::to_json(text);
    return text;
  } catch (const Error&) {
    return base::printable(text);
  }
}

Fault decode_fault(int64_t code) {
  const bool known = code >= base::exit_code(Fault::internal) && code <= base::exit_code(Fault::refused);
  return known ? static_cast<Fault>(code) : Fault::internal;
}

bool has_services(Request::Command command) {
  return command == Request::Command::start || command == Request::Command::ensure ||
         command == Request::Command::try_beside;
}

[[noreturn]] void throw_failure(const Value& value) {
  throw Error(decode_fault(value.integer_at("fault")), value.string_at("message"), value.string_at("hint"));
}

}  // namespace

std::string format_request(const Request& request) {
  Value value = Value::map({{"command", name_of(request.command)}});
  if (has_services(request.command)) value.set("services", encode_list(request.services));
  if (!request.names.empty()) value.set("names", text::list_of(request.names));
  return as_line(value);
}

std::string format_answer(const std::vector<ServiceState>& states) {
  return as_line(Value::map({{"states", encode_list(states)}}));
}

std::string format_failure(const Error& error) {
  return as_line(Value::map({{"error", Value::map({{"fault", base::exit_code(error.fault())},
                                                   {"message", presentable(error.what())},
                                                   {"hint", presentable(error.hint())}})}}));
}

Request parse_request(std::string_view line) {
  const Value value = text::parse_json(line, "request");
  Diagnostics faults;
  MapReader reader(value, "the request", faults);
  reader.require("command");
  const auto command = reader.choice("command", command_names());
  const Value* services = reader.take("services");
  const bool has_names = reader.take("names") != nullptr;
  auto names = reader.texts("names");
  reader.finish();
  faults.throw_if_any();
  Request request;
  request.command = command_of(*command);
  if ((services != nullptr) != has_services(request.command)) {
    throw Error(Fault::input, "request: 'services' belong to 'start', 'ensure' and 'try', and only to them");
  }
  if (has_names && request.command != Request::Command::stop)
    throw Error(Fault::input, "request: 'names' belong to 'stop', and only to it");
  if (names) request.names = *std::move(names);
  if (services == nullptr) return request;
  for (const Value& item : items_of(*services, "services")) request.services.push_back(decode_spec(item));
  return request;
}

std::vector<ServiceState> parse_answer(std::string_view line) {
  const Value value = text::parse_json(line, "the supervisor's answer");
  if (const Value* error = value.find("error")) throw_failure(*error);
  std::vector<ServiceState> states;
  for (const Value& item : items_of(value.at("states"), "states")) states.push_back(decode_state(item));
  return states;
}

}  // namespace bakehouse::service
