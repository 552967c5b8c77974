// What a C library hands out and wants back.
#pragma once

#include <memory>

namespace bakehouse::base {

template <auto destroy>
struct Destroy {
  void operator()(auto* handle) const { destroy(handle); }
};
template <typename T, auto destroy>
using COwned = std::unique_ptr<T, Destroy<destroy>>;

}  // namespace bakehouse::base
