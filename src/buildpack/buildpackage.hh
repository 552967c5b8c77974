// A buildpackage (`.cnb`): an uncompressed tar of an OCI image layout, whose layers hold buildpacks at
// /cnb/buildpacks/<id, with _ for />/<version>.
#pragma once

#include "base/dir.hh"
#include "base/fd.hh"
#include "crypto/digest.hh"
#include "source/foreign_tree.hh"

#include <string_view>

namespace bakehouse::buildpack {

struct Buildpackage {
  crypto::Digest digest;  // of the file, as it was read
  base::TreePath main;    // the one that the package is about: "<id, with _ for />/<version>"
};

// Makes `tree` in `staging`, with a directory <id>/<version> for each buildpack, and leaves others beside it.
// Every blob is checked against its digest. Error(input): what is no such package, or none for this kind of
// machine, and all that unpack_tar refuses.
Buildpackage unpack_buildpackage(const base::Fd& file, std::string_view name, const base::Dir& staging,
                                 source::Budget& budget);

}  // namespace bakehouse::buildpack
