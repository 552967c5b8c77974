#include "support/tree_literal.hh"

#include "base/encoding.hh"
#include "crypto/digest.hh"

#include <fmt/format.h>

#include <algorithm>
#include <vector>

namespace bakehouse::support {
namespace {

using base::Dir;
using base::FileType;
using base::TreePath;

constexpr size_t longest_shown = 60;

// With a row for every folder, so that each comes before what it holds.
Tree complete(const Tree& tree) {
  Tree all = tree;
  for (const auto& [path, node] : tree) {
    for (TreePath parent = TreePath::parse(path).parent(); !parent.is_top(); parent = parent.parent()) {
      all.try_emplace(parent.str(), Folder{});
    }
  }
  return all;
}

std::string show(const std::string& content) {
  if (content.size() <= longest_shown) return fmt::format("\"{}\"", base::printable(content));
  return fmt::format("{} bytes {}", content.size(), crypto::sha256(content).hex().substr(0, 12));
}

std::string file_line(const std::string& path, uint32_t mode, base::Seconds time, uint64_t names,
                      const std::string& content) {
  const std::string shared = names > 1 ? fmt::format(" {} names", names) : "";
  return fmt::format("{} {:04o} {}{} {}\n", base::printable(path), mode, time, shared, show(content));
}

std::string folder_line(const std::string& path, uint32_t mode) {
  return fmt::format("{}/ {:04o}\n", base::printable(path), mode);
}

std::string link_line(const std::string& path, const std::string& target) {
  return fmt::format("{} -> {}\n", base::printable(path), base::printable(target));
}

using Lines = std::map<std::string, std::string>;

void describe_below(const Dir& dir, const TreePath& above, Lines& lines) {
  constexpr uint64_t largest = 1 << 30;
  for (const std::string& each : dir.names()) {
    const TreePath name = TreePath::parse(each);
    const TreePath path = above / each;
    const auto stat = dir.stat(name);
    std::string& line = lines[path.str()];
    if (!stat) {
      line = fmt::format("{} vanished\n", base::printable(path.str()));
      continue;
    }
    switch (stat->type) {
      case FileType::directory:
        line = folder_line(path.str(), stat->mode);
        describe_below(dir.open_dir(name), path, lines);
        break;
      case FileType::symlink: line = link_line(path.str(), dir.read_link(name)); break;
      case FileType::regular:
        line = file_line(path.str(), stat->mode, stat->mtime, stat->links, dir.read_file(name, largest));
        break;
      case FileType::other: line = fmt::format("{} special\n", base::printable(path.str())); break;
    }
  }
}

std::string join(const Lines& lines) {
  std::string text;
  for (const auto& [path, line] : lines) text += line;
  return text;
}

}  // namespace

void make_tree(const Dir& dir, const Tree& tree) {
  const Tree all = complete(tree);
  for (const auto& [text, node] : all) {
    const TreePath path = TreePath::parse(text);
    if (std::holds_alternative<Folder>(node)) dir.make_dir(path, 0700);
    if (const auto* link = std::get_if<Link>(&node)) dir.make_symlink(link->target, path);
    if (const auto* file = std::get_if<File>(&node)) {
      base::Fd fd = dir.create_file(path, 0600);
      base::write_all(fd, file->content, text);
      fd.close(text);
      dir.set_mode(path, file->mode);  // last: writing clears set-id bits
      dir.set_mtime(path, file->time);
    }
  }
  // Innermost first: what cannot be written must not stop what comes after.
  for (auto row = all.rbegin(); row != all.rend(); ++row) {
    if (const auto* folder = std::get_if<Folder>(&row->second)) {
      dir.set_mode(TreePath::parse(row->first), folder->mode);
    }
  }
}

std::string describe_tree(const Dir& dir) {
  Lines lines;
  describe_below(dir, TreePath(), lines);
  return join(lines);
}

std::string describe_tree(const std::filesystem::path& dir) { return describe_tree(Dir::open(dir)); }

std::string describe_tree(const Tree& tree) {
  Lines lines;
  for (const auto& [path, node] : complete(tree)) {
    std::string& line = lines[path];
    if (const auto* folder = std::get_if<Folder>(&node)) line = folder_line(path, folder->mode);
    if (const auto* link = std::get_if<Link>(&node)) line = link_line(path, link->target);
    if (const auto* file = std::get_if<File>(&node))
      line = file_line(path, file->mode, file->time, 1, file->content);
  }
  return join(lines);
}

}  // namespace bakehouse::support
