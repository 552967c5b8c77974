#include "node/edit_steps.hh"

#include "node/edit.hh"
#include "node/lasting.hh"
#include "node/source_view.hh"

#include <fmt/format.h>

// `fill` copies while all runs; then, with the processes down, `view` makes run/ the source or the release,
// and they are started there. What `fill` has copied stays: it was not there before, and says nothing wrong.

namespace bakehouse::node {
namespace {

using phase::Step;
using phase::Undo;
using text::Value;

Editing editing_of(const Value& facts) {
  return {facts.string_at("id"), facts.string_at("deployment"), parse_edit_way(facts.string_at("way"))};
}

Value facts_of(const Transaction& t) {
  const auto now = read_editing(t.node);
  return Value::map({{"id", now ? now->id : t.plan.id},
                     {"deployment", t.plan.previous},
                     {"way", t.plan.target},
                     {"was_editing", now.has_value()}});
}

void become_source(const Transaction& t, const Value& facts) { begin_editing(t.node, editing_of(facts)); }

void become_release(const Transaction& t, const Value& facts) {
  end_editing(t.node, editing_of(facts), config::Mode::cooking);
}

Step fill_step(Transaction& t) {
  const auto run = [&t](const Value&) {
    const size_t count = fill_source(t.node);
    if (count == 0) return;
    t.node.around.events({base::Event::Kind::note, "fill",
                          fmt::format("copied from run/ what '{}' lacked: {} files and directories",
                                      t.node.root.at(t.node.root.layout.source).native(), count)});
  };
  return {"fill", {}, run, {}};
}

Step view_step(Transaction& t) {
  const bool begins = t.plan.kind == edit_kind;
  const auto run = [&t, begins](const Value& facts) {
    begins ? become_source(t, facts) : become_release(t, facts);
  };
  const auto undo = [&t, begins](const Undo& undo) {
    if (!begins) return become_source(t, undo.facts);
    if (!undo.facts.boolean_at("was_editing")) become_release(t, undo.facts);
  };
  return {"view", [&t] { return facts_of(t); }, run, undo};
}

void start_again_as_before(Transaction& t, const Undo& undo) {
  if (!had_processes(undo)) return;
  require_back(undo, "view", "the processes stay stopped");
  bring_back_processes(t, undo);
}

}  // namespace

std::vector<Step> make_edit_steps(Transaction& t) {
  std::vector<Step> steps{stop_in_service(t, [&t](const Undo& undo) { start_again_as_before(t, undo); }),
                          view_step(t), start_in_service(t), health_in_service(t)};
  if (t.plan.kind == edit_kind) steps.insert(steps.begin(), fill_step(t));
  return steps;
}

}  // namespace bakehouse::node
