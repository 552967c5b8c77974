// The error that `work` ends with, as one text: "message" or "message | hint".
#pragma once

#include "base/error.hh"

#include <string>
#include <utility>

namespace bakehouse::config {

template <typename Work>
std::string failure(Work&& work, base::Fault expected = base::Fault::input) {
  try {
    std::forward<Work>(work)();
  } catch (const base::Error& error) {
    if (error.fault() != expected) return std::string("another fault: ") + error.what();
    return error.hint().empty() ? error.what() : std::string(error.what()) + " | " + error.hint();
  }
  return "no failure";
}

}  // namespace bakehouse::config
