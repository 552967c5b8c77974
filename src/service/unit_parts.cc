#include "service/unit_parts.hh"

#include <fmt/format.h>

namespace bakehouse::service {
namespace {

// Before, systemd knows only one for both.
constexpr int first_with_propagation = 249;

}  // namespace

std::string unit_head(const UnitSettings& settings, std::string_view description) {
  return fmt::format("{}\n[Unit]\nDescription={}\n", unit_mark(settings.root), description);
}

std::string early_lines(const UnitSettings& settings) {
  return fmt::format(
      "DefaultDependencies=no\nRequires={0}\nAfter={0}\nConflicts=shutdown.target\nBefore=shutdown.target\n",
      recovery_name(settings.project));
}

std::string stop_with_target(const UnitSettings& settings) {
  const char* const setting = settings.version >= first_with_propagation ? "StopPropagatedFrom" : "PartOf";
  return fmt::format("{}={}\n", setting, target_name(settings.project));
}

}  // namespace bakehouse::service
