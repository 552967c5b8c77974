#include "node/configuration.hh"

#include "base/encoding.hh"
#include "base/error.hh"
#include "base/files.hh"
#include "crypto/digest.hh"
#include "crypto/ownership.hh"
#include "text/json.hh"
#include "text/yaml.hh"

#include <fmt/format.h>

#include <filesystem>

#include <unistd.h>

namespace bakehouse::node {
namespace {

namespace fs = std::filesystem;
using base::TreePath;
using text::Value;

constexpr uint64_t largest_kept = 1 << 20;

TreePath kept_place(const Node& node, const std::string& deployment) {
  return places_of(node.root.layout, deployment).records / "pillar";
}

TreePath environment_file(const Node& node, const std::string& deployment) {
  return places_of(node.root.layout, deployment).records / "environment";
}

TreePath targets_file(const Node& node, const std::string& deployment) {
  return places_of(node.root.layout, deployment).records / "targets.json";
}

std::vector<config::TargetFile> kept_targets(const Node& node, const std::string& deployment) {
  const TreePath file = targets_file(node, deployment);
  text::Diagnostics faults;
  auto targets =
      config::decode_targets(text::parse_json(node.dir.read_file(file, largest_kept), file.str()), faults);
  faults.throw_if_any();
  return targets;
}

fs::path pillar_directory(const Node& node) { return node.root.at(node.root.layout.pillar); }

// Whoever writes the pillar says what files in the hands of root hold.
void check_pillar_owner(const Node& node, const config::PillarFiles& files) {
  if (::geteuid() != 0 || files.empty()) return;
  crypto::check_only_owner_writes(pillar_directory(node));
  for (const auto& [name, content] : files) {
    const fs::path file = pillar_directory(node) / name;
    crypto::check_only_owner_writes(file.parent_path());
    crypto::check_only_owner_writes(file);
  }
}

config::Pillar merge_files(const Node& node, const Configuration& configuration) {
  return config::merge_pillar(configuration.files, pillar_directory(node), configuration.environment);
}

}  // namespace

Configuration present_configuration(const Node& node) {
  Configuration configuration;
  configuration.environment = config::environment_of(node.root);
  configuration.targets = config::load_node_settings(config::node_file_of(node.root)).targets;
  configuration.files = config::read_pillar_files(pillar_directory(node), configuration.environment);
  check_pillar_owner(node, configuration.files);
  return configuration;
}

std::optional<Configuration> kept_configuration(const Node& node, const std::string& deployment) {
  const TreePath file = environment_file(node, deployment);
  if (!node.dir.exists(file)) return std::nullopt;
  Configuration kept;
  kept.environment = node.dir.read_file(file, largest_kept);
  if (!kept.environment.empty() && kept.environment.back() == '\n') kept.environment.pop_back();
  if (const auto reason = config::why_not_environment(kept.environment)) {
    throw base::Error(
        base::Fault::needs_hands,
        fmt::format("'{}' names no environment: it {}", (node.root.path / file.str()).native(), *reason),
        "write there the name that the deployment was made for");
  }
  kept.files = config::read_pillar_files(node.root.at(kept_place(node, deployment)), kept.environment);
  kept.targets = kept_targets(node, deployment);
  return kept;
}

void keep_configuration(const Node& node, const std::string& deployment, const Configuration& configuration) {
  const TreePath place = kept_place(node, deployment);
  node.dir.make_dirs(place.parent(), 0755);
  node.dir.remove_tree(place);
  node.dir.make_dir(place, 0700);
  for (const auto& [name, content] : configuration.files) {
    node.dir.make_dirs((place / name).parent(), 0700);
    base::write_file(node.root.at(place / name), content, 0600);
  }
  base::write_file(node.root.at(targets_file(node, deployment)),
                   text::to_json(config::encode_targets(configuration.targets)) + "\n", 0644);
  // Last: without it nothing was kept.
  base::write_file(node.root.at(environment_file(node, deployment)), configuration.environment + "\n", 0644);
}

std::string digest_of(const Node& node, const Configuration& configuration) {
  const config::Pillar pillar = merge_files(node, configuration);
  const auto sealed = configuration.files.find("secrets/" + configuration.environment + ".yaml");
  const Value facts =
      Value::map({{"environment", configuration.environment},
                  {"targets", config::encode_targets(configuration.targets)},
                  {"values", text::to_yaml(pillar.values)},
                  {"sealed", sealed == configuration.files.end() ? std::string() : sealed->second}});
  return crypto::sha256(text::to_json(facts)).hex();
}

bool is_as_kept(const Node& node, const std::string& deployment) {
  const Configuration present = present_configuration(node);
  const auto kept = kept_configuration(node, deployment);
  if (!kept) return present.files.empty() && present.targets.empty();
  return digest_of(node, present) == digest_of(node, *kept);
}

std::string environment_of(const Node& node, const std::string& deployment) {
  const auto kept = kept_configuration(node, deployment);
  return kept ? kept->environment : config::environment_of(node.root);
}

config::Pillar open_pillar(const Node& node, const std::string& deployment,
                           const Configuration& configuration, const std::string& version) {
  config::Pillar pillar = merge_files(node, configuration);
  if (!pillar.sealed.empty() && node.open_sealed)
    config::overlay_opened(
        pillar, node.open_sealed(node.root.at(kept_place(node, deployment)), configuration.environment));
  const auto set = [&](const char* key, const std::string& text) { config::set_value(pillar, key, text); };
  set("bakehouse.environment", configuration.environment);
  set("bakehouse.project", node.root.project);
  set("bakehouse.root", node.root.path.native());
  set("bakehouse.run", node.root.at(node.root.layout.run).native());
  set("bakehouse.data", node.root.at(node.root.layout.data).native());
  set("bakehouse.version", version);
  return pillar;
}

}  // namespace bakehouse::node
