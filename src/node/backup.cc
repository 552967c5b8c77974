#include "node/backup.hh"

#include "base/encoding.hh"
#include "base/error.hh"
#include "base/files.hh"
#include "tree/copy.hh"
#include "tree/manifest.hh"
#include "tree/scan.hh"
#include "tree/switch.hh"

#include <fmt/format.h>

#include <unistd.h>

namespace bakehouse::node {
namespace {

using base::TreePath;

constexpr uint64_t largest_manifest = 1ULL << 30;

TreePath copy_of_data(const Places& places) { return places.backup / "data"; }
TreePath manifest_of_data(const Places& places) { return places.backup / "data.manifest"; }

}  // namespace

void backup_data(const Node& node, const Places& places) {
  const base::Dir data = node.dir.open_dir(node.root.layout.data);
  node.dir.make_dirs(places.backup, 0700);
  node.dir.remove_tree(copy_of_data(places));
  node.dir.make_dir(copy_of_data(places), 0700);
  const tree::Scan found = tree::scan(data);
  for (const TreePath& special : found.specials) {
    node.around.events({base::Event::Kind::warning, "backup",
                        fmt::format("'{}' is no file, directory or link and is not in the backup",
                                    base::printable(special.str()))});
  }
  const base::Dir copy = node.dir.open_dir(copy_of_data(places));
  tree::copy_tree(data, found.manifest, copy);
  base::sync_filesystem(copy.fd(), copy.path().native());
  base::write_file(node.root.at(manifest_of_data(places)), tree::format_manifest(found.manifest), 0600);
}

void restore_data(const Node& node, const Places& places) {
  const TreePath& data = node.root.layout.data;
  if (!node.dir.exists(manifest_of_data(places))) return;
  const tree::Manifest manifest =
      tree::parse_manifest(node.dir.read_file(manifest_of_data(places), largest_manifest), "data.manifest");
  // Beside data/, so that one exchange puts it in place.
  const TreePath restored = data.parent() / fmt::format(".{}.{}", data.name(), places.id);
  const TreePath failed = places.backup / "data.failed";
  node.dir.remove_tree(restored);
  const auto stat = node.dir.stat(data);
  node.dir.make_dir(restored, stat ? stat->mode : 0755);
  if (stat && ::geteuid() == 0) node.dir.set_owner(restored, stat->uid, stat->gid);
  const base::Dir target = node.dir.open_dir(restored);
  tree::copy_tree(node.dir.open_dir(copy_of_data(places)), manifest, target);  // verifies what it copies
  base::sync_filesystem(target.fd(), target.path().native());
  tree::exchange(node.dir, data, restored);
  if (!node.dir.exists(restored)) return;
  if (node.dir.exists(failed)) {
    node.dir.remove_tree(restored);
  } else {
    node.dir.rename_new(restored, failed);
  }
}

}  // namespace bakehouse::node
