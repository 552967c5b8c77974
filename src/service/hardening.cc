#include "service/hardening.hh"

#include "service/unit_text.hh"

#include <algorithm>
#include <map>

namespace bakehouse::service {
namespace {

using Lines = std::map<std::string, std::string>;

bool is_below(const std::filesystem::path& path, std::string_view directory) {
  return path.native().starts_with(std::string(directory) + "/");
}

bool needs_any_of(const ServiceSpec& spec, const UnitSettings& settings,
                  std::initializer_list<std::string_view> directories) {
  return std::ranges::any_of(directories, [&](std::string_view directory) {
    return is_below(settings.root, directory) || is_below(spec.argv.front(), directory);
  });
}

// What holds in a manager of an ordinary user, too.
Lines lines_for_all() {
  return {{"LockPersonality", "yes"},
          {"NoNewPrivileges", "yes"},
          {"RestrictRealtime", "yes"},
          {"RestrictSUIDSGID", "yes"},
          {"SystemCallArchitectures", "native"}};
}

Lines lines_for_system(const ServiceSpec& spec, const UnitSettings& settings) {
  Lines lines = lines_for_all();
  // Whatever a root is below must be seen; ReadWritePaths opens of it what may be written.
  const bool lives_at_home = needs_any_of(spec, settings, {"/home", "/root", "/run/user"});
  lines["ProtectHome"] = lives_at_home ? "read-only" : "yes";
  lines["PrivateTmp"] = needs_any_of(spec, settings, {"/tmp", "/var/tmp"}) ? "no" : "yes";
  lines["ProtectSystem"] = "strict";
  for (const char* key : {"ProtectClock", "ProtectControlGroups", "ProtectHostname", "ProtectKernelLogs",
                          "ProtectKernelModules", "ProtectKernelTunables"}) {
    lines[key] = "yes";
  }
  return lines;
}

std::vector<std::string> as_words(const std::vector<std::filesystem::path>& paths) {
  std::vector<std::string> words;
  for (const auto& path : paths) words.push_back(path.native());
  return words;
}

}  // namespace

std::string hardening_lines(const ServiceSpec& spec, const UnitSettings& settings) {
  if (!spec.is_hardened) return {};
  const bool is_system = settings.scope == UnitSettings::Scope::system;
  Lines lines = is_system ? lines_for_system(spec, settings) : lines_for_all();
  for (const auto& [key, value] : spec.hardening) lines[key] = value;
  std::string text;
  for (const auto& [key, value] : lines) text += key + "=" + value + "\n";
  if (is_system && !spec.writable.empty())
    text += "ReadWritePaths=" + unit_words(as_words(spec.writable)) + "\n";
  return text;
}

}  // namespace bakehouse::service
