// What a release may hold: checked when packing, and once more for every archive that arrives.
#pragma once

#include "tree/manifest.hh"

#include <string>
#include <vector>

namespace bakehouse::artifact {

// One sentence for each entry that no release may hold: links that leave the tree, set-id bits, the sticky
// bit, what others than the owner may write, names that clash where case does not count, `.wh.` names,
// `.bakehouse`. Empty: all is well.
std::vector<std::string> find_forbidden(const tree::Manifest& manifest);

// Throws Error(input) that lists them (at most twenty).
void require_allowed(const tree::Manifest& manifest);

// That no entry says what no release says: owners, and fractions of a second. Error(input).
void require_release_fields(const tree::Manifest& manifest);

}  // namespace bakehouse::artifact
