#include "node/preflight.hh"

#include "base/encoding.hh"
#include "base/error.hh"
#include "crypto/ownership.hh"
#include "tree/switch.hh"

#include <fmt/format.h>

#include <algorithm>

#include <sys/statvfs.h>
#include <sys/utsname.h>
#include <unistd.h>

namespace bakehouse::node {
namespace {

using artifact::ReleaseInfo;
using base::Error;
using base::Fault;

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
  if (info.run_path && *info.run_path != run) {
    throw Error(Fault::refused,
                fmt::format("the release holds the path '{}' and runs nowhere else; here it would be at '{}'",
                            base::printable(*info.run_path), run),
                "say `root: " + node.root.path.native() + "` in bake.yaml and bake it again");
  }
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

// The release lies on the disk twice: pristine, and as the tree to run.
void check_space(const Node& node, const ReleaseInfo& info) {
  struct statvfs disk {};
  if (::statvfs(node.root.path.c_str(), &disk) != 0)
    base::fail_os("look at the file system of", node.root.path.native());
  const uint64_t free_bytes = uint64_t{disk.f_bavail} * disk.f_frsize;
  const uint64_t needed = 2 * (info.bytes + info.entries * disk.f_frsize);
  if (needed > free_bytes) {
    throw Error(Fault::refused, fmt::format("the release needs {} bytes, {} are free", needed, free_bytes),
                "make room");
  }
  // A file system that does not count inodes says it has none at all.
  if (disk.f_files != 0 && 2 * info.entries > disk.f_favail) {
    throw Error(Fault::refused,
                fmt::format("the release needs {} inodes, {} are free", 2 * info.entries, disk.f_favail),
                "make room");
  }
}

// As root: whoever could write these would decide what root runs.
void check_owners(const Node& node) {
  if (::geteuid() != 0) return;
  const config::Layout& layout = node.root.layout;
  for (const auto& path :
       {node.root.state(), node.root.at(layout.deployments), node.root.at(layout.archives)}) {
    crypto::check_only_owner_writes(path);
  }
}

}  // namespace

void check_archive(const Node& node, const artifact::Archive& archive, const crypto::TrustPolicy& policy,
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
  check_sequence(info, phase::read_history(node.history_path()), options);
  check_space(node, info);
}

void check_root(const Node& node) {
  const config::Layout& layout = node.root.layout;
  check_owners(node);
  if (layout.how != config::Switch::exchange) {
    throw Error(Fault::refused, fmt::format("the layout '{}' switches by {}, which this version cannot do",
                                            layout.name, config::name_of(layout.how)));
  }
  if (node.dir.exists(layout.run) && !deployment_in_run(node)) {
    throw Error(Fault::refused,
                fmt::format("'{}' exists and is no deployment of ours", node.root.at(layout.run).native()),
                "move it away");
  }
  tree::probe_exchange(node.dir);
}

}  // namespace bakehouse::node
