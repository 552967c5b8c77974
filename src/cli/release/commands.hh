// The commands of `release`, each from a struct of options to an exit code.
#pragma once

#include "cli/common/program.hh"
#include "node/node.hh"

#include <chrono>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

namespace bakehouse::cli {

// `--wait` of the commands that take the switch lock: "" (not given), "ever", or a time such as "10m".
using Wait = std::string;

// Of an option that is a time: "30s", "10m", "2h".
std::chrono::milliseconds parse_time(const std::string& text, const std::string& option,
                                     const std::string& hint = {});
// What a command works on: the root that was named or is around.
node::Node open_node(const GlobalOptions& global, const Screen& screen, const Wait& wait = {});

struct InitCommand {
  std::string name;
  std::string layout = "makina";
  std::optional<std::filesystem::path> adopt;  // a tree that becomes the first deployment
  std::string version = "adopted";             // of that
};
int run_init(const GlobalOptions& global, const InitCommand& command, const Screen& screen);

struct TrustCommand {
  std::string subject;  // a key file (add), a key id or name (remove)
};
int run_trust_add(const GlobalOptions& global, const TrustCommand& command, const Screen& screen);
int run_trust_list(const GlobalOptions& global, const Screen& screen);
int run_trust_remove(const GlobalOptions& global, const TrustCommand& command, const Screen& screen);

struct ApplyCommand {
  std::string archive;  // a file, or a version in the root's releases/
  std::vector<std::string> settings;
  bool allow_downgrade = false;
  bool allow_future = false;
  std::string confirm_within;  // a time; "": it counts at once
  bool detach = false;
  bool again = false;
  bool keep_drift = false;
  bool discard_drift = false;
  std::optional<std::string> plan;  // apply
  Wait wait;
};
int run_plan(const GlobalOptions& global, const ApplyCommand& command, const Screen& screen);
int run_apply(const GlobalOptions& global, const ApplyCommand& command, const Screen& screen);

struct RollbackCommand {
  std::optional<std::string> deployment;
  Wait wait;
};
int run_rollback(const GlobalOptions& global, const RollbackCommand& command, const Screen& screen);

struct RecoverCommand {
  bool boot = false;  // we are a unit that the services wait for
  Wait wait;
};
int run_recover(const GlobalOptions& global, const RecoverCommand& command, const Screen& screen);
int run_confirm(const GlobalOptions& global, const Screen& screen);
// Waits for the deadline of what is provisional.
int run_expire(const GlobalOptions& global, const Screen& screen);
int run_cancel(const GlobalOptions& global, const Screen& screen);

struct FreezeCommand {
  std::string reason;
};
int run_freeze(const GlobalOptions& global, const FreezeCommand& command, const Screen& screen);
int run_thaw(const GlobalOptions& global, const Screen& screen);

struct PruneCommand {
  bool emergency = false;
  bool dry_run = false;
  bool logs = false;
  Wait wait;
};
int run_prune(const GlobalOptions& global, const PruneCommand& command, const Screen& screen);

struct PinCommand {
  std::string deployment;
  bool off = false;
  Wait wait;
};
int run_pin(const GlobalOptions& global, const PinCommand& command, const Screen& screen);

struct BackupCommand {
  std::optional<std::string> id;  // check: else the newest
  std::vector<std::string> ids;   // forget: those, whatever the rule says
  bool prove = false;             // check --restore
  bool dry_run = false;           // forget, prune
  Wait wait;
};
int run_backup_create(const GlobalOptions& global, const BackupCommand& command, const Screen& screen);
int run_backup_list(const GlobalOptions& global, const Screen& screen);
int run_backup_check(const GlobalOptions& global, const BackupCommand& command, const Screen& screen);
int run_backup_restore(const GlobalOptions& global, const BackupCommand& command, const Screen& screen);
int run_backup_forget(const GlobalOptions& global, const BackupCommand& command, const Screen& screen);
int run_backup_prune(const GlobalOptions& global, const BackupCommand& command, const Screen& screen);

struct StatusCommand {
  bool check = false;
};
int run_status(const GlobalOptions& global, const StatusCommand& command, const Screen& screen);
struct LogCommand {
  std::optional<std::string> deployment;  // else the newest, or the one in progress
  bool follow = false;
};
int run_log(const GlobalOptions& global, const LogCommand& command, const Screen& screen);
int run_history(const GlobalOptions& global, const Screen& screen);

struct MetricsCommand {
  std::optional<std::filesystem::path> output;  // else standard output
};
int run_metrics(const GlobalOptions& global, const MetricsCommand& command, const Screen& screen);

// Sends a message that says it is a test to every receiver, and tells what each answered.
int run_notify_test(const GlobalOptions& global, const Screen& screen);
// Tries again whatever waits in the outbox.
int run_notify_flush(const GlobalOptions& global, const Screen& screen);

struct DiffCommand {
  std::optional<std::string> from;  // a deployment; none: run/ against what it should hold
  std::optional<std::string> to;    // else the one in service
};
int run_diff(const GlobalOptions& global, const DiffCommand& command, const Screen& screen);

struct VerifyCommand {
  std::optional<std::filesystem::path> subject;  // an archive, or a directory with a release in it
};
int run_verify(const GlobalOptions& global, const VerifyCommand& command, const Screen& screen);

struct ArchiveCommand {
  std::filesystem::path archive;
  std::vector<std::string> paths;  // extract
  std::filesystem::path to = ".";  // extract
};
int run_show(const GlobalOptions& global, const ArchiveCommand& command, const Screen& screen);
int run_list(const GlobalOptions& global, const ArchiveCommand& command, const Screen& screen);
int run_extract(const GlobalOptions& global, const ArchiveCommand& command, const Screen& screen);

struct ServeCommand {
  bool detach = false;
};
int run_serve(const GlobalOptions& global, const ServeCommand& command, const Screen& screen);

// Of `start`, `stop` and `restart`.
struct ProcessCommand {
  std::vector<std::string> names;  // processes or instances; none: all
  Wait wait;
};
int run_start(const GlobalOptions& global, const ProcessCommand& command, const Screen& screen);
int run_stop(const GlobalOptions& global, const ProcessCommand& command, const Screen& screen);
int run_restart(const GlobalOptions& global, const ProcessCommand& command, const Screen& screen);

struct ExecCommand {
  std::vector<std::string> words;  // a process or a command, with arguments; none: the default process
};
// Returns only when the process could not be started.
int run_exec(const GlobalOptions& global, const ExecCommand& command, const Screen& screen);

}  // namespace bakehouse::cli
