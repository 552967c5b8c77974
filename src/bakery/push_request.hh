// What a push wants, as git tells its hooks, and which branch of it is deployed here.
#pragma once

#include "config/node_settings.hh"
#include "config/root.hh"
#include "source/remote.hh"

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace bakehouse::bakery {

struct PushRequest {
  std::vector<source::RefUpdate> updates;
  bool skips_deploy = false;           // -o skip-deploy
  std::optional<std::string> version;  // -o version=X
};

// `lines` as on the standard input of pre-receive and post-receive.
PushRequest read_push(std::string_view lines, const std::vector<std::string>& options);

struct Destination {
  std::string environment;  // of the root
  config::PushSettings settings;

  bool deploys(std::string_view ref) const;
  // Of a branch that is deployed in another root; "" otherwise.
  std::string other_environment(std::string_view ref) const;
};
Destination destination_of(const config::Root& root, const config::NodeSettings& settings);

// The one branch to deploy; nullopt when there is none, or the push skips it. Error(refused) for several, for
// a deletion, and for what would take commits away.
std::optional<source::RefUpdate> choose_deploy(const PushRequest& request, const Destination& destination,
                                               const source::Remote& remote);

}  // namespace bakehouse::bakery
