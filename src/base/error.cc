#include "base/error.hh"

#include "base/encoding.hh"

#include <cerrno>
#include <cstring>
#include <string>

namespace bakehouse::base {

int exit_code(Fault fault) { return static_cast<int>(fault); }

Error::Error(Fault fault, const std::string& message, std::string hint)
    : std::runtime_error(message), fault_(fault), hint_(std::move(hint)) {}

Error Error::within(std::string_view context) const {
  Error wrapped(fault_, fmt::format("{}: {}", context, what()), hint_);
  wrapped.os_error_ = os_error_;
  return wrapped;
}

Error Error::with_hint(std::string hint) const {
  Error copy = *this;
  copy.hint_ = std::move(hint);
  return copy;
}

Error Error::as(Fault fault) const {
  Error copy = *this;
  copy.fault_ = fault;
  return copy;
}

namespace {

bool caused_by_argument(int code) {
  switch (code) {
    case ENOENT:
    case EACCES:
    case EPERM:
    case ENOTDIR:
    case EISDIR:
    case EEXIST:
    case ENAMETOOLONG:
    case ELOOP:
    case EROFS: return true;
    default: return false;
  }
}

}  // namespace

Error os_error(int code, std::string_view doing, std::string_view path) {
  const auto fault = caused_by_argument(code) ? Fault::input : Fault::internal;
  Error error(fault, fmt::format("cannot {} '{}': {}", doing, printable(path), std::strerror(code)));
  error.os_error_ = code;
  return error;
}

void fail_os(std::string_view doing, std::string_view path) { throw os_error(errno, doing, path); }

}  // namespace bakehouse::base
