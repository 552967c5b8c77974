#include "node/kept_run.hh"

#include "base/error.hh"
#include "node/drift.hh"
#include "tree/diff.hh"

namespace bakehouse::node {
namespace {

using base::TreePath;

bool is_as_configured(Transaction& t, const TreePath& run) {
  try {
    const tree::Manifest expected = read_expected(t.node, t.plan.target);
    return tree::diff_with_directory(expected, t.node.dir.open_dir(run), {&t.index}).empty();
  } catch (const base::Error&) {
    return false;  // what cannot be judged is made anew
  }
}

}  // namespace

std::optional<TreePath> find_kept_run(Transaction& t) {
  // A run in place has never been a tree of its own; and in what a link led to, somebody may still be at
  // work.
  if (t.plan.target.empty() || t.plan.way != tree::Way::exchange) return std::nullopt;
  const TreePath& archives = t.node.root.layout.archives;
  for (const std::string& name : t.node.dir.open_dir(archives).names()) {
    if (!is_deployment_id(name)) continue;
    const TreePath run = places_of(t.node.root.layout, name).backup / "run";
    if (deployment_in(t.node.dir, run) == t.plan.target && is_as_configured(t, run)) return run;
  }
  return std::nullopt;
}

}  // namespace bakehouse::node
