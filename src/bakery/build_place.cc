#include "bakery/build_place.hh"

#include "bakery/build.hh"
#include "base/encoding.hh"
#include "buildpack/room.hh"

#include <fmt/format.h>

#include <exception>

namespace bakehouse::bakery {
namespace {

namespace fs = std::filesystem;

bool is_free(const fs::path& path) { return fs::symlink_status(path).type() == fs::file_type::not_found; }

}  // namespace

BuildPlace::BuildPlace(const node::Node& node, const config::Project& project, base::Dir tree)
    : events_(node.around.events), home_(tree.path()), tree_(std::move(tree)) {
  // Of a root of ours `run/` is the node's own, free or not.
  if (!project.root || *project.root == node.root.path || buildpack::Room::is_possible()) return;
  const fs::path run = run_path_of(node, project);
  if (!is_free(run) || !is_free(*project.root / ".bakehouse")) {
    warn(fmt::format("built beside '{}', where something else is", base::printable(run.native())));
    return;
  }
  try {
    move_to(run);
  } catch (const std::exception& error) {
    remove_what_was_made();
    warn(fmt::format("not built at '{}': {}", base::printable(run.native()), error.what()));
  }
}

BuildPlace::~BuildPlace() {
  if (tree_.path() == home_) return;
  try {
    fs::rename(tree_.path(), home_);
    remove_what_was_made();
  } catch (const std::exception& error) {
    warn(fmt::format("what was built stays at '{}': {}", base::printable(tree_.path().native()),
                     error.what()));
  }
}

void BuildPlace::warn(const std::string& text) const noexcept {
  try {
    events_({base::Event::Kind::warning, "build", text});
  } catch (...) {
    // Nothing hangs on it that would be worth the bake.
  }
}

void BuildPlace::move_to(const fs::path& run) {
  for (fs::path parent = run.parent_path(); is_free(parent); parent = parent.parent_path())
    made_.insert(made_.begin(), parent);
  for (const fs::path& directory : made_) fs::create_directory(directory);
  fs::rename(home_, run);
  try {
    tree_ = base::Dir::open(run);
  } catch (...) {
    fs::rename(run, home_);
    throw;
  }
}

// Unless somebody has put something there meanwhile.
void BuildPlace::remove_what_was_made() {
  std::error_code not_empty;
  for (auto directory = made_.rbegin(); directory != made_.rend(); ++directory)
    fs::remove(*directory, not_empty);
}

}  // namespace bakehouse::bakery
