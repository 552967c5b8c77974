// The two readers of manifests, held against each other.
#pragma once

#include "fuzz/target.hh"

#include "tree/manifest.hh"

#include <algorithm>
#include <cstring>

namespace bakehouse::fuzz {

// Like collecting from a pipe that gives no more than `most` bytes at once.
inline tree::Manifest read_in_pieces(std::string_view text, size_t most) {
  tree::ManifestReader reader(
      [&](std::span<char> buffer) {
        const size_t count = std::min({buffer.size(), text.size(), most});
        std::memcpy(buffer.data(), text.data(), count);
        text.remove_prefix(count);
        return count;
      },
      "manifest");
  tree::Manifest manifest;
  while (const auto entry = reader.next()) manifest.entries.push_back(*entry);
  return manifest;
}

// The manifest, when both accept it.
inline std::optional<tree::Manifest> require_agreement(std::string_view text, size_t most) {
  std::string refusal;
  std::string other_refusal;
  auto whole = accepted([&] { return tree::parse_manifest(text, "manifest"); }, &refusal);
  const auto pieces = accepted([&] { return read_in_pieces(text, most); }, &other_refusal);
  require(whole == pieces, "both readers read the same");
  require(refusal == other_refusal, "both say why not: " + refusal);
  require(!whole || tree::format_manifest(*whole) == text, "a manifest has one spelling");
  return whole;
}

}  // namespace bakehouse::fuzz
