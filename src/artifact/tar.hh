// The tar stream of a release. Manifest and release.json decide every byte of its headers, so the
// reader does not parse them: it makes the header that must come and compares. No header can say
// anything that the signed manifest does not.
#pragma once

#include "base/file_time.hh"
#include "tree/manifest.hh"

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace bakehouse::artifact {

constexpr uint64_t tar_block = 512;
// Two blocks of zeros end a tar stream.
constexpr uint64_t tar_end_size = 2 * tar_block;

// One member of the stream: its header (several blocks for long names) and how many bytes follow.
struct TarMember {
  std::string header;
  uint64_t content = 0;
};

TarMember tar_part(std::string_view name, uint64_t size, base::Seconds time);  // a file of `.bakehouse/`
// `twin` is the path of the earlier entry that holds the same content, or nothing.
TarMember tar_entry(const tree::Entry& entry, const std::optional<std::string>& twin,
                    base::Seconds directory_time);

// How long the header of a member is whose path (of a directory with its '/') and link have these lengths.
uint64_t tar_header_size(size_t name, size_t link);

// The whole content of frame 0.
std::string tar_head(const std::string& json, const std::string& signature, base::Seconds time);

// Zeros up to the next block.
uint64_t tar_padding(uint64_t content);

// Smaller files have no twins: beside their headers there is little to share.
constexpr uint64_t smallest_twin = 4096;
// For each entry the place of the earlier regular file of equal digest, mode and time whose content it
// shares in the archive, or its own.
std::vector<uint32_t> find_twins(const tree::Manifest& manifest);
// The path of the twin of the i-th entry, where it has one.
std::optional<std::string> twin_of(const tree::Manifest& manifest, const std::vector<uint32_t>& twins,
                                   size_t i);

}  // namespace bakehouse::artifact
