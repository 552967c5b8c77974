// What is wrong with a buildpack, for its author: strict where a build is lenient, and all of it at once.
#pragma once

#include "text/value.hh"

#include <filesystem>
#include <string>
#include <vector>

namespace bakehouse::buildpack {

struct Finding {
  std::string place;  // "buildpack.toml:3:7", "bin/detect"
  std::string message;
  std::string hint;
  // A fault breaks the buildpack here or on another platform; advice is to be thought about.
  enum class Weight { fault, advice } weight = Weight::fault;
};
using Findings = std::vector<Finding>;

// Nothing of the buildpack is executed. The members of a composite are looked for beside it and in `shipped`.
// What is no directory is an Error(input).
Findings check_buildpack(const std::filesystem::path& directory, const std::filesystem::path& shipped);

bool has_faults(const Findings& findings);

// The parts. Of buildpack.toml, by itself:
Findings check_descriptor(const text::Value& document);
// Of what lies in the directory: programs that can be started, files that nobody else can write. A composite
// needs no programs.
enum class Programs { needed, none };
Findings check_files(const std::filesystem::path& directory, Programs programs);
// Of a classic one, which has no descriptor.
Findings check_classic_files(const std::filesystem::path& directory);

}  // namespace bakehouse::buildpack
