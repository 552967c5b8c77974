// The parts of the project file that have rules of their own; used by project.cc alone.
#pragma once

#include "config/project.hh"
#include "text/decode.hh"
#include "text/value.hh"

#include <chrono>
#include <initializer_list>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace bakehouse::config {

// Keys that the format defines and this version cannot honour yet: each is named when it is there.
// `prefix` stands before it ("build.").
void refuse_unsupported(text::MapReader& map, std::string_view prefix,
                        std::initializer_list<std::string_view> keys, text::Diagnostics& faults);

// A duration longer than nothing.
std::optional<std::chrono::milliseconds> positive_duration(text::MapReader& map, std::string_view key,
                                                           text::Diagnostics& faults);

// What completes a health target that is only a path.
struct WebPort {
  enum class State { absent, faulty, known } state = State::absent;
  int number = 0;
};

// A map of variables; `where` tells of its key ("'env' in 'build'").
Variables decode_variables(const text::Value& value, const std::string& where, text::Diagnostics& faults);
// Those of processes, among which some names are taken.
Variables decode_process_variables(const text::Value& value, const std::string& where,
                                   text::Diagnostics& faults);

std::map<std::string, ProcessSettings> decode_processes(const text::Value& value, text::Diagnostics& faults);
ServiceSettings decode_services(const text::Value& value, text::Diagnostics& faults);
std::vector<HealthCheck> decode_health(const text::Value& value, const WebPort& web,
                                       text::Diagnostics& faults);
std::vector<DataLink> decode_data(const text::Value& value, text::Diagnostics& faults);
// `links` are those of the project.
std::vector<Writable> decode_writable(const text::Value& value, const std::vector<DataLink>& links,
                                      text::Diagnostics& faults);
Keep decode_keep(const text::Value& value, text::Diagnostics& faults);
BackupRule decode_backups(const text::Value& value, text::Diagnostics& faults);
// Fills `hook_defaults` and `hooks`.
void decode_hooks(const text::Value& value, Project& project, text::Diagnostics& faults);

}  // namespace bakehouse::config
