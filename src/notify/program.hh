// Telling a program of this machine. Private to this folder.
#pragma once

#include "notify/send.hh"

#include <chrono>
#include <string>
#include <string_view>
#include <vector>

namespace bakehouse::notify {

// With `input` as its standard input, in "/", and nothing of our environment.
Answer run_program(const std::vector<std::string>& argv, std::string_view input,
                   std::chrono::milliseconds limit);

}  // namespace bakehouse::notify
