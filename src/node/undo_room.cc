#include "node/undo_room.hh"

#include "base/error.hh"
#include "base/fd.hh"
#include "node/backup_record.hh"
#include "node/space.hh"

#include <cerrno>

#include <fcntl.h>

namespace bakehouse::node {
namespace {

base::TreePath room_of(const Places& places) { return places.backup / "undo.room"; }

}  // namespace

void hold_undo_room(const Node& node, const Places& places) {
  const auto backup = read_backup_record(node, places);
  if (!backup) return;
  const uint64_t bytes = usage_of_tree(backup->bytes, backup->files).bytes + undo_records.bytes;
  const base::Fd room = node.dir.create_file(room_of(places), 0600);
  if (::fallocate(room.get(), 0, 0, static_cast<off_t>(bytes)) == 0 || errno == EOPNOTSUPP) return;
  base::fail_os("set aside room for an undo in", node.root.at(room_of(places)).native());
}

void free_undo_room(const Node& node, const Places& places) { node.dir.remove_tree(room_of(places)); }

}  // namespace bakehouse::node
