#include "config/project.hh"

#include "base/address.hh"
#include "base/encoding.hh"
#include "config/names.hh"
#include "config/project_parts.hh"

#include <fmt/format.h>

#include <algorithm>
#include <set>

namespace bakehouse::config {

using base::printable;
using base::TreePath;
using text::Diagnostics;
using text::MapReader;
using text::Value;

void refuse_unsupported(MapReader& map, std::string_view prefix, std::initializer_list<std::string_view> keys,
                        Diagnostics& faults) {
  for (const std::string_view key : keys) {
    const Value* value = map.take(key);
    if (value == nullptr) continue;
    faults.add(value->origin(),
               fmt::format("'{}{}' is not supported by this version of Bakehouse", prefix, key));
  }
}

std::optional<std::chrono::milliseconds> positive_duration(MapReader& map, std::string_view key,
                                                           Diagnostics& faults) {
  const Value* value = map.take(key);
  const auto duration = map.duration(key);
  if (!duration || duration->count() > 0) return duration;
  faults.add(value->origin(), fmt::format("'{}' must be longer than nothing", key));
  return std::nullopt;
}

namespace {

std::string decode_project_name(MapReader& file, Diagnostics& faults) {
  const Value* value = file.require("name");
  const auto name = file.text("name");
  if (!name) return {};
  if (const auto reason = why_not_project_name(*name)) {
    faults.add(value->origin(),
               fmt::format("the project's name '{}' {}", printable(name->substr(0, 100)), *reason),
               "a name is like 'shop' or 'shop-api.v2'");
  }
  return *name;
}

VersionSource decode_version(MapReader& file, Diagnostics& faults) {
  const Value* value = file.take("version");
  const auto text = file.text("version");
  if (!text || *text == "git") return {};
  constexpr std::string_view file_prefix = "file:";
  if (text->starts_with(file_prefix)) {
    const std::string path = text->substr(file_prefix.size());
    if (const auto reason = TreePath::why_not(path)) {
      faults.add(value->origin(),
                 fmt::format("the path '{}' of the file with the version {}", printable(path.substr(0, 200)),
                             *reason),
                 "a path in the source: file:VERSION");
    }
    return {VersionSource::Kind::file, path};
  }
  if (const auto reason = why_not_version(*text)) {
    faults.add(value->origin(), fmt::format("the version '{}' {}", printable(text->substr(0, 200)), *reason),
               "git, file:PATH, or a version such as 1.2.0");
  }
  return {VersionSource::Kind::literal, *text};
}

std::optional<std::filesystem::path> decode_absolute(MapReader& file, std::string_view key,
                                                     std::string_view what, const char* example,
                                                     Diagnostics& faults) {
  const Value* value = file.take(key);
  const auto text = file.text(key);
  if (!text) return std::nullopt;
  const bool is_absolute = text->starts_with('/');
  const auto reason = is_absolute ? TreePath::why_not(std::string_view(*text).substr(1)) : "is not absolute";
  if (!reason) return std::filesystem::path(*text);
  faults.add(value->origin(), fmt::format("{} '{}' {}", what, printable(text->substr(0, 200)), *reason),
             fmt::format("an absolute path with neither '..' nor a '/' at its end: {}", example));
  return std::nullopt;
}

std::vector<std::string> decode_buildpacks(MapReader& file, Diagnostics& faults) {
  const Value* value = file.take("buildpacks");
  const auto names = file.texts("buildpacks");
  if (!names || *names == std::vector<std::string>{"auto"}) return {};
  const auto fault = [&](std::string message) {
    faults.add(value->origin(), std::move(message), "auto, or a list such as [static, ./packs/own]");
  };
  if (names->empty()) fault("'buildpacks' is an empty list");
  std::set<std::string> seen;
  for (const auto& name : *names) {
    if (name.empty()) fault("the name of a buildpack is empty");
    if (name == "auto") fault("'auto' stands alone, not beside other buildpacks");
    if (!seen.insert(name).second) fault(fmt::format("the buildpack '{}' is named twice", printable(name)));
  }
  return *names;
}

BuildSettings decode_build(const Value& value, Diagnostics& faults) {
  BuildSettings build;
  MapReader map(value, "'build'", faults);
  if (const Value* environment = map.take("env"))
    build.environment = decode_variables(*environment, "'env' in 'build'", faults);
  if (const auto limit = positive_duration(map, "time-limit", faults)) build.time_limit = *limit;
  build.app_path = decode_absolute(map, "app-path", "the path of the application", "/app", faults);
  build.ignored_targets = map.texts("ignore-targets").value_or(std::vector<std::string>{});
  map.finish();
  return build;
}

const Value* find_if_set(const Value* map, std::string_view key) {
  const Value* value = map == nullptr ? nullptr : map->find(key);
  return value == nullptr || value->is_null() ? nullptr : value;
}

std::optional<int> port_of(const ProcessSettings& process) {
  if (!process.socket) return process.port;
  const auto address = base::parse_address(*process.socket);
  return address ? std::optional<int>(address->port) : std::nullopt;
}

WebPort web_port(const Project& project, const Value* processes) {
  const auto web = project.processes.find("web");
  if (web != project.processes.end()) {
    if (const auto port = port_of(web->second)) return {WebPort::State::known, *port};
  }
  const Value* settings = find_if_set(processes, "web");
  const bool is_set = find_if_set(settings, "port") != nullptr || find_if_set(settings, "socket") != nullptr;
  return {is_set ? WebPort::State::faulty : WebPort::State::absent, 0};
}

std::vector<std::string> decode_allowed_secrets(const Value& value, Diagnostics& faults) {
  MapReader map(value, "'secrets'", faults);
  const Value* allow = map.take("allow");
  auto patterns = map.texts("allow").value_or(std::vector<std::string>{});
  for (const std::string& pattern : patterns) {
    if (pattern.empty() || pattern == "*" || pattern == "**" || pattern == "/" || pattern.starts_with('#'))
      faults.add(allow->origin(),
                 fmt::format("the pattern '{}' in 'secrets' names no files", printable(pattern)),
                 "paths as .gitignore has them: [/tests/keys, \"*.example.pem\"]");
  }
  map.finish();
  return patterns;
}

UndoData decode_undo_data(MapReader& file) {
  const auto word = file.choice("undo-data", {"closed", "always", "never"});
  if (word == "always") return UndoData::always;
  if (word == "never") return UndoData::never;
  return UndoData::closed;
}

// Whom a machine tells what is for its administrator to say, not for a release.
void refuse_node_keys(MapReader& file, Diagnostics& faults) {
  for (const std::string_view key : {"notify", "logging", "environment", "configuration", "push"}) {
    if (const Value* value = file.take(key))
      faults.add(value->origin(), fmt::format("'{}' is the node's own", key), "write it in node.yaml");
  }
}

std::string decode_layout_of_project(MapReader& file, Diagnostics& faults) {
  const Value* value = file.take("layout");
  const auto name = file.text("layout");
  if (!name) return Project().layout;
  if (name->empty()) faults.add(value->origin(), "the name of the layout is empty");
  return *name;
}

}  // namespace

std::string_view name_of(UndoData rule) {
  switch (rule) {
    case UndoData::always: return "always";
    case UndoData::never: return "never";
    case UndoData::closed: break;
  }
  return "closed";
}

Project decode_project(const Value& merged, Diagnostics& faults) {
  Project project;
  MapReader file(merged, "the project file", faults);
  project.name = decode_project_name(file, faults);
  project.version = decode_version(file, faults);
  project.layout = decode_layout_of_project(file, faults);
  project.root = decode_absolute(file, "root", "the root", "/srv/projects/shop", faults);
  project.buildpacks = decode_buildpacks(file, faults);
  if (const Value* build = file.take("build")) project.build = decode_build(*build, faults);
  const Value* processes = file.take("processes");
  if (processes != nullptr) project.processes = decode_processes(*processes, faults);
  if (const Value* variables = file.take("env"))
    project.variables = decode_process_variables(*variables, "'env'", faults);
  if (const Value* health = file.take("health")) {
    project.health = decode_health(*health, web_port(project, processes), faults);
  }
  if (const Value* data = file.take("data")) project.data = decode_data(*data, faults);
  if (const Value* writable = file.take("writable"))
    project.writable = decode_writable(*writable, project.data, faults);
  project.undo_data = decode_undo_data(file);
  if (const Value* keep = file.take("keep")) project.keep = decode_keep(*keep, faults);
  if (const Value* backups = file.take("backups")) project.backups = decode_backups(*backups, faults);
  if (const Value* hooks = file.take("hooks")) decode_hooks(*hooks, project, faults);
  if (const Value* services = file.take("services")) project.services = decode_services(*services, faults);
  if (const Value* secrets = file.take("secrets"))
    project.allowed_secrets = decode_allowed_secrets(*secrets, faults);
  refuse_unsupported(file, "", {"source", "bundles", "allow", "data-format", "owners", "templates", "stores"},
                     faults);
  refuse_node_keys(file, faults);
  file.finish();
  return project;
}

}  // namespace bakehouse::config
