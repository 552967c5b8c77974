#include "bakery/push_record.hh"

#include "base/encoding.hh"
#include "base/error.hh"
#include "base/files.hh"
#include "phase/lock.hh"
#include "text/json.hh"

#include <fmt/format.h>

namespace bakehouse::bakery {
namespace {

namespace fs = std::filesystem;
using base::Error;
using base::Fault;
using text::Value;

constexpr uint64_t largest_record = 64 << 10;

fs::path record_path(const node::Node& node, const std::string& remote) {
  return node.root.state() / "push" / (remote + ".json");
}

// Whether it ended, one way or the other. "" stands for one that never began.
bool is_over(const node::Node& node, const std::string& deployment) {
  if (deployment.empty()) return true;
  const auto history = phase::read_history(node.history_path());
  return phase::find_deployment(history, deployment) != nullptr;
}

// It is named when its transaction begins: whether it ended well only the history knows.
bool is_in_service(const node::Node& node, const std::string& deployment) {
  const auto history = phase::read_history(node.history_path());
  const auto* entry = phase::find_deployment(history, deployment);
  return entry != nullptr && entry->outcome == "good" &&
         node::deployment_in(node.dir, node.root.layout.run) == deployment;
}

bool is_on_branch(const node::Node& node, const std::string& remote, const PushRecord& record) {
  const auto repository = source::Remote::open(remote_path(node.root, remote));
  if (!repository.has(record.update.after)) return false;
  const auto tip = repository.commit_of(record.update.ref);
  return tip && repository.holds(*tip, record.update.after);
}

std::string what_is_wrong(const node::Node& node, const std::string& remote, const PushRecord& record) {
  const fs::path repository = remote_path(node.root, remote);
  if (is_lost(node, remote, record)) {
    return fmt::format(
        "deployed commit not on branch: {} is in service, and '{}' does not hold it any more; "
        "push it once more",
        record.update.after, repository.native());
  }
  return fmt::format(
      "deployed commit not on branch: {} is in service, {} in {} does not hold it; "
      "`bake receive {} --repair` moves the branch there",
      record.update.after, base::printable(record.update.ref), repository.native(), remote);
}

}  // namespace

fs::path remote_path(const config::Root& root, const std::string& remote) {
  if (remote == "project") return root.at(root.layout.source_remote);
  if (remote == "pillar") return root.at(root.layout.pillar_remote);
  throw Error(Fault::usage, fmt::format("there is no remote '{}' in a root", base::printable(remote)),
              "it is project or pillar");
}

void write_push_record(const node::Node& node, const std::string& remote, const PushRecord& record) {
  const fs::path path = record_path(node, remote);
  fs::create_directories(path.parent_path());
  base::write_file(path, text::to_json(Value::map({{"schema", int64_t{1}},
                                                   {"ref", base::printable(record.update.ref)},
                                                   {"before", record.update.before},
                                                   {"after", record.update.after},
                                                   {"deployment", record.deployment},
                                                   {"moved", record.has_moved}})) +
                             "\n");
}

std::optional<PushRecord> read_push_record(const node::Node& node, const std::string& remote) {
  const fs::path path = record_path(node, remote);
  const auto content = base::read_file_if_any(path, largest_record);
  if (!content) return std::nullopt;
  const Value value = text::parse_json(*content, path.native());
  PushRecord record;
  record.update = {value.string_at("ref"), value.string_at("before"), value.string_at("after")};
  record.deployment = value.string_at("deployment");
  record.has_moved = value.boolean_at("moved");
  if (source::is_object_id(record.update.before) && source::is_object_id(record.update.after)) return record;
  throw Error(Fault::input, fmt::format("'{}' names no commits", path.native()), "remove it");
}

void require_over(const node::Node& node, const std::string& deployment) {
  if (is_over(node, deployment)) return;
  const auto recovered = node::recover_under_lock(node, "bake receive");
  if (recovered && recovered->outcome == "needs-hands") throw Error(*recovered->error);
}

std::optional<PushRecord> find_unmoved(const node::Node& node, const std::string& remote) {
  const auto record = read_push_record(node, remote);
  if (!record || record->has_moved || !is_in_service(node, record->deployment)) return std::nullopt;
  if (is_on_branch(node, remote, *record)) return std::nullopt;
  return record;
}

bool serves_unmoved(const node::Node& node, const std::string& remote) {
  const auto record = read_push_record(node, remote);
  return record && !record->has_moved && !is_on_branch(node, remote, *record) &&
         node::deployment_in(node.dir, node.root.layout.run) == record->deployment;
}

bool is_lost(const node::Node& node, const std::string& remote, const PushRecord& record) {
  return !source::Remote::open(remote_path(node.root, remote)).has(record.update.after);
}

// What cannot be told is no reason not to bake.
void tell_unmoved(const node::Node& node) {
  if (phase::Lock::holder(node.root.state() / "build.lock")) return;
  for (const char* remote : {"project", "pillar"}) {
    std::string warning;
    try {
      if (const auto record = find_unmoved(node, remote)) warning = what_is_wrong(node, remote, *record);
    } catch (const Error& error) {
      warning = fmt::format("whether the deployed commit is on its branch is not known: {}", error.what());
    }
    if (!warning.empty()) node.around.events({base::Event::Kind::warning, "", warning});
  }
}

void move_branch(const node::Node& node, const std::string& remote, PushRecord record) {
  const auto repository = source::Remote::open(remote_path(node.root, remote));
  if (!repository.has(record.update.after)) {
    throw Error(Fault::needs_hands,
                fmt::format("deployed commit not on branch: {} is in service, but it is not in '{}' any more",
                            record.update.after, remote_path(node.root, remote).native()),
                "push it once more");
  }
  if (!is_on_branch(node, remote, record) && !repository.move(record.update)) {
    throw Error(
        Fault::needs_hands,
        fmt::format("deployed commit not on branch: {} is in service, but {} was moved elsewhere meanwhile",
                    record.update.after, base::printable(record.update.ref)),
        "push a commit that holds both with `-o skip-deploy`; what is pushed after it is deployed");
  }
  repository.begin_with(record.update.ref);
  record.has_moved = true;
  write_push_record(node, remote, record);
}

}  // namespace bakehouse::bakery
