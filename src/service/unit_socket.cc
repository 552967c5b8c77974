#include "service/unit_socket.hh"

#include "service/listener.hh"
#include "service/unit_parts.hh"
#include "service/unit_text.hh"

#include <fmt/format.h>

#include <algorithm>

namespace bakehouse::service {
namespace {

// systemd-analyze takes a colon in the name of a file for the beginning of another name.
std::string stem_of(std::string_view project, std::string address) {
  std::erase_if(address, [](char c) { return c == '[' || c == ']'; });
  std::ranges::replace(address, ':', '-');
  return fmt::format("bakehouse-{}@{}", project, address);
}

std::string make_socket(const std::string& address, const UnitSettings& settings) {
  std::string text =
      unit_head(settings, fmt::format("{}: who connects to {} waits here", settings.project, address));
  text += early_lines(settings) + stop_with_target(settings);
  text += fmt::format("\n[Socket]\nListenStream={}\nBacklog={}\n", address, most_waiting);
  // An interface may get its address after the machine has started. A process that ends and ends again must
  // not close the socket of those that run.
  return text + "FreeBind=yes\nTriggerLimitIntervalSec=0\n";
}

std::string make_holder(const std::string& address, const UnitSettings& settings) {
  std::string text =
      unit_head(settings, fmt::format("{}: nothing, when somebody connects to {} and no process runs",
                                      settings.project, address));
  text += "DefaultDependencies=no\nConflicts=shutdown.target\nBefore=shutdown.target\n";
  text += fmt::format("BindsTo={}\n", socket_name(settings.project, address));
  return text + "\n[Service]\nType=oneshot\nRemainAfterExit=yes\nExecStart=/bin/true\n";
}

}  // namespace

std::string socket_name(std::string_view project, const std::string& address) {
  return stem_of(project, address) + ".socket";
}

std::string holder_name(std::string_view project, const std::string& address) {
  return stem_of(project, address) + ".service";
}

std::vector<std::string> addresses_of(const std::vector<ServiceSpec>& specs) {
  std::vector<std::string> addresses;
  for (const ServiceSpec& spec : specs) {
    for (const std::string& address : spec.sockets)
      if (std::ranges::find(addresses, address) == addresses.end()) addresses.push_back(address);
  }
  return addresses;
}

std::vector<Unit> make_socket_units(const std::vector<ServiceSpec>& specs, const UnitSettings& settings) {
  std::vector<Unit> units;
  for (const std::string& address : addresses_of(specs)) {
    require_address(address);
    units.push_back({socket_name(settings.project, address), make_socket(address, settings)});
    units.push_back({holder_name(settings.project, address), make_holder(address, settings)});
  }
  return units;
}

std::string socket_requirements(const ServiceSpec& spec, const UnitSettings& settings) {
  std::string lines;
  for (const std::string& address : spec.sockets)
    lines += fmt::format("Requires={}\n", socket_name(settings.project, address));
  return lines;
}

// The names are those that the supervisor gives; a socket that several processes share could have only one.
std::string socket_settings(const ServiceSpec& spec, const UnitSettings& settings) {
  if (spec.sockets.empty()) return {};
  std::string lines;
  for (const std::string& address : spec.sockets)
    lines += fmt::format("Sockets={}\n", socket_name(settings.project, address));
  const std::vector<std::string> names(spec.sockets.size(), spec.name);
  return lines +
         fmt::format("Environment={}\n", unit_word(fmt::format("LISTEN_FDNAMES={}", fmt::join(names, ":"))));
}

}  // namespace bakehouse::service
