#include "node/stage.hh"

#include "artifact/hooks.hh"
#include "artifact/metadata.hh"
#include "base/error.hh"
#include "base/files.hh"
#include "base/progress.hh"
#include "node/kept_run.hh"
#include "node/release_tree.hh"
#include "tree/make.hh"

#include <fmt/format.h>

namespace bakehouse::node {
namespace {

using base::TreePath;

// `.bakehouse/` of a deployment is flat and small; the manifest does not list it.
void copy_metadata(const base::Dir& from, const base::Dir& to) {
  to.make_dir(artifact::metadata_path(), 0755);
  for (const std::string& name : from.open_dir(artifact::metadata_path()).names()) {
    base::Fd file = to.create_file(artifact::metadata_path() / name, 0644);
    base::write_all(file, from.read_file(artifact::metadata_path() / name, artifact::largest_manifest), name);
    file.close(name);
  }
}

// Nothing is copied: two deployments of one release share every file.
void link_deployment(Transaction& t, const base::Dir& deployment) {
  const base::Dir target = t.node.dir.open_dir(places_of(t.node.root.layout, t.plan.target).tree);
  const tree::Manifest& manifest = release_of(t, t.plan.target).manifest;
  const tree::Lender lender{target, manifest, [](const auto&, const auto&) { return true; }};
  tree::MakeOptions options;
  options.lender = &lender;
  options.index = &t.index;
  tree::make_tree(target, manifest, deployment, options);
  copy_metadata(target, deployment);
}

// Rollback counts once more what is left when a key has been revoked since. Unpacking writes the
// embedded one only.
void keep_signatures(const std::vector<crypto::Signature>& beside, const base::Dir& deployment) {
  for (const crypto::Signature& signature : beside) {
    const auto name =
        artifact::metadata_path() / fmt::format("release.json.{}.minisig", signature.key.text());
    base::Fd file = deployment.create_file(name, 0644);
    base::write_all(file, crypto::format_signature(signature, artifact::untrusted_comment), name.str());
    file.close(name.str());
  }
}

// Files that the deployment in service holds as well are linked from there, once it is proved that
// they still are what they were. A deployment that is of no use is done without.
artifact::Unpacked unpack(Transaction& t, const base::Dir& deployment) {
  artifact::UnpackOptions options;
  options.progress = base::tell_tenths(t.node.around.events, "stage");
  options.index = &t.index;
  if (t.plan.previous.empty()) return artifact::unpack(*t.archive, deployment, options);
  const ReleaseTree* previous = nullptr;
  try {
    previous = &release_of(t, t.plan.previous);
  } catch (const base::Error& error) {
    t.node.around.events({base::Event::Kind::warning, "stage", error.what()});
    return artifact::unpack(*t.archive, deployment, options);
  }
  const base::Dir dir = t.node.dir.open_dir(places_of(t.node.root.layout, t.plan.previous).tree);
  const tree::Lender lender{dir, previous->manifest, [](const auto&, const auto&) { return true; }};
  options.lender = &lender;
  return artifact::unpack(*t.archive, deployment, options);
}

void tell(const Transaction& t, const artifact::Unpacked& unpacked) {
  if (unpacked.linked == 0) return;
  t.node.around.events(
      {base::Event::Kind::note, "stage",
       fmt::format("linked from {}: {} of {} entries; {} of {} frames skipped", t.plan.previous,
                   unpacked.linked, unpacked.manifest.entries.size(), unpacked.skipped, unpacked.frames)});
}

}  // namespace

void stage(Transaction& t) {
  const base::Dir& root = t.node.dir;
  root.make_dir(t.places.tree, 0700);  // nobody else looks in before it is verified
  const base::Dir deployment = root.open_dir(t.places.tree);
  tree::Manifest manifest;
  if (t.archive != nullptr) {
    artifact::Unpacked unpacked = unpack(t, deployment);
    tell(t, unpacked);
    manifest = std::move(unpacked.manifest);
    keep_signatures(t.archive->beside, deployment);
  } else {
    manifest = release_of(t, t.plan.target).manifest;
    link_deployment(t, deployment);
  }
  artifact::check_hooks(manifest);
  if (const auto kept = find_kept_run(t)) root.rename_new(*kept, t.places.next);
  make_run(t.node, t.places, manifest, t.index);
  t.index.save(t.node.index_path(), runs_remembered);
}

void make_run(const Node& node, const Places& places, const tree::Manifest& manifest,
              tree::StatIndex& index) {
  node.dir.set_mode(places.tree, 0755);
  const base::Dir deployment = node.dir.open_dir(places.tree);
  if (node.dir.exists(places.next)) {
    // Whoever ran it may have written there, and no manifest lists it.
    node.dir.remove_tree(places.next / artifact::metadata_path().str());
  } else {
    node.dir.make_dir(places.next, 0755);
    tree::MakeOptions options;
    options.index = &index;
    tree::make_tree(deployment, manifest, node.dir.open_dir(places.next), options);
  }
  const base::Dir next = node.dir.open_dir(places.next);
  copy_metadata(deployment, next);
  base::Fd id = next.create_file(artifact::metadata_path() / "deployment", 0644);
  base::write_all(id, places.id + "\n", "deployment");
  id.close("deployment");
  base::sync_filesystem(deployment.fd(), deployment.path().native());
  base::sync_filesystem(next.fd(), next.path().native());
}

void unstage(const Transaction& t, const phase::Undo& undo) {
  phase::require_back(undo, "deploy", "what was staged is kept");
  phase::require_back(undo, "targets", "what was staged is kept");  // with what the files held before
  const base::Dir& root = t.node.dir;
  const TreePath failed_run = t.places.backup / "run.failed";
  if (undo.began("deploy") && root.exists(t.places.next) && !root.exists(failed_run)) {
    root.make_dirs(t.places.backup, 0700);
    root.rename_new(t.places.next, failed_run);
  }
  root.remove_tree(t.places.next);
  root.remove_tree(t.places.tree);
  root.remove_tree(t.places.records);
  base::sync_filesystem(root.fd(), root.path().native());
}

}  // namespace bakehouse::node
