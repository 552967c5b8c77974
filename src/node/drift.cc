#include "node/drift.hh"

#include "artifact/metadata.hh"
#include "base/encoding.hh"
#include "base/error.hh"
#include "node/drift_patch.hh"

#include <fmt/format.h>

#include <vector>

namespace bakehouse::node {
namespace {

using base::Dir;
using base::Error;
using base::Event;
using base::Fault;
using base::FileType;
using base::TreePath;
using tree::Difference;

// Not of times: those of what the application reads and writes are its own affair.
bool is_same(const tree::Entry& one, const tree::Entry& other) {
  return one.type == other.type && one.mode == other.mode && one.digest == other.digest &&
         one.link == other.link;
}

void copy_file(const Dir& from, const TreePath& path, const base::FileStat& stat, const Dir& to) {
  const std::string shown = base::printable(path.str());
  const base::Fd source = from.open_file(path);
  base::Fd target = to.create_file(path, stat.mode);
  std::vector<char> buffer(size_t{256} << 10);
  while (const size_t count = base::read_some(source, buffer, shown))
    base::write_all(target, {buffer.data(), count}, shown);
  base::set_mtime(target, stat.mtime, shown);
  target.close(shown);
}

// `next` has there what the old release had, or nothing.
void make_as_in_run(const Dir& run, const TreePath& path, const Dir& next) {
  const auto found = run.stat(path);
  const bool both_directories = found && found->type == FileType::directory && next.open_dir_if_any(path);
  if (both_directories) {
    next.set_mode(path, found->mode);
    return;
  }
  next.remove_tree(path);
  if (!found) return;
  next.make_dirs(path.parent(), 0755);
  switch (found->type) {
    case FileType::directory: next.make_dir(path, found->mode); break;
    case FileType::symlink: next.make_symlink(run.read_link(path), path); break;
    case FileType::regular: copy_file(run, path, *found, next); break;
    case FileType::other: break;  // a socket or FIFO: whoever made it makes it anew
  }
}

bool can_be_carried(const Difference& difference, const tree::Manifest& before,
                    const tree::Manifest& release) {
  switch (difference.kind) {
    case Difference::Kind::owner:
    case Difference::Kind::attributes:
    case Difference::Kind::hard_link:
    case Difference::Kind::unreadable: return false;
    default: break;
  }
  const auto old_entry = before.find(difference.path);
  const auto new_entry = release.find(difference.path);
  if (!old_entry) return !new_entry;
  return new_entry && is_same(*old_entry, *new_entry);
}

[[noreturn]] void refuse_to_carry(const std::vector<Difference>& conflicts) {
  throw Error(
      Fault::refused,
      "these changes of run/ cannot be kept, because the release has another idea of the same paths:\n" +
          tree::describe(conflicts),
      "apply with --discard-drift, and make them again by hand");
}

}  // namespace

tree::Manifest read_expected(const Node& node, const std::string& deployment) {
  const TreePath file = places_of(node.root.layout, deployment).records / "expected";
  return tree::parse_manifest(node.dir.read_file(file, artifact::largest_manifest), "expected");
}

std::vector<Difference> find_drift(const Node& node, const std::string& deployment, tree::StatIndex& index) {
  return tree::diff_with_directory(read_expected(node, deployment), node.dir.open_dir(node.root.layout.run),
                                   {&index});
}

std::vector<Difference> find_drift(const Node& node, const std::string& deployment) {
  tree::StatIndex index = tree::StatIndex::load(node.run_index_path());
  auto differences = find_drift(node, deployment, index);
  index.save(node.run_index_path());
  return differences;
}

void guard_drift(const Node& node, const std::string& deployment, const std::vector<Difference>& differences,
                 DriftChoice choice) {
  if (differences.empty()) return;
  const auto patch = save_patch(node, deployment, differences);
  const std::string what =
      fmt::format("'{}' is no longer what was put into service:\n{}as a patch: {}",
                  node.root.at(node.root.layout.run).native(), tree::describe(differences), patch.native());
  if (choice == DriftChoice::refuse) {
    throw Error(
        Fault::refused, what,
        "--keep-drift makes the same changes in the new release, --discard-drift does not; the old run/ is "
        "kept in archives/ in any case");
  }
  node.around.events({Event::Kind::warning, "preflight", what});
}

void carry_drift(const Node& node, const std::string& deployment, const tree::Manifest& release,
                 const Dir& next) {
  const auto differences = find_drift(node, deployment);
  const tree::Manifest before = read_expected(node, deployment);
  std::vector<Difference> conflicts;
  for (const Difference& difference : differences)
    if (!can_be_carried(difference, before, release)) conflicts.push_back(difference);
  if (!conflicts.empty()) refuse_to_carry(conflicts);
  const Dir run = node.dir.open_dir(node.root.layout.run);
  for (const Difference& difference : differences) make_as_in_run(run, difference.path, next);
}

}  // namespace bakehouse::node
