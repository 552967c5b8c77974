// A tree that is to become another, by synchronisation.
#pragma once

#include "unit/tree/some_trees.hh"

#include "tree/sync.hh"

#include <algorithm>
#include <string>
#include <vector>

namespace bakehouse::support {

inline tree::Scan look_without(const base::Dir& dir, const std::vector<std::string>& left_out) {
  tree::ScanOptions options;
  options.detail = tree::Detail::all;
  options.excluded = [&](const base::TreePath& path) {
    return std::find(left_out.begin(), left_out.end(), path.str()) != left_out.end();
  };
  return tree::scan(dir, options);
}

// A tree that is to become another.
struct Change {
  Change(const Tree& there, const Tree& wanted)
      : to(place.with("to", there)), from(place.with("from", wanted)), log(place.empty("log")) {}

  tree::SyncCounts stage(const std::vector<std::string>& is_protected = {}) const {
    return tree::stage_sync({from, scan_all(from), to, look_without(to, is_protected), log, times});
  }
  tree::SyncCounts sync(const std::vector<std::string>& is_protected = {}) const {
    const auto counts = stage(is_protected);
    tree::perform_sync(to, log);
    return counts;
  }
  void finish() const { tree::discard_sync(log); }
  void undo() const { tree::undo_sync(to, log); }

  Place place;
  base::Dir to;
  base::Dir from;
  base::Dir log;
  tree::SyncRequest::Times times = tree::SyncRequest::Times::wanted;
};

}  // namespace bakehouse::support
