#include "node/edit_steps.hh"

#include "node/edit.hh"
#include "node/fill_source.hh"
#include "node/lasting.hh"

#include <fmt/format.h>

// With the processes down `fill` lends the source what it lacks, `view` makes run/ the source or the release,
// and the processes are started there.

namespace bakehouse::node {
namespace {

using phase::Step;
using phase::Undo;
using text::Value;

// Who edits already goes on as he began.
Value facts_of(const Transaction& t) {
  const auto now = read_editing(t.node);
  Editing editing = now.value_or(Editing{t.plan.id, t.plan.previous, parse_edit_way(t.plan.target), {}});
  editing.filled.insert(editing.filled.end(), t.filled.begin(), t.filled.end());
  Value facts = encode(editing);
  facts.set("was_editing", now.has_value());
  return facts;
}

void become_source(const Transaction& t, const Value& facts) { begin_editing(t.node, decode_editing(facts)); }

void become_release(const Transaction& t, const Value& facts) {
  end_editing(t.node, decode_editing(facts), config::Mode::cooking);
}

Step fill_step(Transaction& t) {
  const auto prepare = [&t] {
    t.filled = lacking_in_source(t.node);
    return Value::map({{"filled", text::list_of(t.filled)}});
  };
  const auto run = [&t](const Value& facts) {
    const auto lacking = text::texts_of(facts.at("filled"));
    fill_source(t.node, lacking);
    if (lacking.empty()) return;
    t.node.around.events({base::Event::Kind::note, "fill",
                          fmt::format("lent to '{}' what only the release has: {} files and directories",
                                      t.node.root.at(t.node.root.layout.source).native(), lacking.size())});
  };
  const auto undo = [&t](const Undo& undo) {
    require_back(undo, "view", "what was copied into the source stays there");
    unfill_source(t.node, text::texts_of(undo.facts.at("filled")));
  };
  return {"fill", prepare, run, undo};
}

Step view_step(Transaction& t) {
  const bool begins = t.plan.kind == edit_kind;
  const auto run = [&t, begins](const Value& facts) {
    begins ? become_source(t, facts) : become_release(t, facts);
  };
  const auto undo = [&t, begins](const Undo& undo) {
    if (!begins) return become_source(t, undo.facts);
    if (undo.facts.boolean_at("was_editing")) return;
    Editing begun = decode_editing(undo.facts);
    begun.filled.clear();  // the affair of the undo of `fill`
    end_editing(t.node, begun, config::Mode::cooking);
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
  std::vector<Step> steps{stop_in_service(t, [&t](const Undo& undo) { start_again_as_before(t, undo); })};
  if (t.plan.kind == edit_kind) steps.push_back(fill_step(t));
  for (Step& step : std::vector<Step>{view_step(t), start_in_service(t), health_in_service(t)})
    steps.push_back(std::move(step));
  return steps;
}

}  // namespace bakehouse::node
