// How much of a document the readers of this folder take. Private to it.
#pragma once

#include <cstddef>

namespace bakehouse::text {

constexpr size_t deepest_nesting = 64;
constexpr size_t largest_document = 1 << 20;  // of what people write: YAML and TOML

}  // namespace bakehouse::text
