// Units that listen for processes, also while those do not run. Private to this folder.
#pragma once

#include "service/unit.hh"

#include <string>
#include <string_view>
#include <vector>

namespace bakehouse::service {

// "bakehouse-shop@127.0.0.1-8000.socket": of an address, not of a process, so that whoever waits there goes
// on to wait when processes change their names or their number.
std::string socket_name(std::string_view project, const std::string& address);
// What systemd would start when somebody connects while no process runs: a service that does nothing. It
// would start the process itself otherwise, in the middle of a deployment.
std::string holder_name(std::string_view project, const std::string& address);

// Every address that any of them listens at, once, in their order.
std::vector<std::string> addresses_of(const std::vector<ServiceSpec>& specs);
// Two units for each. Error(input) for what is no address.
std::vector<Unit> make_socket_units(const std::vector<ServiceSpec>& specs, const UnitSettings& settings);

// How a service gets its sockets: lines of its sections.
std::string socket_requirements(const ServiceSpec& spec, const UnitSettings& settings);
std::string socket_settings(const ServiceSpec& spec, const UnitSettings& settings);

}  // namespace bakehouse::service
