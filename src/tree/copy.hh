// A tree written from a manifest: into a new directory, every byte checked on its way.
#pragma once

#include "base/dir.hh"
#include "tree/manifest.hh"

namespace bakehouse::tree {

// Copies what `manifest` lists from `from` into `to`, where none of it exists yet. The content is
// digested while it is copied: a file that is not what the manifest says is an Error(input).
// Owners are kept where we may set them (as root). Shares extents where the file system can. Nothing is
// durable before the caller syncs.
void copy_tree(const base::Dir& from, const Manifest& manifest, const base::Dir& to);

// The pieces, for writers whose content comes from elsewhere (an archive).
// Everything but the content of regular files; directories stay writable until `finish`.
void make_directories_and_links(const Manifest& manifest, const base::Dir& to);
// The final modes of directories, innermost first.
void finish_directories(const Manifest& manifest, const base::Dir& to);

}  // namespace bakehouse::tree
