#include "node/forecast.hh"

#include "artifact/read.hh"
#include "base/error.hh"
#include "config/merge.hh"
#include "node/begin.hh"
#include "node/drift.hh"
#include "node/preflight.hh"
#include "node/release_tree.hh"
#include "node/retention.hh"
#include "node/services.hh"
#include "node/transaction.hh"

#include <fmt/format.h>

#include <algorithm>

namespace bakehouse::node {
namespace {

using text::Value;

constexpr std::string_view hooks_directory = ".bake/hooks/";

// What the archive brings has to be unpacked where the release in service lends no equal file; the tree to
// run is a copy of all.
uint64_t bytes_written(const std::vector<Change>& changes, const tree::Manifest& after) {
  uint64_t bytes = after.bytes();
  for (const Change& change : changes) {
    if (change.kind == Change::Kind::removed) continue;
    bytes += after.find(change.path)->size;
  }
  return bytes;
}

std::vector<std::string> hook_names(const tree::Manifest& manifest, const std::vector<std::string>& phases) {
  std::vector<std::string> names;
  for (const std::string& phase : phases) {
    const bool has_some =
        std::any_of(manifest.entries.begin(), manifest.entries.end(), [&](const tree::Entry& entry) {
          const std::string& path = entry.path.str();
          return path == std::string(hooks_directory) + phase ||
                 path.starts_with(std::string(hooks_directory) + phase + ".d/");
        });
    if (has_some) names.push_back(phase);
  }
  return names;
}

std::optional<int64_t> usual_downtime(const std::vector<phase::HistoryEntry>& history) {
  constexpr size_t most_counted = 5;
  std::vector<int64_t> seconds;
  for (auto entry = history.rbegin(); entry != history.rend() && seconds.size() < most_counted; ++entry) {
    if (entry->outcome != "good" || entry->parent.empty()) continue;
    int64_t sum = 0;
    for (const char* phase : {"stop", "backup", "deploy", "targets", "post_deploy", "start"})
      if (entry->durations.find(phase) != nullptr) sum += entry->durations.integer_at(phase);
    seconds.push_back(sum);
  }
  if (seconds.empty()) return std::nullopt;
  std::ranges::sort(seconds);
  return seconds[seconds.size() / 2];
}

config::Project project_in(const Node& node, const artifact::Contents& contents,
                           const ApplyOptions& options) {
  config::Sources sources;
  const auto file = contents.parts.find("bake.yaml");
  if (file == contents.parts.end()) throw base::Error(base::Fault::input, "the archive has no bake.yaml");
  sources.project_file = file->second;
  sources.node_file = node.root.path / "node.yaml";
  sources.settings = options.settings;
  return config::load_project(sources);
}

launch::LaunchFile launch_in(const artifact::Contents& contents) {
  const auto file = contents.parts.find("launch.json");
  return file == contents.parts.end() ? launch::LaunchFile()
                                      : launch::parse_launch(file->second, file->first);
}

std::vector<std::string> steps_to_come(const Node& node, const std::string& previous) {
  std::vector<std::string> steps = step_names();
  const bool any_named = !config::load_node_settings(config::node_file_of(node.root)).targets.empty();
  if (!any_named && written_targets(node, previous).empty()) std::erase(steps, "targets");
  return steps;
}

// As if it had ended good already.
std::vector<std::string> rollbacks_ended(const Node& node, const config::Project& project, const Plan& plan,
                                         std::vector<phase::HistoryEntry> history) {
  phase::HistoryEntry entry;
  entry.deployment = plan.id;
  entry.outcome = "good";
  entry.parent = plan.parent;
  entry.ended = node.around.clock.seconds();
  history.push_back(entry);
  const auto kept = kept_by(project.keep.content, history);
  std::vector<std::string> ended;
  for (const auto& old : history) {
    const bool is_here = old.outcome == "good" && old.deployment != plan.id &&
                         node.dir.exists(places_of(node.root.layout, old.deployment).tree);
    if (is_here && !kept.contains(old.deployment) && old.deployment != plan.parent &&
        !is_pinned(node, old.deployment))
      ended.push_back(old.version + " " + old.deployment);
  }
  return ended;
}

std::string list_or_none(const std::vector<std::string>& words) {
  return words.empty() ? "none" : fmt::format("{}", fmt::join(words, ", "));
}

}  // namespace

Forecast forecast_apply(const Node& node, const std::filesystem::path& path,
                        const crypto::TrustPolicy& policy, const ApplyOptions& options) {
  check_owners(node);
  if (is_open(phase::Journal::read(node.journal_path()))) {
    throw base::Error(base::Fault::refused,
                      "a transaction runs here, or was interrupted: nobody can tell what comes after it",
                      "wait until it has ended, or run `release recover`");
  }
  const artifact::Archive archive = artifact::open_archive(path, policy);
  const auto history = phase::read_history(node.history_path());
  const Plan plan = begin_apply(node, archive, policy, options, history);
  const artifact::Contents contents = artifact::read_contents(archive);
  const config::Project project = project_in(node, contents, options);
  Forecast forecast;
  forecast.project = node.root.project;
  forecast.version = plan.version;
  forecast.previous_version = plan.previous_version;
  if (!plan.previous.empty()) forecast.targets = look_at_targets(node, plan.previous);
  forecast.is_in_service = is_in_service(node, archive, plan) && forecast.targets.differences.empty();
  forecast.steps = steps_to_come(node, plan.previous);
  tree::Manifest before;
  forecast.hooks = hook_names(contents.manifest, {"post_deploy", "upgrade", "post_install"});
  if (!plan.previous.empty()) {
    const ReleaseTree previous = read_release(node, plan.previous);
    before = previous.manifest;
    const std::vector<std::string> phases =
        is_adopted(previous.info) ? std::vector<std::string>() : std::vector<std::string>{"dump", "restore"};
    for (const std::string& hook : hook_names(before, phases))
      forecast.hooks.push_back(fmt::format("{} (of {})", hook, plan.previous_version));
    tree::StatIndex index = tree::StatIndex::load(node.index_path());
    forecast.drift = find_drift(node, plan.previous, index);
  }
  forecast.id = plan_id(node, archive, plan, forecast.drift, forecast.targets);
  forecast.changes = compare(before, contents.manifest);
  forecast.bytes = bytes_written(forecast.changes, contents.manifest);
  forecast.data_bytes = plan.data->bytes;
  forecast.needs = forecast_space(node, archive.info, *plan.data);
  forecast.processes = process_names(launch_in(contents), project);
  forecast.undo_data = config::name_of(project.undo_data);
  forecast.downtime = usual_downtime(history);
  forecast.rollbacks_ended = rollbacks_ended(node, project, plan, history);
  return forecast;
}

std::vector<std::string> in_lines(const Forecast& forecast) {
  constexpr size_t most_shown = 20;
  std::vector<std::string> lines;
  const auto say = [&](std::string line) { lines.push_back(std::move(line)); };
  say(forecast.previous_version.empty()
          ? fmt::format("{} {}, the first here", forecast.project, forecast.version)
          : fmt::format("{} {} in place of {}", forecast.project, forecast.version,
                        forecast.previous_version));
  if (forecast.is_in_service)
    say("  in service already, with the same configuration: nothing to do, unless --again");
  say("  paths: " + counts_of(forecast.changes));
  for (size_t i = 0; i < std::min(most_shown, forecast.changes.size()); ++i)
    say("    " + line_of(forecast.changes[i]));
  if (forecast.changes.size() > most_shown)
    say(fmt::format("    and {} more", forecast.changes.size() - most_shown));
  say(fmt::format("  to write: at most {} bytes, and {} of data to copy", forecast.bytes,
                  forecast.data_bytes));
  for (const Need& need : forecast.needs) {
    say(fmt::format("  room: at most {} bytes and {} inodes of {} and {} that are free at {}",
                    need.needed.bytes, need.needed.inodes, need.free.bytes,
                    need.counts_inodes ? std::to_string(need.free.inodes) : "as many as fit",
                    need.place.native()));
  }
  say("  hooks: " + list_or_none(forecast.hooks));
  say("  processes: " + list_or_none(forecast.processes));
  say(fmt::format("  data goes back when it fails: {}", forecast.undo_data));
  say(forecast.downtime ? fmt::format("  downtime: about {} s, as the last times", *forecast.downtime)
                        : "  downtime: not known yet");
  for (const std::string& ended : forecast.rollbacks_ended) say("  no rollback any more to " + ended);
  if (!forecast.drift.empty())
    say(fmt::format("  somebody has changed run/ in {} ways (--keep-drift, --discard-drift):",
                    forecast.drift.size()));
  for (size_t i = 0; i < std::min(most_shown, forecast.drift.size()); ++i)
    say("    " + forecast.drift[i].describe());
  if (!forecast.targets.differences.empty())
    for (const std::string& line : in_lines(forecast.targets)) say("  " + line);
  say(fmt::format("  steps: {}", fmt::join(forecast.steps, " ")));
  say(fmt::format("plan {}", forecast.id));
  return lines;
}

Value encode(const Forecast& forecast) {
  const auto list = [](const auto& items, auto show) {
    Value values = Value::list();
    for (const auto& item : items) values.push(show(item));
    return values;
  };
  return Value::map(
      {{"plan", forecast.id},
       {"project", forecast.project},
       {"version", forecast.version},
       {"previous_version", forecast.previous_version},
       {"in_service", forecast.is_in_service},
       {"steps", text::list_of(forecast.steps)},
       {"changes", encode(forecast.changes)},
       {"bytes", forecast.bytes},
       {"data_bytes", forecast.data_bytes},
       {"room", list(forecast.needs, [](const Need& need) { return encode(need); })},
       {"hooks", text::list_of(forecast.hooks)},
       {"processes", text::list_of(forecast.processes)},
       {"undo_data", forecast.undo_data},
       {"downtime_seconds", forecast.downtime ? Value(*forecast.downtime) : Value()},
       {"drift", list(forecast.drift, [](const tree::Difference& one) { return Value(one.describe()); })},
       {"targets", encode(forecast.targets.differences)},
       {"rollbacks_ended", text::list_of(forecast.rollbacks_ended)}});
}

}  // namespace bakehouse::node
