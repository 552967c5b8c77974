#include "launch/launch_file.hh"

#include "base/encoding.hh"
#include "base/error.hh"
#include "base/tree_path.hh"
#include "text/json.hh"

#include <algorithm>
#include <initializer_list>

namespace bakehouse::launch {
namespace {

using base::Error;
using base::Fault;
using base::printable;
using text::Value;

constexpr int64_t known_schema = 1;

[[noreturn]] void fail(const Value& value, const std::string& message) {
  const std::string place = value.origin().describe();
  throw Error(Fault::input, place.empty() ? message : fmt::format("{}: {}", place, message));
}

void require_known_keys(const Value& map, std::string_view what,
                        std::initializer_list<std::string_view> known) {
  if (!map.is_map()) fail(map, fmt::format("{} must be a map, not {}", what, map.kind_name()));
  for (const auto& [key, value] : map.members()) {
    if (std::ranges::find(known, std::string_view(key)) != known.end()) continue;
    fail(value, fmt::format("{} has an unknown key '{}'", what, printable(key)));
  }
}

// exec ends a string at its first NUL byte, JSON does not.
std::string read_word(const Value& value, std::string_view what) {
  if (value.kind() != Value::Kind::string) {
    fail(value, fmt::format("{} must be a string, not {}", what, value.kind_name()));
  }
  if (value.text().find('\0') != std::string::npos) fail(value, fmt::format("{} contains a NUL byte", what));
  return value.text();
}

std::string read_word_or_none(const Value& map, std::string_view key) {
  const Value* value = map.find(key);
  return value == nullptr ? std::string() : read_word(*value, fmt::format("'{}'", key));
}

std::vector<std::string> read_words(const Value& list, std::string_view what) {
  if (!list.is_list())
    fail(list, fmt::format("{} must be a list of strings, not {}", what, list.kind_name()));
  std::vector<std::string> words;
  for (const auto& item : list.items()) words.push_back(read_word(item, fmt::format("a member of {}", what)));
  return words;
}

bool is_type_character(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '.' || c == '_' ||
         c == '-';
}

// What the buildpack specification allows; logs and units are named after it, so no dots alone.
bool is_type(std::string_view text) {
  return !text.empty() && text.size() <= 100 && text.front() != '.' &&
         std::ranges::all_of(text, is_type_character);
}

LaunchProcess read_process(const Value& value) {
  require_known_keys(value, "a process", {"type", "command", "args", "working-directory", "buildpack"});
  LaunchProcess process;
  process.type = value.string_at("type");
  if (!is_type(process.type)) {
    fail(value.at("type"),
         fmt::format("'{}' is no process type (letters, digits, '-', '_', and '.' but not first)",
                     printable(process.type)));
  }
  process.command = read_words(value.at("command"), "'command'");
  if (process.command.empty() || process.command.front().empty())
    fail(value.at("command"), "'command' names no program");
  if (const Value* args = value.find("args")) process.args = read_words(*args, "'args'");
  process.working_directory = read_word_or_none(value, "working-directory");
  if (!process.working_directory.empty()) {
    if (const auto reason = base::TreePath::why_not(process.working_directory)) {
      fail(value.at("working-directory"),
           fmt::format("the working directory '{}' {}", printable(process.working_directory), *reason));
    }
  }
  process.buildpack = read_word_or_none(value, "buildpack");
  return process;
}

void require_schema(const Value& root) {
  const Value& schema = root.at("schema");
  if (schema.kind() == Value::Kind::integer && schema.text() == std::to_string(known_schema)) return;
  fail(schema, fmt::format("only schema {} is known here; a newer Bakehouse may have made this release",
                           known_schema));
}

Value to_value(const std::vector<std::string>& words) {
  Value list = Value::list();
  for (const auto& word : words) list.push(word);
  return list;
}

Value to_value(const LaunchProcess& process) {
  return Value::map({{"type", process.type},
                     {"command", to_value(process.command)},
                     {"args", to_value(process.args)},
                     {"working-directory", process.working_directory},
                     {"buildpack", process.buildpack}});
}

}  // namespace

const LaunchProcess* LaunchFile::find(std::string_view type) const {
  const auto found = std::ranges::find(processes, type, &LaunchProcess::type);
  return found == processes.end() ? nullptr : &*found;
}

LaunchFile parse_launch(std::string_view json, std::string_view name) {
  const Value root = text::parse_json(json, name);
  require_known_keys(root, "the file", {"schema", "default", "processes"});
  require_schema(root);
  LaunchFile file;
  const Value& processes = root.at("processes");
  if (!processes.is_list())
    fail(processes, fmt::format("'processes' must be a list, not {}", processes.kind_name()));
  for (const auto& item : processes.items()) {
    LaunchProcess process = read_process(item);
    if (file.find(process.type) != nullptr) {
      fail(item, fmt::format("the process type '{}' stands twice", process.type));
    }
    file.processes.push_back(std::move(process));
  }
  std::ranges::sort(file.processes, {}, &LaunchProcess::type);
  file.default_process = read_word_or_none(root, "default");
  if (!file.default_process.empty() && file.find(file.default_process) == nullptr) {
    fail(root.at("default"),
         fmt::format("the default process '{}' is none of 'processes'", printable(file.default_process)));
  }
  return file;
}

std::string format_launch(const LaunchFile& file) {
  std::vector<LaunchProcess> sorted = file.processes;
  std::ranges::sort(sorted, {}, &LaunchProcess::type);
  Value processes = Value::list();
  for (const auto& process : sorted) processes.push(to_value(process));
  return text::to_json(Value::map(
      {{"schema", known_schema}, {"default", file.default_process}, {"processes", std::move(processes)}}));
}

}  // namespace bakehouse::launch
