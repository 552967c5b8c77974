#include "tree/snapshot.hh"

namespace bakehouse::tree {

Snapshot take_snapshot(const base::Dir& from, const base::Dir& to, const SnapshotOptions& options) {
  ScanOptions look;
  look.excluded = options.excluded;
  look.detail = options.detail;
  look.index = options.index;
  look.content = ScanOptions::Content::known;
  look.workers = options.workers;
  Scan found = scan(from, look);
  MakeOptions making;
  making.lender = options.earlier;
  making.index = options.index;
  making.workers = options.workers;
  const Made made = make_tree_learning(from, found.manifest, to, making);
  return {std::move(found.manifest), std::move(found.specials), made};
}

}  // namespace bakehouse::tree
