#include "base/encoding.hh"
#include "base/error.hh"
#include "base/files.hh"
#include "cli/bake/commands.hh"
#include "cli/bake/key_pair.hh"
#include "cli/bake/passphrase.hh"

#include <fmt/format.h>

#include <unistd.h>

namespace bakehouse::cli {
namespace {

namespace fs = std::filesystem;
using base::Error;
using base::Fault;
using text::Value;

// The file that a name leads to, and no link to it: a link replaced by a file would leave the key with
// the old pass phrase behind.
fs::path file_itself(const fs::path& key) {
  const base::Fd fd = base::open_for_reading(key);
  if (base::stat_of(fd, key.native()).links > 1) {
    throw Error(Fault::input,
                fmt::format("'{}' has a second name (a hard link), which would keep the old pass phrase",
                            base::printable(key.native())),
                "remove the other name, or make a copy and change that");
  }
  return fs::canonical(key);
}

// Whole or not at all, with the mode and the owner that it had.
void replace(const fs::path& path, std::string_view content) {
  const base::Fd old = base::open_for_reading(path);
  const base::FileStat stat = base::stat_of(old, path.native());
  base::AtomicFile file(path, stat.mode);
  const base::FileStat made = base::stat_of(file.fd(), path.native());
  const bool has_owner = made.uid == stat.uid && made.gid == stat.gid;
  if (!has_owner && ::fchown(file.fd().get(), stat.uid, stat.gid) != 0) {
    base::fail_os("keep the owner of", path.native());
  }
  file.write(content);
  file.commit();
}

crypto::Secret format_anew(const crypto::SecretKey& key, const KeyPasswordCommand& command) {
  if (command.no_password) return key.format();
  return key.format_encrypted(new_passphrase(command.new_passphrase));
}

}  // namespace

int run_key_new(const KeyNewCommand& command, const Screen& screen) {
  make_surroundings(screen);  // its handlers: Ctrl-C at the prompt must give the terminal its echo back
  const fs::path public_file = public_file_of(command.file);
  const auto format = [&](const crypto::SecretKey& key) {
    return command.no_password ? key.format() : key.format_encrypted(new_passphrase(command.passphrase));
  };
  const std::string id = make_key_pair(command.file, format).id.text();
  screen.say(fmt::format("made the key {}", id));
  screen.say(fmt::format("  {}  signs; keep it secret, and keep a copy", command.file.native()));
  screen.say(
      fmt::format("  {}  for the nodes: `release trust add {}`", public_file.native(), public_file.native()));
  screen.answer(
      Value::map({{"key", id}, {"secret", command.file.native()}, {"public", public_file.native()}}));
  return 0;
}

int run_key_show(const KeyShowCommand& command, const Screen& screen) {
  make_surroundings(screen);
  const crypto::SecretKey key = crypto::SecretKey::read(command.file, ask_passphrase(command.passphrase));
  std::string content = crypto::format_public_key(key.public_key());
  if (screen.json()) {
    screen.answer(Value::map({{"key", key.public_key().id.text()}, {"public", content}}));
    return 0;
  }
  std::fputs(content.c_str(), stdout);
  return 0;
}

int run_key_password(const KeyPasswordCommand& command, const Screen& screen) {
  make_surroundings(screen);
  const fs::path file = file_itself(command.file);
  const crypto::SecretKey key = crypto::SecretKey::read(command.file, ask_passphrase(command.passphrase));
  const crypto::Secret content = format_anew(key, command);
  replace(file, content.text());
  const std::string id = key.public_key().id.text();
  screen.say(command.no_password ? fmt::format("the key {} is no longer encrypted", id)
                                 : fmt::format("the key {} has the new pass phrase", id));
  screen.say("  copies of the old file keep what they had: replace or remove them");
  screen.answer(Value::map({{"key", id}, {"secret", command.file.native()}}));
  return 0;
}

}  // namespace bakehouse::cli
