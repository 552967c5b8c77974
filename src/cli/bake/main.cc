#include "cli/bake/commands.hh"
#include "cli/bake/platform.hh"
#include "cli/common/parse.hh"

#include <functional>

namespace {

using namespace bakehouse;  // NOLINT(google-build-using-namespace): the program is all of it

const cli::Grammar grammar{
    "bake",
    {"cook", "detect", "sign", "init", "edit", "config", "key", "secret", "buildpack", "receive"},
    "cook",
    {"--root", "--key", "--as", "--sequence", "--set", "--level", "--layout", "--keep", "--environment",
     "--like", "--branch", "--pillar", "--file", "--password-file", "--password-fd", "--new-password-file",
     "--new-password-fd"}};

void add_passphrase(CLI::App& command, cli::PassphraseOptions& options) {
  auto* file =
      command.add_option("--password-file", options.file, "read the pass phrase from a line of FILE");
  command.add_option("--password-fd", options.descriptor, "read it from a descriptor")->excludes(file);
}

void add_keys(CLI::App& command, std::vector<std::filesystem::path>& keys, const char* help) {
  command.add_option("--key", keys, help)->allow_extra_args(false);
}

struct Commands {
  cli::GlobalOptions global;
  cli::CookCommand cook;
  cli::DetectCommand detect;
  cli::InitCommand init;
  cli::EditCommand edit;
  cli::ReceiveCommand receive;
  cli::ConfigCommand config;
  cli::KeyNewCommand key_new;
  cli::KeyShowCommand key_show;
  cli::KeyPasswordCommand key_password;
  cli::SignCommand sign;
  cli::SecretCommand secret;
  cli::BuildpackCheckCommand buildpack_check;
  cli::BuildpackTryCommand buildpack_try;
  cli::BuildpackListCommand buildpack_list;
  std::function<int(const cli::Screen&)> chosen;
};

void add_globals(CLI::App& app, Commands& all) {
  app.add_option("--root", all.global.root,
                 "the root to work on (else the nearest above the working directory)");
  app.add_flag("--json", all.global.json, "one object, or one event a line, for programs");
  app.add_flag("--quiet", all.global.quiet, "errors and warnings only");
  app.add_flag("--no-color", all.global.no_color, "no colours");
  app.add_flag("--yes", all.global.yes, "answer every question with yes");
}

void add_cook(CLI::App& app, Commands& all) {
  auto* command =
      app.add_subcommand("cook", "build, pack, sign and apply here (`bake PATH` is short for it)");
  command->add_option(
      "PATH", all.cook.path,
      "the source: a directory, a git repository or a tar archive (else <root>/project, or what was pushed)");
  add_keys(*command, all.cook.keys, "the secret key to sign with; more of them sign beside the archive");
  command->add_option("--as", all.cook.version, "the version, whatever bake.yaml says");
  command->add_option("--sequence", all.cook.sequence,
                      "the sequence number, instead of the time of the source");
  command->add_option("--set", all.cook.settings, "a.b=value, over the configuration")
      ->allow_extra_args(false);
  command->add_flag("--offline", all.cook.offline, "no network for buildpacks");
  command->add_flag("--release", all.cook.release, "refuse a work tree that differs from its commit");
  command->add_flag("--no-apply", all.cook.no_apply, "make the archive only");
  auto* fast = command->add_flag("--fast", all.cook.fast, "compress quickly");
  auto* best = command->add_flag("--best", all.cook.best, "compress as well as possible")->excludes(fast);
  command->add_option("--level", all.cook.level, "of zstd, 1 to 19 (9)")
      ->check(CLI::Range(1, 19))
      ->excludes(fast)
      ->excludes(best);
  command->add_flag("--solid", all.cook.solid,
                    "the smallest archive: large frames, slower to read a part of");
  add_passphrase(*command, all.cook.passphrase);
  command->callback([&all] {
    all.chosen = [&all](const auto& screen) {
      return cli::tell_platform_exit(screen, [&] { return run_cook(all.global, all.cook, screen); });
    };
  });
}

void add_sign(CLI::App& app, Commands& all) {
  auto* command = app.add_subcommand("sign", "add a signature to an archive, beside it");
  command->add_option("ARCHIVE", all.sign.archive, "the archive; it stays as it is")->required();
  add_keys(*command, all.sign.keys, "the secret key to sign with; may be repeated");
  add_passphrase(*command, all.sign.passphrase);
  command->callback(
      [&all] { all.chosen = [&all](const auto& screen) { return run_sign(all.global, all.sign, screen); }; });
}

void add_init(CLI::App& app, Commands& all) {
  auto* command = app.add_subcommand("init", "make a staging root");
  command->add_option("NAME", all.init.name, "the project")->required();
  auto* layout = command->add_option("--layout", all.init.layout, "a shipped layout, or a file");
  command->add_option("--key", all.init.key, "the secret key to sign with by default");
  auto* like =
      command->add_option("--like", all.init.like, "another root of the project, whose shape it gets")
          ->excludes(layout);
  command->add_option("--environment", all.init.environment, "whose values count in it");
  command->add_option("--branch", all.init.branch, "serve this branch of it, at ports of its own")
      ->needs(like);
  command->add_flag("--remove", all.init.remove, "take a root away that was made with --branch")
      ->excludes(like);
  command->callback(
      [&all] { all.chosen = [&all](const auto& screen) { return run_init(all.global, all.init, screen); }; });
}

void add_edit(CLI::App& app, Commands& all) {
  auto* command = app.add_subcommand("edit", "what is edited in <root>/project is what runs");
  command->add_flag("--link", all.edit.link, "by a link, also where a directory could be mounted");
  command->add_flag("--off", all.edit.off, "the release runs again, as it was");
  command->callback(
      [&all] { all.chosen = [&all](const auto& screen) { return run_edit(all.global, all.edit, screen); }; });
}

void add_receive(CLI::App& app, Commands& all) {
  auto* command = app.add_subcommand("receive", "what the hooks of a remote run when somebody pushes to it");
  command->add_option("REMOTE", all.receive.remote, "project or pillar")->required();
  auto* moved =
      command->add_flag("--moved", all.receive.moved, "as post-receive: record that the branch has moved");
  command->add_flag("--repair", all.receive.repair, "move the branch to the commit that is in service")
      ->excludes(moved);
  command->callback([&all] {
    all.chosen = [&all](const auto& screen) { return run_receive(all.global, all.receive, screen); };
  });
}

void add_detect(CLI::App& app, Commands& all) {
  auto* command = app.add_subcommand("detect", "which buildpacks would build the source, and what each said");
  command->add_option("PATH", all.detect.path, "the source (else <root>/project)");
  command->add_option("--set", all.detect.settings, "a.b=value, over the configuration")
      ->allow_extra_args(false);
  command->add_flag("--offline", all.detect.offline, "no network for buildpacks");
  command->callback([&all] {
    all.chosen = [&all](const auto& screen) {
      return cli::tell_platform_exit(screen, [&] { return run_detect(all.global, all.detect, screen); });
    };
  });
}

void add_config(CLI::App& app, Commands& all) {
  auto* command = app.add_subcommand("config", "the merged configuration, each value with its origin");
  command->add_option("PATH", all.config.path, "the source");
  command->add_option("--set", all.config.settings, "a.b=value, over the configuration")
      ->allow_extra_args(false);
  command->callback([&all] {
    all.chosen = [&all](const auto& screen) { return run_config(all.global, all.config, screen); };
  });
}

void add_key_password(CLI::App& key, Commands& all) {
  auto* change = key.add_subcommand("change-password", "another pass phrase for FILE, or none");
  auto& options = all.key_password;
  change->add_option("FILE", options.file, "the secret key")->required();
  add_passphrase(*change, options.passphrase);
  auto* file = change->add_option("--new-password-file", options.new_passphrase.file,
                                  "read the new pass phrase from a line of FILE");
  auto* descriptor = change->add_option("--new-password-fd", options.new_passphrase.descriptor,
                                        "read the new one from a descriptor");
  descriptor->excludes(file);
  change->add_flag("--no-password", options.no_password, "do not encrypt it any more")
      ->excludes(file)
      ->excludes(descriptor);
  change->callback([&all] {
    all.chosen = [&all](const auto& screen) { return run_key_password(all.key_password, screen); };
  });
}

void add_key(CLI::App& app, Commands& all) {
  auto* key = app.add_subcommand("key", "signing keys, in minisign's format");
  key->require_subcommand(1);
  key->fallthrough();
  auto* make = key->add_subcommand("new", "make a pair: FILE and its .pub");
  make->add_option("FILE", all.key_new.file, "the secret key")->required();
  make->add_flag("--no-password", all.key_new.no_password, "do not encrypt it");
  add_passphrase(*make, all.key_new.passphrase);
  make->callback(
      [&all] { all.chosen = [&all](const auto& screen) { return run_key_new(all.key_new, screen); }; });
  auto* show = key->add_subcommand("show", "print the public key of FILE");
  show->add_option("FILE", all.key_show.file, "the secret key")->required();
  add_passphrase(*show, all.key_show.passphrase);
  show->callback(
      [&all] { all.chosen = [&all](const auto& screen) { return run_key_show(all.key_show, screen); }; });
  add_key_password(*key, all);
}

using RunSecret = int (*)(const cli::GlobalOptions&, const cli::SecretCommand&, const cli::Screen&);

CLI::App& add_secret_command(CLI::App& secret, Commands& all, const char* name, const char* help,
                             RunSecret run) {
  auto* command = secret.add_subcommand(name, help);
  command->add_option("--environment", all.secret.environment, "whose secrets (else the root's)");
  command->add_option("--pillar", all.secret.pillar,
                      "a pillar elsewhere, a clone for instance (else the root's)");
  command->callback([&all, run] {
    all.chosen = [&all, run](const auto& screen) { return run(all.global, all.secret, screen); };
  });
  return *command;
}

void add_secret(CLI::App& app, Commands& all) {
  auto* secret = app.add_subcommand("secret", "secrets of the pillar, sealed by age");
  secret->require_subcommand(1);
  secret->fallthrough();
  auto& set =
      add_secret_command(*secret, all, "set", "seal a value, read from standard input", cli::run_secret_set);
  set.add_option("KEY", all.secret.key, "with dots: database.password")->required();
  set.add_option("--file", all.secret.file, "the value is what FILE holds, byte for byte");
  add_secret_command(*secret, all, "edit", "all of them in $EDITOR, never on a disk", cli::run_secret_edit);
  add_secret_command(*secret, all, "list", "keys, recipients and when each was changed",
                     cli::run_secret_list);
  add_secret_command(*secret, all, "rotate", "a new identity for the root; all is sealed anew",
                     cli::run_secret_rotate);
}

void add_buildpack(CLI::App& app, Commands& all) {
  auto* buildpack = app.add_subcommand("buildpack", "for those who write buildpacks");
  buildpack->require_subcommand(1);
  buildpack->fallthrough();
  auto* check = buildpack->add_subcommand("check", "all that is wrong with the buildpack in DIR");
  check->add_option("DIR", all.buildpack_check.directory, "the buildpack")->required();
  check->callback([&all] {
    all.chosen = [&all](const auto& screen) { return run_buildpack_check(all.buildpack_check, screen); };
  });
  auto* attempt = buildpack->add_subcommand("try", "build a copy of APP with the buildpack in DIR");
  attempt->add_option("DIR", all.buildpack_try.directory, "the buildpack")->required();
  attempt
      ->add_option("APP", all.buildpack_try.application, "a directory or a git repository; it stays as it is")
      ->required();
  attempt->add_option("--keep", all.buildpack_try.keep, "a directory to make; what was built is in its run/");
  attempt->callback([&all] {
    all.chosen = [&all](const auto& screen) {
      return cli::tell_platform_exit(screen, [&] { return run_buildpack_try(all.buildpack_try, screen); });
    };
  });
  auto* list = buildpack->add_subcommand("list", "the buildpacks there are, and why one cannot be used");
  list->add_option("DIR", all.buildpack_list.directories,
                   "directories of more, beside those that are shipped");
  list->callback([&all] {
    all.chosen = [&all](const auto& screen) { return run_buildpack_list(all.buildpack_list, screen); };
  });
}

}  // namespace

int main(int argc, char** argv) {
  Commands all;
  CLI::App app("Bake once in staging, sign, ship, apply everywhere, roll back by itself.", "bake");
  app.set_version_flag("--version", std::string("bake ") + BAKEHOUSE_VERSION);
  app.fallthrough();
  add_globals(app, all);
  add_cook(app, all);
  add_sign(app, all);
  add_init(app, all);
  add_edit(app, all);
  add_receive(app, all);
  add_detect(app, all);
  add_config(app, all);
  add_key(app, all);
  add_secret(app, all);
  add_buildpack(app, all);
  for (auto* command : app.get_subcommands({})) command->fallthrough();
  return cli::parse_and_run(app, grammar, {argv + 1, argv + argc}, all.global, all.chosen);
}
