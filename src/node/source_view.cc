#include "node/source_view.hh"

#include "base/error.hh"
#include "base/files.hh"
#include "node/run_place.hh"
#include "service/mount_unit.hh"
#include "tree/switch.hh"

#include <fmt/format.h>

#include <string>

#include <sys/mount.h>
#include <sys/stat.h>

namespace bakehouse::node {
namespace {

namespace fs = std::filesystem;
using base::Error;
using base::Fault;
using base::FileType;
using base::TreePath;

constexpr const char* mount_table = "/etc/fstab";
constexpr uint64_t largest_table = 1024 * 1024;

fs::path run_of(const Node& node) { return node.root.at(node.root.layout.run); }
fs::path source_of(const Node& node) { return node.root.at(node.root.layout.source); }

// As fstab(5) wants blanks.
std::string in_table(const fs::path& path) {
  std::string escaped;
  for (const char c : path.native())
    escaped += c == ' ' || c == '\t' || c == '\n' || c == '\\'
                   ? fmt::format("\\{:03o}", static_cast<unsigned char>(c))
                   : std::string(1, c);
  return escaped;
}

std::string line_of(const Node& node) {
  return fmt::format("{} {} none bind 0 0\n", in_table(source_of(node)), in_table(run_of(node)));
}

void write_table(const std::string& text) {
  struct stat found {};
  const mode_t mode = ::stat(mount_table, &found) == 0 ? found.st_mode & 07777 : 0644;
  base::write_file(mount_table, text, mode);
}

void add_to_table(const std::string& line) {
  std::string table = base::read_file_if_any(mount_table, largest_table).value_or("");
  if (("\n" + table).find("\n" + line) != std::string::npos) return;
  if (!table.empty() && table.back() != '\n') table += '\n';
  write_table(table + line);
}

void remove_from_table(const std::string& line) {
  const std::string table = "\n" + base::read_file_if_any(mount_table, largest_table).value_or("");
  const size_t place = table.find("\n" + line);
  if (place == std::string::npos) return;
  write_table(table.substr(1, place) + table.substr(place + 1 + line.size()));
}

void bind(const Node& node) {
  if (::mount(source_of(node).c_str(), run_of(node).c_str(), nullptr, MS_BIND, nullptr) != 0)
    base::fail_os("mount the source at", run_of(node).native());
}

// Whoever works in it keeps it; nobody comes to it by that name any more.
void unbind(const Node& node) {
  if (::umount2(run_of(node).c_str(), MNT_DETACH | UMOUNT_NOFOLLOW) != 0)
    base::fail_os("unmount", run_of(node).native());
}

TreePath kept_of(const Node& node, const Editing& editing) {
  return places_of(node.root.layout, editing.id).backup / "run";
}

bool is_link_to_source(const Node& node, const TreePath& path) {
  const auto found = node.dir.stat(path);
  return found && found->type == FileType::symlink &&
         node.dir.read_link(path) == link_to_source(node.root.layout);
}

[[noreturn]] void fail_strange(const Node& node, const Editing& editing) {
  throw Error(Fault::needs_hands,
              fmt::format("neither '{}' nor '{}' is what `bake edit` left there", run_of(node).native(),
                          node.root.at(kept_of(node, editing)).native()),
              "put the tree of the release back at run/");
}

void link(const Node& node, const Editing& editing) {
  const TreePath kept = kept_of(node, editing);
  node.dir.make_dirs(kept.parent(), 0700);
  if (!node.dir.exists(kept)) node.dir.make_symlink(link_to_source(node.root.layout), kept);
  if (!is_link_to_source(node, kept)) fail_strange(node, editing);
  node.dir.exchange(node.root.layout.run, kept);
}

// Only a link of ours is ever removed: what was run/ lies there otherwise.
void unlink(const Node& node, const Editing& editing) {
  const TreePath& run = node.root.layout.run;
  const TreePath kept = kept_of(node, editing);
  const bool has_tree = node.dir.exists(kept) && !is_link_to_source(node, kept);
  if (is_link_to_source(node, run) && has_tree) {
    node.dir.exchange(run, kept);
  } else if (!node.dir.exists(run) && has_tree) {
    node.dir.rename_new(kept, run);  // somebody has removed the link
  } else if (!node.dir.exists(run) || has_tree || is_link_to_source(node, run)) {
    fail_strange(node, editing);
  }
  if (is_link_to_source(node, kept)) node.dir.remove_file(kept);
  const auto left = node.dir.open_dir_if_any(kept.parent());
  if (left && left->names().empty()) node.dir.remove_tree(kept.parent());
}

void sync_names(const Node& node, const Editing& editing) {
  node.dir.open_dir(node.root.layout.run.parent()).sync();
  if (const auto kept = node.dir.open_dir_if_any(kept_of(node, editing).parent())) kept->sync();
}

}  // namespace

bool can_mount_by_unit() { return service::systemd_runs(); }

void show_source(const Node& node, const Editing& editing) {
  const TreePath& run = node.root.layout.run;
  if (editing.way == EditWay::fstab) add_to_table(line_of(node));
  if (editing.way == EditWay::unit) service::bind_by_unit(source_of(node), run_of(node));
  if (editing.way == EditWay::link) {
    if (!is_link_to_source(node, run)) link(node, editing);
  } else if (!tree::is_mount_point(node.dir, run)) {
    bind(node);
  }
  sync_names(node, editing);
}

void show_release(const Node& node, const Editing& editing) {
  const TreePath& run = node.root.layout.run;
  if (editing.way == EditWay::unit) service::unbind_by_unit(run_of(node));
  if (editing.way == EditWay::fstab) remove_from_table(line_of(node));
  if (editing.way == EditWay::link) {
    unlink(node, editing);
  } else {
    while (tree::is_mount_point(node.dir, run)) unbind(node);
  }
  sync_names(node, editing);
}

// What is below a mount cannot be seen: then it is the release as it came.
std::optional<TreePath> tree_that_ran(const Node& node) {
  const auto editing = read_editing(node);
  if (!editing) return place_of_run(node);
  if (editing->deployment.empty()) return std::nullopt;
  if (editing->way == EditWay::link) return kept_of(node, *editing);
  return places_of(node.root.layout, editing->deployment).tree;
}

}  // namespace bakehouse::node
