// What `node.yaml` says of the node alone, and no project: which environment it is, who is told of
// deployments, where they are logged, and which branches are deployed there.
#pragma once

#include "base/tree_path.hh"
#include "config/root.hh"
#include "text/decode.hh"
#include "text/value.hh"

#include <chrono>
#include <cstdint>
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

// A file outside of the root that a template may become here.
struct TargetFile {
  base::TreePath from;  // below .bake/templates/
  std::filesystem::path target;
  uint32_t mode = 0644;

  friend bool operator==(const TargetFile&, const TargetFile&) = default;
};
// The list `configuration`; what is wrong with it goes to `faults`.
std::vector<TargetFile> decode_targets(const text::Value& value, text::Diagnostics& faults);
text::Value encode_targets(const std::vector<TargetFile>& targets);
// Pushes to the remotes of a root that bakes.
struct PushSettings {
  std::map<std::string, std::string> branches;  // to the environment each is for; empty: the usual ones
};

struct NodeSettings {
  std::optional<std::string> environment;
  std::vector<TargetFile> targets;
  std::vector<Receiver> notify;
  EventLogs events;
  PushSettings push;
};

// The keys that a project file must not have.
bool is_node_key(std::string_view key);

// Every fault goes to `faults`; keys of the project are passed over.
NodeSettings decode_node_settings(const text::Value& file, text::Diagnostics& faults);
// Of a file that may be absent. Error(input) with all faults.
NodeSettings load_node_settings(const std::filesystem::path& node_file);

// Of a root: what its node.yaml says, else "staging" where one cooks and "production" where not.
std::string environment_of(const Root& root);
// The same for who has read node.yaml.
std::string environment_of(const Root& root, const NodeSettings& settings);
std::filesystem::path node_file_of(const Root& root);

}  // namespace bakehouse::config
