#include "service/unit.hh"

#include "base/encoding.hh"
#include "base/error.hh"
#include "config/names.hh"
#include "service/hardening.hh"
#include "service/unit_parts.hh"
#include "service/unit_socket.hh"
#include "service/unit_text.hh"
#include "service/unit_timer.hh"

#include <algorithm>

namespace bakehouse::service {
namespace {

using base::Error;
using base::Fault;
using Scope = UnitSettings::Scope;

// From 254 on systemd waits longer from restart to restart by itself.
constexpr int first_with_steps = 254;

void require_sound(const ServiceSpec& spec) {
  if (const auto reason = config::why_not_word(spec.name)) {
    throw Error(Fault::input,
                fmt::format("the process '{}' {}", base::printable(spec.name.substr(0, 100)), *reason));
  }
  if (spec.argv.empty() || !spec.argv.front().starts_with('/')) {
    throw Error(Fault::input,
                fmt::format("the process '{}' has no command with an absolute path", spec.name));
  }
}

void require_different_names(const std::vector<ServiceSpec>& specs) {
  std::vector<std::string> names;
  names.reserve(specs.size());
  for (const ServiceSpec& spec : specs) names.push_back(spec.name);
  std::ranges::sort(names);
  const auto twice = std::ranges::adjacent_find(names);
  if (twice != names.end()) throw Error(Fault::input, fmt::format("two processes are called '{}'", *twice));
}

// A colon: systemd leaves dollar signs alone, which are for the program.
std::string command_line(const std::vector<std::string>& argv) { return ":" + unit_words(argv); }

bool is_kept_running(const ServiceSpec& spec) { return spec.schedule.empty(); }

std::string restart_lines(const UnitSettings& settings) {
  std::string lines = "Restart=always\nRestartSec=1s\n";
  if (settings.version >= first_with_steps) lines += "RestartSteps=5\nRestartMaxDelaySec=10s\n";
  return lines;
}

std::string end_lines(const ServiceSpec& spec) {
  const auto patience = spec.stop_timeout.value_or(std::chrono::seconds(5));
  return fmt::format("KillMode=control-group\nKillSignal={}\nTimeoutStopSec={}ms\n", spec.stop_signal,
                     patience.count());
}

std::string dependencies(const ServiceSpec& spec, const UnitSettings& settings) {
  std::string text = unit_head(settings, fmt::format("{} of {}", spec.name, settings.project));
  text += fmt::format("Requires={0}\nAfter={0} network.target\n", recovery_name(settings.project));
  // Not Wants: what somebody has stopped would come back when this one is started anew.
  for (const std::string& earlier : spec.after)
    text += fmt::format("After={}\n", service_name(settings.project, earlier));
  text += socket_requirements(spec, settings);
  text += is_kept_running(spec) ? fmt::format("PartOf={}\n", target_name(settings.project))
                                : stop_with_target(settings);
  // Never given up: whoever ends and ends again is seen by the health check, not by a counter.
  return text + "StartLimitIntervalSec=0\n";
}

std::string make_service(const ServiceSpec& spec, const UnitSettings& settings) {
  std::string text = dependencies(spec, settings);
  text += fmt::format("\n[Service]\nType=exec\nExecStart={}\n", command_line(spec.argv));
  for (const std::string& variable : spec.environment)
    text += fmt::format("Environment={}\n", unit_word(variable));
  if (!spec.variables.empty()) text += fmt::format("EnvironmentFile={}\n", unit_pattern(spec.variables));
  text += socket_settings(spec, settings);
  text += fmt::format("WorkingDirectory={}\n", unit_path(spec.directory));
  if (!spec.user.empty()) text += fmt::format("User={}\n", spec.user);
  if (is_kept_running(spec)) text += restart_lines(settings);
  text += end_lines(spec);
  text += fmt::format("StandardOutput=append:{}\nStandardError=inherit\n", unit_path(spec.log));
  return text + hardening_lines(spec, settings);
}

std::string make_recovery(const UnitSettings& settings) {
  std::string text =
      unit_head(settings, fmt::format("{}: what an interrupted transaction left", settings.project));
  text += fmt::format("RequiresMountsFor={}\n", unit_word(settings.root.native()));
  text += "\n[Service]\nType=oneshot\nRemainAfterExit=yes\nTimeoutStartSec=infinity\n";
  return text + fmt::format("ExecStart={}\n", command_line({settings.release.native(), "recover", "--boot",
                                                            "--root", settings.root.native()}));
}

// It waits for the deadline beside the services, so that a restart of the machine does not forget it.
std::string make_expiry(const UnitSettings& settings) {
  std::string text =
      unit_head(settings, fmt::format("{}: goes back unless it is confirmed", settings.project));
  text += fmt::format("Requires={0}\nAfter={0}\n", recovery_name(settings.project));
  text += fmt::format("ConditionPathExists={}\n", unit_path(settings.root / ".bakehouse/provisional.json"));
  text += "\n[Service]\nType=exec\n";
  return text + fmt::format("ExecStart={}\n", command_line({settings.release.native(), "expire", "--root",
                                                            settings.root.native()}));
}

// Nobody else does: systemd opens a log, and then it is the process that writes.
std::vector<Unit> make_log_units(const UnitSettings& settings) {
  std::string timer = unit_head(settings, fmt::format("{}: when logs are looked at", settings.project));
  timer += early_lines(settings) + stop_with_target(settings);
  timer += "\n[Timer]\nOnCalendar=minutely\nAccuracySec=10s\n";
  std::string service = unit_head(settings, fmt::format("{}: logs are kept short", settings.project));
  service +=
      fmt::format("Requires={0}\nAfter={0}\n\n[Service]\nType=oneshot\n", recovery_name(settings.project));
  service += fmt::format("ExecStart={}\n", command_line({settings.release.native(), "prune", "--logs",
                                                         "--root", settings.root.native(), "--quiet"}));
  return {{log_timer_name(settings.project), timer},
          {fmt::format("bakehouse-logs@{}.service", settings.project), service}};
}

std::string make_target(const std::vector<ServiceSpec>& specs, const UnitSettings& settings) {
  std::string text = unit_head(settings, fmt::format("{}: all its processes", settings.project));
  text += fmt::format("Wants={} {}\n", recovery_name(settings.project), expiry_name(settings.project));
  if (!specs.empty()) text += fmt::format("Wants={}\n", log_timer_name(settings.project));
  for (const std::string& address : addresses_of(specs))
    text += fmt::format("Wants={}\n", socket_name(settings.project, address));
  for (const ServiceSpec& spec : specs) {
    text += fmt::format("Wants={}\n", is_kept_running(spec) ? service_name(settings.project, spec.name)
                                                            : timer_name(settings.project, spec.name));
  }
  return text + fmt::format("\n[Install]\nWantedBy={}\n", wanted_by(settings.scope));
}

void append(std::vector<Unit>& units, const std::vector<Unit>& more) {
  units.insert(units.end(), more.begin(), more.end());
}

}  // namespace

std::string unit_mark(const std::filesystem::path& root) {
  return fmt::format("# Made by Bakehouse for {}, and made anew by each deployment.",
                     base::printable(root.native()));
}

std::string target_name(std::string_view project) { return fmt::format("bakehouse-{}.target", project); }

std::string service_name(std::string_view project, std::string_view process) {
  return fmt::format("bakehouse-{}-{}.service", project, process);
}

std::string recovery_name(std::string_view project) {
  return fmt::format("bakehouse-recover@{}.service", project);
}

std::string expiry_name(std::string_view project) {
  return fmt::format("bakehouse-expire@{}.service", project);
}

std::string log_timer_name(std::string_view project) {
  return fmt::format("bakehouse-logs@{}.timer", project);
}

std::string detached_name(std::string_view project) {
  return fmt::format("bakehouse-apply-{}.scope", project);
}

std::string wanted_by(Scope scope) { return scope == Scope::system ? "multi-user.target" : "default.target"; }

std::vector<Unit> make_units(const std::vector<ServiceSpec>& specs, const UnitSettings& settings) {
  require_different_names(specs);
  std::vector<Unit> units;
  for (const ServiceSpec& spec : specs) {
    require_sound(spec);
    base::with_context(fmt::format("process '{}'", spec.name), [&] {
      units.push_back({service_name(settings.project, spec.name), make_service(spec, settings)});
      if (!is_kept_running(spec)) append(units, make_timer_units(spec, settings));
    });
  }
  append(units, make_socket_units(specs, settings));
  if (!specs.empty()) append(units, make_log_units(settings));
  units.push_back({target_name(settings.project), make_target(specs, settings)});
  units.push_back({recovery_name(settings.project), make_recovery(settings)});
  units.push_back({expiry_name(settings.project), make_expiry(settings)});
  return units;
}

}  // namespace bakehouse::service
