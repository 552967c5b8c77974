#include "node/variables.hh"

#include "base/files.hh"
#include "config/template.hh"
#include "launch/variables.hh"

#include <fmt/format.h>

#include <memory>

namespace bakehouse::node {
namespace {

using base::TreePath;
using text::Value;

TreePath place_of(const Node& node, const std::string& deployment) {
  return places_of(node.root.layout, deployment).records / "variables";
}

// No process can be called so: `env.web` is that of web.
std::string file_name(const std::string& process) { return process.empty() ? "env" : "env." + process; }

std::string key_of(const std::string& process) {
  return process.empty() ? "env" : fmt::format("processes.{}.env", process);
}

void add(const config::Variables& texts, const std::string& key, const config::Pillar& pillar,
         ProcessVariables& made, text::Diagnostics& faults) {
  for (const auto& [name, text] : texts) {
    const std::string shown = fmt::format("{}.{}", key, name);
    config::Rendered rendered = config::render_template(text, shown, pillar, faults);
    if (const auto reason = launch::why_not_variable(name, rendered.text))
      faults.add({std::make_shared<const std::string>(shown)},
                 fmt::format("what is to be in '{}' {}", name, *reason),
                 "give it to the process in a file, by a template");
    made.sealed.erase(name);
    if (rendered.has_sealed) made.sealed.insert(name);
    made.values[name] = std::move(rendered.text);
  }
}

}  // namespace

std::vector<ProcessVariables> make_variables(const config::Project& project, const config::Pillar& pillar,
                                             text::Diagnostics& faults) {
  ProcessVariables common;
  add(project.variables, key_of(""), pillar, common, faults);
  std::vector<ProcessVariables> all;
  if (!common.values.empty()) all.push_back(common);
  for (const auto& [process, settings] : project.processes) {
    if (settings.variables.empty()) continue;
    ProcessVariables own = common;
    own.process = process;
    add(settings.variables, key_of(process), pillar, own, faults);
    all.push_back(std::move(own));
  }
  return all;
}

void write_variables(const Node& node, const std::string& deployment,
                     const std::vector<ProcessVariables>& variables,
                     const std::optional<base::Identity>& user) {
  const TreePath place = place_of(node, deployment);
  node.dir.remove_tree(place);
  if (variables.empty()) return;
  node.dir.make_dirs(place.parent(), 0755);
  // It stays ours: in place of a file, systemd would follow a link of his as root.
  node.dir.make_dir(place, user ? 0711 : 0700);
  for (const ProcessVariables& one : variables) {
    const TreePath file = place / file_name(one.process);
    base::write_file(node.root.at(file), launch::format_variables(one.values), 0600);
    if (user) node.dir.set_owner(file, user->uid, user->gid);
  }
}

Value describe(const std::vector<ProcessVariables>& variables) {
  Value list = Value::list();
  for (const ProcessVariables& one : variables) {
    for (const auto& [name, value] : one.values)
      list.push(
          Value::map({{"process", one.process}, {"name", name}, {"sealed", one.sealed.contains(name)}}));
  }
  return list;
}

std::optional<std::filesystem::path> variables_file(const Node& node, const std::string& deployment,
                                                    const config::Project& project,
                                                    const std::string& process) {
  const auto settings = project.processes.find(process);
  const bool has_own = settings != project.processes.end() && !settings->second.variables.empty();
  if (!has_own && project.variables.empty()) return std::nullopt;
  return node.root.at(place_of(node, deployment) / file_name(has_own ? process : ""));
}

}  // namespace bakehouse::node
