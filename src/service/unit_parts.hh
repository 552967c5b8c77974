// What several units of a root have in common. Private to this folder.
#pragma once

#include "service/unit.hh"

#include <string>
#include <string_view>

namespace bakehouse::service {

// The first lines of a unit, of its section [Unit].
std::string unit_head(const UnitSettings& settings, std::string_view description);

// For what starts before most of the machine has: with its usual dependencies it would come before what the
// recovery comes after.
std::string early_lines(const UnitSettings& settings);

// Stops with the root's target, and goes on when that is started anew.
std::string stop_with_target(const UnitSettings& settings);

}  // namespace bakehouse::service
