#include "cli/release/commands.hh"
#include "crypto/trust.hh"
#include "node/node.hh"

#include <fmt/format.h>

namespace bakehouse::cli {

using text::Value;

int run_trust_add(const GlobalOptions& global, const TrustCommand& command, const Screen& screen) {
  const config::Root root = config::read_root(require_root(global));
  const auto directory = node::trust_directory(root);
  const crypto::PublicKey key = crypto::add_key(directory, command.subject);
  screen.say(fmt::format("releases of {} signed by {} are accepted here", root.project, key.id.text()));
  screen.answer(Value::map({{"key", key.id.text()}, {"directory", directory.native()}}));
  return 0;
}

int run_trust_list(const GlobalOptions& global, const Screen& screen) {
  const config::Root root = config::read_root(require_root(global));
  const auto policy = crypto::load_trust(node::trust_directory(root), root.project);
  Value keys = Value::list();
  for (const auto& trusted : policy.keys) {
    const bool is_revoked = policy.revoked.contains(trusted.key.id);
    screen.say(fmt::format("{}  {}{}", trusted.key.id.text(), trusted.name, is_revoked ? "  revoked" : ""));
    keys.push(Value::map({{"key", trusted.key.id.text()}, {"name", trusted.name}, {"revoked", is_revoked}}));
  }
  if (policy.keys.empty()) screen.say("no key is trusted here: nothing can be applied");
  screen.answer(Value::map({{"threshold", policy.threshold}, {"keys", keys}, {"directory", policy.where}}));
  return 0;
}

int run_trust_remove(const GlobalOptions& global, const TrustCommand& command, const Screen& screen) {
  const config::Root root = config::read_root(require_root(global));
  crypto::remove_key(node::trust_directory(root), command.subject);
  screen.say(fmt::format("{} is no longer accepted here", command.subject));
  screen.answer(Value::map({{"removed", command.subject}}));
  return 0;
}

}  // namespace bakehouse::cli
