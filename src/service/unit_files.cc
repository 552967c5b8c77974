#include "service/unit_files.hh"

#include "base/dir.hh"
#include "base/error.hh"
#include "base/files.hh"

#include <algorithm>
#include <optional>

namespace bakehouse::service {
namespace {

namespace fs = std::filesystem;
using base::Dir;
using base::Error;
using base::Fault;
using base::TreePath;

constexpr uint64_t largest_unit = 4 * 1024 * 1024;
constexpr std::string_view prefix = "bakehouse-";

// A link (`systemctl mask`, an alias) is the administrator's.
bool is_regular(const Dir& dir, const std::string& name) {
  const auto found = dir.stat(TreePath::parse(name));
  return found && found->type == base::FileType::regular;
}

std::optional<std::string> text_of(const Dir& dir, const std::string& name) {
  if (!is_regular(dir, name)) return std::nullopt;
  return dir.read_file(TreePath::parse(name), largest_unit);
}

bool belongs_to(const std::optional<std::string>& text, const fs::path& root) {
  return text && text->starts_with(unit_mark(root) + "\n");
}

bool is_among(const std::vector<Unit>& units, const std::string& name) {
  return std::ranges::find(units, name, &Unit::name) != units.end();
}

}  // namespace

std::vector<std::string> units_of(const fs::path& directory, const fs::path& root) {
  std::vector<std::string> names;
  if (!fs::is_directory(directory)) return names;
  const Dir dir = Dir::open(directory);
  for (const std::string& name : dir.names()) {
    if (name.starts_with(prefix) && belongs_to(text_of(dir, name), root)) names.push_back(name);
  }
  return names;
}

void require_names_free(const fs::path& directory, const fs::path& root, const std::vector<Unit>& units) {
  if (!fs::is_directory(directory)) return;
  const Dir dir = Dir::open(directory);
  for (const Unit& unit : units) {
    if (!dir.exists(TreePath::parse(unit.name)) || belongs_to(text_of(dir, unit.name), root)) continue;
    throw Error(Fault::refused,
                fmt::format("'{}' is there already, and was not made for '{}'",
                            (directory / unit.name).native(), root.native()),
                "two roots of one project cannot both have their units on one machine; if nobody needs that "
                "file, remove it");
  }
}

std::vector<Unit> changed_units(const fs::path& directory, const std::vector<Unit>& units) {
  std::vector<Unit> changed;
  for (const Unit& unit : units) {
    if (base::read_file_if_any(directory / unit.name, largest_unit) != unit.text) changed.push_back(unit);
  }
  return changed;
}

bool install_units(const fs::path& directory, const fs::path& root, const std::vector<Unit>& units) {
  require_names_free(directory, root, units);
  const Dir dir = Dir::open_or_make(directory, 0755);
  const auto changed = changed_units(directory, units);
  for (const Unit& unit : changed) base::write_file(directory / unit.name, unit.text, 0644);
  bool is_any_removed = false;
  for (const std::string& name : units_of(directory, root)) {
    if (is_among(units, name)) continue;
    dir.remove_file(TreePath::parse(name));
    is_any_removed = true;
  }
  if (is_any_removed) dir.sync();
  return is_any_removed || !changed.empty();
}

}  // namespace bakehouse::service
