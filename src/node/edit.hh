// The change to editable mode and back: a transaction that makes no deployment.
#pragma once

#include "node/apply.hh"
#include "node/editing.hh"

namespace bakehouse::node {

struct Edited {
  Result result;
  EditWay way = EditWay::link;
};
// run/ becomes project/, after what only run/ has was copied there. In editable mode already, what is lacking
// by now is copied, and the processes are started anew.
Edited edit(const Node& node, EditWay way = best_edit_way());
// run/ is again the tree that it was. Error(input) when nobody edits.
Edited end_edit(const Node& node);

}  // namespace bakehouse::node
