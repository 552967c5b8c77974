// Cooking: from a source to a signed archive, and into service on this very machine.
#pragma once

#include "artifact/cut.hh"
#include "bakery/detected.hh"
#include "base/file_time.hh"
#include "crypto/secret_key.hh"
#include "node/apply.hh"
#include "phase/lock.hh"
#include "source/source.hh"

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
  std::optional<std::string> version;   // --as
  std::string version_option = "--as";  // what a hint calls it
  std::optional<uint64_t> sequence;     // --sequence
  // `above`: never at or below what was baked or good here before. For what is known to be later, whatever
  // the clocks of those who commit say.
  enum class Sequence { of_source, above } sequence_rule = Sequence::of_source;
  std::optional<base::Seconds> source_date_epoch;
  int level = 9;
  artifact::CutRule rule = artifact::default_rule;
  enum class Then { apply, stop } then = Then::apply;
  enum class Changes { record, refuse } changes = Changes::record;  // that no commit holds
  std::vector<std::string> settings;                                // --set
  bool offline = false;  // of buildpacks; hooks are not kept from the network
  // What fills the tree to build, in place of `source`.
  std::function<source::Checkout(const base::Dir& to)> check_out = {};
  // When nothing is refused any more and the node is not touched yet. It may throw.
  std::function<void(const std::string& deployment)> at_begin = {};
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
// The same for who holds the build lock.
Cooked cook(const node::Node& node, const CookOptions& options, const phase::Lock& lock);

// As a bake begins, but for the hook pre_install, and without building anything. Of the options source,
// buildpacks, settings and offline count.
Detected detect(const node::Node& node, const CookOptions& options);

}  // namespace bakehouse::bakery
