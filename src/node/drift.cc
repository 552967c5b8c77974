#include "node/drift.hh"

#include "artifact/metadata.hh"
#include "base/encoding.hh"
#include "base/error.hh"
#include "node/drift_patch.hh"
#include "node/editing.hh"
#include "node/release_tree.hh"
#include "node/run_place.hh"

#include <fmt/format.h>

#include <algorithm>
#include <set>
#include <string>
#include <vector>

namespace bakehouse::node {
namespace {

using base::Error;
using base::Event;
using base::Fault;
using base::TreePath;
using tree::Difference;

// What is told of it, whether or not it could be saved.
std::string tell_and_save(const Node& node, const std::string& deployment,
                          const std::vector<Difference>& drift) {
  std::string saved;
  try {
    saved = "as a patch: " + save_patch(node, deployment, drift).native();
  } catch (const std::exception& error) {
    saved = fmt::format("no patch could be saved: {}", error.what());
  }
  return fmt::format("'{}' is no longer what was put into service:\n{}{}",
                     node.root.at(node.root.layout.run).native(), tree::describe(drift), saved);
}

bool is_executable(const std::string& mode) {
  constexpr int octal = 8;
  constexpr unsigned long by_owner = 0100;
  return (std::stoul(mode, nullptr, octal) & by_owner) != 0;
}

// Of a source: where git keeps itself, what lies in a directory that is no part of the release, and the rest
// of a mode, which a bake makes the same of all.
void drop_usual_in_source(std::vector<Difference>& differences) {
  std::set<TreePath> strange;
  std::erase_if(differences, [&](const Difference& difference) {
    const TreePath& path = difference.path;
    if (difference.kind == Difference::Kind::mode)
      return is_executable(difference.expected) == is_executable(difference.found);
    if (difference.kind != Difference::Kind::extra) return false;
    strange.insert(path);
    return path.name() == ".git" || strange.contains(path.parent());
  });
}

}  // namespace

tree::Manifest read_expected(const Node& node, const std::string& deployment) {
  const TreePath file = places_of(node.root.layout, deployment).records / "expected";
  return tree::parse_manifest(node.dir.read_file(file, artifact::largest_manifest), "expected");
}

std::vector<Difference> find_drift(const Node& node, const std::string& deployment, tree::StatIndex& index) {
  auto drift = tree::diff_with_directory(read_expected(node, deployment), open_run(node), {&index});
  drop_allowed(node, deployment, drift);
  return drift;
}

void save_index(const Node& node, tree::StatIndex& index) {
  try {
    index.save(node.index_path(), runs_remembered);
  } catch (const Error& error) {
    // All it costs is reading again, and the disk may be full.
    node.around.events({Event::Kind::warning, "preflight", error.what()});
  }
}

void guard_drift(const Node& node, const std::string& deployment, const std::vector<Difference>& drift,
                 DriftChoice choice) {
  if (drift.empty()) return;
  const std::string what = tell_and_save(node, deployment, drift);
  if (choice == DriftChoice::refuse) {
    throw Error(
        Fault::refused, what,
        "--keep-drift makes the same changes in the new release, --discard-drift does not; the old run/ is "
        "kept in archives/ until it is pruned");
  }
  node.around.events({Event::Kind::warning, "preflight", what});
}

void tell_drift(const Node& node, const std::string& deployment, tree::StatIndex& index) {
  try {
    guard_drift(node, deployment, find_drift(node, deployment, index), DriftChoice::discard);
  } catch (const std::exception& error) {
    node.around.events({Event::Kind::warning, "preflight", error.what()});
  }
}

void drop_allowed(const Node& node, const std::string& deployment, std::vector<Difference>& differences) {
  if (differences.empty()) return;
  if (read_editing(node)) drop_usual_in_source(differences);
  const auto writable = read_configuration(node, deployment).writable;
  std::erase_if(differences, [&](const Difference& difference) {
    const TreePath& path = difference.path;
    const auto holds = [&](const config::Writable& one) { return path.is_within(one.path); };
    return std::ranges::any_of(writable, holds) || belongs_to_mount(node, path);
  });
}

}  // namespace bakehouse::node
