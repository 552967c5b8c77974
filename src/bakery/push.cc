#include "bakery/push.hh"

#include "bakery/await_push.hh"
#include "base/encoding.hh"
#include "base/error.hh"

#include <fmt/format.h>

namespace bakehouse::bakery {
namespace {

using base::Error;
using base::Event;
using source::RefUpdate;

// A tag that arrives with its commit has no ref yet that `git describe` could find.
void name_by_pushed_tag(const PushRequest& request, const source::Remote& remote,
                        source::Checkout& checkout) {
  constexpr std::string_view tags = "refs/tags/";
  for (const RefUpdate& update : request.updates) {
    if (!update.ref.starts_with(tags) || update.deletes()) continue;
    if (remote.peel(update.after) == checkout.commit) checkout.description = update.ref.substr(tags.size());
  }
}

// The commit comes after what is in service, also when both were made in one second, or by a clock that is
// late. Pushed once more it is the same release as before.
void choose_sequence(const node::Node& node, const Push& push, const RefUpdate& update,
                     CookOptions& options) {
  options.sequence_rule = CookOptions::Sequence::above;
  const auto before = read_push_record(node, push.remote);
  if (!before || before->update.after != update.after) return;
  const auto history = phase::read_history(node.history_path());
  const auto* entry = phase::find_deployment(history, before->deployment);
  if (entry != nullptr && entry->outcome == "good") options.sequence = entry->sequence;
}

CookOptions options_for(const node::Node& node, const Push& push, const RefUpdate& update,
                        const source::Remote& remote, CookOptions options) {
  options.source = remote_path(node.root, push.remote);
  options.version_option = "`git push -o version=X`";
  if (push.request.version) options.version = push.request.version;
  choose_sequence(node, push, update, options);
  options.check_out = [&](const base::Dir& to) {
    source::Checkout checkout = remote.check_out(update.after, to);
    name_by_pushed_tag(push.request, remote, checkout);
    return checkout;
  };
  options.at_begin = [&](const std::string& deployment) {
    remote.keep_objects();
    write_push_record(node, push.remote, {update, deployment});
  };
  return options;
}

}  // namespace

std::optional<Received> receive_project(const node::Node& node, const Push& push,
                                        const CookOptions& options) {
  auto awaited = await_push(node, push);
  if (!awaited) return std::nullopt;
  const source::Remote remote = source::Remote::open(remote_path(node.root, push.remote), push.quarantine);
  Patience patience(node, push);
  const Cooked cooked =
      cook(patience.node(), options_for(node, push, awaited->update, remote, options), awaited->lock);
  const node::Result& applied = *cooked.applied;
  if (applied.error) throw Error(*applied.error);
  // What was in service already began nothing.
  remote.keep_objects();
  PushRecord record{awaited->update, applied.deployment};
  write_push_record(node, push.remote, record);
  return Received{std::move(awaited->lock), std::move(record), cooked.version};
}

}  // namespace bakehouse::bakery
