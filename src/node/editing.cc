#include "node/editing.hh"

#include "base/encoding.hh"
#include "base/error.hh"
#include "base/files.hh"
#include "node/apply.hh"
#include "node/fill_source.hh"
#include "node/source_view.hh"
#include "text/decode.hh"
#include "text/json.hh"

#include <fmt/format.h>

#include <array>

#include <sys/syscall.h>
#include <unistd.h>

#include <linux/capability.h>

namespace bakehouse::node {
namespace {

using base::Error;
using base::Fault;
using base::TreePath;
using text::Value;

constexpr std::array ways{EditWay::unit, EditWay::fstab, EditWay::link};

constexpr uint64_t largest_record = 64 << 20;

TreePath record() { return TreePath::parse(".bakehouse/editing.json"); }

bool may_mount() {
  __user_cap_header_struct header{_LINUX_CAPABILITY_VERSION_3, 0};
  std::array<__user_cap_data_struct, _LINUX_CAPABILITY_U32S_3> sets{};
  if (::syscall(SYS_capget, &header, sets.data()) != 0) return false;
  return ::geteuid() == 0 && (sets[0].effective & (1U << CAP_SYS_ADMIN)) != 0;
}

void set_mode(const Node& node, config::Mode mode) {
  config::Root root = node.root;
  root.mode = mode;
  config::write_root(root);
}

}  // namespace

std::string_view name_of(EditWay way) {
  switch (way) {
    case EditWay::unit: return "unit";
    case EditWay::fstab: return "fstab";
    case EditWay::link: return "link";
  }
  return "";
}

EditWay parse_edit_way(std::string_view name) {
  for (const EditWay way : ways)
    if (name == name_of(way)) return way;
  throw Error(Fault::needs_hands,
              fmt::format("a way of editing that is not known: '{}'", base::printable(name)),
              "a newer Bakehouse wrote it: use that one");
}

EditWay best_edit_way() {
  if (!may_mount()) return EditWay::link;
  return can_mount_by_unit() ? EditWay::unit : EditWay::fstab;
}

Value encode(const Editing& editing) {
  return Value::map({{"schema", 1},
                     {"id", editing.id},
                     {"deployment", editing.deployment},
                     {"way", name_of(editing.way)},
                     {"filled", text::list_of(editing.filled)}});
}

Editing decode_editing(const Value& value) {
  return {value.string_at("id"), value.string_at("deployment"), parse_edit_way(value.string_at("way")),
          text::texts_of(value.at("filled"))};
}

std::optional<Editing> read_editing(const Node& node) {
  if (!node.dir.exists(record())) return std::nullopt;
  return decode_editing(
      text::parse_json(node.dir.read_file(record(), largest_record), node.root.at(record()).native()));
}

config::Mode mode_now(const Node& node) {
  if (node.root.mode == config::Mode::final) return node.root.mode;
  return read_editing(node) ? config::Mode::editable : config::Mode::cooking;
}

void begin_editing(const Node& node, const Editing& editing) {
  base::write_file(node.root.at(record()), text::to_json(encode(editing)) + "\n");
  set_mode(node, config::Mode::editable);
  bring_back_filled(node, editing.id, editing.filled);
  show_source(node, editing);
}

void end_editing(const Node& node, const Editing& editing, config::Mode mode) {
  show_release(node, editing);
  set_aside_filled(node, editing.id, editing.filled);
  set_mode(node, mode);
  node.dir.remove_tree(record());
  node.dir.open_dir(record().parent()).sync();
}

std::vector<std::string> lent_to_source(const Node& node) {
  auto editing = read_editing(node);
  return editing ? std::move(editing->filled) : std::vector<std::string>();
}

void require_not_editing(const Node& node) {
  if (!read_editing(node)) return;
  throw Error(Fault::refused,
              fmt::format("'{}' is being edited: '{}' is what runs", node.root.project,
                          node.root.at(node.root.layout.source).native()),
              "`bake edit --off` puts the release back");
}

}  // namespace bakehouse::node
