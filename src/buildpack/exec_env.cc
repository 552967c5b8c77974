#include "buildpack/exec_env.hh"

#include "buildpack/tables.hh"

#include <fmt/format.h>

#include <algorithm>

namespace bakehouse::buildpack {

std::vector<std::string> read_exec_envs(text::MapReader& reader, text::Diagnostics& faults) {
  const text::Value* list = reader.take("exec-env");
  if (list == nullptr) return {};
  if (!list->is_list()) {
    faults.add(list->origin(), fmt::format("'exec-env' must be a list, not {}", list->kind_name()));
    return {};
  }
  std::vector<std::string> names;
  for (const text::Value& item : list->items()) {
    if (item.is_map()) {
      text::MapReader table(item, "an entry of 'exec-env'", faults);
      names.push_back(require_text(table, "name", faults));
    } else if (auto name = text::as_text(item, "an entry of 'exec-env'", faults)) {
      names.push_back(std::move(*name));
    }
  }
  return names;
}

bool is_meant_for(const std::vector<std::string>& exec_envs, std::string_view current) {
  return exec_envs.empty() || std::any_of(exec_envs.begin(), exec_envs.end(), [&](const std::string& name) {
           return name == "*" || name == current;
         });
}

}  // namespace bakehouse::buildpack
