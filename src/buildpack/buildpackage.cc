#include "buildpack/buildpackage.hh"

#include "base/encoding.hh"
#include "base/error.hh"
#include "buildpack/target.hh"
#include "source/foreign_tar.hh"
#include "text/json.hh"
#include "tree/scan.hh"

#include <fmt/format.h>

#include <algorithm>
#include <string>
#include <vector>

namespace bakehouse::buildpack {
namespace {

using base::Dir;
using base::Error;
using base::Fault;
using base::printable;
using base::TreePath;
using text::Value;

constexpr uint64_t largest_document = 8 << 20;
constexpr const char* label = "io.buildpacks.buildpackage.metadata";
constexpr const char* where_from = "`pack buildpack package NAME --format file` writes one";

struct Blob {
  TreePath path;
  crypto::Digest digest;
};

Blob blob_of(const Value& descriptor) {
  const std::string& digest = descriptor.string_at("digest");
  constexpr std::string_view algorithm = "sha256:";
  const auto parsed =
      digest.starts_with(algorithm) ? crypto::Digest::parse(digest.substr(algorithm.size())) : std::nullopt;
  if (!parsed)
    throw Error(Fault::input, fmt::format("'{}' is no digest of a blob", printable(digest.substr(0, 100))));
  return {TreePath::parse("blobs/sha256") / parsed->hex(), *parsed};
}

void check_digest(const Blob& blob, const crypto::Digest& found) {
  if (found == blob.digest) return;
  throw Error(Fault::input, fmt::format("the blob {} holds something else, of the digest {}",
                                        blob.digest.hex(), found.hex()));
}

Value read_document(const Dir& layout, const Value& descriptor) {
  const Blob blob = blob_of(descriptor);
  const std::string text = layout.read_file(blob.path, largest_document);
  check_digest(blob, crypto::sha256(text));
  return text::parse_json(text, blob.path.str());
}

bool fits(const Value& descriptor, const Machine& machine) {
  const Value* platform = descriptor.find("platform");
  if (platform == nullptr) return true;
  const std::string arch = platform->string_or("architecture", "");
  return platform->string_or("os", "") == machine.os && (arch.empty() || arch == machine.arch);
}

// Of several the one for this machine.
Value read_manifest(const Dir& layout) {
  const Value index =
      text::parse_json(layout.read_file(TreePath::parse("index.json"), largest_document), "index.json");
  const Machine machine = this_machine();
  for (const Value& descriptor : index.at("manifests").items()) {
    if (fits(descriptor, machine)) return read_document(layout, descriptor);
  }
  throw Error(Fault::input, fmt::format("it is not made for this machine ({})", machine.describe()));
}

TreePath main_of(const Value& config) {
  const Value* inner = config.find("config");
  const Value* labels = inner == nullptr ? nullptr : inner->find("Labels");
  const Value* metadata = labels == nullptr ? nullptr : labels->find(label);
  if (metadata == nullptr) return {};
  const Value described = text::parse_json(metadata->text(), label);
  std::string id = described.string_at("id");
  std::ranges::replace(id, '/', '_');
  return TreePath::parse(id) / described.string_at("version");
}

// A layer can say that a file of an earlier one is gone; a package of buildpacks has no use for that.
void refuse_deletions(const Dir& image) {
  tree::ScanOptions options;
  options.content = tree::ScanOptions::Content::known;
  for (const tree::Entry& entry : tree::scan(image, options).manifest.entries) {
    if (entry.path.name().starts_with(".wh."))
      throw Error(Fault::input,
                  fmt::format("'{}': a layer deletes what is in another", printable(entry.path.str())));
  }
}

void unpack_layers(const Dir& layout, const Value& manifest, const Dir& image, source::Budget& budget) {
  for (const Value& descriptor : manifest.at("layers").items()) {
    const Blob blob = blob_of(descriptor);
    const base::Fd file = layout.open_file(blob.path);
    check_digest(blob, source::unpack_tar(file, "the layer " + blob.digest.hex(), image, budget,
                                          source::TarNames::rooted));
  }
  refuse_deletions(image);
}

Dir make_beside(const Dir& staging, std::string_view name) {
  staging.make_dir(TreePath::parse(name), 0755);
  return staging.open_dir(TreePath::parse(name));
}

}  // namespace

Buildpackage unpack_buildpackage(const base::Fd& file, std::string_view name, const Dir& staging,
                                 source::Budget& budget) {
  Buildpackage package;
  const Dir layout = make_beside(staging, "layout");
  package.digest = source::unpack_tar(file, name, layout, budget, source::TarNames::rooted);
  if (!layout.exists(TreePath::parse("oci-layout")) || !layout.exists(TreePath::parse("index.json")))
    throw Error(Fault::input,
                fmt::format("'{}' is no buildpackage: it holds no image layout", printable(name)),
                where_from);
  base::with_context(fmt::format("'{}'", printable(name)), [&] {
    const Value manifest = read_manifest(layout);
    package.main = main_of(read_document(layout, manifest.at("config")));
    const Dir image = make_beside(staging, "image");
    unpack_layers(layout, manifest, image, budget);
    const TreePath packs = TreePath::parse("image/cnb/buildpacks");
    if (!staging.open_dir_if_any(packs))
      throw Error(Fault::input, "its image holds no buildpacks, at /cnb/buildpacks", where_from);
    staging.rename_new(packs, TreePath::parse("tree"));
    source::refuse_outward_links(staging.open_dir(TreePath::parse("tree")));
  });
  return package;
}

}  // namespace bakehouse::buildpack
