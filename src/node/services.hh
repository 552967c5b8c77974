// The processes of a release as the supervisor, or systemd, is to run them.
#pragma once

#include "node/node.hh"
#include "node/release_tree.hh"
#include "service/driver.hh"
#include "service/spec.hh"

#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace bakehouse::node {

// What every program of the project gets, and nothing else: PATH, HOME, LANG and the BAKEHOUSE_*
// words that hold in every phase. `user`: as whom it runs, if not as we.
std::vector<std::string> base_environment(const Node& node, const std::string& deployment,
                                          const std::string& version, const std::optional<std::string>& user);
// As whom its hooks run: none where the node leaves them to us.
std::optional<std::string> user_of_hooks(const Node& node, const config::Project& project);

// The processes of a release that run on this node, by name.
std::vector<std::string> process_names(const launch::LaunchFile& launch, const config::Project& project);

// Of the deployment that is (or is about to be) at run/.
std::vector<service::ServiceSpec> service_specs(const Node& node, const std::string& deployment,
                                                const ReleaseTree& release);
// The same for who has no use for the manifest, which may be large.
std::vector<service::ServiceSpec> service_specs(const Node& node, const std::string& deployment);

// What keeps the processes of this node running, as node.yaml says; while units of this root are there, those
// in any case. Error(refused) when it does not run here.
std::unique_ptr<service::ServiceDriver> open_services(const Node& node);
// The same for a transaction: Error(refused), too, when node.yaml turns away from units that are still there.
std::unique_ptr<service::ServiceDriver> open_services_anew(const Node& node);
// Error(refused) when only the release, or --set, asks for units (the driver is known before a release is
// opened), or for hooks of root.
void require_word_of_node(const Node& node, const config::Project& project);
// Whether this machine lets a process have a view of its own (service::PinnedView), found out once. For who
// is not root that cannot be found out, and looks impossible, while a process is kept from being dumped.
bool can_pin();
// Whether anything keeps them running at present, without an Error.
bool services_are_kept(const Node& node);
// "`release serve` runs the processes"
std::string how_to_start_services(const Node& node);
// Whether they are, or are to be, units of systemd.
bool are_units(const Node& node);
// Error(refused) when the processes are the affair of systemd.
void require_no_systemd(const Node& node);

// How a program starts in the release in service.
struct Start {
  std::vector<std::string> argv;
  std::vector<std::string> environment;
  std::filesystem::path directory;
  std::optional<base::Identity> identity = {};  // none: ours
};
// `words` name a process with arguments, or a command as the helper understands it; none mean the
// default process. The environment is that of the services. Error(input) when nothing is deployed.
Start start_in_release(const Node& node, const std::vector<std::string>& words);

}  // namespace bakehouse::node
