// How the two kinds of push begin, and how long each goes on for somebody who may vanish. Private to this
// folder.
#pragma once

#include "bakery/push.hh"

#include <atomic>
#include <memory>
#include <optional>

namespace bakehouse::bakery {

struct AwaitedPush {
  source::RefUpdate update;
  phase::Lock lock;
};
// The branch to deploy, and the build lock, behind whoever bakes at the moment. Error(refused) when the
// branch is not any more what the push found: its commit would go into service, and git would refuse to move
// the branch. The branch of an earlier push whose commit is in service has moved then, too.
std::optional<AwaitedPush> await_push(const node::Node& node, const Push& push);

// The node, for which the end of the pusher is a wish to stop until the switch has begun.
class Patience {
 public:
  Patience(const node::Node& node, const Push& push);
  const node::Node& node() const { return node_; }

 private:
  std::shared_ptr<std::atomic<bool>> switches_;
  node::Node node_;
};

}  // namespace bakehouse::bakery
