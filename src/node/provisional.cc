#include "node/provisional.hh"

#include "base/encoding.hh"
#include "base/error.hh"
#include "base/files.hh"
#include "node/announce.hh"
#include "text/json.hh"

#include <fmt/format.h>

namespace bakehouse::node {
namespace {

using base::Error;
using base::Fault;
using base::TreePath;
using text::Value;

constexpr uint64_t largest_provisional = 64 << 10;
const TreePath provisional_file = TreePath::parse(".bakehouse/provisional.json");

}  // namespace

std::string Provisional::describe() const {
  return fmt::format("{} is provisional until {}", base::printable(version),
                     base::iso_datetime(deadline.wall));
}

Value encode(const Provisional& provisional) {
  return Value::map({{"deployment", provisional.deployment},
                     {"version", provisional.version},
                     {"deadline", phase::encode(provisional.deadline)}});
}

std::optional<Provisional> read_provisional(const Node& node) {
  const auto path = node.root.at(provisional_file);
  const auto content = base::read_file_if_any(path, largest_provisional);
  if (!content) return std::nullopt;
  const Value value = text::parse_json(*content, path.native());
  return Provisional{value.string_at("deployment"), value.string_at("version"),
                     phase::decode_deadline(value.at("deadline"))};
}

void write_provisional(const Node& node, const Provisional& provisional) {
  const auto there = read_provisional(node);
  if (there && there->deployment == provisional.deployment) return;
  base::write_file(node.root.at(provisional_file), text::to_json(encode(provisional)) + "\n", 0644);
}

void remove_provisional(const Node& node) {
  if (node.dir.exists(provisional_file)) node.dir.remove_file(provisional_file);
}

void require_not_provisional(const Node& node) {
  const auto provisional = read_provisional(node);
  if (!provisional) return;
  throw Error(Fault::refused, provisional->describe(),
              "`release confirm` keeps it, `release rollback` does not");
}

namespace {

std::optional<Provisional> confirm_with_lock(const Node& node) {
  const phase::Lock lock = node.lock_switch("release confirm");
  if (const auto expired = require_settled(node).expired) {
    throw Error(Fault::refused,
                fmt::format("it came too late: {} is back in service", base::printable(expired->version)),
                "apply the release once more");
  }
  auto provisional = read_provisional(node);
  if (provisional) remove_provisional(node);
  return provisional;
}

}  // namespace

std::optional<Provisional> confirm(const Node& node) {
  return then_deliver(node, [&] { return confirm_with_lock(node); });
}

std::optional<Result> keep_deadline(const Node& node) {
  constexpr std::chrono::milliseconds between_looks(1000);
  // The apply that wants this still runs.
  { const phase::Lock until_it_ended = node.lock_switch("release expire"); }
  for (;;) {
    const auto provisional = read_provisional(node);
    if (!provisional) return std::nullopt;
    if (phase::is_past(provisional->deadline, node.around.clock)) break;
    if (node.around.cancelled()) return std::nullopt;
    node.around.clock.wait(between_looks);
  }
  return recover_under_lock(node, "release expire");
}

}  // namespace bakehouse::node
