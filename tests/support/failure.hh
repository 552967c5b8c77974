// The error that `work` ends with, as one text that says its category: "input: message".
#pragma once

#include "base/error.hh"

#include <string>
#include <utility>

namespace bakehouse::support {

inline std::string name_of(base::Fault fault) {
  switch (fault) {
    case base::Fault::input: return "input";
    case base::Fault::trust: return "trust";
    case base::Fault::refused: return "refused";
    case base::Fault::internal: return "internal";
    default: return "fault " + std::to_string(base::exit_code(fault));
  }
}

template <typename Work>
std::string failure(Work&& work) {
  try {
    std::forward<Work>(work)();
  } catch (const base::Error& error) {
    return name_of(error.fault()) + ": " + error.what();
  }
  return "no failure";
}

}  // namespace bakehouse::support
