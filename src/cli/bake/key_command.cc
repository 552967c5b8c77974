#include "base/encoding.hh"
#include "base/error.hh"
#include "base/files.hh"
#include "cli/bake/commands.hh"
#include "cli/bake/passphrase.hh"

#include <fmt/format.h>

namespace bakehouse::cli {
namespace {

namespace fs = std::filesystem;
using base::Error;
using base::Fault;
using text::Value;

// shop.key -> shop.pub; anything else gets .pub added.
fs::path public_file_of(const fs::path& secret) {
  fs::path file = secret;
  if (file.extension() == ".key") return file.replace_extension(".pub");
  return file += ".pub";
}

void refuse_existing(const fs::path& file) {
  if (fs::exists(fs::symlink_status(file))) {
    throw Error(Fault::input, fmt::format("'{}' exists", base::printable(file.native())),
                "choose another name: keys are never overwritten");
  }
}

void write_new(const fs::path& path, const std::string& content, mode_t mode) {
  base::AtomicFile file(path, mode);
  file.write(content);
  file.commit_new();
}

}  // namespace

int run_key_new(const KeyNewCommand& command, const Screen& screen) {
  make_surroundings(screen);  // its handlers: Ctrl-C at the prompt must give the terminal its echo back
  const fs::path public_file = public_file_of(command.file);
  refuse_existing(command.file);
  refuse_existing(public_file);
  const crypto::SecretKey key = crypto::SecretKey::generate();
  const crypto::Secret content =
      command.no_password ? key.format() : key.format_encrypted(new_passphrase(command.passphrase));
  write_new(command.file, content.text(), 0600);
  write_new(public_file, crypto::format_public_key(key.public_key()), 0644);
  const std::string id = key.public_key().id.text();
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

}  // namespace bakehouse::cli
