#include "buildpack/classic_release.hh"

#include "text/decode.hh"
#include "text/yaml.hh"

#include <fmt/format.h>

namespace bakehouse::buildpack {
namespace {

using text::Diagnostics;
using text::Value;

// Texts by name; none where there is no such member.
ProcessLines texts_in(const Value& document, std::string_view key, Diagnostics& faults) {
  ProcessLines texts;
  const Value* map = document.find(key);
  if (map == nullptr || map->is_null()) return texts;
  if (!map->is_map())
    faults.add(map->origin(), fmt::format("'{}' is {} instead of a map", key, map->kind_name()));
  for (const auto& [name, value] : map->members()) {
    if (auto found = text::as_text(value, fmt::format("'{}' of {}", name, key), faults))
      texts.emplace_back(name, *std::move(found));
  }
  return texts;
}

// It becomes the name of a file.
void check_variable(const std::string& name, const Value& at, Diagnostics& faults) {
  if (!name.empty() && name.find_first_of("=/.") == std::string::npos) return;
  faults.add(at.origin(), fmt::format("'{}' cannot be the name of a variable", name));
}

}  // namespace

ClassicRelease parse_classic_release(std::string_view yaml, std::string_view name) {
  const Value document = text::parse_yaml(yaml, name);
  Diagnostics faults;
  if (!document.is_map() && !document.is_null())
    faults.add(document.origin(), fmt::format("it is {} instead of a map", document.kind_name()));
  ClassicRelease release;
  release.processes = texts_in(document, "default_process_types", faults);
  for (const auto& [variable, value] : texts_in(document, "config_vars", faults)) {
    check_variable(variable, document, faults);
    release.config_vars[variable] = value;
  }
  faults.throw_if_any();
  return release;
}

}  // namespace bakehouse::buildpack
