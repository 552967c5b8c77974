// Patterns as .gitignore writes them, of one file at the top of a tree.
#pragma once

#include "base/tree_path.hh"

#include <string>
#include <vector>

namespace bakehouse::buildpack {

class PathPatterns {
 public:
  // Lines that are blank or begin with '#' are none.
  explicit PathPatterns(const std::vector<std::string>& lines);

  enum class Is { directory, other };
  // Whether the last pattern that fits is none with a '!'. What lies below a directory that matches is for
  // the caller to know: git looks no further there.
  bool match(const base::TreePath& path, Is what) const;

 private:
  struct Pattern {
    std::vector<std::string> parts;  // "**" is any number of directories
    bool negated = false;
    bool directories_only = false;
  };
  static Pattern parse(std::string line);

  std::vector<Pattern> patterns_;
};

}  // namespace bakehouse::buildpack
