#include "artifact/read_tree.hh"

#include "artifact/metadata.hh"
#include "base/encoding.hh"
#include "base/error.hh"

#include <fmt/format.h>

namespace bakehouse::artifact {
namespace {

using base::Error;
using base::Fault;
using base::TreePath;

std::string read_signed(const base::Dir& metadata, const std::string& name, const Part& part) {
  std::string content = metadata.read_file(TreePath::parse(name), part.size);
  if (crypto::sha256(content) == part.digest) return content;
  throw Error(Fault::differs, fmt::format("its '{}' is not the one that was signed", base::printable(name)));
}

SignedTree read_verified(const base::Dir& metadata, const crypto::TrustPolicy& policy) {
  const std::string json = metadata.read_file(TreePath::parse("release.json"), largest_release);
  const auto counted = crypto::require_signatures(policy, json, read_kept_signatures(metadata));
  SignedTree release;
  release.info = decode_release(json);
  const std::string comment = trusted_comment(release.info, crypto::sha256(json));
  for (const auto& signature : counted) {
    if (signature.trusted_comment != comment) {
      throw Error(Fault::trust,
                  fmt::format("the trusted comment of the signature by {} speaks of another release",
                              signature.key.text()));
    }
    release.signers.push_back(signature.key);
  }
  release.manifest =
      tree::parse_manifest(read_signed(metadata, "manifest", release.info.manifest), "manifest");
  for (const auto& [name, part] : release.info.parts) read_signed(metadata, name, part);
  return release;
}

}  // namespace

SignedTree open_tree(const base::Dir& dir, const crypto::TrustPolicy& policy) {
  return base::with_context(fmt::format("the tree '{}'", base::printable(dir.path().native())), [&] {
    const auto metadata = dir.open_dir_if_any(metadata_path());
    if (!metadata) throw Error(Fault::input, "it is no release: it has no .bakehouse/");
    return read_verified(*metadata, policy);
  });
}

std::vector<crypto::Signature> read_kept_signatures(const base::Dir& metadata) {
  constexpr uint64_t largest_signature = 16 << 10;
  std::vector<crypto::Signature> kept;
  for (const std::string& name : metadata.names()) {
    if (!name.starts_with("release.json.") || !name.ends_with(".minisig")) continue;
    kept.push_back(
        crypto::parse_signature(metadata.read_file(TreePath::parse(name), largest_signature), name));
  }
  return kept;
}

}  // namespace bakehouse::artifact
