#include "cli/bake/passphrase.hh"

#include "base/error.hh"
#include "base/files.hh"

#include <cerrno>

#include <fcntl.h>
#include <termios.h>
#include <unistd.h>

namespace bakehouse::cli {
namespace {

using base::Error;
using base::Fault;
using crypto::Secret;

constexpr uint64_t longest = 4096;

Secret first_line(std::string text) {
  const size_t end = text.find('\n');
  if (end != std::string::npos) text.resize(end);
  if (text.empty()) throw Error(Fault::input, "the pass phrase is empty");
  return Secret(std::move(text));
}

// Switches the echo of a terminal off for as long as it lives.
class NoEcho {
 public:
  explicit NoEcho(int terminal) : terminal_(terminal) {
    ::tcgetattr(terminal_, &before_);
    termios silent = before_;
    silent.c_lflag &= ~static_cast<tcflag_t>(ECHO);
    ::tcsetattr(terminal_, TCSAFLUSH, &silent);
  }
  NoEcho(const NoEcho&) = delete;
  NoEcho& operator=(const NoEcho&) = delete;
  ~NoEcho() { ::tcsetattr(terminal_, TCSAFLUSH, &before_); }

 private:
  int terminal_;
  termios before_{};
};

Secret prompt(const char* question) {
  const base::Fd terminal(::open("/dev/tty", O_RDWR | O_CLOEXEC | O_NOCTTY));
  if (!terminal) {
    throw Error(Fault::usage, "the key has a pass phrase and there is no terminal to ask for it",
                "use --password-file FILE or --password-fd N");
  }
  base::write_all(terminal, question, "the terminal");
  std::string line(longest, '\0');
  ssize_t count = 0;
  int failure = 0;
  {
    const NoEcho silence(terminal.get());
    // Not tried again after a signal: whoever presses Ctrl-C at the question wants to be gone.
    count = ::read(terminal.get(), line.data(), line.size());
    if (count < 0) failure = errno;
  }
  base::write_all(terminal, "\n", "the terminal");
  if (failure == EINTR) throw Error(Fault::usage, "cancelled");
  if (failure != 0) throw base::os_error(failure, "read", "the terminal");
  line.resize(static_cast<size_t>(count));
  return first_line(std::move(line));
}

std::optional<Secret> given(const PassphraseOptions& options) {
  if (options.file) return first_line(base::read_file(*options.file, longest));
  if (!options.descriptor) return std::nullopt;
  // A duplicate, because the descriptor is the caller's.
  const base::Fd descriptor(::fcntl(*options.descriptor, F_DUPFD_CLOEXEC, 0));
  if (!descriptor) {
    throw base::os_error(errno, "read", "the descriptor of the pass phrase").as(Fault::usage);
  }
  return first_line(base::read_all(descriptor, longest, "the descriptor of the pass phrase"));
}

}  // namespace

crypto::AskPassphrase ask_passphrase(const PassphraseOptions& options) {
  return [options] {
    auto secret = given(options);
    return secret ? *std::move(secret) : prompt("pass phrase of the key: ");
  };
}

Secret new_passphrase(const PassphraseOptions& options) {
  if (auto secret = given(options)) return *std::move(secret);
  Secret first = prompt("new pass phrase: ");
  const Secret second = prompt("once more: ");
  if (first.text() != second.text()) throw Error(Fault::input, "the two pass phrases differ", "try again");
  return first;
}

}  // namespace bakehouse::cli
