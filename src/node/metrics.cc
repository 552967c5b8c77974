#include "node/metrics.hh"

#include "base/error.hh"
#include "node/backups.hh"
#include "node/disk_usage.hh"
#include "node/release_tree.hh"
#include "node/status.hh"
#include "phase/history.hh"

#include <fmt/format.h>

#include <algorithm>
#include <map>

#include <sys/statvfs.h>

namespace bakehouse::node {
namespace {

namespace fs = std::filesystem;
using base::TreePath;
using text::Metric;
using text::Sample;
using Labels = std::vector<std::pair<std::string, std::string>>;

// Collects samples, each with the label that tells the projects of one machine apart.
class Collector {
 public:
  explicit Collector(const std::string& project) : project_(project) {}

  void begin(Metric::Type type, std::string name, std::string help) {
    metrics_.push_back({type, "bakehouse_" + std::move(name), std::move(help), {}});
  }
  void add(int64_t value, const Labels& labels = {}) {
    Sample sample{{{"project", project_}}, value};
    sample.labels.insert(sample.labels.end(), labels.begin(), labels.end());
    metrics_.back().samples.push_back(std::move(sample));
  }
  void gauge(std::string name, std::string help, int64_t value, const Labels& labels = {}) {
    begin(Metric::Type::gauge, std::move(name), std::move(help));
    add(value, labels);
  }
  std::vector<Metric> take() { return std::move(metrics_); }

 private:
  const std::string& project_;
  std::vector<Metric> metrics_;
};

void add_deployments(Collector& all, const std::vector<phase::HistoryEntry>& history) {
  std::map<std::pair<std::string, std::string>, int64_t> counts;
  // A counter that is not there before the first failure hides that failure from rate().
  for (const char* kind : {"apply", "rollback"}) {
    for (const char* outcome : {"good", "failed", "reverted"}) counts[{kind, outcome}] = 0;
  }
  for (const auto& entry : history) ++counts[{entry.kind, entry.outcome}];
  all.begin(Metric::Type::counter, "deployments_total", "Deployments that have ended, by kind and outcome.");
  for (const auto& [key, count] : counts) all.add(count, {{"kind", key.first}, {"outcome", key.second}});
}

void add_last(Collector& all, const std::vector<phase::HistoryEntry>& history) {
  if (const auto* good = phase::last_good(history)) {
    all.gauge("last_good_timestamp_seconds", "When the last good deployment ended.", good->ended);
  }
  if (history.empty()) return;
  const phase::HistoryEntry& last = history.back();
  all.gauge("last_deployment_timestamp_seconds", "When the last deployment ended, however it did.",
            last.ended);
  all.gauge("last_deployment_good", "Whether the last deployment ended good.",
            static_cast<int64_t>(last.outcome == "good"));
  all.gauge("last_deployment_duration_seconds", "How long the last deployment took.",
            std::max<int64_t>(last.ended - last.began, 0));
  all.begin(Metric::Type::gauge, "last_deployment_phase_duration_seconds",
            "How long each phase of the last deployment took.");
  for (const auto& [phase, seconds] : last.durations.members())
    all.add(last.durations.integer_at(phase), {{"phase", phase}});
}

void add_state(Collector& all, const Node& node, const Status& status) {
  if (!status.deployment.empty()) {
    all.gauge("release_info", "The release in service; always 1.", 1,
              {{"version", status.version}, {"deployment", status.deployment}});
    const fs::path patch = node.root.state() / "drift" / (status.deployment + ".patch");
    all.gauge("drift_found", "Whether changes of run/ were found since the release came into service.",
              static_cast<int64_t>(fs::exists(patch)));
  }
  all.gauge("recovery_needed", "Whether an interrupted transaction waits for recovery.",
            static_cast<int64_t>(status.recovery_needed));
  all.gauge("transaction_running", "Whether somebody holds the switch lock.",
            static_cast<int64_t>(!status.running.empty()));
  all.gauge("frozen", "Whether applies are refused until a thaw.",
            static_cast<int64_t>(status.frozen.has_value()));
  if (status.provisional) {
    all.gauge("provisional_deadline_timestamp_seconds",
              "When the release in service goes back unless it is confirmed.",
              status.provisional->deadline.wall);
  }
  all.gauge("notifications_waiting", "Notifications that nobody has taken yet.",
            static_cast<int64_t>(status.notices_waiting));
}

void add_processes(Collector& all, const Status& status) {
  all.begin(Metric::Type::gauge, "process_up", "Whether the process runs.");
  for (const auto& state : status.services)
    all.add(static_cast<int64_t>(state.running), {{"process", state.name}});
  for (const auto& state : status.orphans) all.add(1, {{"process", state.name}});
  for (const std::string& name : status.down) {
    const bool is_known =
        std::ranges::any_of(status.services, [&](const auto& state) { return state.name == name; }) ||
        std::ranges::any_of(status.orphans, [&](const auto& state) { return state.name == name; });
    if (!is_known) all.add(0, {{"process", name}});
  }
  all.begin(Metric::Type::counter, "process_restarts_total",
            "How often the process was started again by its supervisor.");
  for (const auto& state : status.services) all.add(state.restarts, {{"process", state.name}});
}

void add_backups(Collector& all, const Node& node) {
  std::vector<Backup> backups = list_backups(node);
  std::erase_if(backups, [](const Backup& backup) { return backup.state != Backup::State::complete; });
  all.gauge("backups", "Complete copies of data/ that are kept.", static_cast<int64_t>(backups.size()));
  if (backups.empty()) return;
  const Backup& newest = backups.back();
  const TreePath place = places_of(node.root.layout, newest.id).backup / "data";
  all.gauge("last_backup_timestamp_seconds", "When the newest copy of data/ was made.", newest.record.time);
  all.gauge("last_backup_size_bytes", "What the newest copy of data/ takes on the disk.",
            static_cast<int64_t>(usage_below(node.root.at(place), Counted::all).bytes));
}

void add_disks(Collector& all, const Node& node) {
  std::vector<std::pair<std::string, struct statvfs>> found;
  for (const auto& [role, path] :
       {std::pair<std::string, fs::path>{"root", node.root.path},
        std::pair<std::string, fs::path>{"data", node.root.at(node.root.layout.data)}}) {
    struct statvfs about {};
    if (::statvfs(path.c_str(), &about) == 0) found.emplace_back(role, about);
  }
  all.begin(Metric::Type::gauge, "filesystem_avail_bytes",
            "Room on the file system of that part of the root.");
  for (const auto& [role, about] : found)
    all.add(static_cast<int64_t>(about.f_bavail * about.f_frsize), {{"part", role}});
  all.begin(Metric::Type::gauge, "filesystem_files_free", "Free inodes there; 0 where it has no limit.");
  for (const auto& [role, about] : found) all.add(static_cast<int64_t>(about.f_favail), {{"part", role}});
}

}  // namespace

std::vector<Metric> read_metrics(const Node& node) {
  const Status status = read_status(node);
  const auto history = phase::read_history(node.history_path());
  Collector all(node.root.project);
  add_deployments(all, history);
  add_last(all, history);
  add_state(all, node, status);
  add_processes(all, status);
  add_backups(all, node);
  add_disks(all, node);
  return all.take();
}

}  // namespace bakehouse::node
