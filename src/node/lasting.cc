#include "node/lasting.hh"

#include "node/control.hh"
#include "node/health.hh"
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

void bring_back_processes(Transaction& t, const phase::Undo& undo) {
  t.services->stop();
  if (t.plan.previous.empty()) {
    if (t.services->lasting()) t.services->start({});  // nothing, also after the machine has started anew
    return;
  }
  make_lasting(t, read_configuration(t.node, t.plan.previous));
  if (!t.services->lasting()) return;
  t.services->start(service_specs(t.node, t.plan.previous, release_of(t, t.plan.previous)));
  if (t.services->starts_later()) return;
  try {
    require_health(t.node, t.plan.previous, t.plan.previous_version, *t.services, undo.around);
  } catch (const base::Error& error) {
    t.unwell = error.what();
  }
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

phase::Step stop_in_service(Transaction& t, std::function<void(const phase::Undo&)> undo) {
  const auto facts = [&t] { return text::Value::map({{"processes", any_process(t)}}); };
  return {"stop", facts, [&t](const text::Value&) { t.services->stop(); }, std::move(undo)};
}

phase::Step start_in_service(Transaction& t) {
  const auto run = [&t](const text::Value&) {
    if (t.plan.previous.empty()) return;
    make_lasting(t, read_configuration(t.node, t.plan.previous));
    t.services->start(service_specs(t.node, t.plan.previous, release_of(t, t.plan.previous)));
  };
  const auto prepare = [&t] {
    return t.plan.previous.empty() ? text::Value::map()
                                   : facts_of_start(t, read_configuration(t.node, t.plan.previous));
  };
  return {"start", prepare, run, [&t](const phase::Undo& undo) { stop_started(t, undo); }};
}

phase::Step health_in_service(Transaction& t) {
  const auto run = [&t](const text::Value&) {
    if (t.plan.previous.empty()) return;
    require_health(t.node, t.plan.previous, t.plan.previous_version, *t.services, t.node.around);
  };
  return {"health", {}, run, {}};
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
