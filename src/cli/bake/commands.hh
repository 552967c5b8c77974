// The commands of `bake`, each from a struct of options to an exit code.
#pragma once

#include "cli/common/program.hh"

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

namespace bakehouse::cli {

// Neither: a prompt.
struct PassphraseOptions {
  std::optional<std::filesystem::path> file;
  std::optional<int> descriptor;
};

struct CookCommand {
  std::optional<std::filesystem::path> path;
  std::vector<std::filesystem::path> keys;
  PassphraseOptions passphrase;
  std::optional<std::string> version;
  std::optional<uint64_t> sequence;
  std::vector<std::string> settings;
  bool no_apply = false;
  bool release = false;
  bool offline = false;
  std::optional<int> level;
  bool fast = false;
  bool best = false;
  bool solid = false;
};
int run_cook(const GlobalOptions& global, const CookCommand& command, const Screen& screen);

struct DetectCommand {
  std::optional<std::filesystem::path> path;
  std::vector<std::string> settings;
  bool offline = false;
};
int run_detect(const GlobalOptions& global, const DetectCommand& command, const Screen& screen);

// What the hooks of a remote run.
struct ReceiveCommand {
  std::string remote;
  bool moved = false;
  bool repair = false;
};
int run_receive(const GlobalOptions& global, const ReceiveCommand& command, const Screen& screen);

struct InitCommand {
  std::string name;
  std::string layout = "makina";
  std::optional<std::filesystem::path> key;
  std::optional<std::filesystem::path> like;
  std::optional<std::string> environment;
  std::optional<std::string> branch;  // a preview of it
  bool remove = false;                // of a preview
};
int run_init(const GlobalOptions& global, const InitCommand& command, const Screen& screen);

struct EditCommand {
  bool link = false;
  bool off = false;
};
int run_edit(const GlobalOptions& global, const EditCommand& command, const Screen& screen);

struct ConfigCommand {
  std::optional<std::filesystem::path> path;
  std::vector<std::string> settings;
};
int run_config(const GlobalOptions& global, const ConfigCommand& command, const Screen& screen);

struct SignCommand {
  std::filesystem::path archive;
  std::vector<std::filesystem::path> keys;
  PassphraseOptions passphrase;
};
int run_sign(const GlobalOptions& global, const SignCommand& command, const Screen& screen);

struct KeyNewCommand {
  std::filesystem::path file;
  bool no_password = false;
  PassphraseOptions passphrase;
};
int run_key_new(const KeyNewCommand& command, const Screen& screen);

struct KeyShowCommand {
  std::filesystem::path file;
  PassphraseOptions passphrase;
};
int run_key_show(const KeyShowCommand& command, const Screen& screen);

struct KeyPasswordCommand {
  std::filesystem::path file;
  PassphraseOptions passphrase;  // the present one
  bool no_password = false;
  PassphraseOptions new_passphrase;
};
int run_key_password(const KeyPasswordCommand& command, const Screen& screen);

struct SecretCommand {
  std::optional<std::string> environment;       // else the root's
  std::optional<std::filesystem::path> pillar;  // else the root's
  std::string key;                              // set
  std::optional<std::filesystem::path> file;    // set: else standard input, or a prompt at a terminal
};
int run_secret_set(const GlobalOptions& global, const SecretCommand& command, const Screen& screen);
int run_secret_edit(const GlobalOptions& global, const SecretCommand& command, const Screen& screen);
int run_secret_list(const GlobalOptions& global, const SecretCommand& command, const Screen& screen);
int run_secret_rotate(const GlobalOptions& global, const SecretCommand& command, const Screen& screen);

struct BuildpackCheckCommand {
  std::filesystem::path directory;
};
int run_buildpack_check(const BuildpackCheckCommand& command, const Screen& screen);

struct BuildpackTryCommand {
  std::filesystem::path directory;
  std::filesystem::path application;
  std::optional<std::filesystem::path> keep;
};
int run_buildpack_try(const BuildpackTryCommand& command, const Screen& screen);

struct BuildpackListCommand {
  std::vector<std::filesystem::path> directories;  // beside the shipped ones
};
int run_buildpack_list(const BuildpackListCommand& command, const Screen& screen);

}  // namespace bakehouse::cli
