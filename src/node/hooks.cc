#include "node/hooks.hh"

#include "artifact/hooks.hh"
#include "node/services.hh"
#include "phase/hooks.hh"

#include <fmt/format.h>

namespace bakehouse::node {

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
  phase::HookRun run;
  run.phase = call.phase;
  run.environment = base_environment(node, call.deployment, call.release.info.version);
  run.environment.push_back("BAKEHOUSE_PHASE=" + call.phase);
  run.environment.push_back("BAKEHOUSE_BACKUP=" + call.backup.native());
  run.environment.push_back("BAKEHOUSE_PREVIOUS_VERSION=" + call.previous_version);
  run.marks = hook_marks(node);
  run.directory = call.directory;
  run.settings = read_configuration(node, call.owner).hook(call.phase);
  run.log = node.root.state() / "hooks.log";
  phase::run_hooks(programs, run, journal, around);
}

}  // namespace bakehouse::node
