// Recognises, in what a program prints, that it did not reach the network.
#pragma once

#include <string_view>

namespace bakehouse::buildpack {

// A hint for a message and no proof: a program may say the same of another failure, or nothing at all.
bool speaks_of_network(std::string_view line);

}  // namespace bakehouse::buildpack
