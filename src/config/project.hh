// The project file `bake.yaml`, decoded and checked.
#pragma once

#include "base/tree_path.hh"
#include "text/decode.hh"
#include "text/value.hh"

#include <chrono>
#include <csignal>
#include <cstdint>
#include <filesystem>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace bakehouse::config {

struct VersionSource {
  enum class Kind { git, file, literal } kind = Kind::git;
  std::string text;  // the file's path, or the literal
};

using Variables = std::map<std::string, std::string>;

struct BuildSettings {
  Variables environment;
  std::chrono::milliseconds time_limit{std::chrono::minutes(30)};
  // Where buildpacks and processes see the application, besides run/.
  std::optional<std::filesystem::path> app_path;
  std::vector<std::string> ignored_targets;  // ids of buildpacks that may be made for other machines
};

struct ProcessSettings {
  std::optional<std::string> command;  // a shell line; overrides the buildpacks' process of that name
  std::optional<int> port;             // of the first instance; each further one has the next
  // Where somebody listens for it, "127.0.0.1:8000"; all instances accept there, from descriptor 3.
  std::optional<std::string> socket;
  std::optional<int> count;        // instances NAME.1, NAME.2, ...; none: one, called NAME
  std::vector<std::string> after;  // processes that are started before
  int stop_signal = SIGTERM;
  std::optional<std::chrono::milliseconds> stop_timeout;
  std::string schedule;  // five fields of cron; "": kept running
  Variables variables;   // over those of all processes: texts with places for values of the pillar
};

struct HealthCheck {
  enum class Kind { http, tcp, command } kind = Kind::http;
  // An URL (http), host:port (tcp) or a shell line (command). An URL or address that begins with
  // '/' or ':' was completed with the port of the process `web`.
  std::string target;
  int status = 200;                 // http
  std::optional<std::string> body;  // http: must occur in the answer
  std::chrono::milliseconds within{std::chrono::seconds(30)};
  std::chrono::milliseconds every{std::chrono::seconds(1)};
  int times = 1;                      // successes in a row
  std::chrono::milliseconds stay{0};  // how long it must go on succeeding
};

// A path in run/ that is a link to a path in data/.
struct DataLink {
  base::TreePath in_run;
  base::TreePath in_data;
};

// A path in run/ that the application may write. Nothing there is drift.
struct Writable {
  base::TreePath path;
  enum class Then { discard, keep } then = Then::discard;  // at the next deployment
};

enum class UndoData { closed, always, never };
std::string_view name_of(UndoData rule);

struct HookSettings {
  std::chrono::milliseconds time_limit{std::chrono::minutes(10)};
  bool changes_data = false;  // what serves could not go on beside it
};

// How many deployments of the past are kept: the newest, and the newest of so many days, weeks, months and
// years.
struct KeepRule {
  int last = 5;
  int daily = 0;
  int weekly = 0;
  int monthly = 0;
  int yearly = 0;
};
// Without a rule all are kept.
struct Keep {
  std::optional<KeepRule> content;  // trees: what a rollback needs
  std::optional<KeepRule> data;     // the copies of data and dumps
};

// What keeps the processes running. It is the machine's to say, in node.yaml.
struct ServiceSettings {
  enum class Driver { automatic, supervisor, systemd, none } driver = Driver::automatic;
  // `overlap`: the old processes go on until the new ones are well.
  enum class Strategy { restart, overlap } strategy = Strategy::restart;
  uint64_t log_size = uint64_t{10} * 1024 * 1024;  // a log that becomes larger is begun anew
  int log_keep = 5;                                // files of the past
  std::optional<std::string> user;                 // as whom they run
  // As whom hooks run; only the node's own file has a say.
  enum class Hooks { as_user, as_root } hooks = Hooks::as_user;
  // Of units only:
  bool is_hardened = true;
  std::map<std::string, std::string> hardening;  // settings of systemd.exec(5) over those of a unit
};

// How many backups of data are kept, whoever took them; without any word nothing is forgotten.
struct BackupRule {
  int last = 0;
  int daily = 0;
  int weekly = 0;
  int monthly = 0;
  int yearly = 0;
  std::chrono::milliseconds within{0};  // all that are younger

  bool is_empty() const {
    return last == 0 && daily == 0 && weekly == 0 && monthly == 0 && yearly == 0 && within.count() == 0;
  }
};

struct Project {
  std::string name;
  VersionSource version;
  std::string layout = "makina";
  std::optional<std::filesystem::path> root;  // production's, absolute
  std::vector<std::string> buildpacks;        // empty: all shipped ones are asked
  BuildSettings build;
  std::map<std::string, ProcessSettings> processes;
  Variables variables;  // `env`: of all processes, and of commands that `release exec` starts
  ServiceSettings services;
  std::vector<HealthCheck> health;
  std::vector<DataLink> data;
  std::vector<Writable> writable;
  UndoData undo_data = UndoData::closed;
  Keep keep;
  BackupRule backups;  // `backups: {keep: ...}`
  HookSettings hook_defaults;
  std::map<std::string, HookSettings> hooks;  // by phase; only those that differ
  std::vector<std::string> allowed_secrets;   // `secrets: {allow: ...}`: files in which nothing is one

  HookSettings hook(const std::string& phase) const;
};

// Every fault of the merged value goes to `faults`; the result is whole only when there are none.
Project decode_project(const text::Value& merged, text::Diagnostics& faults);

// The member `services` of a file, alone.
ServiceSettings decode_services(const text::Value& value, text::Diagnostics& faults);

// The keys of formats.md that this version knows of but cannot honour yet are refused by name:
// a setting that silently does nothing would be worse than an error.

}  // namespace bakehouse::config
