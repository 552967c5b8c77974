#include "node/source_view.hh"

#include "base/encoding.hh"
#include "base/error.hh"
#include "base/files.hh"
#include "base/process.hh"
#include "node/run_place.hh"
#include "service/mount_unit.hh"

#include <fmt/format.h>

#include <map>
#include <string>
#include <vector>

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

void link(const Node& node, const Editing& editing) {
  const TreePath kept = kept_of(node, editing);
  node.dir.make_dirs(kept.parent(), 0700);
  node.dir.remove_tree(kept);  // from a try before
  node.dir.make_symlink(link_to_source(node.root.layout), kept);
  node.dir.exchange(node.root.layout.run, kept);
}

void unlink(const Node& node, const Editing& editing) {
  node.dir.exchange(node.root.layout.run, kept_of(node, editing));
}

void sync_names(const Node& node, const Editing& editing) {
  node.dir.open_dir(node.root.layout.run.parent()).sync();
  if (const auto kept = node.dir.open_dir_if_any(kept_of(node, editing).parent())) kept->sync();
}

void clear_link(const Node& node, const Editing& editing) {
  const TreePath kept = kept_of(node, editing);
  node.dir.remove_tree(kept);
  const auto left = node.dir.open_dir_if_any(kept.parent());
  if (left && left->names().empty()) node.dir.remove_tree(kept.parent());
}

// What is below a mount cannot be seen: then it is the release as it came.
std::optional<TreePath> tree_that_ran(const Node& node) {
  const auto editing = read_editing(node);
  if (!editing) return place_of_run(node);
  if (editing->deployment.empty()) return std::nullopt;
  if (editing->way != EditWay::link) return places_of(node.root.layout, editing->deployment).tree;
  const TreePath kept = kept_of(node, *editing);
  if (!node.root.layout.run_is_link()) return kept;
  return places_of(node.root.layout, editing->deployment).next;
}

// By directory, what of it is not in the source.
using Lacking = std::map<std::string, std::vector<std::string>>;

void find_lacking(const base::Dir& run, const base::Dir& source, const TreePath& holder, Lacking& lacking) {
  for (const std::string& name : run.open_dir(holder).names()) {
    const TreePath path = holder / name;
    const auto there = source.stat(path);
    if (!there) {
      lacking[holder.str()].push_back(name);
    } else if (there->type == FileType::directory && run.stat(path)->type == FileType::directory) {
      find_lacking(run, source, path, lacking);
    }
  }
}

// By the program that copies everything of a file that there is.
void copy(const fs::path& from, const fs::path& to, const std::vector<std::string>& names) {
  base::Command command;
  command.argv = {"cp", "--archive", "--no-clobber", "--target-directory", to.native(), "--"};
  for (const std::string& name : names) command.argv.push_back((from / name).native());
  command.environment = {"PATH=/usr/bin:/bin", "LANG=C.UTF-8"};
  std::string said;
  const auto status =
      base::run(command, {}, [&](std::string_view line) { said += fmt::format("{}\n", line); });
  if (status.ok()) return;
  throw Error(Fault::build, fmt::format("`cp` {}: {}", status.describe(), base::printable_lines(said)),
              "make room, or move away what is in the way");
}

// What is not to be committed: products, and configuration that may hold secrets.
void hide_from_git(const Node& node, const std::string& holder, const std::vector<std::string>& names) {
  const fs::path git = source_of(node) / ".git";
  if (!fs::is_directory(git)) return;
  const fs::path file = git / "info/exclude";
  std::string text = base::read_file_if_any(file, largest_table).value_or("");
  if (!text.empty() && text.back() != '\n') text += '\n';
  for (const std::string& name : names) {
    const std::string line = "/" + (fs::path(holder) / name).native() + "\n";
    if (("\n" + text).find("\n" + line) == std::string::npos) text += line;
  }
  fs::create_directories(file.parent_path());
  base::write_file(file, text);
}

}  // namespace

bool can_mount_by_unit() { return service::systemd_runs(); }

bool shows_source(const Node& node) {
  struct stat run {};
  struct stat source {};
  return ::stat(run_of(node).c_str(), &run) == 0 && ::stat(source_of(node).c_str(), &source) == 0 &&
         run.st_dev == source.st_dev && run.st_ino == source.st_ino;
}

void show_source(const Node& node, const Editing& editing) {
  if (editing.way == EditWay::fstab) add_to_table(line_of(node));
  if (editing.way == EditWay::unit) service::bind_by_unit(source_of(node), run_of(node));
  if (!shows_source(node)) editing.way == EditWay::link ? link(node, editing) : bind(node);
  sync_names(node, editing);
}

void show_release(const Node& node, const Editing& editing) {
  if (editing.way == EditWay::unit) service::unbind_by_unit(run_of(node));
  if (editing.way == EditWay::fstab) remove_from_table(line_of(node));
  if (shows_source(node)) editing.way == EditWay::link ? unlink(node, editing) : unbind(node);
  if (editing.way == EditWay::link) clear_link(node, editing);
  sync_names(node, editing);
}

size_t fill_source(const Node& node) {
  node.dir.make_dirs(node.root.layout.source, 0755);
  const auto place = tree_that_ran(node);
  if (!place) return 0;
  const base::Dir run = node.dir.open_dir(*place);
  const base::Dir source = node.dir.open_dir(node.root.layout.source);
  Lacking lacking;
  find_lacking(run, source, TreePath(), lacking);
  size_t count = 0;
  for (const auto& [holder, names] : lacking) {
    hide_from_git(node, holder, names);
    copy(run.path() / holder, source.path() / holder, names);
    count += names.size();
  }
  base::sync_filesystem(source.fd(), source.path().native());
  return count;
}

}  // namespace bakehouse::node
