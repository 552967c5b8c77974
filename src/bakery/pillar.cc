#include "artifact/read.hh"
#include "bakery/await_push.hh"
#include "bakery/push.hh"
#include "base/error.hh"
#include "base/files.hh"
#include "text/json.hh"

#include <fmt/format.h>

namespace bakehouse::bakery {
namespace {

namespace fs = std::filesystem;
using base::Error;
using base::Event;
using base::Fault;
using base::TreePath;
using text::Value;

// Beside the pillar: the checkout that is to take its place, and after the exchange the one it was.
TreePath spare_place(const node::Node& node) {
  const TreePath& pillar = node.root.layout.pillar;
  return pillar.parent() / fmt::format(".{}.other", pillar.name());
}

// There from before the exchange until it is settled which of the two stays.
fs::path mark_path(const config::Root& root) { return root.state() / "push/pillar-exchange.json"; }

void write_mark(const node::Node& node, uint64_t inode, const std::string& deployment) {
  fs::create_directories(mark_path(node.root).parent_path());
  base::write_file(mark_path(node.root), text::to_json(Value::map({{"schema", int64_t{1}},
                                                                   {"old_inode", static_cast<int64_t>(inode)},
                                                                   {"deployment", deployment}})) +
                                             "\n");
}

void remove_mark(const node::Node& node) {
  fs::remove(mark_path(node.root));
  base::Dir::open(mark_path(node.root).parent_path()).sync();
}

uint64_t inode_of_pillar(const node::Node& node) {
  const auto found = node.dir.stat(node.root.layout.pillar);
  return found ? found->inode : 0;
}

void exchange(const node::Node& node) {
  node.dir.exchange(node.root.layout.pillar, spare_place(node));
  node.dir.open_dir(node.root.layout.pillar.parent()).sync();
}

// The mark goes first: while it is there the spare may be exchanged back, and must be whole. A spare without
// a mark is of no use, and the next push clears it.
void finish_exchange(const node::Node& node) {
  remove_mark(node);
  node.dir.remove_tree(spare_place(node));
}

bool ended_well(const node::Node& node, const std::string& deployment) {
  const auto history = phase::read_history(node.history_path());
  const auto* entry = phase::find_deployment(history, deployment);
  return entry != nullptr && entry->outcome == "good";
}

// Apply asks for the lock itself: when it cannot be had, or the node is not whole, that is told before
// anything is exchanged.
void exchange_marked(const node::Node& node, uint64_t old_inode) {
  const phase::Lock lock = node.lock_switch("bake receive");
  node::require_settled(node);
  write_mark(node, old_inode, "");
  exchange(node);
}

// Values are for whoever runs the root alone.
void prepare_checkout(const node::Node& node, const source::Remote& remote, const std::string& commit) {
  const TreePath spare = spare_place(node);
  node.dir.remove_tree(spare);
  node.dir.make_dirs(node.root.layout.pillar.parent(), 0755);
  node.dir.make_dirs(node.root.layout.pillar, 0700);
  node.dir.make_dir(spare, 0700);
  const base::Dir to = node.dir.open_dir(spare);
  remote.check_out(commit, to);
  base::sync_filesystem(to.fd(), to.path().native());
}

fs::path archive_in_service(const node::Node& node, const phase::HistoryEntry& entry) {
  fs::path archive =
      node.root.at(node.root.layout.releases) / artifact::archive_name(node.root.project, entry.version);
  if (fs::exists(archive)) return archive;
  throw Error(Fault::input,
              fmt::format("the archive of {}, which is in service, is no longer here: '{}'", entry.version,
                          archive.native()),
              "bake once more, then push again; or push with `-o skip-deploy`");
}

crypto::TrustPolicy trust_of(const node::Node& node, const CookOptions& options) {
  crypto::TrustPolicy policy = crypto::load_trust(node::trust_directory(node.root), node.root.project);
  policy.keys.push_back(
      {"the key of this root", crypto::SecretKey::read(options.key, options.ask_passphrase).public_key()});
  policy.threshold = 1;
  return policy;
}

node::Result apply_again(const node::Node& node, const phase::HistoryEntry& entry, const CookOptions& options,
                         const std::function<void(const std::string&)>& at_begin) {
  node::ApplyOptions apply;
  apply.drift = node::DriftChoice::discard;
  apply.again = true;  // what is new is not in the release
  apply.at_begin = at_begin;
  return node::apply(node, archive_in_service(node, entry), trust_of(node, options), apply);
}

// "" when nothing is in service yet, which then nothing reads.
std::string apply_with_new_pillar(const node::Node& node, const Push& push, const AwaitedPush& awaited,
                                  const CookOptions& options, uint64_t old_inode) {
  const std::string current = node::deployment_in(node.dir, node.root.layout.run).value_or("");
  const auto history = phase::read_history(node.history_path());
  const auto* entry = phase::find_deployment(history, current);
  if (entry == nullptr) return "";
  const auto at_begin = [&](const std::string& deployment) {
    write_push_record(node, push.remote, {awaited.update, deployment});
    // Last: until it is written the transaction has not begun.
    write_mark(node, old_inode, deployment);
  };
  const Patience patience(node, push);
  const node::Result result = apply_again(patience.node(), *entry, options, at_begin);
  if (result.error) throw Error(*result.error);
  return result.deployment;
}

}  // namespace

void settle_pillar(const node::Node& node) {
  constexpr uint64_t largest_mark = 4096;
  const auto mark = base::read_file_if_any(mark_path(node.root), largest_mark);
  if (!mark) return;
  const Value value = text::parse_json(*mark, mark_path(node.root).native());
  // How its transaction ended is what decides.
  const std::string deployment = value.string_at("deployment");
  require_over(node, deployment);
  const bool is_exchanged = inode_of_pillar(node) != value.unsigned_at("old_inode");
  if (is_exchanged && !ended_well(node, deployment)) exchange(node);
  finish_exchange(node);
}

void require_settled_pillar(const config::Root& root) {
  if (!fs::exists(mark_path(root))) return;
  throw Error(Fault::refused,
              fmt::format("a push to the pillar '{}' is not over yet", root.at(root.layout.pillar).native()),
              "wait until it has ended; when it was cut off, the next bake settles it");
}

std::optional<Received> receive_pillar(const node::Node& node, const Push& push, const CookOptions& options) {
  auto awaited = await_push(node, push);
  if (!awaited) return std::nullopt;
  const source::Remote remote = source::Remote::open(remote_path(node.root, push.remote), push.quarantine);
  prepare_checkout(node, remote, awaited->update.after);
  remote.keep_objects();
  const uint64_t old_inode = inode_of_pillar(node);
  exchange_marked(node, old_inode);
  PushRecord record{awaited->update, ""};
  try {
    record.deployment = apply_with_new_pillar(node, push, *awaited, options, old_inode);
  } catch (const std::exception&) {
    settle_pillar(node);
    throw;
  }
  finish_exchange(node);
  write_push_record(node, push.remote, record);
  return Received{std::move(awaited->lock), std::move(record), ""};
}

}  // namespace bakehouse::bakery
