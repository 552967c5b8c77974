// What every fuzz target is made of. An Error is the answer to bad input; whatever else escapes, and every
// broken promise, ends the process, which is what a fuzzer looks for.
#pragma once

#include "base/encoding.hh"
#include "base/error.hh"

#include <cstdio>
#include <cstdlib>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

namespace bakehouse::fuzz {

// Each target defines it. The same input always takes the same way.
void test_one(std::string_view input);

inline void require(bool holds, const std::string& promise) {
  if (holds) return;
  std::fprintf(stderr, "broken promise: %s\n", promise.c_str());
  std::abort();
}

// What `work` returns, or nothing when it refuses its input; `refusal` takes the message.
template <typename Work>
auto accepted(Work&& work, std::string* refusal = nullptr) -> std::optional<decltype(work())> {
  try {
    return std::forward<Work>(work)();
  } catch (const base::Error& error) {
    const std::string what = error.what();
    require(error.fault() != base::Fault::internal, "input is no internal error: " + what);
    require(base::printable_lines(what) == what, "a message is safe to show: " + base::printable(what));
    if (refusal != nullptr) *refusal = what;
    return std::nullopt;
  }
}

}  // namespace bakehouse::fuzz
