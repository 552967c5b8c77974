// Editable mode: run/ is project/, so that what somebody edits there is what runs.
#pragma once

#include "node/node.hh"
#include "text/value.hh"

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace bakehouse::node {

// How run/ is project/. Only a mount leaves paths as they are; it needs root, and a unit or /etc/fstab to
// last.
enum class EditWay { unit, fstab, link };
std::string_view name_of(EditWay way);
EditWay parse_edit_way(std::string_view name);  // Error(needs_hands) for any other
// The first of them that can work here.
EditWay best_edit_way();

// While it is so, in .bakehouse/editing.json.
struct Editing {
  std::string id;          // of the transaction that began it
  std::string deployment;  // whose tree run/ was before; "" for none
  EditWay way = EditWay::link;
  std::vector<std::string> filled;  // paths that were lent to the source
};
text::Value encode(const Editing& editing);
Editing decode_editing(const text::Value& value);
std::optional<Editing> read_editing(const Node& node);
// Above what is told of run/ meanwhile.
constexpr std::string_view says_edited = "run/ is the source, until `bake edit --off`:";

// What the root is to programs that start in it.
config::Mode mode_now(const Node& node);

// Says it, in root.json too, and makes run/ project/. Both may be repeated, and each undoes the other.
void begin_editing(const Node& node, const Editing& editing);
// run/ is again what it was, untouched; the root has its usual mode.
void end_editing(const Node& node, const Editing& editing, config::Mode mode);

}  // namespace bakehouse::node
