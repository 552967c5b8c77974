// Which environment a root is: what selects its part of the pillar.
#pragma once

#include "config/root.hh"

#include <string>
#include <string_view>

namespace bakehouse::config {

// Throws Error(input) unless it can be part of a file's name.
void check_environment(std::string_view environment);

// `environment:` of node.yaml; without it `production` in a final root and `staging` in any other.
std::string environment_of(const Root& root);

}  // namespace bakehouse::config
