#include "launch/launch_file.hh"

#include "base/encoding.hh"
#include "base/error.hh"
#include "base/tree_path.hh"
#include "text/json.hh"

#include <algorithm>
#include <functional>
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

bool read_direct(const Value& process) {
  const Value* direct = process.find("direct");
  return direct == nullptr || process.boolean_at("direct");
}

UserArgs read_user_args(const Value& process) {
  const Value* rule = process.find("user-args");
  const std::string word = rule == nullptr ? "replace" : read_word(*rule, "'user-args'");
  if (word == "replace") return UserArgs::replace;
  if (word == "append") return UserArgs::append;
  fail(*rule, fmt::format("'user-args' is 'replace' or 'append', not '{}'", printable(word)));
}

// Of a file that tells how a process is started.
void read_manner(const Value& value, LaunchProcess& process) {
  process.direct = read_direct(value);
  if (!process.direct && process.command.size() != 1) {
    fail(value.at("command"), "'command' of a process that is not direct must be one text for bash");
  }
  process.user_args = read_user_args(value);
  if (const Value* environments = value.find("exec-env"))
    process.exec_env = read_words(*environments, "'exec-env'");
}

LaunchProcess read_process(const Value& value) {
  require_known_keys(
      value, "a process",
      {"type", "command", "args", "working-directory", "buildpack", "direct", "user-args", "exec-env"});
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
  read_manner(value, process);
  return process;
}

bool is_id(std::string_view id) {
  return !id.empty() && id.size() <= 200 && id != "." && id != ".." &&
         std::ranges::all_of(id, [](char c) { return is_type_character(c) || c == '/'; });
}

LaunchLayers read_layers(const Value& value) {
  require_known_keys(value, "a buildpack", {"id", "layers"});
  LaunchLayers layers;
  layers.buildpack = read_word(value.at("id"), "'id'");
  if (!is_id(layers.buildpack)) {
    fail(value.at("id"), fmt::format("'{}' is no id of a buildpack (letters, digits, '.', '/', '-', '_')",
                                     printable(layers.buildpack)));
  }
  layers.layers = read_words(value.at("layers"), "'layers'");
  for (const std::string& name : layers.layers) {
    const auto reason = base::TreePath::why_not(name);
    if (reason) fail(value.at("layers"), fmt::format("the layer '{}' {}", printable(name), *reason));
    if (name.empty() || name.find('/') != std::string::npos)
      fail(value.at("layers"), fmt::format("the layer '{}' is not one name", printable(name)));
  }
  // Their order decides who stands first in a search path.
  if (std::ranges::adjacent_find(layers.layers, std::greater_equal<>()) != layers.layers.end())
    fail(value.at("layers"), "'layers' are not in byte order, each once");
  return layers;
}

std::vector<LaunchLayers> read_buildpacks(const Value& list) {
  if (!list.is_list()) fail(list, fmt::format("'buildpacks' must be a list, not {}", list.kind_name()));
  std::vector<LaunchLayers> buildpacks;
  for (const Value& item : list.items()) {
    LaunchLayers layers = read_layers(item);
    const auto same_place = [&](const auto& other) {
      return escape_id(other.buildpack) == escape_id(layers.buildpack);
    };
    if (std::ranges::any_of(buildpacks, same_place)) {
      fail(item, fmt::format("the layers of '{}' would lie where another buildpack's are", layers.buildpack));
    }
    buildpacks.push_back(std::move(layers));
  }
  return buildpacks;
}

std::string read_app_path(const Value& root) {
  std::string path = read_word_or_none(root, "app-path");
  const bool is_fine =
      path.empty() || (path.starts_with('/') && !base::TreePath::why_not(std::string_view(path).substr(1)));
  if (!is_fine) fail(root.at("app-path"), fmt::format("'{}' is no absolute path", printable(path)));
  return path;
}

void require_schema(const Value& root) {
  const Value& schema = root.at("schema");
  if (schema.kind() == Value::Kind::integer && schema.text() == std::to_string(known_schema)) return;
  fail(schema, fmt::format("only schema {} is known here; a newer Bakehouse may have made this release",
                           known_schema));
}

// What is as it was before it could be said otherwise is left out.
Value to_value(const LaunchProcess& process) {
  Value value = Value::map({{"type", process.type},
                            {"command", text::list_of(process.command)},
                            {"args", text::list_of(process.args)},
                            {"working-directory", process.working_directory},
                            {"buildpack", process.buildpack}});
  if (!process.direct) value.set("direct", false);
  if (process.user_args == UserArgs::append) value.set("user-args", "append");
  if (!process.exec_env.empty()) value.set("exec-env", text::list_of(process.exec_env));
  return value;
}

Value to_value(const LaunchLayers& layers) {
  return Value::map({{"id", layers.buildpack}, {"layers", text::list_of(layers.layers)}});
}

}  // namespace

bool LaunchProcess::exists_in(std::string_view exec_env_now) const {
  return exec_env.empty() || std::ranges::any_of(exec_env, [&](const std::string& name) {
           return name == "*" || name == exec_env_now;
         });
}

std::string escape_id(std::string_view id) {
  std::string escaped(id);
  std::ranges::replace(escaped, '/', '_');
  return escaped;
}

base::TreePath all_layers_directory() { return base::TreePath::parse(".layers"); }

base::TreePath layers_directory(std::string_view id) { return all_layers_directory() / escape_id(id); }

std::vector<base::TreePath> LaunchLayers::paths() const {
  std::vector<base::TreePath> paths;
  for (const std::string& name : layers) paths.push_back(layers_directory(buildpack) / name);
  return paths;
}

const LaunchProcess* LaunchFile::find(std::string_view type) const {
  const auto found = std::ranges::find(processes, type, &LaunchProcess::type);
  return found == processes.end() ? nullptr : &*found;
}

LaunchFile parse_launch(std::string_view json, std::string_view name) {
  const Value root = text::parse_json(json, name);
  require_known_keys(root, "the file", {"schema", "default", "processes", "buildpacks", "app-path"});
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
  file.app_path = read_app_path(root);
  if (const Value* buildpacks = root.find("buildpacks")) file.buildpacks = read_buildpacks(*buildpacks);
  return file;
}

std::string format_launch(const LaunchFile& file) {
  std::vector<LaunchProcess> sorted = file.processes;
  std::ranges::sort(sorted, {}, &LaunchProcess::type);
  Value processes = Value::list();
  for (const auto& process : sorted) processes.push(to_value(process));
  Value root = Value::map(
      {{"schema", known_schema}, {"default", file.default_process}, {"processes", std::move(processes)}});
  if (!file.buildpacks.empty()) {
    Value buildpacks = Value::list();
    for (const auto& layers : file.buildpacks) buildpacks.push(to_value(layers));
    root.set("buildpacks", std::move(buildpacks));
  }
  if (!file.app_path.empty()) root.set("app-path", file.app_path);
  return text::to_json(root);
}

}  // namespace bakehouse::launch
