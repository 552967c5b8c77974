#include "node/configure_step.hh"

#include "base/encoding.hh"
#include "base/error.hh"
#include "config/node_settings.hh"
#include "launch/place.hh"
#include "node/backup.hh"
#include "node/carry.hh"
#include "node/configure.hh"
#include "node/control.hh"
#include "node/give.hh"
#include "node/hooks.hh"
#include "node/release_tree.hh"
#include "node/services.hh"
#include "node/space.hh"
#include "node/targets.hh"
#include "node/undo_room.hh"

#include <fmt/format.h>

#include <algorithm>
#include <iterator>
#include <memory>
#include <optional>
#include <set>
#include <vector>

namespace bakehouse::node {
namespace {

using base::Error;
using base::Event;
using base::Fault;
using base::TreePath;
using phase::Step;
using phase::Undo;
using text::Value;

std::vector<TreePath> data_directories(const Transaction& t, const config::Project& project) {
  std::vector<TreePath> directories;
  for (const auto& link : project.data) directories.push_back(t.node.root.layout.data / link.in_data.str());
  return directories;
}

// A rollback brings back the configuration that was good with the release, not only the release.
Value configuration_to_be(const Transaction& t) {
  if (t.plan.target.empty()) return merge_configuration(t.node, t.plan.id, t.plan.settings);
  return read_merged_configuration(t.node, t.plan.target);
}

config::Project configured_project(const Transaction& t) {
  text::Diagnostics faults;
  auto project = config::decode_project(configuration_to_be(t), faults);
  faults.throw_if_any();
  return project;
}

// What the release has at the place of a link to data: nothing, or an empty directory, which the
// link replaces. Files there would vanish without a word.
void clear_for_link(const base::Dir& next, const config::DataLink& link) {
  const auto found = next.stat(link.in_run);
  if (!found) {
    next.make_dirs(link.in_run.parent(), 0755);
    return;
  }
  if (found->type != base::FileType::directory || !next.open_dir(link.in_run).names().empty()) {
    throw Error(Fault::input,
                fmt::format("the release has files at '{}', where bake.yaml links to data",
                            base::printable(link.in_run.str())),
                "leave them out of the source, or remove the entry from `data:`");
  }
  next.remove_tree(link.in_run);
}

void make_data_link(const base::Dir& next, const config::DataLink& link, const config::Layout& layout) {
  const std::string target = data_link_target(link, layout);
  const auto found = next.stat(link.in_run);
  // So it is in a tree that ran before.
  if (found && found->type == base::FileType::symlink && next.read_link(link.in_run) == target) return;
  clear_for_link(next, link);
  next.make_symlink(target, link.in_run);
}

// Data goes back by an exchange, which a mount point of its own does not allow. Said before anything stops.
void require_data_can_return(const Transaction& t, const config::Project& project) {
  const auto data = t.node.dir.stat(t.node.root.layout.data);
  const auto root = t.node.dir.stat(TreePath());
  if (project.undo_data == config::UndoData::never || !data || data->device == root->device) return;
  throw Error(Fault::refused,
              fmt::format("'{}' is a file system of its own, and undo could not put it back as a whole",
                          t.node.root.at(t.node.root.layout.data).native()),
              "say `undo-data: never` in node.yaml if data may stay as a failed release leaves it");
}

// Days later there is no telling whether data may be what it was.
void require_data_may_stay(const Transaction& t, const config::Project& project) {
  if (t.plan.confirm_within.count() == 0 || project.undo_data != config::UndoData::always) return;
  throw Error(Fault::refused,
              "the project says `undo-data: always`, and what is provisional leaves data as it is",
              "apply it without --confirm-within, or say `undo-data: closed` in node.yaml");
}

// A rollback writes nothing that the operator has forbidden since.
void drop_disallowed(const Transaction& t, std::vector<ConfiguredFile>& files) {
  const bool is_any_outside =
      std::ranges::any_of(files, [](const ConfiguredFile& file) { return !file.target.empty(); });
  if (!is_any_outside) return;  // what is wrong with node.yaml keeps nobody else from going back
  const auto allowed = config::load_node_settings(config::node_file_of(t.node.root)).targets;
  std::erase_if(files, [&](const ConfiguredFile& file) {
    const bool may_be = file.target.empty() ||
                        std::ranges::find(allowed, file.target, &config::TargetFile::target) != allowed.end();
    if (!may_be)
      t.node.around.events(
          {Event::Kind::note, "configure",
           fmt::format("'{}' is not written: node.yaml no longer names it", file.target.native())});
    return !may_be;
  });
}

// With the variables of its processes. Of the release that a rollback goes back to, what it was configured
// with.
std::vector<ConfiguredFile> configured_files(const Transaction& t, const ReleaseTree& release,
                                             const config::Project& project,
                                             const std::optional<base::Identity>& user) {
  auto configuration = t.plan.target.empty() ? std::optional(present_configuration(t.node))
                                             : kept_configuration(t.node, t.plan.target);
  if (!configuration) return {};
  keep_configuration(t.node, t.plan.id, *configuration);
  const config::Pillar pillar = open_pillar(t.node, t.plan.id, *configuration, release.info.version);
  text::Diagnostics faults;
  auto files = make_files(t.node, t.plan.id, release, *configuration, pillar, faults);
  const auto variables = make_variables(project, pillar, faults);
  faults.throw_if_any();
  if (!t.plan.target.empty()) drop_disallowed(t, files);
  check_files(files, release.manifest, project);
  write_variables(t.node, t.plan.id, variables, user);
  record_files(t.node, t.plan.id, *configuration, files, variables);
  return files;
}

// Of `files` those stay that belong into run/.
std::vector<ConfiguredFile> take_targets(std::vector<ConfiguredFile>& files) {
  const auto belongs_to_run = [](const ConfiguredFile& file) { return file.target.empty(); };
  const auto first = std::stable_partition(files.begin(), files.end(), belongs_to_run);
  std::vector<ConfiguredFile> targets(std::make_move_iterator(first), std::make_move_iterator(files.end()));
  files.erase(first, files.end());
  return targets;
}

std::vector<tree::Entry> entries_of(const std::vector<ConfiguredFile>& files) {
  std::vector<tree::Entry> entries;
  entries.reserve(files.size());
  for (const ConfiguredFile& file : files) entries.push_back(file.entry);
  return entries;
}

void configure(Transaction& t) {
  const base::Dir& root = t.node.dir;
  const config::Layout& layout = t.node.root.layout;
  const Value merged = configuration_to_be(t);
  const config::Project project = configured_project(t);
  const auto user = owner_of_data(project);
  const ReleaseTree& release = release_of(t, t.plan.id);
  auto files = configured_files(t, release, project, user);
  t.targets = take_targets(files);
  const tree::Manifest expected =
      expected_manifest(release.manifest, project.data, layout, entries_of(files));
  require_data_can_return(t, project);
  require_data_may_stay(t, project);
  if (t.plan.target.empty()) require_word_of_node(t.node, project);
  if (t.plan.keeps_drift) require_carriable(t.node, t.plan.previous, {expected, project.data}, t.index);
  launch::require_place(root.path() / layout.run.str(), release.launch.app_path);
  const base::Dir next = root.open_dir(t.places.next);
  for (const auto& link : project.data) make_data_link(next, link, layout);
  write_files(files, next, user);
  give_writable(next, project.writable, user, Within::ours);
  save_targets(t.node, t.plan.id, t.plan.previous, t.targets);
  write_configuration(t.node, t.plan.id, merged, expected);
  t.services->check(service_specs(t.node, t.plan.id, release));
  make_data_directories(root, layout.data, data_directories(t, project), user);
  base::sync_filesystem(next.fd(), next.path().native());
}

// While the application runs, so that what is left to copy between `stop` and `start` is what changes
// meanwhile.
void copy_data_first(Transaction& t) {
  t.copy = std::make_unique<DataCopy>(t.node, t.places);
  t.copy->pass(tree::Busy::leave);
}

// The directories of data/ that configuring makes, each before what it holds.
std::set<TreePath> missing_directories(const Transaction& t) {
  std::set<TreePath> missing;
  for (TreePath directory : data_directories(t, configured_project(t))) {
    for (; !t.node.dir.exists(directory); directory = directory.parent()) missing.insert(directory);
  }
  return missing;
}

Value facts_of_configure(const Transaction& t) {
  Value made = Value::list();
  for (const TreePath& directory : missing_directories(t)) made.push(directory.str());
  Value facts = Value::map({{"made", made}});
  const auto data = t.node.dir.stat(t.node.root.layout.data);
  if (data && owner_of_data(configured_project(t)))
    facts.set("data", Value::map({{"uid", uint64_t{data->uid}}, {"gid", uint64_t{data->gid}}}));
  return facts;
}

void remove_made(const base::Dir& root, const Value& made) {
  const auto& all = made.items();
  for (auto one = all.rbegin(); one != all.rend(); ++one) {
    const TreePath directory = TreePath::parse(one->text());
    const auto found = root.stat(directory);  // whose user may have put something else there
    if (found && found->type == base::FileType::directory && root.open_dir(directory).names().empty())
      root.remove_tree(directory);
  }
}

void give_data_back(const Transaction& t, const Value* owner) {
  if (owner == nullptr || !t.node.dir.exists(t.node.root.layout.data)) return;
  t.node.dir.set_owner(t.node.root.layout.data, static_cast<uint32_t>(owner->unsigned_at("uid")),
                       static_cast<uint32_t>(owner->unsigned_at("gid")));
}

}  // namespace

Step make_configure_step(Transaction& t) {
  const auto prepare = [&t] { return facts_of_configure(t); };
  const auto undo = [&t](const Undo& undo) {
    remove_made(t.node.dir, undo.facts.at("made"));
    give_data_back(t, undo.facts.find("data"));
    close_way_to_dumps(t.node, t.places.backup);
    free_undo_room(t.node, t.places);
    discard_unfinished_backup(t.node, t.places);
  };
  const auto run = [&t](const Value&) {
    configure(t);
    copy_data_first(t);
    if (read_configuration(t.node, t.plan.id).undo_data != config::UndoData::never)
      hold_undo_room(t.node, t.places, t.plan.data ? *t.plan.data : data_usage(t.node));
  };
  return {{}, prepare, run, undo};
}

}  // namespace bakehouse::node
