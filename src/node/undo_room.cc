#include "node/undo_room.hh"

#include "base/error.hh"
#include "base/fd.hh"
#include "node/space.hh"

#include <cerrno>

#include <fcntl.h>

namespace bakehouse::node {
namespace {

base::TreePath room_of(const Places& places) { return places.backup / "undo.room"; }

}  // namespace

void hold_undo_room(const Node& node, const Places& places, const Usage& data) {
  const uint64_t bytes = data.bytes + undo_records.bytes;
  node.dir.make_dirs(places.backup, 0700);
  const base::Fd room = node.dir.create_file(room_of(places), 0600);
  int result = 0;
  do {
    result = ::fallocate(room.get(), 0, 0, static_cast<off_t>(bytes));
  } while (result != 0 && errno == EINTR);
  if (result == 0 || errno == EOPNOTSUPP) return;
  throw base::os_error(errno, "set aside room for an undo in", node.root.at(room_of(places)).native())
      .with_hint(
          "make room, or say `undo-data: never` in node.yaml if data may stay as a failed release leaves it");
}

void free_undo_room(const Node& node, const Places& places) { node.dir.remove_tree(room_of(places)); }

}  // namespace bakehouse::node
