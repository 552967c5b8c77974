// The tree to run, made ready beside the one that runs.
#pragma once

#include "tree/make.hh"

#include <cstdint>
#include <functional>
#include <vector>

namespace bakehouse::tree {

// Whom the application runs as.
struct ServiceUser {
  uint32_t uid = 0;
  std::vector<uint32_t> groups;  // all of them
};

// Whether that user can write the file or give himself leave to: what he could change must not be
// one inode with what another release runs.
bool can_change(const ServiceUser& user, const base::FileStat& file, const Attributes& attributes);

struct OldRun {
  const base::Dir& dir;
  const Manifest& expected;  // what it should hold
};

struct ReadyOptions {
  const OldRun* old_run = nullptr;  // none for a first deployment
  ServiceUser user;
  // Rendered, linked to data or `writable:`: never shared. Called from several threads at once.
  std::function<bool(const base::TreePath&)> is_own = [](const base::TreePath&) { return false; };
  StatIndex* index = nullptr;
  unsigned workers = 0;
};

// Writes what `manifest` lists from `deployment` into `next`, which is empty. A file of the old run
// that is equal in content, mode, owner and attributes, and that the service user cannot change,
// becomes one inode in both trees, with the time it has; the others are cloned or copied from the
// deployment. Nothing is durable before the caller
// syncs, which the disk is made ready for.
Made make_ready(const base::Dir& deployment, const Manifest& manifest, const base::Dir& next,
                const ReadyOptions& options);

}  // namespace bakehouse::tree
