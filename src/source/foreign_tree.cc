#include "source/foreign_tree.hh"

#include "artifact/outward_links.hh"
#include "base/encoding.hh"
#include "base/error.hh"
#include "tree/scan.hh"

#include <fmt/format.h>

namespace bakehouse::source {

using base::Error;
using base::Fault;
using base::printable;
using base::TreePath;

void Budget::take_entry(const TreePath& path) {
  const size_t length = path.str().size();
  if (length > limits_.path)
    throw Error(Fault::input, fmt::format("the path is {} bytes long (at most {})", length, limits_.path));
  if (left_.entries == 0)
    throw Error(Fault::input, fmt::format("there are more than {} files and directories", limits_.entries));
  --left_.entries;
}

void Budget::take_bytes(uint64_t count) {
  if (count > left_.bytes)
    throw Error(Fault::input, fmt::format("the files hold more than {} bytes together", limits_.bytes));
  left_.bytes -= count;
}

void check_link_target(std::string_view target) {
  constexpr size_t longest_target = 4095;
  if (!target.empty() && target.size() <= longest_target && target.find('\0') == std::string_view::npos)
    return;
  throw Error(Fault::input, "the target of the link is empty, too long, or holds a NUL byte");
}

bool is_lfs_pointer(uint64_t size, std::string_view beginning) {
  return size < largest_lfs_pointer && beginning.starts_with("version https://git-lfs.github.com/spec/v1\n");
}

void refuse_lfs_pointer(const TreePath& path) {
  throw Error(
      Fault::input,
      fmt::format("'{}' is a pointer to Git LFS: its content is not in the source", printable(path.str())),
      "bring the file itself into the repository, or bake a work tree after `git lfs pull`");
}

void refuse_outward_links(const base::Dir& tree) {
  tree::ScanOptions options;
  options.content = tree::ScanOptions::Content::known;
  const tree::Manifest manifest = tree::scan(tree, options).manifest;
  for (const size_t place : artifact::find_outward_links(manifest)) {
    const tree::Entry link = manifest.entries[place];
    throw Error(Fault::input, fmt::format("'{}': the link leads out of the tree, to '{}'",
                                          printable(link.path.str()), printable(link.link)));
  }
}

}  // namespace bakehouse::source
