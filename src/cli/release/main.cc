#include "cli/common/parse.hh"
#include "cli/release/commands.hh"

#include <functional>

namespace {

using namespace bakehouse;  // NOLINT(google-build-using-namespace): the program is all of it

const cli::Grammar grammar{
    "release",
    {"init", "trust",   "plan",  "apply",  "rollback", "recover", "confirm", "expire", "cancel", "freeze",
     "thaw", "prune",   "pin",   "backup", "status",   "history", "log",     "diff",   "verify", "show",
     "list", "extract", "serve", "start",  "stop",     "restart", "exec",    "notify", "metrics"},
    "",
    {"--root", "--layout", "--set", "--plan", "--confirm-within", "--to", "--adopt", "--as", "--output"},
    {"exec"}};

struct Commands {
  cli::GlobalOptions global;
  cli::InitCommand init;
  cli::TrustCommand trust;
  cli::ApplyCommand apply;
  cli::RollbackCommand rollback;
  cli::RecoverCommand recover;
  cli::FreezeCommand freeze;
  cli::PruneCommand prune;
  cli::PinCommand pin;
  cli::BackupCommand backup;
  cli::StatusCommand status;
  cli::LogCommand log;
  cli::DiffCommand diff;
  cli::MetricsCommand metrics;
  cli::VerifyCommand verify;
  cli::ArchiveCommand archive;
  cli::ServeCommand serve;
  cli::ProcessCommand process;
  cli::ExecCommand exec;
  std::function<int(const cli::Screen&)> chosen;
};

using Run = int (*)(const Commands&, const cli::Screen&);

CLI::App* add(CLI::App& app, Commands& all, const char* name, const char* purpose, Run run) {
  auto* command = app.add_subcommand(name, purpose);
  command->fallthrough();
  command->callback(
      [&all, run] { all.chosen = [&all, run](const cli::Screen& screen) { return run(all, screen); }; });
  return command;
}

void add_globals(CLI::App& app, Commands& all) {
  app.add_option("--root", all.global.root,
                 "the root to work on (else the nearest above the working directory)");
  app.add_flag("--json", all.global.json, "one object, or one event a line, for programs");
  app.add_flag("--quiet", all.global.quiet, "errors and warnings only");
  app.add_flag("--no-color", all.global.no_color, "no colours");
  app.add_flag("--yes", all.global.yes, "answer every question with yes");
}

void add_trust(CLI::App& app, Commands& all) {
  auto* trust = app.add_subcommand("trust", "the keys this node accepts");
  trust->require_subcommand(1);
  trust->fallthrough();
  add(*trust, all, "add", "accept releases signed by a key",
      [](const Commands& c, const cli::Screen& screen) { return run_trust_add(c.global, c.trust, screen); })
      ->add_option("FILE", all.trust.subject, "the public key")
      ->required();
  add(*trust, all, "list", "the keys accepted",
      [](const Commands& c, const cli::Screen& screen) { return run_trust_list(c.global, screen); });
  add(*trust, all, "remove", "accept a key no longer",
      [](const Commands& c, const cli::Screen& screen) {
        return run_trust_remove(c.global, c.trust, screen);
      })
      ->add_option("KEY", all.trust.subject, "its id or name")
      ->required();
}

void add_metrics(CLI::App& app, Commands& all) {
  add(app, all, "metrics", "numbers for Prometheus, by node_exporter's textfile collector",
      [](const Commands& c, const cli::Screen& screen) { return run_metrics(c.global, c.metrics, screen); })
      ->add_option("--output", all.metrics.output, "the file to replace (NAME.prom); else standard output");
}

void add_notify(CLI::App& app, Commands& all) {
  auto* notify = app.add_subcommand("notify", "whoever is told how deployments end: `notify:` in node.yaml");
  notify->require_subcommand(1);
  notify->fallthrough();
  add(*notify, all, "test", "send a test message to everybody, and say what each answered",
      [](const Commands& c, const cli::Screen& screen) { return run_notify_test(c.global, screen); });
  add(*notify, all, "flush", "send what waits in the outbox",
      [](const Commands& c, const cli::Screen& screen) { return run_notify_flush(c.global, screen); });
}

// A value stands behind a '=': another word is the archive.
void add_wait(CLI::App* command, cli::Wait& wait) {
  command->add_flag("--wait{ever}", wait,
                    "wait for another command to end: as long as it takes, or --wait=10m");
}

// What a plan and an apply start from.
void add_intent(CLI::App* command, cli::ApplyCommand& apply) {
  command->add_option("ARCHIVE", apply.archive, "an archive, or a version in releases/")->required();
  command->add_option("--set", apply.settings, "a.b=value, over the configuration")->allow_extra_args(false);
  command->add_flag("--allow-downgrade", apply.allow_downgrade,
                    "accept a release older than one that was in service");
  command->add_flag("--allow-future", apply.allow_future,
                    "accept a sequence more than a day ahead of the clock");
}

void add_transactions(CLI::App& app, Commands& all) {
  add_intent(
      add(app, all, "plan", "what apply would do",
          [](const Commands& c, const cli::Screen& screen) { return run_plan(c.global, c.apply, screen); }),
      all.apply);
  auto* apply =
      add(app, all, "apply", "put a release into service, or leave everything as it was",
          [](const Commands& c, const cli::Screen& screen) { return run_apply(c.global, c.apply, screen); });
  add_intent(apply, all.apply);
  apply->add_option("--plan", all.apply.plan, "the id of a plan: refused when anything has changed since");
  auto* keep = apply->add_flag("--keep-drift", all.apply.keep_drift,
                               "make the changes that run/ has in the new release, too");
  apply->add_flag("--discard-drift", all.apply.discard_drift, "leave the changes that run/ has behind")
      ->excludes(keep);
  apply->add_option("--confirm-within", all.apply.confirm_within,
                    "go back by itself unless `release confirm` comes within this time");
  apply->add_flag("--again", all.apply.again, "also what is in service already, with the same configuration");
  apply->add_flag("--detach", all.apply.detach, "go on in the background once nothing is refused");
  add_wait(apply, all.apply.wait);
  auto* rollback = add(app, all, "rollback", "put the deployment before the current one back",
                       [](const Commands& c, const cli::Screen& screen) {
                         return run_rollback(c.global, c.rollback, screen);
                       });
  rollback->add_option("DEPLOYMENT", all.rollback.deployment, "another one, as `release history` names it");
  add_wait(rollback, all.rollback.wait);
  auto* recover = add(
      app, all, "recover", "take up a transaction that was interrupted",
      [](const Commands& c, const cli::Screen& screen) { return run_recover(c.global, c.recover, screen); });
  recover->add_flag("--boot", all.recover.boot, "as the unit of systemd that the services wait for");
  add_wait(recover, all.recover.wait);
}

void add_holds(CLI::App& app, Commands& all) {
  add(app, all, "confirm", "keep what is provisional",
      [](const Commands& c, const cli::Screen& screen) { return run_confirm(c.global, screen); });
  add(app, all, "expire", "wait until what is provisional is confirmed; go back when it is not",
      [](const Commands& c, const cli::Screen& screen) { return run_expire(c.global, screen); });
  add(app, all, "cancel", "ask the transaction that runs to undo, and wait until it has",
      [](const Commands& c, const cli::Screen& screen) { return run_cancel(c.global, screen); });
  add(app, all, "freeze", "refuse every apply until `thaw`",
      [](const Commands& c, const cli::Screen& screen) { return run_freeze(c.global, c.freeze, screen); })
      ->add_option("REASON", all.freeze.reason, "what whoever is refused will read")
      ->required();
  add(app, all, "thaw", "end a freeze",
      [](const Commands& c, const cli::Screen& screen) { return run_thaw(c.global, screen); });
}

void add_retention(CLI::App& app, Commands& all) {
  auto* prune =
      add(app, all, "prune", "remove what `keep:` does not keep of earlier deployments",
          [](const Commands& c, const cli::Screen& screen) { return run_prune(c.global, c.prune, screen); });
  auto* logs = prune->add_flag("--logs", all.prune.logs,
                               "of the processes, what is larger than `log-size`, and nothing else");
  prune
      ->add_flag(
          "--emergency", all.prune.emergency,
          "for a full disk: all but what is in service, where a rollback goes, and what is pinned or in use")
      ->excludes(logs);
  prune->add_flag("--dry-run", all.prune.dry_run, "only tell")->excludes(logs);
  add_wait(prune, all.prune.wait);
  auto* pin =
      add(app, all, "pin", "keep a deployment whatever `keep:` says",
          [](const Commands& c, const cli::Screen& screen) { return run_pin(c.global, c.pin, screen); });
  pin->add_option("DEPLOYMENT", all.pin.deployment, "as `release history` names it")->required();
  pin->add_flag("--off", all.pin.off, "let the rule decide again");
  add_wait(pin, all.pin.wait);
}

using RunBackup = int (*)(const cli::GlobalOptions&, const cli::BackupCommand&, const cli::Screen&);

template <RunBackup run>
CLI::App* add_backup_command(CLI::App& backup, Commands& all, const char* name, const char* purpose) {
  auto* command = add(backup, all, name, purpose, [](const Commands& c, const cli::Screen& screen) {
    return run(c.global, c.backup, screen);
  });
  add_wait(command, all.backup.wait);
  return command;
}

void add_backups(CLI::App& app, Commands& all) {
  auto* backup = app.add_subcommand("backup", "copies of data/, those of deployments and others");
  backup->require_subcommand(1);
  backup->fallthrough();
  add_backup_command<cli::run_backup_create>(*backup, all, "create", "take one while the processes run");
  add(*backup, all, "list", "which there are, and what they take",
      [](const Commands& c, const cli::Screen& screen) { return run_backup_list(c.global, screen); });
  auto* check = add_backup_command<cli::run_backup_check>(
      *backup, all, "check", "read all of one and compare it with its manifests");
  check->add_option("ID", all.backup.id, "as `release backup list` names it; else the newest");
  check->add_flag("--restore", all.backup.prove, "restore it into a scratch place as well, and compare that");
  add_backup_command<cli::run_backup_restore>(*backup, all, "restore",
                                              "put one in place of data/, which is kept aside")
      ->add_option("ID", all.backup.id, "as `release backup list` names it")
      ->required();
  auto* forget = add_backup_command<cli::run_backup_forget>(
      *backup, all, "forget", "mark what `backups: {keep: ...}` does not keep, and say why the rest is kept");
  forget->add_option("ID", all.backup.ids, "these, whatever the rule says");
  forget->add_flag("--dry-run", all.backup.dry_run, "only tell");
  add_backup_command<cli::run_backup_prune>(*backup, all, "prune",
                                            "remove what was forgotten or never finished")
      ->add_flag("--dry-run", all.backup.dry_run, "only tell");
}

void add_views(CLI::App& app, Commands& all) {
  add(app, all, "status", "what is in service", [](const Commands& c, const cli::Screen& screen) {
    return run_status(c.global, c.status, screen);
  })->add_flag("--check", all.status.check, "exit 9 unless all is well");
  add(app, all, "history", "every deployment and how it ended",
      [](const Commands& c, const cli::Screen& screen) { return run_history(c.global, screen); });
  auto* log =
      add(app, all, "log", "all that a deployment said, and its hooks with it",
          [](const Commands& c, const cli::Screen& screen) { return run_log(c.global, c.log, screen); });
  log->add_option("DEPLOYMENT", all.log.deployment, "as `release history` names it; else the newest");
  log->add_flag("-f,--follow", all.log.follow, "go on until it has ended; the exit code is its own");
  auto* diff =
      add(app, all, "diff", "how run/ differs from what was put into service, or one deployment from another",
          [](const Commands& c, const cli::Screen& screen) { return run_diff(c.global, c.diff, screen); });
  diff->add_option("FROM", all.diff.from, "a deployment, as `release history` names it");
  diff->add_option("TO", all.diff.to, "another one; else the one in service");
  add(app, all, "verify", "check an archive, an unpacked release, or what is in service, byte by byte",
      [](const Commands& c, const cli::Screen& screen) { return run_verify(c.global, c.verify, screen); })
      ->add_option("ARCHIVE", all.verify.subject, "an archive, or a directory in which one was unpacked");
}

void add_processes(CLI::App& app, Commands& all) {
  add(app, all, "serve", "run the processes of the release in the foreground",
      [](const Commands& c, const cli::Screen& screen) { return run_serve(c.global, c.serve, screen); })
      ->add_flag("--detach", all.serve.detach,
                 "in the background, which survives this command and its terminal");
  const struct {
    const char* name;
    const char* purpose;
    Run run;
  } commands[] = {
      {"start", "start the processes, by a supervisor in the background where none runs",
       [](const Commands& c, const cli::Screen& screen) { return run_start(c.global, c.process, screen); }},
      {"stop", "stop the processes, and a supervisor in the background with them",
       [](const Commands& c, const cli::Screen& screen) { return run_stop(c.global, c.process, screen); }},
      {"restart", "stop the processes, then start them",
       [](const Commands& c, const cli::Screen& screen) { return run_restart(c.global, c.process, screen); }},
  };
  for (const auto& each : commands) {
    auto* command = add(app, all, each.name, each.purpose, each.run);
    command->add_option("PROCESS", all.process.names,
                        "processes, or single instances such as web.2; else all");
    add_wait(command, all.process.wait);
  }
}

// What it passes on was taken out of the arguments before: the parser sees none of it.
void add_exec(CLI::App& app, Commands& all) {
  add(app, all, "exec", "run a process or a command of the release in service, here and now",
      [](const Commands& c, const cli::Screen& screen) { return run_exec(c.global, c.exec, screen); })
      ->footer(
          "release exec [PROCESS [ARGS...]]      as `release serve` runs it; none: the default process\n"
          "release exec COMMAND [ARGS...]        by bash, after the profiles of the layers\n"
          "release exec -- PROGRAM [ARGS...]     without bash\n"
          "Options stand before the first of these words; what follows it is passed on.");
}

void add_archives(CLI::App& app, Commands& all) {
  add(app, all, "show", "what an archive is",
      [](const Commands& c, const cli::Screen& screen) { return run_show(c.global, c.archive, screen); })
      ->add_option("ARCHIVE", all.archive.archive, "an archive")
      ->required();
  add(app, all, "list", "what an archive holds",
      [](const Commands& c, const cli::Screen& screen) { return run_list(c.global, c.archive, screen); })
      ->add_option("ARCHIVE", all.archive.archive, "an archive")
      ->required();
  auto* extract = add(
      app, all, "extract", "take single files or directories out of an archive",
      [](const Commands& c, const cli::Screen& screen) { return run_extract(c.global, c.archive, screen); });
  extract->add_option("ARCHIVE", all.archive.archive, "an archive")->required();
  extract->add_option("PATH", all.archive.paths, "as `release list` prints it")->required();
  extract->add_option("--to", all.archive.to, "the directory to write to (the working directory)");
}

void add_init(CLI::App& app, Commands& all) {
  auto* init =
      add(app, all, "init", "make a production root",
          [](const Commands& c, const cli::Screen& screen) { return run_init(c.global, c.init, screen); });
  init->add_option("NAME", all.init.name, "the project")->required();
  init->add_option("--layout", all.init.layout, "a shipped layout, or a file");
  auto* adopt = init->add_option("--adopt", all.init.adopt,
                                 "a tree deployed by hand: a copy of it is in service in the new root");
  init->add_option("--as", all.init.version, "the version it is given (adopted)")->needs(adopt);
}

}  // namespace

int main(int argc, char** argv) {
  Commands all;
  CLI::App app("Put signed releases into service as one transaction; roll back by itself.", "release");
  app.set_version_flag("--version", std::string("release ") + BAKEHOUSE_VERSION);
  app.fallthrough();
  add_globals(app, all);
  add_init(app, all);
  add_trust(app, all);
  add_transactions(app, all);
  add_holds(app, all);
  add_retention(app, all);
  add_backups(app, all);
  add_views(app, all);
  add_metrics(app, all);
  add_notify(app, all);
  add_archives(app, all);
  add_processes(app, all);
  add_exec(app, all);
  std::vector<std::string> arguments{argv + 1, argv + argc};
  all.exec.words = cli::take_foreign_words(grammar, arguments);
  return cli::parse_and_run(app, grammar, std::move(arguments), all.global, all.chosen);
}
