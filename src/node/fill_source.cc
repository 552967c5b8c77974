#include "node/fill_source.hh"

#include "base/error.hh"
#include "base/fd.hh"
#include "node/source_view.hh"
#include "tree/make.hh"
#include "tree/scan.hh"

#include <fmt/format.h>

#include <optional>

#include <unistd.h>

namespace bakehouse::node {
namespace {

using base::Dir;
using base::Error;
using base::Fault;
using base::FileType;
using base::TreePath;

// In the source, and only while it is filled.
TreePath scratch() { return TreePath::parse(".bakehouse.filling"); }

Dir open_source(const Node& node) {
  node.dir.make_dirs(node.root.layout.source, 0755);
  return node.dir.open_dir(node.root.layout.source);
}

bool is_directory(const std::optional<base::FileStat>& found) {
  return found && found->type == FileType::directory;
}

void find_lacking(const Dir& release, const Dir& source, const TreePath& holder,
                  std::vector<std::string>& lacking) {
  for (const std::string& name : release.open_dir(holder).names()) {
    const TreePath path = holder / name;
    const auto there = source.stat(path);
    if (!there) {
      lacking.push_back(path.str());
    } else if (is_directory(there) && is_directory(release.stat(path))) {
      find_lacking(release, source, path, lacking);
    }
  }
}

// The lacking ones, and the directories that lead to them.
tree::Manifest scan_lacking(const Dir& release, const Dir& source) {
  tree::ScanOptions options;
  options.detail = tree::Detail::all;
  options.excluded = [&](const TreePath& path) {
    const auto there = source.stat(path);
    return there && !(is_directory(there) && is_directory(release.stat(path)));
  };
  return tree::scan(release, options).manifest;
}

// As .gitignore has it: one path, whatever it is called. nullopt for what no line can hold.
std::optional<std::string> as_pattern(const std::string& path) {
  std::string pattern = "/";
  for (const char c : path) {
    if (c == '\n') return std::nullopt;
    if (std::string_view("*?[\\ ").find(c) != std::string_view::npos) pattern += '\\';
    pattern += c;
  }
  return pattern + "\n";
}

std::string with_patterns(std::string text, const std::vector<std::string>& paths) {
  if (!text.empty() && text.back() != '\n') text += '\n';
  for (const std::string& path : paths) {
    const auto line = as_pattern(path);
    if (line && ("\n" + text).find("\n" + *line) == std::string::npos) text += *line;
  }
  return text;
}

// Neither products nor configuration, which may hold secrets, are to be committed. The source is a
// developer's, and this may be root: nothing is followed.
void hide_from_git(const Node& node, const Dir& source, const std::vector<std::string>& paths) {
  constexpr uint64_t largest = 1 << 20;
  const TreePath git = TreePath::parse(".git");
  const auto found = source.stat(git);
  if (!found) return;
  const TreePath file = git / "info/exclude";
  const TreePath fresh = git / "info/exclude.bakehouse";
  if (found->type != FileType::directory) {
    node.around.events({base::Event::Kind::warning, "fill",
                        "'.git' is no directory: mind that what was copied is not committed"});
    return;
  }
  source.make_dirs(file.parent(), 0755);
  const auto there = source.stat(file);
  const bool is_theirs =
      !there || (there->type == FileType::regular && there->uid == found->uid && there->links == 1);
  if (!is_theirs) {
    throw Error(
        Fault::refused,
        fmt::format("'{}' is no file of whom the source belongs to", (source.path() / file.str()).native()),
        "mend it: what is copied is not to be committed");
  }
  const std::string before = there ? source.read_file(file, largest) : std::string();
  source.remove_tree(fresh);
  const base::Fd written = source.create_file(fresh, 0644);
  base::write_all(written, with_patterns(before, paths), file.str());
  if (::geteuid() == 0) source.set_owner(fresh, found->uid, found->gid);
  source.rename(fresh, file);
}

void move_if_there(const Dir& root, const TreePath& from, const TreePath& to) {
  if (!root.exists(from) || root.exists(to)) return;
  root.make_dirs(to.parent(), 0755);
  root.rename_new(from, to);
}

TreePath place_aside(const Node& node, const std::string& id, const std::string& path) {
  return places_of(node.root.layout, id).backup / "filled" / path;
}

}  // namespace

std::vector<std::string> lacking_in_source(const Node& node) {
  std::vector<std::string> lacking;
  const auto release = tree_that_ran(node);
  const auto source = node.dir.open_dir_if_any(node.root.layout.source);
  if (!release) return lacking;
  const Dir tree = node.dir.open_dir(*release);
  if (source) {
    find_lacking(tree, *source, TreePath(), lacking);
  } else {
    lacking = tree.names();
  }
  return lacking;
}

void fill_source(const Node& node, const std::vector<std::string>& lacking) {
  const Dir source = open_source(node);
  const auto place = tree_that_ran(node);
  if (lacking.empty() || !place) return;
  hide_from_git(node, source, lacking);
  source.remove_tree(scratch());
  const Dir release = node.dir.open_dir(*place);
  const tree::Manifest manifest = scan_lacking(release, source);
  source.make_dir(scratch(), 0700);
  const Dir filling = source.open_dir(scratch());
  tree::make_tree(release, manifest, filling);
  base::sync_filesystem(filling.fd(), filling.path().native());
  for (const std::string& path : lacking)
    if (!source.exists(TreePath::parse(path))) source.rename(scratch() / path, TreePath::parse(path));
  source.remove_tree(scratch());
}

void unfill_source(const Node& node, const std::vector<std::string>& filled) {
  const auto source = node.dir.open_dir_if_any(node.root.layout.source);
  if (!source) return;
  source->remove_tree(scratch());
  for (const std::string& path : filled) source->remove_tree(TreePath::parse(path));
}

void set_aside_filled(const Node& node, const std::string& id, const std::vector<std::string>& filled) {
  try {
    for (const std::string& path : filled)
      move_if_there(node.dir, node.root.layout.source / path, place_aside(node, id, path));
  } catch (const Error& error) {
    node.around.events({base::Event::Kind::warning, "view",
                        fmt::format("what was copied into the source stays there: {}", error.what())});
  }
}

void bring_back_filled(const Node& node, const std::string& id, const std::vector<std::string>& filled) {
  for (const std::string& path : filled)
    move_if_there(node.dir, place_aside(node, id, path), node.root.layout.source / path);
}

}  // namespace bakehouse::node
