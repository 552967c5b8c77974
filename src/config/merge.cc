#include "config/merge.hh"

#include "base/encoding.hh"
#include "base/error.hh"
#include "base/files.hh"
#include "config/limits.hh"
#include "config/node_settings.hh"
#include "text/decode.hh"
#include "text/json.hh"
#include "text/yaml.hh"

#include <algorithm>
#include <memory>

namespace bakehouse::config {

using base::Error;
using base::Fault;
using base::printable;
using text::Value;

namespace {

void remove(Value& map, std::string_view key) {
  std::erase_if(map.members(), [&](const Value::Member& member) { return member.first == key; });
}

}  // namespace

Value merge(Value under, const Value& over) {
  if (over.is_null()) return under;  // an empty file
  if (!over.is_map()) return over;
  if (!under.is_map()) under = Value::map({}, over.origin());
  for (const auto& [key, value] : over.members()) {
    if (value.is_null()) {
      remove(under, key);
      continue;
    }
    const Value* below = under.find(key);
    // Into nothing as well: so that a null never arrives in the result as a setting.
    under.set(key, merge(below == nullptr ? Value() : *below, value));
  }
  return under;
}

namespace {

// Whether YAML, too, would read `text` as one unquoted scalar.
bool is_plain_scalar(const std::string& text) {
  try {
    const Value list = text::parse_yaml("- " + text, "--set");
    return list.is_list() && list.items().size() == 1 && list.items()[0].kind() == Value::Kind::plain &&
           list.items()[0].text() == text;
  } catch (const Error&) {
    return false;
  }
}

}  // namespace

Value parse_setting(const std::string& assignment) {
  const size_t sign = assignment.find('=');
  if (sign == std::string::npos) {
    throw Error(Fault::usage, fmt::format("--set '{}' has no '='", printable(assignment)),
                "--set build.time-limit=1h");
  }
  const text::Origin origin{std::make_shared<const std::string>("--set"), 0, 0};
  std::string_view path = std::string_view(assignment).substr(0, sign);
  const std::string text = assignment.substr(sign + 1);
  // A number stays one; what YAML would take for something else than a text is quoted.
  const auto kind = is_plain_scalar(text) ? Value::Kind::plain : Value::Kind::string;
  Value value = Value::scalar(kind, text, origin);
  for (;;) {
    const size_t dot = path.rfind('.');
    const std::string_view key = dot == std::string_view::npos ? path : path.substr(dot + 1);
    if (key.empty()) {
      throw Error(Fault::usage, fmt::format("--set '{}' has an empty key", printable(assignment)),
                  "keys stand between dots: --set build.time-limit=1h");
    }
    value = Value::map({{std::string(key), std::move(value)}}, origin);
    if (dot == std::string_view::npos) return value;
    path = path.substr(0, dot);
  }
}

namespace {

// A list or a word must not be replaced in silence by the map that another source brings.
Value parse_source(std::string_view content, std::string_view name, std::string what) {
  Value value = text::parse_yaml(content, name);
  text::Diagnostics faults;
  if (!value.is_null()) text::MapReader(value, std::move(what), faults);
  faults.throw_if_any();
  return value;
}

}  // namespace

Value merge_sources(const Sources& sources) {
  Value merged = parse_source(sources.project_file, sources.project_file_name, "the project file");
  if (!sources.node_file.empty()) {
    const auto content = base::read_file_if_any(sources.node_file, largest_configuration);
    if (content) {
      Value own = parse_source(*content, sources.node_file.native(), "the node's file");
      std::erase_if(own.members(), [](const auto& member) { return is_node_key(member.first); });
      merged = merge(std::move(merged), own);
    }
  }
  for (const auto& setting : sources.settings) merged = merge(std::move(merged), parse_setting(setting));
  return merged;
}

Project load_project(const Sources& sources) {
  const Value merged = merge_sources(sources);
  text::Diagnostics faults;
  Project project = decode_project(merged, faults);
  if (const auto content = base::read_file_if_any(sources.node_file, largest_configuration))
    decode_node_settings(text::parse_yaml(*content, sources.node_file.native()), faults);
  faults.throw_if_any();
  return project;
}

namespace {

std::string shown(const Value& leaf) {
  switch (leaf.kind()) {
    case Value::Kind::null: return "null";
    case Value::Kind::list: return "[]";
    case Value::Kind::map: return "{}";
    case Value::Kind::string: return printable(text::to_json(leaf));
    default: return printable(leaf.text());
  }
}

// In quotes where the path would be ambiguous without.
std::string shown_key(const std::string& key) {
  const bool is_simple =
      !key.empty() && key.find_first_of(".[]=\" ") == std::string::npos && printable(key) == key;
  return is_simple ? key : fmt::format("\"{}\"", printable(key));
}

void describe(const Value& value, const std::string& path, std::string& out) {
  if (value.members().empty() && value.items().empty()) {
    out += fmt::format("{} = {}    {}\n", path, shown(value), value.origin().describe());
    return;
  }
  auto members = value.members();
  std::ranges::sort(members, {}, &Value::Member::first);
  for (const auto& [key, member] : members) {
    describe(member, path.empty() ? shown_key(key) : fmt::format("{}.{}", path, shown_key(key)), out);
  }
  for (size_t i = 0; i < value.items().size(); ++i)
    describe(value.items()[i], fmt::format("{}[{}]", path, i), out);
}

}  // namespace

std::string describe_origins(const Value& merged) {
  std::string out;
  if (!merged.members().empty() || !merged.items().empty()) describe(merged, "", out);
  return out;
}

}  // namespace bakehouse::config
