#include "node/preflight.hh"

#include "base/encoding.hh"
#include "base/error.hh"
#include "crypto/ownership.hh"
#include "node/run_place.hh"
#include "node/space.hh"

#include <fmt/format.h>

#include <algorithm>
#include <filesystem>
#include <vector>

#include <sys/utsname.h>
#include <unistd.h>

namespace bakehouse::node {
namespace {

using artifact::ReleaseInfo;
using base::Error;
using base::Fault;

// A line each, as far as the release tells them.
std::string files_with_path(const ReleaseInfo& info) {
  std::string lines;
  for (const std::string& file : info.run_path_in) lines += "\n  it is in " + base::printable(file);
  return lines;
}

void check_target(const Node& node, const ReleaseInfo& info) {
  utsname machine{};
  ::uname(&machine);
  if (info.os != "linux" || info.arch != machine.machine) {
    throw Error(Fault::refused,
                fmt::format("the release was built for {} on {}, this machine is linux on {}",
                            base::printable(info.os), base::printable(info.arch), machine.machine),
                "bake it on a machine like this one");
  }
  const std::string run = node.root.at(node.root.layout.run).native();
  if (info.run_path && node.root.layout.run_is_link()) {
    throw Error(Fault::refused,
                fmt::format("the release holds the path '{}', and here each is at a path of its own, which "
                            "'{}' links to",
                            base::printable(*info.run_path), run),
                "use a layout that switches by exchange, or build without absolute paths");
  }
  if (info.run_path && *info.run_path != run) {
    throw Error(
        Fault::refused,
        fmt::format("the release holds the path '{}' and runs nowhere else; here it would be at '{}'{}",
                    base::printable(*info.run_path), run, files_with_path(info)),
        "say `root: " + node.root.path.native() + "` in bake.yaml and bake it again");
  }
}

void check_future(const Node& node, const ReleaseInfo& info) {
  constexpr base::Seconds day = 24 * 60 * 60;
  const base::Seconds now = node.around.clock.seconds();
  if (info.sequence <= static_cast<uint64_t>(now + day)) return;
  throw Error(
      Fault::refused,
      fmt::format("{} has the sequence {}, which is more than a day ahead of this machine's clock ({})",
                  info.version, info.sequence, base::iso_datetime(now)),
      "every release with a lower one would be refused from then on; --allow-future insists");
}

void check_sequence(const ReleaseInfo& info, const std::vector<phase::HistoryEntry>& history,
                    const ApplyOptions& options) {
  uint64_t floor = 0;
  for (const auto& entry : history) {
    if (entry.outcome != "good") continue;
    floor = std::max(floor, entry.sequence);
    if (entry.sequence == info.sequence && entry.manifest != info.manifest.digest.hex()) {
      throw Error(Fault::refused,
                  fmt::format("{} has the sequence {} of {}, which holds other files", info.version,
                              info.sequence, entry.version),
                  "bake it with a --sequence of its own");
    }
  }
  if (info.sequence < floor && options.downgrade == ApplyOptions::Downgrade::refuse) {
    throw Error(Fault::refused,
                fmt::format("{} is older than what was in service here already (sequence {} < {})",
                            info.version, info.sequence, floor),
                "`release rollback` goes back; --allow-downgrade insists");
  }
}

// Trees are renamed and exchanged between these; none may be a file system of its own, and run/
// and data/ must be directories of ours and not somebody's mount.
void check_places(const Node& node) {
  const config::Layout& layout = node.root.layout;
  const auto root = node.dir.stat(base::TreePath());
  for (const auto& path : {layout.deployments, layout.archives, layout.run.parent(), layout.data.parent()}) {
    const auto found = node.dir.stat(path);
    if (found && found->type == base::FileType::directory && found->device == root->device) continue;
    throw Error(
        Fault::refused,
        fmt::format("'{}' is no directory on the file system of the root", node.root.at(path).native()),
        "trees are moved between them: keep the whole root on one file system");
  }
  const auto data = node.dir.stat(layout.data);
  if (!data || data->type != base::FileType::directory) {
    throw Error(Fault::refused, fmt::format("'{}' is no directory", node.root.at(layout.data).native()),
                "make it one; data on another disk is mounted there, not linked");
  }
}

// An empty directory, perhaps a mount, that the layout allows to fill where it is.
bool may_be_filled(const Node& node) {
  const config::Layout& layout = node.root.layout;
  if (std::ranges::find(layout.switches, config::Switch::inplace) == layout.switches.end()) return false;
  const auto run = node.dir.open_dir_if_any(layout.run);
  if (!run) return false;
  const auto names = run->names();
  return std::ranges::all_of(
      names, [&](const std::string& name) { return belongs_to_mount(node, base::TreePath::parse(name)); });
}

}  // namespace

Usage check_archive(const Node& node, const artifact::Archive& archive, const crypto::TrustPolicy& policy,
                    const ApplyOptions& options) {
  const ReleaseInfo& info = archive.info;
  if (info.name != node.root.project) {
    throw Error(Fault::trust, fmt::format("the archive is a release of '{}', this root is for '{}'",
                                          base::printable(info.name), node.root.project));
  }
  if (info.sequence < policy.lowest_sequence) {
    throw Error(Fault::trust,
                fmt::format("the policy of this node accepts no sequence below {}; the release has {}",
                            policy.lowest_sequence, info.sequence));
  }
  check_target(node, info);
  if (options.future == ApplyOptions::Future::refuse) check_future(node, info);
  check_sequence(info, phase::read_history(node.history_path()), options);
  const Usage data = data_usage(node);
  require_space(node, forecast_space(node, info, data));
  return data;
}

void check_owners(const Node& node) {
  if (::geteuid() != 0) return;
  const config::Layout& layout = node.root.layout;
  const auto state = node.root.state();
  std::vector<std::filesystem::path> paths{state, state / "root.json", node.root.at(layout.deployments),
                                           node.root.at(layout.archives)};
  for (const auto& optional : {node.journal_path(), node.history_path(), node.root.path / "node.yaml"}) {
    if (std::filesystem::exists(optional)) paths.push_back(optional);
  }
  for (const auto& path : paths) crypto::check_only_owner_writes(path);
}

void check_root(const Node& node) {
  const config::Layout& layout = node.root.layout;
  check_places(node);
  if (node.dir.exists(layout.run) && !deployment_in_run(node) && !may_be_filled(node)) {
    throw Error(Fault::refused,
                fmt::format("'{}' exists and is no deployment of ours", node.root.at(layout.run).native()),
                "move it away");
  }
}

}  // namespace bakehouse::node
