#include "node/node.hh"

#include "base/encoding.hh"
#include "base/error.hh"
#include "base/uuid.hh"
#include "config/identity.hh"
#include "config/sealed.hh"
#include "node/services.hh"

#include <fmt/format.h>

#include <algorithm>
#include <exception>
#include <system_error>
#include <vector>

namespace bakehouse::node {
namespace {

namespace fs = std::filesystem;
using base::Dir;
using base::Error;
using base::Fault;
using base::TreePath;

constexpr std::string_view administrators_trust = "/etc/bakehouse/trust";

void make_directories(const Dir& dir, config::Mode mode, const config::Layout& layout) {
  // The state first: it tells what is not finished from what is somebody else's.
  std::vector<TreePath> directories{TreePath::parse(".bakehouse/deployments"),
                                    TreePath::parse(".bakehouse/logs"),
                                    TreePath::parse(".bakehouse/trust"),
                                    layout.deployments,
                                    layout.releases,
                                    layout.archives,
                                    layout.data};
  if (mode != config::Mode::final)
    directories.insert(directories.end(), {layout.source, layout.pillar.parent()});
  if (!layout.run.parent().is_top()) directories.push_back(layout.run.parent());
  if (layout.run_is_link()) directories.push_back(layout.runs);
  for (const TreePath& each : directories) dir.make_dirs(each, 0755);
  // Values are for whoever runs the root alone.
  if (mode != config::Mode::final) dir.make_dirs(layout.pillar, 0700);
}

// It was empty before, so all it holds is ours. What cannot be removed, the next `init` tells of.
void empty(const Dir& dir) {
  try {
    for (const std::string& name : dir.names()) dir.remove_tree(TreePath::parse(name));
  } catch (const Error&) {
    return;
  }
}

void fill_or_empty(const Dir& dir, const config::Root& root,
                   const std::function<void(const config::Root&)>& fill) {
  try {
    fill(root);
  } catch (const std::exception&) {
    empty(dir);
    throw;
  }
}

// What was opened stays in memory until this process ends: nobody is to get a dump of it.
std::map<std::string, std::string> open_with_identity(const config::Root& root, const fs::path& pillar,
                                                      const std::string& environment) {
  can_pin();  // asked now: from here on the answer would be no
  static const crypto::NoDumps from_now_on;
  std::map<std::string, std::string> opened;
  for (const auto& [key, value] : config::open_sealed(pillar, environment, config::read_identities(root)))
    opened.emplace(key, value.text());
  return opened;
}

}  // namespace

Node open_node(const fs::path& root, fs::path launch, phase::Surroundings around) {
  config::Root opened = config::read_root(root);
  base::Dir dir = base::Dir::open(opened.path);
  OpenSealed open_sealed = [root = opened](const fs::path& pillar, const std::string& environment) {
    return open_with_identity(root, pillar, environment);
  };
  return {std::move(opened),       std::move(dir), std::move(launch),     std::move(around), {}, {},
          std::filesystem::path(), false,          std::move(open_sealed)};
}

Node with_events(const Node& node, base::EventSink events) {
  Node copy{node.root,       base::Dir::open(node.root.path),
            node.launch,     node.around,
            node.patience,   node.is_booting,
            node.supervise,  node.is_to_serve,
            node.open_sealed};
  copy.around.events = std::move(events);
  return copy;
}

void require_place_for_root(const fs::path& path, const std::string& project) {
  config::check_project_name(project);
  if (base::printable(path.native()) != path.native()) {
    throw Error(Fault::input,
                fmt::format("'{}' is no name for a root: it holds bytes that are no text",
                            base::printable(path.native())),
                "choose another directory with --root");
  }
  std::error_code hidden;
  if (!fs::exists(path, hidden)) return;
  const Dir dir = Dir::open(path);
  if (dir.exists(TreePath::parse(".bakehouse/root.json"))) {
    throw Error(Fault::input, fmt::format("'{}' is a root already", path.native()),
                "choose another directory with --root");
  }
  if (dir.exists(TreePath::parse(".bakehouse"))) {
    throw Error(
        Fault::input,
        fmt::format(
            "'{}' holds .bakehouse/ but no root.json: an `init` was cut off there, or that file was lost",
            path.native()),
        fmt::format("what a cut-off `init` left is in nobody's use: `rm -r {}`, and try again",
                    path.native()));
  }
  if (!dir.names().empty()) {
    throw Error(Fault::input, fmt::format("'{}' is not empty", path.native()),
                "choose another directory with --root");
  }
}

config::Root init_root(const fs::path& path, const std::string& project, config::Mode mode,
                       const config::Layout& layout, std::optional<fs::path> key,
                       const std::function<void(const config::Root&)>& fill) {
  require_place_for_root(path, project);
  const Dir dir = Dir::open_or_make(path, 0755);
  make_directories(dir, mode, layout);
  config::Root root{fs::canonical(path), project, mode, layout, std::move(key)};
  fill_or_empty(dir, root, [&](const config::Root& made) {
    config::make_identity(made);
    if (fill) fill(made);
  });
  // Written last: what has a root.json is complete.
  config::write_root(root);
  dir.sync();
  return root;
}

fs::path trust_directory(const config::Root& root) {
  const fs::path shared(administrators_trust);
  return fs::is_directory(shared) ? shared : root.state() / "trust";
}

std::optional<std::string> deployment_in(const base::Dir& dir, const TreePath& tree) {
  const TreePath file = tree / ".bakehouse/deployment";
  if (!dir.exists(file)) return std::nullopt;
  std::string id = dir.read_file(file, 256);
  if (!id.empty() && id.back() == '\n') id.pop_back();
  if (!is_deployment_id(id)) {
    throw Error(Fault::needs_hands,
                fmt::format("'{}' does not name a deployment", (dir.path() / file.str()).native()));
  }
  return id;
}

bool is_deployment_id(std::string_view id) {
  return id.size() <= 64 && !id.empty() && std::all_of(id.begin(), id.end(), [](char c) {
           return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || c == 'T' || c == 'Z' || c == '-';
         });
}

Places places_of(const config::Layout& layout, const std::string& id) {
  if (!is_deployment_id(id))
    throw Error(Fault::input, fmt::format("'{}' is no deployment", base::printable(id)),
                "`release history` names them");
  // Beside run/, so that both are on one file system and links between them read the same.
  const TreePath beside = layout.run.parent() / fmt::format(".{}.{}", layout.run.name(), id);
  const TreePath next = layout.run_is_link() ? layout.runs / id : beside;
  return {id, layout.deployments / id, next, layout.archives / id,
          TreePath::parse(".bakehouse/deployments") / id};
}

std::string make_deployment_id(const base::Clock& clock) {
  return base::compact_datetime(clock.seconds()) + "-" + base::make_uuid7(clock.milliseconds());
}

}  // namespace bakehouse::node
