#include "buildpack/launch_toml.hh"

#include "base/encoding.hh"
#include "buildpack/exec_env.hh"
#include "buildpack/tables.hh"
#include "text/decode.hh"
#include "text/toml.hh"

#include <fmt/format.h>

#include <algorithm>

namespace bakehouse::buildpack {
namespace {

using base::printable;
using text::Diagnostics;
using text::MapReader;
using text::Value;

// It names a directory of the layers, too: env.launch/<type>.
bool is_type(const std::string& type) {
  const auto is_allowed = [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '.' ||
           c == '_' || c == '-';
  };
  return !type.empty() && type != "." && type != ".." && std::all_of(type.begin(), type.end(), is_allowed);
}

std::string read_type(MapReader& reader, const Value& table, Diagnostics& faults) {
  std::string type = require_text(reader, "type", faults);
  const Value* value = table.find("type");
  if (value != nullptr && value->kind() == Value::Kind::string && !is_type(type))
    faults.add(value->origin(), fmt::format("'{}' is no process type", printable(type)),
               "letters, digits, '.', '_', '-'");
  return type;
}

void read_command(MapReader& reader, const Value& table, Process& process, Diagnostics& faults) {
  const bool is_list = process.api.has_direct_processes_only();
  const Value* command = reader.require("command");
  const std::string fits = fmt::format("for a buildpack of API {}", process.api.str());
  if (command != nullptr && command->is_list() != is_list) {
    faults.add(command->origin(),
               fmt::format("'command' must be {} {}", is_list ? "a list" : "a text", fits));
  } else if (is_list) {
    process.command = take_texts(reader, "command", faults);
  } else {
    process.command = {take_text(reader, "command", faults)};
  }
  if (command != nullptr && (process.command.empty() || process.command.front().empty()))
    faults.add(command->origin(), fmt::format("the process '{}' has no command", printable(process.type)));
  if (const Value* direct = table.find("direct"); direct != nullptr && is_list)
    faults.add(direct->origin(), fmt::format("'direct' has no meaning {}", fits),
               "every process is, remove it");
}

Process read_process(const Value& table, ApiVersion api, LaunchToml& launch, Diagnostics& faults) {
  MapReader reader(table, "a process", faults);
  Process process;
  process.api = api;
  process.type = read_type(reader, table, faults);
  read_command(reader, table, process, faults);
  process.args = take_texts(reader, "args", faults);
  if (!api.has_direct_processes_only()) process.direct = reader.boolean("direct").value_or(false);
  process.is_default = reader.boolean("default").value_or(false);
  process.working_directory = take_text(reader, "working-dir", faults);
  if (!api.has_named_directories() && !process.working_directory.empty()) {
    launch.warnings.push_back(
        fmt::format("'working-dir' of the process '{}' is ignored: a buildpack of API {} has none",
                    printable(process.type), api.str()));
    process.working_directory.clear();
  }
  if (api.has_exec_env()) process.exec_envs = read_exec_envs(reader, faults);
  return process;
}

void read_processes(MapReader& document, ApiVersion api, LaunchToml& launch, Diagnostics& faults) {
  std::string default_type;
  for (const Value* table : take_tables(document, "processes", faults)) {
    Process process = read_process(*table, api, launch, faults);
    if (process.is_default && !default_type.empty())
      faults.add(table->origin(), fmt::format("'{}' and '{}' are both the default process",
                                              printable(default_type), printable(process.type)));
    if (process.is_default) default_type = process.type;
    launch.processes.push_back(std::move(process));
  }
}

void add_process(Process process, LaunchPlan& plan) {
  const bool was_default = plan.default_process == process.type;
  if (process.is_default) {
    plan.default_process = process.type;
  } else if (was_default) {
    plan.default_process.clear();
    plan.warnings.push_back(
        fmt::format("the default process '{}' is replaced by one of {} that is no default; there is none now",
                    process.type, process.buildpack));
  }
  const auto place = std::lower_bound(plan.processes.begin(), plan.processes.end(), process,
                                      [](const Process& a, const Process& b) { return a.type < b.type; });
  if (place != plan.processes.end() && place->type == process.type) {
    *place = std::move(process);
  } else {
    plan.processes.insert(place, std::move(process));
  }
}

void add_label(const Label& label, LaunchPlan& plan) {
  const auto place = std::lower_bound(plan.labels.begin(), plan.labels.end(), label,
                                      [](const Label& a, const Label& b) { return a.key < b.key; });
  if (place != plan.labels.end() && place->key == label.key) {
    *place = label;
  } else {
    plan.labels.insert(place, label);
  }
}

}  // namespace

LaunchToml parse_launch_toml(std::string_view toml, std::string_view name, ApiVersion api) {
  const Value document = text::parse_toml(toml, name);
  Diagnostics faults;
  MapReader reader(document, "the file", faults);
  LaunchToml launch;
  read_processes(reader, api, launch, faults);
  for (const Value* table : take_tables(reader, "labels", faults)) {
    MapReader label(*table, "a label", faults);
    const std::string key = require_text(label, "key", faults);
    launch.labels.push_back({key, take_text(label, "value", faults)});
  }
  for (const Value* table : take_tables(reader, "slices", faults)) {
    MapReader slice(*table, "a slice", faults);
    launch.slices.push_back(take_texts(slice, "paths", faults));
  }
  faults.throw_if_any();
  return launch;
}

void add_launch_toml(const LaunchToml& launch, const std::string& buildpack, LaunchPlan& plan) {
  for (Process process : launch.processes) {
    process.buildpack = buildpack;
    add_process(std::move(process), plan);
  }
  for (const Label& label : launch.labels) add_label(label, plan);
  plan.slices.insert(plan.slices.end(), launch.slices.begin(), launch.slices.end());
  plan.warnings.insert(plan.warnings.end(), launch.warnings.begin(), launch.warnings.end());
}

}  // namespace bakehouse::buildpack
