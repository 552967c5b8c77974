// The error that `work` ends with, as one text: "message" or "message | hint".
#pragma once

#include "base/error.hh"

#include <string>
#include <utility>

namespace bakehouse::text {

template <typename Work>
std::string failure(Work&& work) {
  try {
    std::forward<Work>(work)();
  } catch (const base::Error& error) {
    if (error.fault() != base::Fault::input) return std::string("not bad input: ") + error.what();
    return error.hint().empty() ? error.what() : std::string(error.what()) + " | " + error.hint();
  }
  return "no failure";
}

}  // namespace bakehouse::text
