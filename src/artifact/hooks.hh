// The hooks a tree brings in `.bake/hooks`: found in its manifest, opened and checked.
#pragma once

#include "base/dir.hh"
#include "base/fd.hh"
#include "tree/manifest.hh"

#include <string>
#include <string_view>
#include <vector>

namespace bakehouse::artifact {

// Error(input) that lists every file of `.bake/hooks` that is no hook: not executable, named after
// no phase, or with something else than A-Z a-z 0-9 . _ - in its name. At bake time as well as on
// the node.
void check_hooks(const tree::Manifest& manifest);

struct HookFile {
  std::string name;  // "post_deploy" or "post_deploy.d/10-migrate"
  base::Fd file;
};
// The programs of one phase, in the order in which they run. Each is digested through the very
// descriptor that will be executed; one that is not what the manifest says is an Error(refused).
std::vector<HookFile> open_hooks(const base::Dir& tree, const tree::Manifest& manifest,
                                 std::string_view phase);

}  // namespace bakehouse::artifact
