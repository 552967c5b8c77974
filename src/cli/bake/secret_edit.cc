// `bake secret edit`: the values as one file of YAML in memory, for as long as an editor has it open.
#include "base/encoding.hh"
#include "base/error.hh"
#include "base/files.hh"
#include "base/process.hh"
#include "cli/bake/commands.hh"
#include "cli/bake/secret_place.hh"
#include "config/identity.hh"
#include "text/document.hh"
#include "text/yaml.hh"

#include <fmt/format.h>

#include <algorithm>
#include <csignal>
#include <cstdlib>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include <fcntl.h>
#include <linux/magic.h>
#include <sys/vfs.h>
#include <unistd.h>

extern char** environ;  // NOLINT(readability-redundant-declaration): POSIX wants it declared by us

namespace bakehouse::cli {
namespace {

namespace fs = std::filesystem;
using base::Error;
using base::Fault;
using text::Value;

constexpr uint64_t largest_edited = uint64_t{32} << 20;

bool is_in_memory(const fs::path& directory) {
  struct statfs facts {};
  if (::statfs(directory.c_str(), &facts) != 0) return false;
  return facts.f_type == TMPFS_MAGIC || facts.f_type == RAMFS_MAGIC;
}

fs::path find_memory() {
  const char* runtime = std::getenv("XDG_RUNTIME_DIR");
  for (const fs::path& place : {fs::path(runtime == nullptr ? "" : runtime), fs::path("/dev/shm")}) {
    if (!place.empty() && is_in_memory(place) && ::access(place.c_str(), W_OK) == 0) return place;
  }
  throw Error(Fault::input,
              "there is no file system in memory to edit secrets in: neither $XDG_RUNTIME_DIR nor /dev/shm",
              "set them one by one with `bake secret set KEY`");
}

std::string find_editor() {
  for (const char* name : {"VISUAL", "EDITOR"}) {
    const char* editor = std::getenv(name);
    if (editor != nullptr && *editor != '\0') return editor;
  }
  return "vi";
}

// The terminal is the editor's while it runs, and ours again afterwards.
class TerminalLoan {
 public:
  TerminalLoan() : terminal_(::open("/dev/tty", O_RDWR | O_CLOEXEC | O_NOCTTY)) {}
  TerminalLoan(const TerminalLoan&) = delete;
  TerminalLoan& operator=(const TerminalLoan&) = delete;
  ~TerminalLoan() { give(::getpgrp()); }
  void give(pid_t group) const {
    if (!terminal_) return;
    // Whoever is in the background is stopped for asking, unless it says that it does not mind.
    const auto before = ::signal(SIGTTOU, SIG_IGN);
    ::tcsetpgrp(terminal_.get(), group);
    ::signal(SIGTTOU, before);
  }

 private:
  base::Fd terminal_;
};

void run_editor(const fs::path& file, const SecretPlace& place) {
  base::Command command;
  command.argv = {"/bin/sh", "-c", find_editor() + " \"$1\"", "sh", file.native()};
  for (char** variable = environ; *variable != nullptr; ++variable)
    command.environment.emplace_back(*variable);
  const base::Fd input(::fcntl(STDIN_FILENO, F_DUPFD_CLOEXEC, 0));
  if (input) command.input = &input;
  const TerminalLoan terminal;
  command.before_exec = [&](pid_t child) { terminal.give(child); };
  base::Process editor = base::Process::start(command);
  std::optional<base::ExitStatus> status;
  constexpr std::chrono::milliseconds look(200);
  while (!(status = editor.wait_for(look))) {
    if (place.around.cancelled()) break;  // which ends the editor
  }
  if (!status || place.around.cancelled()) throw Error(Fault::usage, "cancelled");
  if (!status->ok()) {
    throw Error(Fault::input, fmt::format("the editor {}; nothing was changed", status->describe()),
                "EDITOR names another one");
  }
}

bool is_editable(std::string_view value) {
  return text::is_utf8(value) && value.find('\0') == std::string_view::npos;
}

std::string format_for_editor(const SecretPlace& place, const config::OpenedValues& values) {
  std::string text = fmt::format("# Secrets of {}. Leave without saving and nothing is changed.\n",
                                 place.sealed.environment);
  Value map = Value::map();
  for (const auto& [key, value] : values) {
    if (is_editable(value.text()))
      map.set(key, std::string(value.text()));
    else
      text += fmt::format("# {} is no text, and stays as it is\n", key);
  }
  return map.members().empty() ? text + "# database.password: a-value\n" : text + text::to_yaml(map);
}

// What the editor left, by key. A number or a word without quotes is the text that it looks like.
std::map<std::string, std::string> read_edited(const std::string& content) {
  const Value file = text::parse_yaml(content, "what you edited");
  if (!file.is_map() && !file.is_null())
    throw Error(Fault::input, "what you edited is no mapping of keys to values");
  std::map<std::string, std::string> edited;
  for (const auto& [key, value] : file.members()) {
    base::with_context(value.origin().describe(), [&key = key] { config::check_secret_key(key); });
    if (value.is_list() || value.is_map() || value.is_null())
      throw Error(Fault::input, fmt::format("{}: '{}' must be one text", value.origin().describe(), key),
                  "keys with dots stand for what lies within: database.password");
    edited.emplace(key, value.text());
  }
  return edited;
}

// At a terminal somebody can mend what cannot be read, until it can or is left as it is.
std::map<std::string, std::string> edit(const SecretPlace& place, const std::string& text,
                                        const Screen& screen) {
  const base::TempDir memory(find_memory());
  const fs::path file = memory.path() / "secrets.yaml";
  base::write_file(file, text, 0600);
  std::string before = text;
  while (true) {
    run_editor(file, place);
    std::string content = base::read_file(file, largest_edited);
    // What an editor leaves that crashed, or had no room: nobody removes all values that way.
    if (content.empty()) {
      screen.say("the file is empty now, which counts as not saved; `{}` removes all values");
      return read_edited(text);
    }
    try {
      return read_edited(content);
    } catch (const Error& error) {
      if (content == before || ::isatty(STDIN_FILENO) == 0) throw error.with_hint("nothing was changed");
      screen.say(fmt::format("{}: once more", error.what()));
    }
    before = std::move(content);
  }
}

struct Changes {
  std::vector<std::string> set;
  std::vector<std::string> removed;
};

// Values that are the same keep their seal, so that a diff of the pillar shows what was changed.
Changes take_over(const SecretPlace& place, const config::OpenedValues& opened,
                  const std::map<std::string, std::string>& edited, const Screen& screen,
                  config::SealedValues& values) {
  Changes changes;
  std::vector<crypto::AgeRecipient> recipients;
  for (const auto& [key, text] : edited) {
    const auto old = opened.find(key);
    if (old != opened.end() && old->second.text() == text) continue;
    if (text.empty())
      throw Error(Fault::input, fmt::format("the value of '{}' is empty", key),
                  "remove its line to remove it");
    if (recipients.empty()) recipients = require_recipients(place, screen);
    values[key] = seal_value(place, text, recipients);
    changes.set.push_back(key);
  }
  for (const auto& [key, value] : opened) {
    if (edited.contains(key) || !is_editable(value.text())) continue;
    values.erase(key);
    changes.removed.push_back(key);
  }
  return changes;
}

// The lock keeps out other commands of this root only: a push replaces the file, and so may another root.
void require_unchanged(const config::SealedPlace& place, const config::SealedValues& before) {
  if (config::read_sealed(place) == before) return;
  throw Error(Fault::input,
              fmt::format("'{}' was changed by others while it was edited; nothing was written",
                          place.values().native()),
              "edit it once more");
}

}  // namespace

int run_secret_edit(const GlobalOptions& global, const SecretCommand& command, const Screen& screen) {
  const crypto::NoDumps no_dumps;
  const SecretPlace place = open_secret_place(global, command, screen);
  const auto lock = lock_secrets(place, "secret edit");
  const config::SealedValues before = config::read_sealed(place.sealed);
  config::OpenedValues opened;
  const auto identities = config::read_identities(place.root);
  for (const auto& [key, value] : before)
    opened.emplace(key, config::open_value(place.sealed, key, value, identities));
  const auto edited = edit(place, format_for_editor(place, opened), screen);
  config::SealedValues values = before;
  const Changes changes = take_over(place, opened, edited, screen, values);
  if (!changes.set.empty() || !changes.removed.empty()) {
    require_unchanged(place.sealed, before);
    config::write_sealed(place.sealed, values);
  }
  for (const auto& key : changes.set) screen.say(fmt::format("sealed {}", key));
  for (const auto& key : changes.removed) screen.say(fmt::format("removed {}", key));
  if (changes.set.empty() && changes.removed.empty()) screen.say("nothing was changed");
  screen.answer(Value::map({{"environment", place.sealed.environment},
                            {"sealed", text::list_of(changes.set)},
                            {"removed", text::list_of(changes.removed)}}));
  return 0;
}

}  // namespace bakehouse::cli
