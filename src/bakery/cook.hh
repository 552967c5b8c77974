// Cooking: from a source to a signed archive, and into service on this very machine.
#pragma once

#include "artifact/cut.hh"
#include "bakery/detected.hh"
#include "base/file_time.hh"
#include "crypto/secret_key.hh"
#include "node/apply.hh"

#include <cstdint>
#include <filesystem>
#include <functional>
#include <optional>
#include <string>
#include <vector>

namespace bakehouse::bakery {

struct CookOptions {
  std::filesystem::path source;
  std::filesystem::path buildpacks;              // the shipped ones
  std::filesystem::path key;                     // whose signature is embedded
  std::vector<std::filesystem::path> more_keys;  // whose signatures go beside the archive
  crypto::AskPassphrase ask_passphrase;
  std::optional<std::string> version;  // --as
  std::optional<uint64_t> sequence;    // --sequence
  std::optional<base::Seconds> source_date_epoch;
  int level = 9;
  artifact::CutRule rule = artifact::default_rule;
  enum class Then { apply, stop } then = Then::apply;
  std::vector<std::string> settings;  // --set
  bool offline = false;               // of buildpacks; hooks are not kept from the network
  // Told the file in which all is kept, as soon as it is there.
  std::function<void(const std::filesystem::path& log)> log_begun = [](const auto&) {};
};

struct Cooked {
  std::filesystem::path archive;
  std::string version;
  std::optional<node::Result> applied;  // unless it was to stop before
};

// What fails the build itself names the file with its whole output in the hint.
Cooked cook(const node::Node& node, const CookOptions& options);

// As a bake begins, but for the hook pre_install, and without building anything. Of the options source,
// buildpacks, settings and offline count.
Detected detect(const node::Node& node, const CookOptions& options);

}  // namespace bakehouse::bakery
