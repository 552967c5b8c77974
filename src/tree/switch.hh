// The one recoverable step that puts another tree into service.
#pragma once

#include "base/dir.hh"
#include "base/tree_path.hh"

namespace bakehouse::tree {

// After it `run` is what `next` was, and the other way round; where there was no `run`, `next` is
// gone. Durable when it returns. Run again it switches back.
void exchange(const base::Dir& root, const base::TreePath& run, const base::TreePath& next);

// Tries the exchange on two directories of its own in `.bakehouse/`; an Error(refused) says why the
// file system cannot do it.
void probe_exchange(const base::Dir& root);

bool is_mount_point(const base::Dir& root, const base::TreePath& path);

}  // namespace bakehouse::tree
