#include "cli/bake/passphrase.hh"

#include "base/encoding.hh"
#include "base/error.hh"
#include "base/files.hh"

#include <fmt/format.h>

#include <cerrno>
#include <memory>
#include <string>

#include <fcntl.h>
#include <termios.h>
#include <unistd.h>

namespace bakehouse::cli {
namespace {

namespace fs = std::filesystem;
using base::Error;
using base::Fault;
using base::Fd;
using crypto::Secret;

// More than any pass phrase that a key takes, and all that a terminal hands out at once.
constexpr size_t longest = 4096;

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

Secret require_text(std::optional<Secret> line) {
  if (line && !line->text().empty()) return *std::move(line);
  throw Error(Fault::input, "the pass phrase is empty");
}

Secret ask_unseen(const Fd& terminal, const std::string& question) {
  base::write_all(terminal, question, "the terminal");
  Secret line = Secret::with_room(longest);
  ssize_t count = 0;
  int failure = 0;
  {
    const NoEcho silence(terminal.get());
    // Not tried again after a signal: whoever presses Ctrl-C at the question wants to be gone.
    count = ::read(terminal.get(), line.room().data(), line.room().size());
    if (count < 0) failure = errno;
  }
  base::write_all(terminal, "\n", "the terminal");
  if (failure == EINTR) throw Error(Fault::usage, "cancelled");
  if (failure != 0) throw base::os_error(failure, "read", "the terminal");
  line.extend(static_cast<size_t>(count));
  crypto::keep_first_line(line);
  return line;
}

Fd open_terminal() { return Fd(::open("/dev/tty", O_RDWR | O_CLOEXEC | O_NOCTTY)); }

Secret prompt(const std::string& question) {
  const Fd terminal = open_terminal();
  if (!terminal) {
    throw Error(Fault::usage, "the key has a pass phrase and there is no terminal to ask for it",
                "use --password-file FILE or --password-fd N");
  }
  return require_text(ask_unseen(terminal, question));
}

bool is_prompt(const PassphraseOptions& options) { return !options.file && !options.descriptor; }

Fd open_lines(const PassphraseOptions& options) {
  if (options.file) return base::open_for_reading(*options.file);
  // A duplicate, because the descriptor is the caller's.
  Fd descriptor(::fcntl(*options.descriptor, F_DUPFD_CLOEXEC, 0));
  if (!descriptor) {
    throw base::os_error(errno, "read", "the descriptor of the pass phrase").as(Fault::usage);
  }
  return descriptor;
}

Secret next_line(const Fd& lines, const PassphraseOptions& options) {
  const std::string name = options.file ? options.file->native() : "the descriptor of the pass phrase";
  return require_text(crypto::read_secret_line(lines, longest, name));
}

}  // namespace

crypto::AskPassphrase ask_passphrase(const PassphraseOptions& options) {
  const auto lines = std::make_shared<Fd>();  // opened when the first encrypted key asks
  return [options, lines](const fs::path& key) {
    const std::string name = base::printable(key.native());
    if (is_prompt(options)) return prompt(fmt::format("pass phrase of {}: ", name));
    return base::with_context(fmt::format("for {}", name), [&] {
      if (!*lines) *lines = open_lines(options);
      return next_line(*lines, options);
    });
  };
}

Secret new_passphrase(const PassphraseOptions& options) {
  if (!is_prompt(options)) return next_line(open_lines(options), options);
  Secret first = prompt("new pass phrase: ");
  const Secret second = prompt("once more: ");
  if (first.text() != second.text()) throw Error(Fault::input, "the two pass phrases differ", "try again");
  return first;
}

Secret prompt_secret(const std::string& question, const std::string& hint) {
  const Fd terminal = open_terminal();
  if (!terminal) throw Error(Fault::usage, "there is no terminal to ask at", hint);
  return ask_unseen(terminal, question);
}

}  // namespace bakehouse::cli
