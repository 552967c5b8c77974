#include "config/like.hh"

#include "base/dir.hh"
#include "base/encoding.hh"
#include "base/error.hh"
#include "base/files.hh"
#include "config/limits.hh"
#include "config/node_settings.hh"
#include "config/pillar.hh"
#include "text/json.hh"
#include "text/yaml.hh"

#include <fmt/format.h>

#include <algorithm>

namespace bakehouse::config {
namespace {

namespace fs = std::filesystem;
using base::Error;
using base::Fault;
using base::printable;
using base::TreePath;
using text::Value;

constexpr std::string_view environment_key = "environment";
const char* const trust_place = ".bakehouse/trust";

// The text without its `line`th line, from 1.
std::string without_line(const std::string& text, int line) {
  size_t start = 0;
  for (int i = 1; i < line; ++i) start = text.find('\n', start) + 1;
  const size_t end = text.find('\n', start);
  return text.substr(0, start) + (end == std::string::npos ? "" : text.substr(end + 1));
}

std::string all_but_environment(Value file) {
  std::erase_if(file.members(), [](const auto& member) { return member.first == environment_key; });
  return file.members().empty() ? "" : text::to_yaml(file);
}

// Whether the lines still say the same, and the environment besides.
bool says_the_same(const Value& before, const std::string& text, const std::string& environment) {
  try {
    const Value after = text::parse_yaml(text, "node.yaml");
    const Value* found = after.find(environment_key);
    return found != nullptr && found->text() == environment &&
           all_but_environment(before) == all_but_environment(after);
  } catch (const Error&) {
    return false;
  }
}

}  // namespace

std::string with_environment(const std::optional<std::string>& node_file, const std::string& environment) {
  if (const auto reason = why_not_environment(environment)) {
    throw Error(Fault::input,
                fmt::format("the environment '{}' {}", printable(environment.substr(0, 100)), *reason),
                "staging, production or another word");
  }
  std::string text = node_file.value_or("");
  const Value before = text::parse_yaml(text, "node.yaml");
  if (const Value* old = before.find(environment_key)) text = without_line(text, old->origin().line);
  if (!text.empty() && text.back() != '\n') text += '\n';
  text += fmt::format("{}: {}\n", environment_key, text::to_json(Value(environment)));
  if (says_the_same(before, text, environment)) return text;
  throw Error(Fault::input, "no line can be added to its node.yaml that would say another environment",
              "write `environment: NAME` into it on a line of its own, and one key a line");
}

Likeness read_likeness(const fs::path& path, const std::string& project) {
  Likeness likeness;
  likeness.root = read_root(path);
  if (likeness.root.project != project) {
    throw Error(Fault::input, fmt::format("'{}' is a root of '{}', not of '{}'", likeness.root.path.native(),
                                          likeness.root.project, printable(project)));
  }
  likeness.node_file = base::read_file_if_any(node_file_of(likeness.root), largest_configuration);
  if (likeness.node_file)
    load_node_settings(node_file_of(likeness.root));  // lists the faults, if there are any
  const base::Dir dir = base::Dir::open(likeness.root.path);
  const auto trust = dir.open_dir_if_any(TreePath::parse(trust_place));
  if (!trust) return likeness;
  for (const std::string& name : trust->names())
    likeness.trusted.emplace_back(name, trust->read_file(TreePath::parse(name), largest_configuration));
  return likeness;
}

void write_likeness(const Likeness& likeness, const Root& fresh) {
  if (likeness.node_file) base::write_file(node_file_of(fresh), *likeness.node_file);
  for (const auto& [name, content] : likeness.trusted)
    base::write_file(fresh.path / trust_place / name, content);
}

}  // namespace bakehouse::config
