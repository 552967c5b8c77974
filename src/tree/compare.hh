// Where a directory differs from what a manifest says of it: drift, and verification.
#pragma once

#include "base/dir.hh"
#include "tree/manifest.hh"

#include <string>
#include <vector>

namespace bakehouse::tree {

struct Difference {
  enum class Kind { missing, extra, type, mode, content, link };
  base::TreePath path;
  Kind kind;

  // "content differs: config/app.ini"
  std::string describe() const;
};

std::vector<Difference> compare(const Manifest& expected, const Manifest& found);
// Reads every file of `dir`, leaving out `.bakehouse`.
std::vector<Difference> compare_with_directory(const Manifest& expected, const base::Dir& dir);

// The first few, one a line, and how many more there are.
std::string describe(const std::vector<Difference>& differences);

}  // namespace bakehouse::tree
