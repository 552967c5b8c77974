// A directory as it is now, kept in a new one.
#pragma once

#include "tree/make.hh"
#include "tree/scan.hh"

#include <functional>

namespace bakehouse::tree {

struct SnapshotOptions {
  Detail detail = Detail::all;
  // Called from several threads at once.
  std::function<bool(const base::TreePath&)> excluded = [](const base::TreePath&) { return false; };
  // An earlier snapshot, whose unchanged files are linked.
  const Lender* earlier = nullptr;
  // Files of `from` that it knows are not read again; leave it out where they may lie.
  StatIndex* index = nullptr;
  unsigned workers = 0;
};

struct Snapshot {
  Manifest manifest;
  std::vector<base::TreePath> specials;  // left out
  Made made;
};

// Fills `to`, which is empty, with what `from` holds. Each file is read once: its digest is that of
// the bytes written. One that changes meanwhile is an Error(input). Nothing is durable before the
// caller syncs.
Snapshot take_snapshot(const base::Dir& from, const base::Dir& to, const SnapshotOptions& options = {});

}  // namespace bakehouse::tree
