#include "buildpack/environment_change.hh"

#include <algorithm>

namespace bakehouse::buildpack {
namespace {

using launch::Environment;

bool is_of_bash(std::string_view name) {
  return name == "_" || name == "SHLVL" || name == "PWD" || name == "OLDPWD" || name.starts_with("BASH_");
}

Environment parse_environment_list(std::string_view list) {
  Environment environment;
  while (!list.empty()) {
    const std::string_view entry = list.substr(0, list.find('\0'));
    list.remove_prefix(std::min(entry.size() + 1, list.size()));
    const size_t equals = entry.find('=');
    if (equals == 0 || equals == std::string_view::npos) continue;
    environment.emplace(entry.substr(0, equals), entry.substr(equals + 1));
  }
  return environment;
}

}  // namespace

void EnvironmentChange::apply(Environment& environment) const {
  for (const std::string& name : unset) environment.erase(name);
  for (const auto& [name, value] : set) environment[name] = value;
}

EnvironmentChange find_change(const Environment& before, std::string_view after) {
  const Environment now = parse_environment_list(after);
  EnvironmentChange change;
  for (const auto& [name, value] : now) {
    const auto old = before.find(name);
    if (!is_of_bash(name) && (old == before.end() || old->second != value)) change.set.emplace(name, value);
  }
  for (const auto& [name, value] : before) {
    if (!is_of_bash(name) && !now.contains(name)) change.unset.insert(name);
  }
  return change;
}

}  // namespace bakehouse::buildpack
