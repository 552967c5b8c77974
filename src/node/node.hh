// A node: one root on this machine, and what commands need to work on it.
#pragma once

#include "base/dir.hh"
#include "config/root.hh"
#include "phase/history.hh"
#include "phase/lock.hh"
#include "phase/transaction.hh"

#include <chrono>
#include <filesystem>
#include <functional>
#include <map>
#include <optional>
#include <string>

namespace bakehouse::node {

// Opens the sealed values of an environment: by dotted key. The directory has the shape of a pillar.
using OpenSealed = std::function<std::map<std::string, std::string>(const std::filesystem::path& pillar,
                                                                    const std::string& environment)>;

struct Node {
  config::Root root;
  base::Dir dir;                 // of root.path
  std::filesystem::path launch;  // the helper that starts processes
  phase::Surroundings around;
  std::chrono::milliseconds patience{0};  // how long a command waits for another one to end
  bool is_booting = false;                // we are the unit that recovers, before the services start
  std::filesystem::path supervise =
      {};                       // the helper that is a supervisor in the background; "": there is none
  bool is_to_serve = false;     // what is deployed lives on in a staging root, too: it was pushed
  OpenSealed open_sealed = {};  // with the identity of the root

  std::filesystem::path journal_path() const { return root.state() / "journal"; }
  std::filesystem::path history_path() const { return root.state() / "history.jsonl"; }
  std::filesystem::path index_path() const { return root.state() / "files.index"; }
  std::filesystem::path log_of(const std::string& deployment) const {
    return root.state() / "logs/deployments" / (deployment + ".log");
  }
  std::filesystem::path lock_path() const { return root.state() / "switch.lock"; }
  phase::Lock lock_switch(const std::string& purpose) const {
    return phase::Lock::wait_for(lock_path(), purpose, around, patience);
  }
};

// In the index of what run/ and the deployments hold: the one in service and the one before, which an undo
// puts back.
constexpr uint32_t runs_remembered = 2;

// The same root, whose events go elsewhere.
Node with_events(const Node& node, base::EventSink events);

Node open_node(const std::filesystem::path& root, std::filesystem::path launch, phase::Surroundings around);

// Error(input) unless a root of that project can be made there, where nothing is or an empty directory.
void require_place_for_root(const std::filesystem::path& path, const std::string& project);
// Makes the tree of a root, after require_place_for_root. `fill` puts in what it begins with, before anything
// says that it is a root; when that fails, the directory is left empty.
config::Root init_root(const std::filesystem::path& path, const std::string& project, config::Mode mode,
                       const config::Layout& layout, std::optional<std::filesystem::path> key,
                       const std::function<void(const config::Root&)>& fill = {});

// Where this node keeps the keys it accepts: the administrator's directory when there is one, else the root's
// own.
std::filesystem::path trust_directory(const config::Root& root);

// What a directory that was prepared to run says, or nullopt.
std::optional<std::string> deployment_in(const base::Dir& dir, const base::TreePath& tree);

// Where things of one deployment are, relative to the root.
struct Places {
  std::string id;
  base::TreePath tree;  // deploy/<id>: pristine
  // The tree to run until it is switched to: .run.<id>, where an exchange leaves the old one; or what run/ is
  // to link to.
  base::TreePath next;
  base::TreePath backup;   // archives/<id>
  base::TreePath records;  // .bakehouse/deployments/<id>: configuration and expected manifest
};
bool is_deployment_id(std::string_view id);
Places places_of(const config::Layout& layout, const std::string& id);
std::string make_deployment_id(const base::Clock& clock);

}  // namespace bakehouse::node
