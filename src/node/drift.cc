#include "node/drift.hh"

#include "artifact/metadata.hh"
#include "base/encoding.hh"
#include "base/error.hh"
#include "node/drift_patch.hh"

#include <fmt/format.h>

#include <utility>
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

// What is carried becomes ours: a set-id bit that an application gave itself would then be worth more.
uint32_t harmless_mode(uint32_t mode) { return mode & 0777; }

void copy_file(const Dir& from, const TreePath& path, const base::FileStat& stat, const Dir& to) {
  const std::string shown = base::printable(path.str());
  const base::Fd source = from.open_file(path);
  base::Fd target = to.create_file(path, harmless_mode(stat.mode));
  std::vector<char> buffer(size_t{256} << 10);
  while (const size_t count = base::read_some(source, buffer, shown))
    base::write_all(target, {buffer.data(), count}, shown);
  base::set_mtime(target, stat.mtime, shown);
  target.close(shown);
}

// Makes in `next`, which has at each path what the old release had or nothing, what run/ has.
class Carrier {
 public:
  Carrier(const Dir& run, const Dir& next) : run_(run), next_(next) {}

  void carry(const TreePath& path) {
    const auto found = run_.stat(path);
    const bool is_directory = found && found->type == FileType::directory;
    if (!is_directory || !next_.open_dir_if_any(path)) next_.remove_tree(path);
    if (!found) return;
    next_.make_dirs(path.parent(), 0755);
    switch (found->type) {
      case FileType::directory: make_directory(path, harmless_mode(found->mode)); break;
      case FileType::symlink: next_.make_symlink(run_.read_link(path), path); break;
      case FileType::regular: copy_file(run_, path, *found, next_); break;
      case FileType::other: break;  // a socket or FIFO: whoever made it makes it anew
    }
  }

  // Innermost first: who may not write a directory may not look for what it holds either.
  void finish() {
    for (auto made = modes_.rbegin(); made != modes_.rend(); ++made)
      next_.set_mode(made->first, made->second);
  }

 private:
  // Open to us until all it holds is made.
  void make_directory(const TreePath& path, uint32_t mode) {
    next_.make_dirs(path, 0755);
    next_.set_mode(path, mode | 0700);
    modes_.emplace_back(path, mode);
  }

  const Dir& run_;
  const Dir& next_;
  std::vector<std::pair<TreePath, uint32_t>> modes_;
};

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
  Carrier carrier(run, next);
  const TreePath* last = nullptr;
  for (const Difference& difference : differences) {
    // All differences of one path follow each other.
    if (last == nullptr || *last != difference.path) carrier.carry(difference.path);
    last = &difference.path;
  }
  carrier.finish();
}

}  // namespace bakehouse::node
