// How two trees differ, path by path and aspect by aspect: drift, verification, plans.
#pragma once

#include "base/dir.hh"
#include "tree/manifest.hh"
#include "tree/stat_index.hh"

#include <string>
#include <string_view>
#include <vector>

namespace bakehouse::tree {

struct Difference {
  enum class Kind {
    missing,
    extra,
    type,
    content,
    mode,
    owner,
    link,
    attributes,
    hard_link,
    time,
    unreadable,
  };
  base::TreePath path;
  Kind kind;
  // The two values, where there is something to show: modes, owners, types, link targets, times. Of
  // what is unreadable, `found` says why.
  std::string expected;
  std::string found;

  // "another mode: config/app.ini: 0600 instead of 0640"
  std::string describe() const;
};
// The same of what lies in no tree.
std::string describe(Difference::Kind kind, std::string_view name, std::string_view expected,
                     std::string_view found);
// One word, for programs: "missing", "mode", ...
std::string_view word_for(Difference::Kind kind);

struct DiffOptions {
  // Times of files; those of directories and links too, where both manifests tell of them.
  enum class Times { ignore, compare } times = Times::ignore;
};

// Owners, attributes and hard links are compared where both manifests tell of them. All differences
// of one entry follow each other; a missing directory is followed by all that was in it.
std::vector<Difference> diff(const Manifest& expected, const Manifest& found,
                             const DiffOptions& options = {});

struct LookOptions {
  StatIndex* index = nullptr;  // spares reading; leave it out where the files may lie
  unsigned workers = 0;
};
// Leaves out `.bakehouse`. What cannot be read is a difference.
std::vector<Difference> diff_with_directory(const Manifest& expected, const base::Dir& dir,
                                            const LookOptions& options = {});

// The first few, one a line, and how many more there are.
std::string describe(const std::vector<Difference>& differences);

}  // namespace bakehouse::tree
