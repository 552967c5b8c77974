#include "node/kept_run.hh"

#include "base/error.hh"
#include "node/drift.hh"
#include "tree/diff.hh"

#include <unistd.h>

namespace bakehouse::node {
namespace {

using base::TreePath;

// A manifest of a release tells of no owners, attributes or ACLs; what a staged tree has of them is known.
tree::Manifest as_made_by_us(tree::Manifest expected) {
  for (size_t i = 0; i < expected.entries.size(); ++i) {
    tree::Entry entry = expected.entries[i];
    entry.owner = tree::Owner{::geteuid(), ::getegid()};
    entry.detail = tree::Detail::all;
    expected.entries.set(i, entry);
  }
  return expected;
}

bool is_as_configured(Transaction& t, const TreePath& run) {
  try {
    if (deployment_in(t.node.dir, run) != t.plan.target) return false;
    const tree::Manifest expected = as_made_by_us(read_expected(t.node, t.plan.target));
    const auto top = t.node.dir.stat(run);
    if (!top || top->mode != 0755 || top->uid != ::geteuid() || top->gid != ::getegid()) return false;
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
    if (is_as_configured(t, run)) return run;
  }
  return std::nullopt;
}

}  // namespace bakehouse::node
