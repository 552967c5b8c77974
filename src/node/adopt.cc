#include "node/adopt.hh"

#include "artifact/hooks.hh"
#include "artifact/metadata.hh"
#include "artifact/release_info.hh"
#include "artifact/rules.hh"
#include "base/dir.hh"
#include "base/encoding.hh"
#include "base/error.hh"
#include "launch/launch_file.hh"
#include "node/drift.hh"
#include "node/finish.hh"
#include "node/node.hh"
#include "node/release_tree.hh"
#include "node/run_place.hh"
#include "node/space.hh"
#include "node/stage.hh"
#include "phase/history.hh"
#include "phase/lock.hh"
#include "tree/make.hh"
#include "tree/scan.hh"
#include "tree/switch.hh"

#include <fmt/format.h>

#include <algorithm>
#include <iterator>
#include <map>
#include <optional>
#include <string>
#include <system_error>
#include <utility>
#include <vector>

#include <sys/utsname.h>

namespace bakehouse::node {
namespace {

namespace fs = std::filesystem;
using base::Dir;
using base::Error;
using base::Event;
using base::Fault;

fs::path nearest_existing(const fs::path& path) {
  fs::path nearest = fs::absolute(path);
  std::error_code hidden;
  while (!fs::exists(nearest, hidden)) nearest = nearest.parent_path();
  return nearest;
}

// Where the copy would be copied as well.
void require_outside(const fs::path& root, const fs::path& tree) {
  const fs::path there = fs::weakly_canonical(fs::absolute(root)).lexically_relative(tree);
  if (there.empty() || *there.begin() == "..") return;
  throw Error(
      Fault::input,
      fmt::format("the root '{}' would lie in '{}', which it is to adopt", root.native(), tree.native()),
      "choose another directory with --root");
}

void require_one_file_system(const fs::path& root, const Dir& tree) {
  const auto device = [](const Dir& dir) { return base::stat_of(dir.fd(), dir.path().native()).device; };
  const Dir holder = Dir::open(nearest_existing(root));
  if (device(holder) == device(tree)) return;
  throw Error(
      Fault::input,
      fmt::format("'{}' is on another file system than the root '{}'", tree.path().native(), root.native()),
      "make the root beside it, or copy the tree to where the root is to be and adopt the copy");
}

Dir open_tree_for(const Adoption& adoption) {
  Dir::open(adoption.from);  // says why it cannot be
  Dir tree = Dir::open(fs::canonical(adoption.from));
  require_outside(adoption.root, tree.path());
  require_one_file_system(adoption.root, tree);
  return tree;
}

// As a release says it: no fractions of a second, and nobody but the owner writes.
size_t normalise(tree::EntryList& entries) {
  constexpr uint32_t writable_by_others = 0022;
  size_t closed = 0;
  for (size_t i = 0; i < entries.size(); ++i) {
    tree::Entry entry = entries[i];
    entry.time.nanoseconds = 0;
    if (entry.type != base::FileType::symlink && (entry.mode & writable_by_others) != 0) {
      entry.mode &= ~writable_by_others;
      ++closed;
    }
    entries.set(i, entry);
  }
  return closed;
}

void require_adoptable(const tree::Scan& found, const fs::path& tree) {
  constexpr size_t most_shown = 20;
  std::vector<std::string> faults;
  for (const auto& path : found.specials)
    faults.push_back(fmt::format("'{}': it is no file, directory or link", base::printable(path.str())));
  for (const auto& path : found.mounts)
    faults.push_back(fmt::format("'{}': something is mounted there", base::printable(path.str())));
  std::ranges::copy(artifact::find_forbidden(found.manifest), std::back_inserter(faults));
  if (faults.empty()) return;
  std::string message = fmt::format("'{}' holds what no release may hold:", base::printable(tree.native()));
  for (size_t i = 0; i < std::min(most_shown, faults.size()); ++i) message += "\n  " + faults[i];
  if (faults.size() > most_shown) message += fmt::format("\n  and {} more", faults.size() - most_shown);
  throw Error(Fault::input, message,
              "adopt a copy without them; what outlives releases belongs into data/, to which `data:` in "
              "bake.yaml links");
}

// What is taken in, once it is known that it can be.
struct Intake {
  const Adoption& adoption;
  Dir tree;
  tree::Manifest manifest;
  base::Seconds began;
  std::string id;
};

Intake examine(const Adoption& adoption, const phase::Surroundings& around) {
  Dir tree = open_tree_for(adoption);
  const base::Seconds began = around.clock.seconds();
  tree::Scan found = tree::scan(tree);
  const size_t closed = normalise(found.manifest.entries);
  require_adoptable(found, tree.path());
  // Rollback looks at them, too, and then it would be too late.
  base::with_context(tree.path().native(), [&] { artifact::check_hooks(found.manifest); });
  Usage two_copies = usage_of_tree(found.manifest.bytes(), found.manifest.entries.size());
  two_copies += two_copies;
  require_room(nearest_existing(adoption.root), two_copies, "two copies of the tree",
               "make room, or make the root on a larger disk, beside a copy of the tree");
  if (closed > 0) {
    around.events(
        {Event::Kind::note, "preflight",
         fmt::format("others than the owner may write {} of its paths; not so in the copy", closed)});
  }
  return {adoption, std::move(tree), std::move(found.manifest), began, make_deployment_id(around.clock)};
}

artifact::Part part_of(const std::string& content) { return {content.size(), crypto::sha256(content)}; }

artifact::ReleaseInfo release_of(const Intake& intake, const std::string& manifest,
                                 const std::map<std::string, std::string>& parts) {
  utsname machine{};
  ::uname(&machine);
  artifact::ReleaseInfo info;
  info.name = intake.adoption.project;
  info.version = intake.adoption.version;
  info.created = intake.began;
  info.source_kind = adopted_kind;
  info.os = "linux";
  info.arch = machine.machine;
  info.manifest = part_of(manifest);
  info.entries = intake.manifest.entries.size();
  info.bytes = intake.manifest.bytes();
  for (const auto& [name, content] : parts) info.parts[name] = part_of(content);
  return info;
}

void write_metadata(const Dir& deployment, const Intake& intake) {
  std::map<std::string, std::string> files{{"bake.yaml", fmt::format("name: {}\n", intake.adoption.project)},
                                           {"launch.json", launch::format_launch({})}};
  const std::string manifest = tree::format_manifest(intake.manifest);
  const std::string release = artifact::encode(release_of(intake, manifest, files));
  files.emplace("manifest", manifest);
  files.emplace("release.json", release);
  deployment.make_dir(artifact::metadata_path(), 0755);
  for (const auto& [name, content] : files) {
    base::Fd file = deployment.create_file(artifact::metadata_path() / name, 0644);
    base::write_all(file, content, name);
    file.close(name);
  }
}

void stage_adopted(const Node& node, const Intake& intake) {
  const Places places = places_of(node.root.layout, intake.id);
  node.dir.make_dir(places.tree, 0700);
  const Dir deployment = node.dir.open_dir(places.tree);
  tree::make_tree(intake.tree, intake.manifest, deployment);
  write_metadata(deployment, intake);
  tree::StatIndex index;
  make_run(node, places, intake.manifest, index);
  save_index(node, index);
}

void configure_adopted(const Node& node, const Intake& intake) {
  write_configuration(node, intake.id, merge_configuration(node, intake.id, {}), intake.manifest);
}

void record_adoption(const Node& node, const Intake& intake) {
  phase::HistoryEntry entry;
  entry.deployment = intake.id;
  entry.kind = adopted_kind;
  entry.outcome = "good";
  entry.version = intake.adoption.version;
  entry.manifest = read_release(node, intake.id).manifest_digest.hex();
  entry.who = phase::describe_user();
  entry.began = intake.began;
  entry.ended = node.around.clock.seconds();
  phase::append_history(node.history_path(), entry);
}

void put_into_service(const Node& node, const Intake& intake) {
  const config::Layout& layout = node.root.layout;
  if (layout.run_is_link()) {
    tree::point_to(node.dir, layout.run, link_to_run(layout, intake.id));
  } else {
    tree::exchange(node.dir, layout.run, places_of(layout, intake.id).next);
  }
  point_current(node, intake.id);
  record_adoption(node, intake);
}

// The words of a transaction, which this is none: until root.json is there, nobody takes it for a root.
void fill(const Node& node, const Intake& intake) {
  const auto walk = [&](const char* phase, void (*step)(const Node&, const Intake&)) {
    node.around.events({Event::Kind::phase_started, phase, ""});
    step(node, intake);
    node.around.events({Event::Kind::phase_done, phase, ""});
  };
  walk("stage", stage_adopted);
  walk("configure", configure_adopted);
  walk("deploy", put_into_service);
  base::sync_filesystem(node.dir.fd(), node.dir.path().native());
}

}  // namespace

Adopted adopt(const Adoption& adoption, const phase::Surroundings& around) {
  artifact::check_version(adoption.version);
  require_place_for_root(adoption.root, adoption.project);
  const Intake intake = examine(adoption, around);
  Adopted adopted;
  adopted.deployment = intake.id;
  adopted.entries = intake.manifest.entries.size();
  adopted.bytes = intake.manifest.bytes();
  adopted.root = init_root(adoption.root, adoption.project, config::Mode::final, adoption.layout,
                           std::nullopt, [&](const config::Root& root) {
                             fill(Node{root, Dir::open(root.path), {}, around, {}}, intake);
                           });
  return adopted;
}

}  // namespace bakehouse::node
