// Commands on the copies of data/.
#include "base/encoding.hh"
#include "base/error.hh"
#include "cli/release/commands.hh"
#include "node/backup_forget.hh"
#include "node/backup_restore.hh"
#include "node/backups.hh"

#include <fmt/format.h>

#include <algorithm>
#include <iostream>

#include <unistd.h>

namespace bakehouse::cli {
namespace {

using base::Error;
using base::Fault;
using node::Backup;
using text::Value;

std::string checked_in_words(const Backup& backup) {
  if (!backup.checked) return "not checked";
  return fmt::format("{} {}", backup.checked->was_restored ? "restored" : "checked",
                     base::iso_datetime(backup.checked->time));
}

std::string in_line(const Backup& backup) {
  return fmt::format("{}  {:<8}  {:<10}  {:<12} {:>8} {:>14} {:>14}  {:<10}  {}", backup.id,
                     backup.record.kind, base::iso_datetime(backup.record.time),
                     backup.record.version.empty() ? "-" : backup.record.version, backup.record.files,
                     backup.record.bytes, backup.own_bytes, name_of(backup.state), checked_in_words(backup));
}

void confirm_restore(const Backup& backup, bool yes, const Screen& screen) {
  if (yes) return;
  const std::string what =
      fmt::format("this puts data back as it was {}; what was written since is kept aside and not in service",
                  base::iso_datetime(backup.record.time));
  if (::isatty(STDIN_FILENO) != 1 || screen.json())
    throw Error(Fault::refused, what, "say --yes when that is what you want");
  std::cout << what << "\nGo on? [y/N] " << std::flush;
  std::string answer;
  std::getline(std::cin, answer);
  if (answer != "y" && answer != "yes") throw Error(Fault::refused, "nothing was changed");
}

}  // namespace

int run_backup_create(const GlobalOptions& global, const BackupCommand& command, const Screen& screen) {
  const node::Node node = open_node(global, screen, command.wait);
  screen.say("two passes over data/, without a stop");
  const node::Created created = node::create_backup(node);
  constexpr size_t most_shown = 10;
  for (size_t i = 0; i < std::min(most_shown, created.torn.size()); ++i)
    screen.say(fmt::format("written to all the while, and copied as it was read: {}",
                           base::printable(created.torn[i].str())));
  if (created.torn.size() > most_shown)
    screen.say(fmt::format("and {} more such files", created.torn.size() - most_shown));
  if (!created.torn.empty())
    screen.say("a file that is whole only at rest, like a database's, wants a `dump` hook");
  const auto& record = created.backup.record;
  screen.say(fmt::format("{} files, {} bytes as {}: {} files shared with the backup before", record.files,
                         record.bytes, created.backup.id, created.made.linked));
  Value torn = Value::list();
  for (const auto& path : created.torn) torn.push(base::printable(path.str()));
  screen.done(Value::map({{"outcome", "created"},
                          {"backup", created.backup.id},
                          {"files", record.files},
                          {"bytes", record.bytes},
                          {"linked", created.made.linked},
                          {"torn", torn}}));
  return 0;
}

int run_backup_list(const GlobalOptions& global, const Screen& screen) {
  const node::Node node = open_node(global, screen);
  auto backups = node::list_backups(node);
  Value all = Value::list();
  if (backups.empty()) screen.say("there is no backup here");
  if (!backups.empty())
    screen.say(fmt::format("{:<53}  {:<8}  {:<20}  {:<12} {:>8} {:>14} {:>14}  {:<10}  {}", "id", "kind",
                           "time", "version", "files", "bytes", "of its own", "state", "last check"));
  for (Backup& backup : backups) {
    node::count_own_bytes(node, backup);
    screen.say(in_line(backup));
    all.push(node::encode(backup));
  }
  screen.answer(Value::map({{"backups", all}}));
  return 0;
}

int run_backup_check(const GlobalOptions& global, const BackupCommand& command, const Screen& screen) {
  const node::Node node = open_node(global, screen, command.wait);
  const Backup backup = node::find_backup(node, command.id);
  const auto depth = command.prove ? node::CheckDepth::restore : node::CheckDepth::digests;
  node::check_backup(node, backup, depth);
  screen.say(fmt::format("{} is good: {} files, {} bytes{}", backup.id, backup.record.files,
                         backup.record.bytes, command.prove ? ", restored and compared" : ""));
  screen.done(Value::map({{"outcome", "good"}, {"backup", backup.id}, {"restored", command.prove}}));
  return 0;
}

int run_backup_restore(const GlobalOptions& global, const BackupCommand& command, const Screen& screen) {
  const node::Node node = open_node(global, screen, command.wait);
  const Backup backup = node::find_backup(node, command.id);
  const auto restored =
      node::restore_backup(node, backup, [&] { confirm_restore(backup, global.yes, screen); });
  const Value facts = Value::map({{"outcome", restored.result.outcome},
                                  {"backup", backup.id},
                                  {"replaced", restored.replaced.native()}});
  if (restored.result.error) {
    screen.fail(*restored.result.error, facts);
    return base::exit_code(restored.result.error->fault());
  }
  screen.say(fmt::format("data is as it was {}; what it was until now is in {}",
                         base::iso_datetime(backup.record.time), restored.replaced.native()));
  screen.done(facts);
  return 0;
}

int run_backup_forget(const GlobalOptions& global, const BackupCommand& command, const Screen& screen) {
  const node::Node node = open_node(global, screen, command.wait);
  const auto plan = node::forget_backups(node, command.ids, command.dry_run);
  for (const auto& kept : plan.kept)
    screen.say(fmt::format("kept       {}: {}", kept.id, fmt::join(kept.reasons, ", ")));
  for (const std::string& id : plan.forgotten)
    screen.say(fmt::format("{} {}", command.dry_run ? "not kept  " : "forgotten ", id));
  if (plan.has_no_rule && command.ids.empty())
    screen.say("there is no rule `backups: {keep: ...}` in the configuration: nothing is forgotten");
  else if (plan.forgotten.empty())
    screen.say("nothing to forget");
  else if (!command.dry_run)
    screen.say("`release backup prune` removes what is forgotten");
  screen.answer(node::encode(plan));
  return 0;
}

int run_backup_prune(const GlobalOptions& global, const BackupCommand& command, const Screen& screen) {
  const node::Node node = open_node(global, screen, command.wait);
  const auto removed = node::prune_backups(node, command.dry_run);
  for (const auto& id : removed.ids)
    screen.say(fmt::format("{} {}", command.dry_run ? "would go" : "removed", id));
  screen.say(removed.ids.empty()
                 ? "nothing to remove"
                 : fmt::format("{} {} bytes", command.dry_run ? "would free" : "freed", removed.bytes));
  screen.answer(Value::map({{"removed", text::list_of(removed.ids)}, {"bytes", removed.bytes}}));
  return 0;
}

}  // namespace bakehouse::cli
