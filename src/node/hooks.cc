#include "node/hooks.hh"

#include "artifact/hooks.hh"
#include "node/give.hh"
#include "node/services.hh"
#include "phase/hooks.hh"
#include "service/account.hh"

#include <fmt/format.h>

#include <exception>
#include <optional>

#include <unistd.h>

namespace bakehouse::node {

namespace {

// While it lives, a hook that is not root's finds its way to the dumps, and to nothing else of archives/.
class WayToDumps {
 public:
  WayToDumps(const Node& node, const base::TreePath& backup, const base::Identity& user)
      : node_(node), backup_(backup) {
    const base::TreePath dumps = backup / "dumps";
    if (!node.dir.exists(dumps)) return;
    give_dumps(node.dir, dumps, user);
    node.dir.set_owner(backup, ::geteuid(), user.gid);
    is_open_ = true;
    node.dir.set_mode(backup, 0710);
  }
  ~WayToDumps() {
    if (!is_open_) return;
    try {
      close_way_to_dumps(node_, backup_);
    } catch (const std::exception&) {  // NOLINT(bugprone-empty-catch): his dumps are open to him, no more
    }
  }
  WayToDumps(const WayToDumps&) = delete;
  WayToDumps& operator=(const WayToDumps&) = delete;

 private:
  const Node& node_;
  const base::TreePath& backup_;
  bool is_open_ = false;
};

}  // namespace

void close_way_to_dumps(const Node& node, const base::TreePath& backup) {
  if (::geteuid() != 0 || !node.dir.exists(backup)) return;
  node.dir.set_mode(backup, 0700);
  node.dir.set_owner(backup, ::geteuid(), ::getegid());
}

std::vector<std::string> hook_marks(const Node& node) {
  return {"BAKEHOUSE_ROOT=" + node.root.path.native(), "BAKEHOUSE_DEPLOYMENT=", "BAKEHOUSE_PHASE="};
}

void run_phase_hooks(const Node& node, const HookCall& call, phase::Journal* journal,
                     const phase::Surroundings& around) {
  const base::Dir deployment = node.dir.open_dir(places_of(node.root.layout, call.owner).tree);
  std::vector<phase::HookProgram> programs;
  for (auto& hook : artifact::open_hooks(deployment, call.release.manifest, call.phase)) {
    programs.push_back({std::move(hook.name), std::move(hook.file)});
  }
  if (programs.empty()) return;
  if (is_adopted(call.release.info)) {
    around.events(
        {base::Event::Kind::note, call.phase,
         fmt::format("hooks of {} are not run: nobody has signed them", call.release.info.version)});
    return;
  }
  const config::Project project = read_configuration(node, call.owner);
  const auto user = user_of_hooks(node, project);
  phase::HookRun run;
  run.phase = call.phase;
  run.environment = base_environment(node, call.deployment, call.release.info.version, user);
  run.environment.push_back("BAKEHOUSE_PHASE=" + call.phase);
  run.environment.push_back("BAKEHOUSE_BACKUP=" + node.root.at(call.backup).native());
  run.environment.push_back("BAKEHOUSE_PREVIOUS_VERSION=" + call.previous_version);
  run.marks = hook_marks(node);
  run.directory = call.directory;
  run.settings = project.hook(call.phase);
  run.log = node.root.state() / "hooks.log";
  if (user) run.identity = service::identity_of(*user);
  std::optional<WayToDumps> way;
  if (run.identity) way.emplace(node, call.backup, *run.identity);
  phase::run_hooks(programs, run, journal, around);
}

}  // namespace bakehouse::node
