#include "buildpack/project_toml.hh"

#include "base/encoding.hh"
#include "buildpack/exec_env.hh"
#include "buildpack/tables.hh"
#include "text/toml.hh"

#include <fmt/format.h>

#include <algorithm>

namespace bakehouse::buildpack {
namespace {

using base::printable;
using text::Diagnostic;
using text::Diagnostics;
using text::MapReader;
using text::Value;

// A file that is being read. What is unknown is told apart from what is wrong: a file written for another
// platform, or a later schema, must not stop a build.
struct Reading {
  ProjectToml project;
  Diagnostics faults;

  bool has_exec_env() const { return project.schema_version == "0.3"; }
  void warn(const Value& value, std::string message, std::string hint) {
    project.warnings.push_back({value.origin(), std::move(message), std::move(hint)});
  }
};

// One table: keys that were never asked for become warnings, the rest faults.
class Table {
 public:
  Table(const Value& value, std::string what, Reading& reading)
      : reading_(reading), reader_(value, std::move(what), found_) {}

  const Value* take(std::string_view key) { return reader_.take(key); }
  MapReader& reader() { return reader_; }
  Diagnostics& faults() { return found_; }
  void ignore(std::initializer_list<std::string_view> keys) {
    for (const std::string_view key : keys) reader_.take(key);
  }
  void finish() {
    for (const Diagnostic& fault : found_.list())
      reading_.faults.add(fault.origin, fault.message, fault.hint);
    const size_t faults = found_.list().size();
    reader_.finish();
    const auto& all = found_.list();
    reading_.project.warnings.insert(reading_.project.warnings.end(),
                                     all.begin() + static_cast<ptrdiff_t>(faults), all.end());
  }

 private:
  Reading& reading_;
  Diagnostics found_;
  MapReader reader_;
};

InlineScript read_script(const Value& value, Reading& reading) {
  Table table(value, "'script'", reading);
  InlineScript script;
  script.api = require_text(table.reader(), "api", table.faults());
  script.inline_text = require_text(table.reader(), "inline", table.faults());
  if (const Value* shell = table.take("shell")) {
    script.shell = take_text(table.reader(), "shell", table.faults());
    // It becomes the first line of a program.
    if (!script.shell.starts_with('/') || script.shell.find('\n') != std::string::npos)
      table.faults().add(shell->origin(), "'shell' must be the absolute path of a program, on one line");
  }
  table.finish();
  return script;
}

void check_buildpack(const ProjectBuildpack& pack, const Value& value, Diagnostics& faults) {
  if (pack.id.empty() && (pack.uri.empty() || pack.script))
    faults.add(value.origin(),
               pack.script ? "an inline buildpack needs an 'id'" : "a buildpack needs an 'id' or a 'uri'");
  if (!pack.uri.empty() && !pack.version.empty())
    faults.add(value.origin(), "'version' stands beside 'uri', which is of one version anyway");
  if (!pack.uri.empty() && pack.script)
    faults.add(value.origin(), "'script' stands beside 'uri', and only one of them can be the buildpack");
}

std::vector<ProjectBuildpack> read_group(MapReader& reader, std::string_view key, Diagnostics& faults,
                                         Reading& reading) {
  std::vector<ProjectBuildpack> group;
  for (const Value* value : take_tables(reader, key, faults)) {
    Table table(*value, "a buildpack", reading);
    ProjectBuildpack& pack = group.emplace_back();
    pack.id = take_text(table.reader(), "id", table.faults());
    pack.version = take_text(table.reader(), "version", table.faults());
    pack.uri = take_text(table.reader(), "uri", table.faults());
    if (const Value* script = table.take("script")) pack.script = read_script(*script, reading);
    if (reading.has_exec_env()) pack.exec_envs = read_exec_envs(table.reader(), table.faults());
    check_buildpack(pack, *value, table.faults());
    table.finish();
  }
  return group;
}

std::vector<ProjectBuildpack> read_ends(Table& parent, std::string_view key, Reading& reading) {
  const Value* value = parent.take(key);
  if (value == nullptr) return {};
  Table table(*value, fmt::format("'{}'", key), reading);
  auto group = read_group(table.reader(), "group", table.faults(), reading);
  table.finish();
  return group;
}

// A variable becomes a file of its name.
bool is_name_of_variable(const std::string& name) {
  return !name.empty() && name != "." && name != ".." &&
         name.find_first_of(std::string_view("/=\0", 3)) == std::string::npos;
}

void read_environment(MapReader& reader, std::string_view key, Diagnostics& faults, Reading& reading) {
  for (const Value* value : take_tables(reader, key, faults)) {
    Table table(*value, "a variable", reading);
    ProjectVariable variable;
    if (const Value* name = table.reader().require("name")) {
      variable.name = text::as_text(*name, "'name'", table.faults()).value_or("");
      if (name->kind() == Value::Kind::string && !is_name_of_variable(variable.name))
        table.faults().add(name->origin(),
                           fmt::format("'{}' is no name of a variable", printable(variable.name)));
    }
    variable.value = take_text(table.reader(), "value", table.faults());
    if (reading.has_exec_env()) variable.exec_envs = read_exec_envs(table.reader(), table.faults());
    table.finish();
    reading.project.environment.push_back(std::move(variable));
  }
}

void read_patterns(Table& table, Reading& reading) {
  ProjectToml& project = reading.project;
  project.include = take_texts(table.reader(), "include", table.faults());
  project.exclude = take_texts(table.reader(), "exclude", table.faults());
  const Value* include = table.take("include");
  const Value* exclude = table.take("exclude");
  if (include != nullptr && exclude != nullptr)
    table.faults().add(exclude->origin(), "'include' and 'exclude' stand side by side, only one of them may");
  if (const Value* builder = table.take("builder"))
    reading.warn(*builder, "'builder' names an image, and here is none", "it is ignored");
}

void read_project(const Value& value, Reading& reading) {
  Table table(value, "the project", reading);
  ProjectToml& project = reading.project;
  project.id = take_text(table.reader(), "id", table.faults());
  project.name = take_text(table.reader(), "name", table.faults());
  project.version = take_text(table.reader(), "version", table.faults());
  table.ignore({"schema-version", "authors", "licenses", "documentation-url", "source-url", "metadata"});
  table.finish();
}

void read_build_of_0_1(const Value& value, Reading& reading) {
  Table table(value, "'build'", reading);
  read_patterns(table, reading);
  reading.project.group = read_group(table.reader(), "buildpacks", table.faults(), reading);
  read_environment(table.reader(), "env", table.faults(), reading);
  table.finish();
}

void read_0_1(const Value& document, Reading& reading) {
  Table table(document, "project.toml of schema 0.1", reading);
  table.ignore({"_", "metadata"});
  if (const Value* project = table.take("project")) read_project(*project, reading);
  if (const Value* build = table.take("build")) read_build_of_0_1(*build, reading);
  if (const Value* io = table.take("io"))
    reading.warn(*io, "[io.buildpacks] is ignored, because the file is of schema 0.1",
                 "if it is not, say so: [_] schema-version = \"0.2\"");
  table.finish();
}

// [[io.buildpacks.build.env]]; `pack` also reads what many have written by mistake,
// [[io.buildpacks.env.build]].
void read_build_environment(Table& parent, std::string_view outer, std::string_view inner, Reading& reading) {
  const Value* value = parent.take(outer);
  if (value == nullptr) return;
  Table table(*value, fmt::format("'{}'", outer), reading);
  read_environment(table.reader(), inner, table.faults(), reading);
  table.finish();
}

void read_buildpacks_table(const Value& value, Reading& reading) {
  Table table(value, "'io.buildpacks'", reading);
  read_patterns(table, reading);
  reading.project.group = read_group(table.reader(), "group", table.faults(), reading);
  reading.project.pre = read_ends(table, "pre", reading);
  reading.project.post = read_ends(table, "post", reading);
  read_build_environment(table, "build", "env", reading);
  read_build_environment(table, "env", "build", reading);
  table.finish();
}

// Other tables belong to other tools: the schema says so.
void read_0_2(const Value& document, Reading& reading) {
  read_project(document.at("_"), reading);
  if (const Value* io = document.find("io")) {
    if (!io->is_map())
      reading.faults.add(io->origin(), fmt::format("'io' must be a table, not {}", io->kind_name()));
    if (const Value* buildpacks = io->find("buildpacks")) read_buildpacks_table(*buildpacks, reading);
  }
  for (const auto& [key, value] : document.members()) {
    if (key == "project" || key == "build") {
      reading.warn(value, fmt::format("[{}] is ignored, it belongs to schema 0.1", key),
                   fmt::format("in {} it is {}", reading.project.schema_version,
                               key == "build" ? "[io.buildpacks]" : "[_]"));
    } else if (!value.is_map()) {
      reading.warn(value, fmt::format("unknown key '{}'", printable(key)), "it is ignored");
    }
  }
}

std::string schema_of(const Value& document, Diagnostics& faults) {
  const Value* underscore = document.find("_");
  const Value* schema = underscore == nullptr ? nullptr : underscore->find("schema-version");
  if (schema == nullptr) return "0.1";
  const std::string known[] = {"0.1", "0.2", "0.3"};
  const auto version = text::as_text(*schema, "'schema-version'", faults);
  if (version && std::find(std::begin(known), std::end(known), *version) == std::end(known))
    faults.add(schema->origin(), fmt::format("the schema '{}' is not known", printable(*version)),
               "known are 0.1, 0.2 and 0.3");
  return version.value_or("");
}

}  // namespace

ProjectToml parse_project_toml(std::string_view toml, std::string_view name) {
  const Value document = text::parse_toml(toml, name);
  Reading reading;
  reading.project.schema_version = schema_of(document, reading.faults);
  reading.faults.throw_if_any();
  if (reading.project.schema_version == "0.1") {
    read_0_1(document, reading);
  } else {
    read_0_2(document, reading);
  }
  reading.faults.throw_if_any();
  return std::move(reading.project);
}

}  // namespace bakehouse::buildpack
