#include "node/configure.hh"

#include "artifact/metadata.hh"
#include "base/encoding.hh"
#include "base/error.hh"
#include "base/files.hh"
#include "config/template.hh"
#include "text/json.hh"

#include <fmt/format.h>

#include <algorithm>

namespace bakehouse::node {
namespace {

using base::Error;
using base::Fault;
using base::FileType;
using base::printable;
using base::TreePath;
using text::Value;

constexpr uint32_t mode_of_sealed = 0600;

const TreePath& templates() {
  static const TreePath path = TreePath::parse(".bake/templates");
  return path;
}

TreePath place_of(const TreePath& from) {
  return TreePath::parse(std::string_view(from.str()).substr(templates().str().size() + 1));
}

TreePath record_place(const Node& node, const std::string& deployment) {
  return places_of(node.root.layout, deployment).records / "configuration.json";
}

// What record_files wrote down.
std::vector<Value> recorded_files(const Node& node, const std::string& deployment) {
  const TreePath file = record_place(node, deployment);
  if (!node.dir.exists(file)) return {};
  return text::parse_json(node.dir.read_file(file, artifact::largest_part), file.str()).at("files").items();
}

const config::TargetFile* target_of(const TreePath& place, const Configuration& configuration) {
  const auto found = std::ranges::find(configuration.targets, place, &config::TargetFile::from);
  return found == configuration.targets.end() ? nullptr : &*found;
}

// An error of the operator, or of a release that has lost a template he counts on.
void require_templates(const tree::Manifest& release, const Configuration& configuration) {
  for (const config::TargetFile& one : configuration.targets) {
    const auto found = release.find(templates() / one.from.str());
    if (found && found->type == FileType::regular) continue;
    throw Error(Fault::input,
                fmt::format("node.yaml wants '{}' made of the template '{}', which the release does not have",
                            printable(one.target.native()), printable(one.from.str())),
                "templates are below .bake/templates/ in the source");
  }
}

ConfiguredFile make_file(const tree::Entry& from, const std::string& text, const config::Pillar& pillar,
                         base::Seconds now, text::Diagnostics& faults) {
  config::Rendered made = config::render_template(text, from.path.str(), pillar, faults);
  ConfiguredFile file;
  file.from = from.path;
  file.has_sealed = made.has_sealed;
  file.content = std::move(made.text);
  file.entry.path = place_of(from.path);
  file.entry.mode = made.has_sealed ? mode_of_sealed : from.mode & 0777;
  file.entry.size = file.content.size();
  // Not the template's: who goes by time and size, as caches of the web do, would not notice another value.
  file.entry.time.seconds = now;
  file.entry.digest = crypto::sha256(file.content);
  return file;
}

[[noreturn]] void refuse_place(const ConfiguredFile& file, const std::string& why, const std::string& hint) {
  throw Error(Fault::input,
              fmt::format("the template '{}' cannot become '{}' in run/: {}", printable(file.from.str()),
                          printable(file.entry.path.str()), why),
              hint);
}

void check_own_places(const ConfiguredFile& file) {
  for (const char* own : {".bake", ".bakehouse"}) {
    if (file.entry.path.is_within(TreePath::parse(own)))
      refuse_place(file, fmt::format("{}/ is Bakehouse's own", own), "give it another path");
  }
}

void check_release_place(const ConfiguredFile& file, const tree::Manifest& release) {
  const auto there = release.find(file.entry.path);
  if (there && there->type != FileType::regular)
    refuse_place(file, "the release has no file there, but a directory or a link", "give it another path");
  for (TreePath above = file.entry.path.parent(); !above.is_top(); above = above.parent()) {
    const auto parent = release.find(above);
    if (parent && parent->type != FileType::directory)
      refuse_place(file, fmt::format("'{}' is no directory", printable(above.str())), "give it another path");
  }
}

void check_project_places(const ConfiguredFile& file, const config::Project& project) {
  const TreePath& path = file.entry.path;
  for (const config::DataLink& link : project.data) {
    if (path.is_within(link.in_run) || link.in_run.is_within(path))
      refuse_place(file, fmt::format("'{}' is a link to data", printable(link.in_run.str())),
                   "data is the application's: let it read its configuration elsewhere");
  }
  for (const config::Writable& one : project.writable) {
    const bool is_kept = one.then == config::Writable::Then::keep;
    if (is_kept && (path.is_within(one.path) || one.path.is_within(path)))
      refuse_place(file, fmt::format("`writable:` keeps what the application made of '{}'", one.path.str()),
                   "give it a path of its own");
  }
}

}  // namespace

std::vector<ConfiguredFile> make_files(const Node& node, const std::string& deployment,
                                       const ReleaseTree& release, const Configuration& configuration,
                                       const config::Pillar& pillar, text::Diagnostics& faults) {
  const base::Dir dir = node.dir.open_dir(places_of(node.root.layout, deployment).tree);
  const base::Seconds now = node.around.clock.seconds();
  require_templates(release.manifest, configuration);
  std::vector<ConfiguredFile> files;
  for (const tree::Entry& entry : release.manifest.entries) {
    if (entry.path == templates() || !entry.path.is_within(templates()) || entry.type == FileType::directory)
      continue;
    if (entry.type != FileType::regular)
      throw Error(Fault::input, fmt::format("the template '{}' is a link", printable(entry.path.str())),
                  "put the text itself there");
    ConfiguredFile file =
        make_file(entry, dir.read_file(entry.path, config::largest_template), pillar, now, faults);
    if (const config::TargetFile* target = target_of(file.entry.path, configuration)) {
      file.target = target->target;
      file.entry.mode = file.has_sealed ? target->mode & 0770 : target->mode;
    }
    files.push_back(std::move(file));
  }
  return files;
}

void check_files(const std::vector<ConfiguredFile>& files, const tree::Manifest& release,
                 const config::Project& project) {
  for (const ConfiguredFile& file : files) {
    if (!file.target.empty()) continue;
    check_own_places(file);
    check_release_place(file, release);
    check_project_places(file, project);
  }
}

void write_files(const std::vector<ConfiguredFile>& files, const base::Dir& tree,
                 const std::optional<base::Identity>& user) {
  for (const ConfiguredFile& file : files) {
    const TreePath& path = file.entry.path;
    tree.make_dirs(path.parent(), 0755);
    tree.remove_tree(path);
    base::Fd made = tree.create_file(path, file.entry.mode);
    base::write_all(made, file.content, path.str());
    base::set_mtime(made, file.entry.time, path.str());
    made.close(path.str());
    if (file.has_sealed && user) tree.set_owner(path, user->uid, user->gid);
  }
}

void record_files(const Node& node, const std::string& deployment, const Configuration& configuration,
                  const std::vector<ConfiguredFile>& files, const std::vector<ProcessVariables>& variables) {
  Value made = Value::list();
  for (const ConfiguredFile& file : files) {
    const bool is_outside = !file.target.empty();
    Value facts = Value::map(
        {{is_outside ? "target" : "path", is_outside ? file.target.native() : file.entry.path.str()},
         {"template", file.from.str()},
         {"sha256", file.has_sealed ? Value() : Value(file.entry.digest.hex())},
         {"sealed", file.has_sealed}});
    if (is_outside) facts.set("mode", static_cast<uint64_t>(file.entry.mode));
    made.push(std::move(facts));
  }
  const config::Pillar pillar = config::merge_pillar(
      configuration.files, node.root.at(node.root.layout.pillar), configuration.environment);
  const Value record = Value::map({{"schema", 1},
                                   {"environment", configuration.environment},
                                   {"digest", digest_of(node, configuration)},
                                   {"values", config::mask(pillar)},
                                   {"files", made},
                                   {"variables", describe(variables)}});
  base::write_file(node.root.at(record_place(node, deployment)), text::to_json(record) + "\n", 0600);
}

std::set<TreePath> configured_paths(const Node& node, const std::string& deployment) {
  std::set<TreePath> paths;
  for (const Value& one : recorded_files(node, deployment))
    if (one.find("path") != nullptr) paths.insert(TreePath::parse(one.string_at("path")));
  return paths;
}

bool WrittenTarget::holds(std::string_view content) const {
  return sha256.empty() || crypto::sha256(content).hex() == sha256;
}

std::vector<WrittenTarget> written_targets(const Node& node, const std::string& deployment) {
  std::vector<WrittenTarget> written;
  if (deployment.empty()) return written;
  for (const Value& one : recorded_files(node, deployment)) {
    if (one.find("target") == nullptr) continue;
    WrittenTarget target{one.string_at("target"), "", std::nullopt};
    if (!one.boolean_at("sealed")) target.sha256 = one.string_at("sha256");
    if (one.find("mode") != nullptr) target.mode = static_cast<uint32_t>(one.unsigned_at("mode"));
    written.push_back(std::move(target));
  }
  return written;
}

}  // namespace bakehouse::node
