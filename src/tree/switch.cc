#include "tree/switch.hh"

#include "base/encoding.hh"
#include "base/error.hh"

#include <fmt/format.h>

namespace bakehouse::tree {
namespace {

using base::Dir;
using base::Error;
using base::Fault;
using base::FileType;
using base::TreePath;

const TreePath probe_one = TreePath::parse(".bakehouse/probe-one");
const TreePath probe_other = TreePath::parse(".bakehouse/probe-other");

// What a probe leaves, also one that was cut off.
void clear_probes(const Dir& root) {
  root.remove_tree(probe_one);
  root.remove_tree(probe_other);
}

// Runs `work` on the two names; what it cannot do is the reason.
template <typename Work>
std::optional<std::string> probe(const Dir& root, std::string_view purpose, Work work) {
  clear_probes(root);
  std::optional<std::string> reason;
  try {
    work();
  } catch (const Error& error) {
    reason = fmt::format("this file system cannot {}: {}", purpose, error.what());
  }
  clear_probes(root);
  return reason;
}

// Seen from the directory of `run`.
TreePath unfinished_link(const TreePath& run) { return TreePath::parse(fmt::format(".{}.new", run.name())); }

std::string printable_path(const Dir& root, const TreePath& path) {
  return base::printable((root.path() / path.str()).native());
}

std::optional<std::string> why_no_exchange(const Dir& root, const TreePath& run) {
  const auto found = root.stat(run);
  if (found && found->type != FileType::directory)
    return fmt::format("'{}' is no directory that another could change names with",
                       printable_path(root, run));
  if (found && is_mount_point(root, run))
    return fmt::format("'{}' is a mount point and cannot change its name", printable_path(root, run));
  return probe(root, "exchange two directories at once", [&] {
    root.make_dir(probe_one, 0700);
    root.make_dir(probe_other, 0700);
    root.exchange(probe_one, probe_other);
  });
}

std::optional<std::string> why_no_link(const Dir& root, const TreePath& run) {
  const auto found = root.stat(run);
  if (found && found->type != FileType::symlink)
    return fmt::format("'{}' is there and is no link", printable_path(root, run));
  return probe(root, "replace a link", [&] {
    root.make_symlink("one", probe_one);
    root.make_symlink("other", probe_other);
    root.rename(probe_one, probe_other);
  });
}

std::optional<std::string> why_not_in_place(const Dir& root, const TreePath& run) {
  const auto found = root.stat(run);
  if (found && found->type != FileType::directory)
    return fmt::format("'{}' is no directory", printable_path(root, run));
  return std::nullopt;
}

}  // namespace

std::string_view name_of(Way way) {
  switch (way) {
    case Way::exchange: return "exchange";
    case Way::symlink: return "symlink";
    case Way::inplace: return "inplace";
  }
  return "";
}

Way parse_way(std::string_view name) {
  for (const Way way : {Way::exchange, Way::symlink, Way::inplace})
    if (name == name_of(way)) return way;
  throw Error(Fault::input, fmt::format("'{}' is no way to switch", base::printable(name)));
}

void clear_unfinished_link(const Dir& root, const TreePath& run) {
  const Dir parent = root.open_dir(run.parent());
  const auto left = parent.stat(unfinished_link(run));
  if (left && left->type == FileType::symlink) parent.remove_file(unfinished_link(run));
}

void exchange(const Dir& root, const TreePath& run, const TreePath& next) {
  if (root.exists(run)) {
    root.exchange(run, next);
  } else {
    root.rename_new(next, run);
  }
  root.open_dir(run.parent()).sync();
  if (next.parent() != run.parent()) root.open_dir(next.parent()).sync();
}

void point_to(const Dir& root, const TreePath& run, const std::string& target) {
  const Dir parent = root.open_dir(run.parent());
  const TreePath name = TreePath::parse(run.name());
  const TreePath unfinished = unfinished_link(run);
  const auto found = parent.stat(name);
  if (found && found->type != FileType::symlink)
    throw Error(Fault::refused, fmt::format("'{}' is there and is no link", printable_path(root, run)),
                "move it away");
  clear_unfinished_link(root, run);
  parent.make_symlink(target, unfinished);
  parent.rename(unfinished, name);
  parent.sync();
}

std::optional<std::string> why_not(Way way, const Dir& root, const TreePath& run) {
  switch (way) {
    case Way::exchange: return why_no_exchange(root, run);
    case Way::symlink: return why_no_link(root, run);
    case Way::inplace: return why_not_in_place(root, run);
  }
  return std::nullopt;
}

Choice choose_way(std::span<const Way> ways, const Dir& root, const TreePath& run) {
  std::vector<std::string> reasons;
  for (const Way way : ways) {
    auto reason = why_not(way, root, run);
    if (!reason) return {way, std::move(reasons)};
    reasons.push_back(fmt::format("{}: {}", name_of(way), *reason));
  }
  std::string message = fmt::format("'{}' cannot be switched:", printable_path(root, run));
  for (const std::string& reason : reasons) message += "\n  " + reason;
  throw Error(Fault::refused, message, "put the root on ext4, XFS, btrfs or tmpfs");
}

bool is_mount_point(const Dir& root, const TreePath& path) {
  return base::is_mount_root(root.open_dir(path).fd());
}

}  // namespace bakehouse::tree
