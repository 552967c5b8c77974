#include "source/quarantine.hh"

#include "base/dir.hh"
#include "base/encoding.hh"
#include "base/error.hh"

#include <fmt/format.h>

#include <algorithm>
#include <cerrno>
#include <string>
#include <vector>

namespace bakehouse::source {
namespace {

namespace fs = std::filesystem;
using base::Dir;
using base::Error;
using base::Fault;
using base::TreePath;

TreePath inside(const fs::path& objects, const fs::path& quarantine) {
  const fs::path name = fs::canonical(quarantine).lexically_relative(fs::canonical(objects));
  if (name.has_filename() && !name.has_parent_path() && name != "." && name != "..")
    return TreePath::parse(name.native());
  throw Error(Fault::input,
              fmt::format("the objects of the push are in '{}', not below '{}'",
                          base::printable(quarantine.native()), base::printable(objects.native())),
              "push by git 2.11 or newer, to the repository itself");
}

void link_unless_there(const Dir& objects, const TreePath& from, const TreePath& to) {
  try {
    objects.make_hard_link(from, to);
  } catch (const Error& error) {
    // A name in here says what the file holds.
    if (error.os_error() != EEXIST) throw;
  }
}

bool is_loose(std::string_view name) {
  return name.size() == 2 && name.find_first_not_of("0123456789abcdef") == std::string_view::npos;
}

// A pack is there for readers when its index is: that comes last. Of no use without the push are marks that
// keep a pack from being repacked meanwhile.
std::vector<std::string> in_order(std::vector<std::string> names) {
  std::erase_if(names, [](const std::string& name) {
    return !name.starts_with("pack-") || name.ends_with(".keep") || name.ends_with(".lock");
  });
  std::stable_partition(names.begin(), names.end(),
                        [](const std::string& name) { return !name.ends_with(".idx"); });
  return names;
}

}  // namespace

void link_objects(const fs::path& objects_path, const fs::path& quarantine) {
  const Dir objects = Dir::open(objects_path);
  const TreePath from = inside(objects_path, quarantine);
  for (const std::string& name : objects.open_dir(from).names()) {
    if (name != "pack" && !is_loose(name)) continue;
    const TreePath to = TreePath::parse(name);
    objects.make_dirs(to, 0755);
    const auto files = objects.open_dir(from / name).names();
    for (const std::string& file : name == "pack" ? in_order(files) : files)
      link_unless_there(objects, from / name / file, to / file);
  }
  base::sync_filesystem(objects.fd(), objects_path.native());
}

}  // namespace bakehouse::source
