#include "node/edit.hh"

#include "base/error.hh"
#include "node/announce.hh"
#include "node/begin.hh"
#include "node/carry_out.hh"
#include "node/preflight.hh"
#include "node/provisional.hh"
#include "node/run_place.hh"

namespace bakehouse::node {
namespace {

using base::Error;
using base::Fault;

void require_can_edit(const Node& node) {
  if (node.root.mode == config::Mode::final) {
    throw Error(Fault::refused, "this root is for production: what runs there is what was released",
                "edit in a root that `bake init` has made");
  }
  require_not_provisional(node);
  check_root(node);
  if (!deployment_in_run(node))
    throw Error(Fault::input, "nothing is deployed here", "`bake` the source first; then it can be edited");
  if (node.root.layout.run_is_link()) {
    throw Error(
        Fault::refused,
        "in this layout each tree to run is deeper than the source, and links out of it would lead astray",
        "edit in a root of a layout that switches by exchange");
  }
}

Result change(const Node& node, std::string_view kind, EditWay way) {
  Plan plan = begin_plan(node, std::string(kind), phase::read_history(node.history_path()));
  plan.version = plan.previous_version;
  plan.target = name_of(way);
  return carry_out_in_place(node, plan, "the mode is another one");
}

}  // namespace

Edited edit(const Node& node, EditWay way) {
  return with_switch_lock(node, "bake edit", [&] {
    require_settled(node);
    require_can_edit(node);
    const auto editing = read_editing(node);
    const EditWay chosen = editing ? editing->way : way;  // who edits already goes on as he began
    return Edited{change(node, edit_kind, chosen), chosen};
  });
}

Edited end_edit(const Node& node) {
  return with_switch_lock(node, "bake edit --off", [&] {
    require_settled(node);
    const auto editing = read_editing(node);
    if (!editing) throw Error(Fault::input, "nobody edits here", "`bake edit` begins it");
    return Edited{change(node, unedit_kind, editing->way), editing->way};
  });
}

}  // namespace bakehouse::node
