// Reading one file for its digest, noticing whether it changed meanwhile. Private to this folder.
#pragma once

#include "base/dir.hh"
#include "crypto/digest.hh"
#include "tree/stat_index.hh"

#include <functional>
#include <string_view>

namespace bakehouse::tree {

// Called for each piece, with what was kept of the one before in front of it.
using SeePiece = std::function<void(std::string_view)>;

// `name` stands in `dir` itself and was `seen` at `when` by the clock of files. The index, when
// there is one, learns of it. Error(input) when it is not the file that was seen.
crypto::Digest digest_file(const base::Dir& dir, const base::TreePath& name, const base::FileStat& seen,
                           const base::FileTime& when, StatIndex* index, const SeePiece& see = {},
                           size_t overlap = 0);

// By the index where it knows the file, else by reading it.
crypto::Digest known_digest(const base::Dir& dir, const base::TreePath& name, const base::FileStat& seen,
                            const base::FileTime& when, StatIndex* index);

}  // namespace bakehouse::tree
