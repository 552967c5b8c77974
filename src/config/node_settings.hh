// What `node.yaml` says of the node alone, and no project: who is told of deployments, where they are
// logged, which environment it is, and which branches are deployed there.
#pragma once

#include "text/decode.hh"
#include "text/value.hh"

#include <chrono>
#include <filesystem>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

namespace bakehouse::config {

// Somebody, or something, that is told how a deployment ended.
struct Receiver {
  enum class Kind { webhook, mail, command } kind = Kind::webhook;
  std::string target;                                    // an URL (it may hold a password), or an address
  std::vector<std::string> argv;                         // command
  std::optional<std::filesystem::path> secret_file;      // webhook: what its messages are signed with
  std::optional<std::filesystem::path> ca_file;          // webhook: certificates in place of the system's
  std::filesystem::path sendmail{"/usr/sbin/sendmail"};  // mail
  std::optional<std::string> from;                       // mail
  std::set<std::string> on;                              // words of `notice_words`; empty: all of them
  std::chrono::milliseconds time_limit{std::chrono::seconds(10)};
};
// "webhook https://example.org/...": for people, without anything that may be a secret.
std::string describe(const Receiver& receiver);

const std::vector<std::string>& notice_words();

struct EventLogs {
  std::optional<std::filesystem::path> file;
  bool to_syslog = false;
  bool to_journal = false;
};

// Pushes to the remotes of a root that bakes.
struct PushSettings {
  std::map<std::string, std::string> branches;  // to the environment each is for; empty: the usual ones
};

struct NodeSettings {
  std::vector<Receiver> notify;
  EventLogs events;
  std::optional<std::string> environment;
  PushSettings push;
};

// The keys that a project file must not have.
bool is_node_key(std::string_view key);

// Every fault goes to `faults`; keys of the project are passed over.
NodeSettings decode_node_settings(const text::Value& file, text::Diagnostics& faults);
// Of a file that may be absent. Error(input) with all faults.
NodeSettings load_node_settings(const std::filesystem::path& node_file);

}  // namespace bakehouse::config
