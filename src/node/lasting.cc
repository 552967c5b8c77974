#include "node/lasting.hh"

#include "node/control.hh"
#include "node/services.hh"
#include "service/background.hh"

namespace bakehouse::node {

void make_lasting(Transaction& t, const config::Project& project) {
  if (t.services->lasting() || !wants_background(t.node, project.services)) return;
  begin_supervisor(t.node);
  t.services = open_services(t.node);
  t.began_supervisor = true;
  t.node.around.events({base::Event::Kind::note, "start",
                        "the processes live on: a supervisor runs in the background from now on"});
}

bool any_process(Transaction& t) {
  return !t.services->states().empty() || !service::orphans(t.node.root.state()).empty();
}

// Versions before did not write it down.
bool had_processes(const phase::Undo& undo) {
  const text::Value* had = undo.facts.find("processes");
  return had == nullptr || undo.facts.boolean_at("processes");
}

}  // namespace bakehouse::node
