// The one exception type of the code base, and the categories that become exit codes.
#pragma once

#include <fmt/format.h>

#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>

namespace bakehouse::base {

// The value is the documented exit code of both programs.
enum class Fault {
  internal = 1,
  usage = 2,
  input = 3,
  trust = 4,
  build = 5,
  reverted = 6,
  needs_hands = 7,
  locked = 8,
  differs = 9,
  refused = 10,
};

int exit_code(Fault fault);

// A fact about the world that stops the work: what happened and, in `hint`, what to do next.
// The thrower states the fact; callers that know a name add it with `with_context`.
class Error : public std::runtime_error {
 public:
  Error(Fault fault, const std::string& message, std::string hint = {});

  Fault fault() const { return fault_; }
  const std::string& hint() const { return hint_; }
  // The errno behind the error, or 0.
  int os_error() const { return os_error_; }

  Error within(std::string_view context) const;
  Error with_hint(std::string hint) const;
  Error as(Fault fault) const;

 private:
  friend Error os_error(int code, std::string_view doing, std::string_view path);
  Fault fault_;
  std::string hint_;
  int os_error_ = 0;
};

// "cannot open 'x': No such file or directory". What a caller's argument can cause (a missing
// file, no permission) is bad input; the rest is internal.
Error os_error(int code, std::string_view doing, std::string_view path);

// Throws `os_error` for the current errno.
[[noreturn]] void fail_os(std::string_view doing, std::string_view path);

template <typename Work>
decltype(auto) with_context(std::string_view context, Work&& work) {
  try {
    return std::forward<Work>(work)();
  } catch (const Error& error) {
    throw error.within(context);
  }
}

}  // namespace bakehouse::base
