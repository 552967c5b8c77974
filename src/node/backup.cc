#include "node/backup.hh"

#include "artifact/metadata.hh"
#include "base/error.hh"
#include "base/files.hh"
#include "crypto/digest.hh"
#include "node/data_copy.hh"
#include "tree/attributes.hh"
#include "tree/diff.hh"
#include "tree/make.hh"
#include "tree/scan.hh"
#include "tree/switch.hh"

#include <fmt/format.h>

#include <optional>
#include <string>

#include <unistd.h>

namespace bakehouse::node {
namespace {

using base::Error;
using base::Fault;
using base::TreePath;

constexpr const char* by_hand = "put back what belongs into data/ by hand";

// Beside data/, so that one exchange puts it in place.
TreePath prepared(const Node& node, const Places& into) {
  const TreePath& data = node.root.layout.data;
  return data.parent() / fmt::format(".{}.{}", data.name(), into.id);
}

// Says, from before the exchange on, which directory the restored copy is.
TreePath mark_of_restored(const Places& places) { return places.backup / "data.restored"; }

std::string inode_of(const std::optional<base::FileStat>& stat) {
  // Without the device, whose number is another one after the next start.
  return stat ? fmt::format("{}\n", stat->inode) : std::string();
}

// Whether the exchange has happened: then the other directory is what data/ was.
bool is_restored(const Node& node, const Places& places) {
  constexpr uint64_t largest_mark = 100;
  const TreePath mark = mark_of_restored(places);
  return node.dir.exists(mark) &&
         node.dir.read_file(mark, largest_mark) == inode_of(node.dir.stat(node.root.layout.data));
}

tree::Manifest read_manifest(const Node& node, const Places& places) {
  const TreePath path = manifest_of_data(places);
  const std::string shown = node.root.at(copy_of_data(places)).native();
  if (!node.dir.exists(path))
    throw Error(Fault::needs_hands, fmt::format("the backup '{}' is gone", shown), by_hand);
  const std::string text = node.dir.read_file(path, artifact::largest_manifest);
  const auto record = read_backup_record(node, places);
  if (record && record->manifest != crypto::sha256(text).hex()) {
    throw Error(Fault::needs_hands,
                fmt::format("the manifest of the backup '{}' is not the one that was written", shown),
                by_hand);
  }
  return tree::parse_manifest(text, "data.manifest");
}

[[noreturn]] void fail_differing(const Node& node, const TreePath& what,
                                 const std::vector<tree::Difference>& differences) {
  throw Error(Fault::needs_hands,
              fmt::format("the backup '{}' is not what its manifest says:\n{}", node.root.at(what).native(),
                          tree::describe(differences)),
              by_hand);
}

// The top of data/ is no entry of the backup; what it hands down to new files must stay.
void keep_attributes(const Node& node, const TreePath& restored) {
  const TreePath& data = node.root.layout.data;
  const base::Dir holder = node.dir.open_dir(data.parent());
  tree::write_attributes(holder, TreePath::parse(restored.name()),
                         tree::read_attributes(holder, TreePath::parse(data.name())));
}

void sync_both(const Node& node, const Places& into) {
  node.dir.open_dir(node.root.layout.data.parent()).sync();
  node.dir.open_dir(into.backup).sync();
}

}  // namespace

void backup_data(const Node& node, const Places& places, const BackupRecord& record) {
  DataCopy copy(node, places);
  copy.pass(tree::Busy::fail);
  copy.complete(record);
}

void discard_unfinished_backup(const Node& node, const Places& places) {
  if (node.dir.exists(manifest_of_data(places))) return;
  node.dir.remove_tree(copy_of_data(places));
  node.dir.remove_tree(record_of(places));
  node.dir.remove_tree(dumps_of(places));
  node.dir.remove_tree(manifest_of_dumps(places));
  const auto left = node.dir.open_dir_if_any(places.backup);
  if (left && left->names().empty()) node.dir.remove_tree(places.backup);
}

tree::Manifest require_intact_data(const Node& node, const Places& places) {
  const tree::Manifest expected = read_manifest(node, places);
  tree::ScanOptions options;
  options.detail = tree::Detail::all;
  tree::Scan found = tree::scan(node.dir.open_dir(copy_of_data(places)), options);
  const auto differences = tree::diff(expected, found.manifest);
  if (!differences.empty()) fail_differing(node, copy_of_data(places), differences);
  return std::move(found.manifest);
}

void require_intact_dumps(const Node& node, const Places& places) {
  const TreePath path = manifest_of_dumps(places);
  if (!node.dir.exists(path)) return;
  const auto expected =
      tree::parse_manifest(node.dir.read_file(path, artifact::largest_manifest), "dumps.manifest");
  const auto dumps = node.dir.open_dir_if_any(dumps_of(places));
  const tree::Manifest found = dumps ? tree::scan(*dumps).manifest : tree::Manifest();
  const auto differences = tree::diff(expected, found);
  if (!differences.empty()) fail_differing(node, dumps_of(places), differences);
}

void prepare_data(const Node& node, const Places& backup, const Places& into) {
  const TreePath restored = prepared(node, into);
  const tree::Manifest manifest = require_intact_data(node, backup);
  node.dir.remove_tree(restored);
  const auto stat = node.dir.stat(node.root.layout.data);
  node.dir.make_dir(restored, 0700);  // nobody else plants names in it while it is filled
  const base::Dir target = node.dir.open_dir(restored);
  tree::make_tree(node.dir.open_dir(copy_of_data(backup)), manifest, target);  // verifies what it copies
  if (stat && ::geteuid() == 0) node.dir.set_owner(restored, stat->uid, stat->gid);
  if (stat) keep_attributes(node, restored);
  node.dir.set_mode(restored, stat ? stat->mode : 0755);
  base::sync_filesystem(target.fd(), target.path().native());
  node.dir.make_dirs(into.backup, 0700);
  base::write_file(node.root.at(mark_of_restored(into)), inode_of(node.dir.stat(restored)), 0600);
}

void exchange_data(const Node& node, const Places& into) {
  if (!is_restored(node, into)) tree::exchange(node.dir, node.root.layout.data, prepared(node, into));
  sync_both(node, into);
}

void exchange_data_back(const Node& node, const Places& into) {
  if (is_restored(node, into)) tree::exchange(node.dir, node.root.layout.data, prepared(node, into));
  sync_both(node, into);
}

void discard_prepared_data(const Node& node, const Places& into) {
  if (is_restored(node, into)) return;  // then it is what data/ was
  node.dir.remove_tree(prepared(node, into));
  node.dir.remove_tree(mark_of_restored(into));
  const auto left = node.dir.open_dir_if_any(into.backup);
  if (left && left->names().empty()) node.dir.remove_tree(into.backup);
}

void keep_replaced_data(const Node& node, const Places& into, std::string_view name) {
  const TreePath restored = prepared(node, into);
  const TreePath kept = into.backup / name;
  if (!node.dir.exists(kept) && node.dir.exists(restored)) node.dir.rename_new(restored, kept);
  node.dir.remove_tree(restored);  // an earlier try kept what data/ was
  sync_both(node, into);
}

void restore_data(const Node& node, const Places& places) {
  // Done before: what data/ holds by now may be a person's repair.
  if (node.dir.exists(places.backup / "data.failed") && is_restored(node, places))
    return sync_both(node, places);
  if (!node.dir.exists(prepared(node, places)) || !is_restored(node, places)) {
    prepare_data(node, places, places);
    exchange_data(node, places);
  }
  keep_replaced_data(node, places, "data.failed");
}

}  // namespace bakehouse::node
