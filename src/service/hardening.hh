// What a unit takes away from a process. Private to this folder.
#pragma once

#include "service/unit.hh"

#include <string>

namespace bakehouse::service {

// The lines of the section [Service], each with its end; none when the node says `hardening: off`.
std::string hardening_lines(const ServiceSpec& spec, const UnitSettings& settings);

}  // namespace bakehouse::service
