#include "base/encoding.hh"
#include "base/error.hh"
#include "buildpack/buildpack.hh"
#include "buildpack/exec_env.hh"
#include "buildpack/platform_exit.hh"
#include "buildpack/tables.hh"
#include "launch/launch_file.hh"
#include "text/toml.hh"

#include <fmt/format.h>

#include <algorithm>

namespace bakehouse::buildpack {
namespace {

using base::Error;
using base::Fault;
using base::printable;
using text::Diagnostics;
using text::MapReader;
using text::Value;

// What the specification allows, and '_'.
bool is_id(const std::string& id) {
  const auto is_allowed = [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '.' ||
           c == '/' || c == '-' || c == '_';
  };
  return !id.empty() && id != "." && id != ".." && std::all_of(id.begin(), id.end(), is_allowed);
}

// The platform's own directories lie beside those of the buildpacks.
bool is_reserved(const std::string& id) {
  return id == "app" || id == "config" || id == "generated" || id == "sbom";
}

std::string take_id(MapReader& reader, Diagnostics& faults) {
  const Value* value = reader.require("id");
  if (value == nullptr) return {};
  const auto id = text::as_text(*value, "'id'", faults);
  if (!id) return {};
  if (!is_id(*id)) {
    faults.add(value->origin(), fmt::format("'{}' is no id of a buildpack", printable(*id)),
               "letters, digits, '.', '/', '-', '_'");
  } else if (is_reserved(*id)) {
    faults.add(value->origin(), fmt::format("'{}' is no id of a buildpack, it is reserved", *id));
  }
  return *id;
}

// Not every real version is semantic; but each must do as the name of a directory.
void check_version(const Value* value, const std::string& version, Diagnostics& faults) {
  const bool is_name = !version.empty() && version != "." && version != ".." &&
                       version.find('/') == std::string::npos && printable(version) == version;
  if (value != nullptr && !is_name)
    faults.add(value->origin(), fmt::format("'{}' is no version of a buildpack", printable(version)));
}

Target read_target(const Value& table, Diagnostics& faults) {
  MapReader reader(table, "a target", faults);
  Target target;
  target.os = take_text(reader, "os", faults);
  target.arch = take_text(reader, "arch", faults);
  target.variant = take_text(reader, "arch-variant", faults);
  if (target.variant.empty()) target.variant = take_text(reader, "variant", faults);
  for (const Value* item : take_tables(reader, "distros", faults)) {
    MapReader distro(*item, "a distribution", faults);
    const std::string name = take_text(distro, "name", faults);
    target.distros.push_back({name, take_text(distro, "version", faults)});
  }
  return target;
}

std::vector<Target> read_targets(MapReader& document, ApiVersion api, Diagnostics& faults) {
  std::vector<Target> targets;
  for (const Value* table : take_tables(document, "targets", faults))
    targets.push_back(read_target(*table, faults));
  std::vector<std::string> stacks;
  for (const Value* table : take_tables(document, "stacks", faults)) {
    MapReader stack(*table, "a stack", faults);
    stacks.push_back(take_text(stack, "id", faults));
  }
  return targets.empty() ? targets_of_stacks(stacks, api) : targets;
}

Reference read_reference(const Value& table, ApiVersion api, Diagnostics& faults) {
  MapReader reader(table, "a member of a group", faults);
  Reference reference;
  reference.id = take_id(reader, faults);
  reference.version = take_text(reader, "version", faults);
  reference.optional = reader.boolean("optional").value_or(false);
  if (api.has_exec_env()) reference.exec_envs = read_exec_envs(reader, faults);
  return reference;
}

Order read_order(MapReader& document, ApiVersion api, Diagnostics& faults) {
  Order order;
  for (const Value* table : take_tables(document, "order", faults)) {
    MapReader reader(*table, "an order", faults);
    Group& group = order.emplace_back();
    for (const Value* member : take_tables(reader, "group", faults))
      group.push_back(read_reference(*member, api, faults));
    if (group.empty()) faults.add(table->origin(), "an order must have a group with at least one member");
  }
  return order;
}

void read_buildpack_table(const Value& table, Buildpack& pack, Diagnostics& faults) {
  MapReader reader(table, "'buildpack'", faults);
  pack.id = take_id(reader, faults);
  pack.version = require_text(reader, "version", faults);
  check_version(reader.take("version"), pack.version, faults);
  pack.name = take_text(reader, "name", faults);
  pack.homepage = take_text(reader, "homepage", faults);
  pack.clear_env = reader.boolean("clear-env").value_or(false);
  pack.sbom_formats = take_texts(reader, "sbom-formats", faults);
  if (pack.api.has_exec_env()) pack.exec_envs = read_exec_envs(reader, faults);
}

// An extension changes the image that an application is built on; to leave one out silently would build
// something else than its author meant.
void refuse_extensions(const Value& document) {
  for (const char* key : {"extension", "order-extensions"}) {
    const Value* value = document.find(key);
    if (value == nullptr) continue;
    throw Error(Fault::input,
                fmt::format("{}: '{}' speaks of image extensions, which change a base image; here is none",
                            value->origin().describe(), key),
                "use a buildpack that works without them");
  }
}

}  // namespace

Buildpack parse_descriptor(std::string_view toml, std::string_view name) {
  const Value document = text::parse_toml(toml, name);
  refuse_extensions(document);
  Diagnostics faults;
  MapReader reader(document, "the file", faults);
  const std::string api = require_text(reader, "api", faults);
  // Nothing that stands in a file of an unknown API can be judged.
  faults.throw_if_any();
  Buildpack pack;
  pack.api = with_platform_exit(PlatformExit::buildpack_api, printable(name), [&] { return parse_api(api); });
  if (const Value* table = reader.require("buildpack")) read_buildpack_table(*table, pack, faults);
  pack.targets = read_targets(reader, pack.api, faults);
  pack.order = read_order(reader, pack.api, faults);
  faults.throw_if_any();
  return pack;
}

std::string Reference::describe() const { return version.empty() ? id : id + "@" + version; }

std::string Buildpack::escaped_id() const { return launch::escape_id(id); }

}  // namespace bakehouse::buildpack
