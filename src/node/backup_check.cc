#include "base/error.hh"
#include "base/files.hh"
#include "node/backup.hh"
#include "node/backups.hh"
#include "node/data_copy.hh"
#include "node/preflight.hh"
#include "node/space.hh"
#include "text/json.hh"
#include "tree/diff.hh"
#include "tree/make.hh"
#include "tree/scan.hh"

#include <fmt/format.h>

#include <filesystem>
#include <vector>

namespace bakehouse::node {
namespace {

using base::Error;
using base::Fault;

void write_check(const Node& node, const Places& places, const BackupCheck& check) {
  const text::Value facts =
      text::Value::map({{"time", check.time}, {"good", check.is_good}, {"restored", check.was_restored}});
  base::write_file(node.root.at(places.backup / "checked.json"), text::to_json(facts) + "\n", 0600);
}

// As a restore would, but beside all else; what it made is read again.
void prove_by_restoring(const Node& node, const Places& places, const tree::Manifest& manifest) {
  require_room(node.root.at(node.root.layout.archives),
               usage_of_tree(manifest.bytes(), manifest.entries.size()), "a second copy of the backup",
               "check it without --restore, or make room");
  const base::TreePath scratch = proof_of(places);
  node.dir.remove_tree(scratch);
  node.dir.make_dir(scratch, 0700);
  std::vector<tree::Difference> differences;
  try {
    const base::Dir target = node.dir.open_dir(scratch);
    tree::make_tree(node.dir.open_dir(copy_of_data(places)), manifest, target);
    tree::ScanOptions options;
    options.detail = tree::Detail::all;
    differences =
        tree::diff(manifest, tree::scan(target, options).manifest, {tree::DiffOptions::Times::compare});
  } catch (const Error&) {
    node.dir.remove_tree(scratch);  // a whole copy, on a disk that may be full
    throw;
  }
  node.dir.remove_tree(scratch);
  if (differences.empty()) return;
  throw Error(Fault::differs,
              "what was restored is not what the backup holds:\n" + tree::describe(differences));
}

void prove(const Node& node, const Places& places, CheckDepth depth) {
  require_intact_dumps(node, places);
  const tree::Manifest manifest = require_intact_data(node, places);
  if (depth == CheckDepth::restore) prove_by_restoring(node, places, manifest);
}

}  // namespace

BackupCheck check_backup(const Node& node, const Backup& backup, CheckDepth depth) {
  const phase::Lock lock = node.lock_switch("release backup check");
  check_owners(node);
  if (backup.state == Backup::State::unfinished) {
    throw Error(Fault::input,
                fmt::format("the backup {} was never finished, or is removed in part", backup.id),
                "`release backup prune` removes what is left of it");
  }
  const Places places = places_of(node.root.layout, backup.id);
  BackupCheck check{node.around.clock.seconds(), true, depth == CheckDepth::restore};
  try {
    prove(node, places, depth);
  } catch (const Error& error) {
    // A full disk says nothing of the backup.
    if (error.fault() != Fault::needs_hands && error.fault() != Fault::differs) throw;
    check.is_good = false;
    // What rots on a disk keeps its times: nothing that was read before is believed any more.
    std::filesystem::remove(index_of_data(node));
    write_check(node, places, check);
    throw error.as(Fault::differs)
        .with_hint("it is no longer counted as a backup; `release backup create` takes another");
  }
  write_check(node, places, check);
  return check;
}

}  // namespace bakehouse::node
