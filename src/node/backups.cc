#include "node/backups.hh"

#include "artifact/metadata.hh"
#include "base/encoding.hh"
#include "base/error.hh"
#include "base/files.hh"
#include "node/disk_usage.hh"
#include "node/transaction.hh"
#include "phase/journal.hh"
#include "text/json.hh"
#include "tree/manifest.hh"

#include <fmt/format.h>

#include <algorithm>

namespace bakehouse::node {
namespace {

using base::Error;
using base::Fault;
using text::Value;

// Of what versions before have left: what the history and the manifest say.
BackupRecord derive_record(const Node& node, const Places& places,
                           const std::vector<phase::HistoryEntry>& history) {
  BackupRecord record;
  record.kind = "apply";
  if (const auto* entry = phase::find_deployment(history, places.id)) {
    record.kind = entry->kind;
    record.time = entry->began;
    if (const auto* before = phase::find_deployment(history, entry->parent)) {
      record.deployment = before->deployment;
      record.version = before->version;
    }
  }
  const auto path = manifest_of_data(places);
  if (!node.dir.exists(path)) return record;
  const auto manifest =
      tree::parse_manifest(node.dir.read_file(path, artifact::largest_manifest), "data.manifest");
  record.bytes = manifest.bytes();
  for (size_t i = 0; i < manifest.entries.size(); ++i)
    record.files += manifest.entries.type(i) == base::FileType::regular ? 1 : 0;
  return record;
}

Backup::State state_of(const Node& node, const Places& places, const std::optional<BackupCheck>& checked) {
  if (node.dir.exists(places.backup / "forgotten.json")) return Backup::State::forgotten;
  if (!node.dir.exists(manifest_of_data(places))) return Backup::State::unfinished;
  return checked && !checked->is_good ? Backup::State::damaged : Backup::State::complete;
}

Backup look_at(const Node& node, const std::string& id, const std::vector<phase::HistoryEntry>& history) {
  const Places places = places_of(node.root.layout, id);
  Backup backup;
  backup.id = id;
  backup.state = state_of(node, places, {});
  try {
    backup.checked = read_check(node, places);
    backup.state = state_of(node, places, backup.checked);
    const auto record = read_backup_record(node, places);
    backup.record = record ? *record : derive_record(node, places, history);
  } catch (const Error& error) {
    // The others are to be seen all the same.
    node.around.events({base::Event::Kind::warning, "backup", fmt::format("{}: {}", id, error.what())});
    backup.state = Backup::State::damaged;
  }
  return backup;
}

// A deployment may have left other things, and a transaction that runs is no unfinished backup.
bool is_backup(const Node& node, const Places& places, const std::string& in_progress) {
  if (places.id == in_progress) return false;
  const auto parts = parts_of_backup(places);
  const auto is_there = [&](const base::TreePath& part) { return node.dir.exists(part); };
  return is_there(manifest_of_data(places)) || is_there(copy_of_data(places)) ||
         is_there(record_of(places)) || is_there(places.backup / "forgotten.json");
}

}  // namespace

std::optional<BackupCheck> read_check(const Node& node, const Places& places) {
  constexpr uint64_t largest = 64 << 10;
  const auto file = node.root.at(places.backup / "checked.json");
  const auto content = base::read_file_if_any(file, largest);
  if (!content) return std::nullopt;
  const Value value = text::parse_json(*content, file.native());
  return BackupCheck{value.integer_at("time"), value.boolean_at("good"), value.boolean_at("restored")};
}

std::string_view name_of(Backup::State state) {
  switch (state) {
    case Backup::State::complete: return "complete";
    case Backup::State::damaged: return "damaged";
    case Backup::State::forgotten: return "forgotten";
    case Backup::State::unfinished: break;
  }
  return "unfinished";
}

Value encode(const Backup& backup) {
  Value checked;
  if (backup.checked) {
    checked = Value::map({{"time", base::iso_datetime(backup.checked->time)},
                          {"good", backup.checked->is_good},
                          {"restored", backup.checked->was_restored}});
  }
  return Value::map({{"id", backup.id},
                     {"kind", backup.record.kind},
                     {"time", base::iso_datetime(backup.record.time)},
                     {"deployment", backup.record.deployment},
                     {"version", backup.record.version},
                     {"in_use", backup.record.in_use},
                     {"files", backup.record.files},
                     {"bytes", backup.record.bytes},
                     {"own_bytes", backup.own_bytes},
                     {"state", name_of(backup.state)},
                     {"checked", checked}});
}

std::vector<Backup> list_backups(const Node& node) {
  const auto records = phase::Journal::read(node.journal_path());
  const std::string in_progress = is_open(records) ? decode_plan(records.front().facts).id : std::string();
  const auto history = phase::read_history(node.history_path());
  std::vector<Backup> backups;
  for (const std::string& name : node.dir.open_dir(node.root.layout.archives).names()) {
    if (!is_deployment_id(name) || !is_backup(node, places_of(node.root.layout, name), in_progress)) continue;
    backups.push_back(look_at(node, name, history));
  }
  return backups;
}

void count_own_bytes(const Node& node, Backup& backup) {
  for (const auto& part : parts_of_backup(places_of(node.root.layout, backup.id)))
    backup.own_bytes += usage_of(node.root.at(part), Counted::freed).bytes;
}

Backup find_backup(const Node& node, const std::optional<std::string>& id) {
  const char* const hint = "`release backup list` names them; `release backup create` takes one";
  if (id) places_of(node.root.layout, *id);  // it could be one
  auto backups = list_backups(node);
  std::ranges::reverse(backups);
  const auto found = std::ranges::find_if(backups, [&](const Backup& backup) {
    return id ? backup.id == *id : backup.state == Backup::State::complete;
  });
  if (found != backups.end()) return *found;
  throw Error(
      Fault::input,
      id ? fmt::format("there is no backup '{}' here", base::printable(*id)) : "there is no backup here",
      hint);
}

}  // namespace bakehouse::node
