#include "node/freeze.hh"

#include "base/encoding.hh"
#include "base/error.hh"
#include "base/files.hh"
#include "node/preflight.hh"
#include "text/json.hh"

#include <fmt/format.h>

namespace bakehouse::node {
namespace {

using base::Error;
using base::Fault;
using text::Value;

constexpr uint64_t largest_freeze = 64 << 10;
constexpr size_t longest_reason = 1000;

std::filesystem::path file_of(const Node& node) { return node.root.state() / "freeze.json"; }

}  // namespace

std::string Freeze::describe() const {
  return fmt::format("frozen by {} since {}: {}", who, base::iso_datetime(since), reason);
}

Value encode(const Freeze& freeze) {
  return Value::map({{"reason", freeze.reason}, {"who", freeze.who}, {"since", freeze.since}});
}

std::optional<Freeze> read_freeze(const Node& node) {
  const auto file = file_of(node);
  const auto content = base::read_file_if_any(file, largest_freeze);
  if (!content) return std::nullopt;
  try {
    const Value value = text::parse_json(*content, file.native());
    return Freeze{base::printable(value.string_at("reason")), base::printable(value.string_at("who")),
                  value.integer_at("since")};
  } catch (const Error& error) {
    // Somebody wanted it frozen, and `thaw` must still end it.
    return Freeze{fmt::format("nobody can read why: {}", error.what()), "somebody", 0};
  }
}

void require_not_frozen(const Node& node) {
  if (const auto freeze = read_freeze(node))
    throw Error(Fault::refused, fmt::format("{} is {}", node.root.project, freeze->describe()),
                "`release thaw` ends it");
}

void freeze(const Node& node, const std::string& reason) {
  if (reason.empty() || reason.size() > longest_reason || base::printable(reason) != reason) {
    throw Error(Fault::usage,
                fmt::format("a reason is one line of text, at most {} bytes long", longest_reason),
                "whoever is refused will read it");
  }
  check_owners(node);
  require_not_frozen(node);
  const Freeze freeze{reason, phase::describe_user(), node.around.clock.seconds()};
  base::write_file(file_of(node), text::to_json(encode(freeze)) + "\n", 0644);
}

std::optional<Freeze> thaw(const Node& node) {
  check_owners(node);
  auto freeze = read_freeze(node);
  if (freeze) node.dir.remove_file(base::TreePath::parse(".bakehouse/freeze.json"));
  return freeze;
}

}  // namespace bakehouse::node
