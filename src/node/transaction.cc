#include "node/transaction.hh"

#include "base/error.hh"
#include "node/run_place.hh"

#include <fmt/format.h>

namespace bakehouse::node {

using base::Error;
using base::Fault;
using text::Value;

Value encode(const Plan& plan) {
  return Value::map({{"kind", plan.kind},
                     {"deployment", plan.id},
                     {"previous", plan.previous},
                     {"previous_version", plan.previous_version},
                     {"parent", plan.parent},
                     {"target", plan.target},
                     {"version", plan.version},
                     {"sequence", plan.sequence},
                     {"manifest", plan.manifest},
                     {"who", plan.who},
                     {"began", plan.began},
                     {"settings", text::list_of(plan.settings)},
                     {"keeps_drift", plan.keeps_drift},
                     {"switch", tree::name_of(plan.way)},
                     {"confirm_within", plan.confirm_within.count()},
                     {"trigger", plan.trigger}});
}

Plan decode_plan(const Value& value) {
  Plan plan;
  plan.kind = value.string_at("kind");
  plan.id = value.string_at("deployment");
  plan.previous = value.string_at("previous");
  plan.previous_version = value.string_at("previous_version");
  plan.parent = value.string_at("parent");
  plan.target = value.string_at("target");
  plan.version = value.string_at("version");
  plan.sequence = value.unsigned_at("sequence");
  plan.manifest = value.string_at("manifest");
  plan.who = value.string_at("who");
  plan.began = value.integer_at("began");
  plan.settings = text::texts_of(value.at("settings"));
  // Versions before did not know of these, and their journal may be open.
  plan.keeps_drift = value.find("keeps_drift") != nullptr && value.boolean_at("keeps_drift");
  if (value.find("switch") != nullptr) plan.way = tree::parse_way(value.string_at("switch"));
  if (value.find("confirm_within") != nullptr)
    plan.confirm_within = std::chrono::milliseconds(value.integer_at("confirm_within"));
  plan.trigger = value.string_or("trigger", plan.trigger);
  return plan;
}

bool is_open(const std::vector<phase::Record>& records) {
  return !records.empty() && records.back().kind != phase::Record::Kind::closed;
}

bool makes_deployment(std::string_view kind) {
  return kind != restore_kind && kind != edit_kind && kind != unedit_kind;
}

Serving serving(const Node& node, const Plan& plan) {
  const base::TreePath& run = node.root.layout.run;
  const auto found = deployment_in_run(node);
  // What is filled in place may have been there, empty.
  const bool may_be_there = plan.way == tree::Way::inplace;
  if (plan.previous.empty() && !found && (may_be_there || !node.dir.exists(run))) return Serving::old;
  if (found == plan.id) return Serving::fresh;
  if (found && found == plan.previous) return Serving::old;
  throw Error(Fault::needs_hands,
              fmt::format("'{}' holds {}, neither the new deployment {} nor the one before",
                          node.root.at(run).native(),
                          found ? "the deployment " + *found : "no deployment of ours", plan.id),
              "put back what belongs there, then run `release recover`");
}

const ReleaseTree& release_of(Transaction& t, const std::string& id) {
  const auto known = t.releases.find(id);
  return known != t.releases.end() ? known->second
                                   : t.releases.emplace(id, read_release(t.node, id)).first->second;
}

Transaction make_transaction(const Node& node, Plan plan, const artifact::Archive* archive,
                             phase::Journal& journal, std::unique_ptr<service::ServiceDriver> services) {
  Places places = places_of(node.root.layout, plan.id);
  return {node, std::move(plan), std::move(places), archive, journal, std::move(services)};
}

}  // namespace bakehouse::node
