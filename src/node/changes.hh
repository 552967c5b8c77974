// How one tree differs from another, path by path: for people and for programs.
#pragma once

#include "text/value.hh"
#include "tree/diff.hh"
#include "tree/manifest.hh"

#include <string>
#include <vector>

namespace bakehouse::node {

// From one release to another. One a path: where the content changed, the mode is not told as well.
struct Change {
  enum class Kind { added, changed, mode, removed } kind;
  std::string path;
  std::string before;  // "0644"; these two of Kind::mode alone
  std::string after;
};
// In byte order of the paths.
std::vector<Change> compare(const tree::Manifest& before, const tree::Manifest& after);

// "~ public/index.html"
std::string line_of(const Change& change);
// "1 added, 2 changed, 0 with another mode, 0 removed"
std::string counts_of(const std::vector<Change>& changes);
text::Value encode(const std::vector<Change>& changes);

// From a manifest to what is there.
text::Value encode(const std::vector<tree::Difference>& differences);

}  // namespace bakehouse::node
