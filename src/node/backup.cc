#include "node/backup.hh"

#include "artifact/metadata.hh"
#include "base/encoding.hh"
#include "base/error.hh"
#include "base/files.hh"
#include "tree/attributes.hh"
#include "tree/diff.hh"
#include "tree/make.hh"
#include "tree/manifest.hh"
#include "tree/scan.hh"
#include "tree/snapshot.hh"
#include "tree/switch.hh"

#include <fmt/format.h>

#include <optional>
#include <string>

#include <unistd.h>

namespace bakehouse::node {
namespace {

using base::TreePath;

TreePath copy_of_data(const Places& places) { return places.backup / "data"; }
TreePath manifest_of_data(const Places& places) { return places.backup / "data.manifest"; }
// Says, from before the exchange on, which directory the restored copy is.
TreePath mark_of_restored(const Places& places) { return places.backup / "data.restored"; }

std::string identity_of(const std::optional<base::FileStat>& stat) {
  // Without the device, whose number is another one after the next start.
  return stat ? fmt::format("{}\n", stat->inode) : std::string();
}

// Whether the exchange has happened: then the other directory is what data/ was.
bool is_restored(const Node& node, const Places& places) {
  constexpr uint64_t largest_mark = 100;
  const TreePath mark = mark_of_restored(places);
  return node.dir.exists(mark) &&
         node.dir.read_file(mark, largest_mark) == identity_of(node.dir.stat(node.root.layout.data));
}

tree::Manifest read_manifest(const Node& node, const Places& places) {
  const TreePath path = manifest_of_data(places);
  if (!node.dir.exists(path)) {
    throw base::Error(base::Fault::needs_hands,
                      fmt::format("the backup '{}' is gone", node.root.at(copy_of_data(places)).native()),
                      "put back what belongs into data/ by hand");
  }
  return tree::parse_manifest(node.dir.read_file(path, artifact::largest_manifest), "data.manifest");
}

// All that the backup holds, also what its manifest has no words for, once it is found to be what
// the manifest says.
tree::Manifest intact_backup(const Node& node, const Places& places, const base::Dir& copy) {
  tree::ScanOptions options;
  options.detail = tree::Detail::all;
  tree::Scan found = tree::scan(copy, options);
  const auto differences = tree::diff(read_manifest(node, places), found.manifest);
  if (differences.empty()) return std::move(found.manifest);
  throw base::Error(base::Fault::needs_hands,
                    fmt::format("the backup '{}' is not what its manifest says:\n{}",
                                node.root.at(copy_of_data(places)).native(), tree::describe(differences)),
                    "put back what belongs into data/ by hand");
}

// The top of data/ is no entry of the backup; what it hands down to new files must stay.
void keep_attributes(const Node& node, const TreePath& restored) {
  const TreePath& data = node.root.layout.data;
  const base::Dir holder = node.dir.open_dir(data.parent());
  tree::write_attributes(holder, TreePath::parse(restored.name()),
                         tree::read_attributes(holder, TreePath::parse(data.name())));
}

// A copy of the backup, whole and durable, to be exchanged with data/.
void prepare_restored(const Node& node, const Places& places, const TreePath& restored) {
  const base::Dir copy = node.dir.open_dir(copy_of_data(places));
  const tree::Manifest manifest = intact_backup(node, places, copy);
  node.dir.remove_tree(restored);
  const auto stat = node.dir.stat(node.root.layout.data);
  node.dir.make_dir(restored, 0700);  // nobody else plants names in it while it is filled
  const base::Dir target = node.dir.open_dir(restored);
  tree::make_tree(copy, manifest, target);  // verifies what it copies
  if (stat && ::geteuid() == 0) node.dir.set_owner(restored, stat->uid, stat->gid);
  if (stat) keep_attributes(node, restored);
  node.dir.set_mode(restored, stat ? stat->mode : 0755);
  base::sync_filesystem(target.fd(), target.path().native());
  base::write_file(node.root.at(mark_of_restored(places)), identity_of(node.dir.stat(restored)), 0600);
}

}  // namespace

void backup_data(const Node& node, const Places& places) {
  const base::Dir data = node.dir.open_dir(node.root.layout.data);
  node.dir.make_dirs(places.backup, 0700);
  node.dir.remove_tree(copy_of_data(places));
  node.dir.make_dir(copy_of_data(places), 0700);
  const base::Dir copy = node.dir.open_dir(copy_of_data(places));
  const tree::Snapshot snapshot = tree::take_snapshot(data, copy);
  for (const TreePath& special : snapshot.specials) {
    node.around.events({base::Event::Kind::warning, "backup",
                        fmt::format("'{}' is no file, directory or link and is not in the backup",
                                    base::printable(special.str()))});
  }
  base::sync_filesystem(copy.fd(), copy.path().native());
  base::write_file(node.root.at(manifest_of_data(places)), tree::format_manifest(snapshot.manifest), 0600);
}

void discard_unfinished_backup(const Node& node, const Places& places) {
  if (!node.dir.exists(manifest_of_data(places))) node.dir.remove_tree(copy_of_data(places));
}

void restore_data(const Node& node, const Places& places) {
  const TreePath& data = node.root.layout.data;
  // Beside data/, so that one exchange puts it in place.
  const TreePath restored = data.parent() / fmt::format(".{}.{}", data.name(), places.id);
  const TreePath failed = places.backup / "data.failed";
  if (!node.dir.exists(restored) || !is_restored(node, places)) {
    prepare_restored(node, places, restored);
    tree::exchange(node.dir, data, restored);
  }
  if (!node.dir.exists(failed) && node.dir.exists(restored)) node.dir.rename_new(restored, failed);
  node.dir.remove_tree(restored);  // an earlier try kept what data/ was
  node.dir.open_dir(data.parent()).sync();
  node.dir.open_dir(places.backup).sync();
}

}  // namespace bakehouse::node
