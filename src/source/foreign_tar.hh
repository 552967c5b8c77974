// Tar archives of strangers: ustar, pax and GNU's, plain or in one layer of gzip, zstd or xz.
#pragma once

#include "base/dir.hh"
#include "base/fd.hh"
#include "crypto/digest.hh"
#include "source/foreign_tree.hh"

#include <string_view>

namespace bakehouse::source {

struct TarRules {
  Limits limits = {};
  // `rooted`: names may begin with one '/', the top of the image whose layer this is.
  enum class Names { relative, rooted } names = Names::relative;
};

// Writes what the archive lists into `to`, where none of it exists yet: files with mode 0755 or 0644,
// directories 0755, links, hard links; owners and times are nobody's. The file is read from its beginning to
// its end, and the digest of just these bytes is returned.
// Error(input) names the entry that is refused: a name that leads out or stands twice, a set-id bit, a
// device or FIFO, a link out of the tree, or more than the limits allow. What is in `to` then is to be thrown
// away.
crypto::Digest unpack_tar(const base::Fd& file, std::string_view name, const base::Dir& to,
                          const TarRules& rules = {});

}  // namespace bakehouse::source
