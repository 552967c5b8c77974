// Push to deploy: what the hooks of a remote do. The branch moves when its commit is in service, and only
// then.
#pragma once

#include "bakery/cook.hh"
#include "bakery/push_record.hh"
#include "bakery/push_request.hh"
#include "phase/lock.hh"

#include <filesystem>
#include <functional>
#include <optional>
#include <string>

namespace bakehouse::bakery {

struct Push {
  std::string remote;  // "project" or "pillar"
  PushRequest request;
  std::optional<std::filesystem::path> quarantine;
  // Whether nobody waits for the answer any more. Before the switch that cancels; after it nothing does but
  // the wish to stop of the node's surroundings.
  std::function<bool()> is_abandoned = [] { return false; };
};

// A deployment that was made, and whose branch has not moved yet: nobody else may bake until it has.
struct Received {
  phase::Lock lock;
  PushRecord record;
  std::string version;
};

// The hook pre-receive. Of `options` the source and `at_begin` are its own. nullopt when the push deploys
// nothing. Whatever fails is thrown: then nothing is deployed, and the branch must not move. Waits while
// somebody bakes, and refuses when the branch was moved meanwhile.
std::optional<Received> receive_project(const node::Node& node, const Push& push, const CookOptions& options);
// The pillar: checked out where its values are read, and the release in service applied anew with them; when
// that fails the checkout before is put back.
std::optional<Received> receive_pillar(const node::Node& node, const Push& push, const CookOptions& options);

// Takes up a checkout of the pillar that was cut off, before anything reads it. The caller holds the build
// lock.
void settle_pillar(const node::Node& node);
// Error(refused) while that is still to be done, or a push to the pillar goes on: what is written to it might
// be exchanged for something else.
void require_settled_pillar(const config::Root& root);

}  // namespace bakehouse::bakery
