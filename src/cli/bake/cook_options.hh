// From the options of a command line, and what the root says, to what the bakery wants.
#pragma once

#include "bakery/cook.hh"
#include "cli/bake/commands.hh"

namespace bakehouse::cli {

bakery::CookOptions cook_options(const CookCommand& command, const node::Node& node,
                                 const Installation& installed);

}  // namespace bakehouse::cli
