// Private to this folder.
#pragma once

#include <cstdint>

namespace bakehouse::buildpack {

constexpr uint64_t largest_toml =
    1 << 20;  // bytes of any file that a buildpack describes itself or its layers in

}  // namespace bakehouse::buildpack
