#include "config/node_settings.hh"

#include "base/encoding.hh"
#include "base/files.hh"
#include "config/limits.hh"
#include "config/pillar.hh"
#include "config/project_parts.hh"
#include "config/url.hh"
#include "text/yaml.hh"

#include <fmt/format.h>

#include <algorithm>

namespace bakehouse::config {
namespace {

namespace fs = std::filesystem;
using base::printable;
using text::Diagnostics;
using text::MapReader;
using text::Value;

constexpr size_t most_receivers = 20;
constexpr size_t longest_url = 2000;

std::optional<fs::path> absolute_path(MapReader& map, std::string_view key, Diagnostics& faults) {
  const Value* value = map.take(key);
  const auto text = map.text(key);
  if (!text) return std::nullopt;
  if (text->starts_with('/') && printable(*text) == *text) return fs::path(*text);
  faults.add(value->origin(), fmt::format("'{}' must be an absolute path, not '{}'", key, printable(*text)));
  return std::nullopt;
}

// What can stand in a header of a mail without being quoted, and is no option of a program.
bool is_address(std::string_view text) {
  constexpr std::string_view letters = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._%+-@";
  return !text.empty() && text.size() <= 254 && text.find_first_not_of(letters) == std::string_view::npos &&
         text[0] != '-' && text[0] != '@' && text.back() != '@' && std::ranges::count(text, '@') <= 1;
}

class ReceiverReader {
 public:
  ReceiverReader(const Value& value, Diagnostics& faults)
      : value_(value), faults_(faults), map_(value, "a receiver in 'notify'", faults) {}

  Receiver read() {
    const int kinds = static_cast<int>(map_.take("webhook") != nullptr) +
                      static_cast<int>(map_.take("mail") != nullptr) +
                      static_cast<int>(map_.take("command") != nullptr);
    if (kinds != 1 && value_.is_map())
      fault(value_, "a receiver in 'notify' is exactly one of webhook, mail and command");
    if (map_.take("webhook") != nullptr) read_webhook();
    if (map_.take("mail") != nullptr) read_mail();
    if (map_.take("command") != nullptr) read_command();
    read_words();
    if (const auto limit = positive_duration(map_, "time-limit", faults_)) receiver_.time_limit = *limit;
    map_.finish();
    return std::move(receiver_);
  }

 private:
  void fault(const Value& at, std::string message, std::string hint = {}) {
    faults_.add(at.origin(), std::move(message), std::move(hint));
  }

  void read_webhook() {
    receiver_.kind = Receiver::Kind::webhook;
    const auto url = map_.text("webhook");
    // Not repeated in the message: it may hold a password.
    if (url && (url->size() > longest_url || !is_url_with_user(*url)))
      fault(*map_.take("webhook"), "'webhook' is no http:// or https:// URL", "https://example.org/hook");
    receiver_.target = url.value_or("");
    receiver_.secret_file = absolute_path(map_, "secret-file", faults_);
    receiver_.ca_file = absolute_path(map_, "ca-file", faults_);
  }

  std::optional<std::string> read_address(std::string_view key) {
    auto address = map_.text(key);
    if (!address || is_address(*address)) return address;
    fault(*map_.take(key), fmt::format("'{}' is no plain mail address: '{}'", key, printable(*address)),
          "ops@example.org, or a user of this machine");
    return std::nullopt;
  }

  void read_mail() {
    receiver_.kind = Receiver::Kind::mail;
    receiver_.target = read_address("mail").value_or("");
    receiver_.from = read_address("from");
    if (const auto program = absolute_path(map_, "sendmail", faults_)) receiver_.sendmail = *program;
  }

  void read_command() {
    receiver_.kind = Receiver::Kind::command;
    receiver_.argv = map_.texts("command").value_or(std::vector<std::string>{});
    if (receiver_.argv.empty() || !receiver_.argv.front().starts_with('/'))
      fault(*map_.take("command"),
            "'command' in 'notify' is a program by its absolute path, and its arguments",
            "[/usr/local/bin/tell, --loudly]");
  }

  void read_words() {
    const Value* value = map_.take("on");
    const auto words = map_.texts("on");
    if (!words) return;
    if (words->empty()) fault(*value, "'on' is an empty list: leave it out for all");
    for (const std::string& word : *words) {
      if (std::ranges::find(notice_words(), word) == notice_words().end()) {
        fault(*value, fmt::format("'on' in 'notify' must be some of {}, not '{}'",
                                  fmt::join(notice_words(), ", "), printable(word)));
      }
      receiver_.on.insert(word);
    }
  }

  const Value& value_;
  Diagnostics& faults_;
  MapReader map_;
  Receiver receiver_;
};

std::vector<Receiver> decode_receivers(const Value& value, Diagnostics& faults) {
  if (!value.is_list()) {
    faults.add(value.origin(), "'notify' must be a list of receivers",
               "[{webhook: https://example.org/hook}]");
    return {};
  }
  if (value.items().size() > most_receivers)
    faults.add(value.origin(), fmt::format("'notify' has more than {} receivers", most_receivers));
  std::vector<Receiver> receivers;
  for (const Value& item : value.items()) receivers.push_back(ReceiverReader(item, faults).read());
  return receivers;
}

EventLogs decode_logging(const Value& value, Diagnostics& faults) {
  MapReader map(value, "'logging'", faults);
  EventLogs logs;
  const Value* events = map.take("events");
  for (const std::string& word : map.texts("events").value_or(std::vector<std::string>{})) {
    if (word == "syslog") {
      logs.to_syslog = true;
    } else if (word == "journal") {
      logs.to_journal = true;
    } else if (word.starts_with('/') && printable(word) == word && !logs.file) {
      logs.file = word;
    } else {
      faults.add(events->origin(),
                 fmt::format("'events' in 'logging' must be syslog, journal or one absolute path, not '{}'",
                             printable(word)));
    }
  }
  map.finish();
  return logs;
}

std::optional<std::string> decode_environment_name(const Value& value, std::string_view what,
                                                   Diagnostics& faults) {
  auto name = text::as_text(value, what, faults);
  const auto reason = name ? why_not_environment(*name) : std::nullopt;
  if (!reason) return name;
  faults.add(value.origin(), fmt::format("the environment '{}' {}", printable(name->substr(0, 100)), *reason),
             "staging, production or another word");
  return std::nullopt;
}

PushSettings decode_push(const Value& value, Diagnostics& faults) {
  MapReader map(value, "'push'", faults);
  PushSettings settings;
  const Value* branches = map.take("branches");
  if (branches != nullptr && !branches->is_map()) {
    faults.add(branches->origin(), "'branches' in 'push' must be a map of branches to environments",
               "{main: staging}");
  } else if (branches != nullptr) {
    for (const auto& [branch, environment] : branches->members()) {
      const auto name =
          decode_environment_name(environment, fmt::format("the branch '{}'", printable(branch)), faults);
      if (name) settings.branches[branch] = *name;
    }
  }
  map.finish();
  return settings;
}

}  // namespace

std::string describe(const Receiver& receiver) {
  switch (receiver.kind) {
    case Receiver::Kind::webhook: return "webhook " + public_part(receiver.target);
    case Receiver::Kind::mail: return "mail " + receiver.target;
    case Receiver::Kind::command: break;
  }
  return "command " + printable(receiver.argv.empty() ? "" : receiver.argv.front());
}

const std::vector<std::string>& notice_words() {
  static const std::vector<std::string> words{"success", "failure", "expired", "recovered"};
  return words;
}

bool is_node_key(std::string_view key) {
  static constexpr std::string_view keys[] = {"notify", "logging", "environment", "configuration", "push"};
  return std::ranges::find(keys, key) != std::end(keys);
}

NodeSettings decode_node_settings(const Value& file, Diagnostics& faults) {
  NodeSettings settings;
  const auto find = [&](std::string_view key) {
    const Value* value = file.find(key);
    return value == nullptr || value->is_null() ? nullptr : value;
  };
  if (const Value* environment = find("environment"))
    settings.environment = decode_environment_name(*environment, "'environment'", faults);
  if (const Value* targets = find("configuration")) settings.targets = decode_targets(*targets, faults);
  if (const Value* notify = find("notify")) settings.notify = decode_receivers(*notify, faults);
  if (const Value* logging = find("logging")) settings.events = decode_logging(*logging, faults);
  if (const Value* push = find("push")) settings.push = decode_push(*push, faults);
  return settings;
}

NodeSettings load_node_settings(const fs::path& node_file) {
  const auto content = base::read_file_if_any(node_file, largest_configuration);
  if (!content) return {};
  Diagnostics faults;
  NodeSettings settings = decode_node_settings(text::parse_yaml(*content, node_file.native()), faults);
  faults.throw_if_any();
  return settings;
}

fs::path node_file_of(const Root& root) { return root.path / "node.yaml"; }

std::string environment_of(const Root& root, const NodeSettings& settings) {
  return settings.environment.value_or(root.mode == Mode::final ? "production" : "staging");
}

std::string environment_of(const Root& root) {
  return environment_of(root, load_node_settings(node_file_of(root)));
}

}  // namespace bakehouse::config
