// Tar archives of strangers: ustar, pax and GNU's, plain or in one layer of gzip, zstd or xz.
#pragma once

#include "base/dir.hh"
#include "base/fd.hh"
#include "crypto/digest.hh"
#include "source/foreign_tree.hh"

#include <string_view>

namespace bakehouse::source {

// `rooted`: names may begin with one '/', the top of the image whose layer this is.
enum class TarNames { relative, rooted };

// Writes what the archive lists into `to`, where none of it exists yet: files with mode 0755 or 0644,
// directories 0755, links, hard links; owners and times are nobody's. The file is read from its beginning to
// its end, and the digest of just these bytes is returned.
// Several archives may share one budget.
// Error(input) names the entry that is refused: a name that leads out or stands twice, a set-id bit, a
// device or FIFO, a link out of the tree, or more than the budget allows. What is in `to` then is to be
// thrown away.
crypto::Digest unpack_tar(const base::Fd& file, std::string_view name, const base::Dir& to, Budget& budget,
                          TarNames names = TarNames::relative);

}  // namespace bakehouse::source
