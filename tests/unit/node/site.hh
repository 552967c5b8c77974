// What the tests of the node share.
#pragma once

#include "support/site.hh"

#include <doctest/doctest.h>

#include <string>

namespace bakehouse::node {

// Such texts name deployments, times and paths; tests look for what does not change.
inline bool says(const std::string& text, const std::string& part) {
  const bool found = text.find(part) != std::string::npos;
  if (!found) MESSAGE("'" << part << "' is not in: " << text);
  return found;
}

}  // namespace bakehouse::node
