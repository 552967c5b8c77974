#include "node/lasting.hh"

#include "node/control.hh"
#include "node/services.hh"
#include "service/background.hh"

namespace bakehouse::node {

namespace {

bool wants_lasting(const Transaction& t, const config::Project& project) {
  return !t.services->lasting() && wants_background(t.node, project.services);
}

}  // namespace

void make_lasting(Transaction& t, const config::Project& project) {
  if (!wants_lasting(t, project)) return;
  begin_supervisor(t.node);
  t.services = open_services(t.node);
  t.node.around.events({base::Event::Kind::note, "start",
                        "the processes live on: a supervisor runs in the background from now on"});
}

text::Value facts_of_start(const Transaction& t, const config::Project& project) {
  return text::Value::map({{"begins_supervisor", wants_lasting(t, project)}});
}

// Versions before did not write it down.
void stop_started(Transaction& t, const phase::Undo& undo) {
  const text::Value* begins = undo.facts.find("begins_supervisor");
  const bool has_begun = begins != nullptr && undo.facts.boolean_at("begins_supervisor");
  has_begun ? t.services->end() : t.services->stop();
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
