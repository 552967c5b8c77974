#include "base/encoding.hh"
#include "config/names.hh"
#include "config/project_parts.hh"

#include <fmt/format.h>

namespace bakehouse::config {

using base::printable;
using text::Diagnostics;
using text::Value;

Variables decode_variables(const Value& value, const std::string& where, Diagnostics& faults) {
  const text::MapReader shape(value, where, faults);
  Variables variables;
  for (const auto& [name, setting] : value.members()) {
    if (setting.is_null()) continue;
    if (const auto reason = why_not_environment_name(name)) {
      faults.add(setting.origin(),
                 fmt::format("the name '{}' in {} {}", printable(name.substr(0, 200)), where, *reason));
    }
    const auto text = text::as_text(setting, fmt::format("'{}' in {}", printable(name), where), faults);
    if (text) variables.emplace(name, *text);
  }
  return variables;
}

Variables decode_process_variables(const Value& value, const std::string& where, Diagnostics& faults) {
  Variables variables = decode_variables(value, where, faults);
  for (const auto& [name, setting] : variables) {
    const Value& at = value.at(name);
    // By them a process is known again, and ended.
    if (name.starts_with("BAKEHOUSE_"))
      faults.add(at.origin(), fmt::format("the name '{}' in {} is Bakehouse's own", printable(name), where),
                 "choose one that does not begin with BAKEHOUSE_");
    if (name == "PORT")
      faults.add(at.origin(), fmt::format("'PORT' in {} is told by the process's port", where),
                 "say `port:` or `socket:` in `processes`");
  }
  return variables;
}

}  // namespace bakehouse::config
