// For which machines a buildpack was made, and whether this is one of them.
#pragma once

#include "buildpack/api_version.hh"

#include <filesystem>
#include <optional>
#include <string>
#include <vector>

namespace bakehouse::buildpack {

struct Distro {
  std::string name;     // "debian"
  std::string version;  // "12"
};

// What a buildpack asks for. An empty text, or an empty list, asks for nothing.
struct Target {
  std::string os;
  std::string arch;     // "amd64"
  std::string variant;  // of the arch: "v7"
  std::vector<Distro> distros;
};

// What there is. An empty text is not known, and then nothing about it can be wrong.
struct Machine {
  std::string os;
  std::string arch;
  std::string variant;
  Distro distro;

  std::string describe() const;  // "linux/amd64, debian 12"
};

// From uname(2) and `os_release`, whose absence leaves the distribution unknown.
Machine this_machine(const std::filesystem::path& os_release = "/etc/os-release");

// What the deprecated [[stacks]] of a buildpack without [[targets]] ask for; empty when they say
// nothing that is known here.
std::vector<Target> targets_of_stacks(const std::vector<std::string>& stacks, ApiVersion api);

// nullopt when one of `targets` fits, otherwise all that do not and why, in words: "made for linux/amd64,
// ubuntu 18.04; this machine is linux/amd64, debian 12". No targets at all fit nothing.
std::optional<std::string> why_no_target_fits(const std::vector<Target>& targets, const Machine& machine);

}  // namespace bakehouse::buildpack
