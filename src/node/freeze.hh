// A node that is to stay as it is for a while: nothing is applied until somebody thaws it.
#pragma once

#include "node/node.hh"
#include "text/value.hh"

#include <optional>
#include <string>

namespace bakehouse::node {

struct Freeze {
  std::string reason;
  std::string who;
  base::Seconds since = 0;

  std::string describe() const;  // "frozen by anna on web1 since ...: reason"
};
text::Value encode(const Freeze& freeze);

std::optional<Freeze> read_freeze(const Node& node);
// Error(refused) when it is.
void require_not_frozen(const Node& node);
// Error(refused) when it is frozen already: the first reason is not overwritten.
void freeze(const Node& node, const std::string& reason);
// What was ended; nullopt when nothing was.
std::optional<Freeze> thaw(const Node& node);

}  // namespace bakehouse::node
