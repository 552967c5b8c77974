#include "bakery/build_place.hh"

#include "bakery/build.hh"
#include "base/encoding.hh"
#include "base/error.hh"
#include "buildpack/room.hh"

#include <fmt/format.h>

#include <exception>

namespace bakehouse::bakery {
namespace {

namespace fs = std::filesystem;
using base::Error;
using base::Fault;

bool is_free(const fs::path& path) { return fs::symlink_status(path).type() == fs::file_type::not_found; }

void require_free(const fs::path& path) {
  if (is_free(path)) return;
  throw Error(Fault::refused, fmt::format("'{}' is there already; a bake that was killed may have left it",
                                          base::printable(path.native())));
}

// Programs that ask where they are write down what a link leads to.
void require_real(const fs::path& path) {
  const fs::path real = fs::weakly_canonical(path);
  if (real == path) return;
  throw Error(Fault::refused, fmt::format("'{}' leads to '{}' here", base::printable(path.native()),
                                          base::printable(real.native())));
}

}  // namespace

BuildPlace::BuildPlace(const node::Node& node, const config::Project& project, base::Dir tree)
    : events_(node.around.events), home_(tree.path()), tree_(std::move(tree)) {
  // Of this root `run/` is the node's own, free or not.
  if (!project.root || *project.root == node.root.path) return;
  try {
    if (buildpack::Room::is_possible()) return;
    const fs::path run = run_path_of(node, project);
    require_free(run);
    require_free(*project.root / ".bakehouse");
    require_real(run);
    move_to(run);
  } catch (const std::exception& error) {
    remove_what_was_made();
    warn(fmt::format("built in '{}' and not where it will run: {}", base::printable(home_.native()),
                     error.what()));
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
