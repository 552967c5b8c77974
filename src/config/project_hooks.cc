#include "config/project_parts.hh"

#include <fmt/format.h>

namespace bakehouse::config {
namespace {

constexpr std::string_view hook_phases[] = {"pre_install", "post_build",   "dump",   "post_deploy",
                                            "upgrade",     "post_install", "restore"};

}  // namespace

void decode_hooks(const text::Value& value, Project& project, text::Diagnostics& faults) {
  text::MapReader map(value, "'hooks'", faults);
  if (const auto limit = positive_duration(map, "time-limit", faults))
    project.hook_defaults.time_limit = *limit;
  for (const std::string_view phase : hook_phases) {
    const text::Value* settings = map.take(phase);
    if (settings == nullptr) continue;
    text::MapReader hook(*settings, fmt::format("the hook '{}'", phase), faults);
    HookSettings own = project.hook_defaults;
    own.changes_data = hook.boolean("changes-data").value_or(own.changes_data);
    own.time_limit = positive_duration(hook, "time-limit", faults).value_or(own.time_limit);
    project.hooks.emplace(phase, own);
    hook.finish();
  }
  refuse_unsupported(map, "hooks.", {"notify"}, faults);
  map.finish();
}

HookSettings Project::hook(const std::string& phase) const {
  const auto own = hooks.find(phase);
  return own == hooks.end() ? hook_defaults : own->second;
}

}  // namespace bakehouse::config
