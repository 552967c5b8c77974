// `release.json`: what a release is. Signatures are over its exact bytes, and everything else in
// the archive is bound to it by a digest.
#pragma once

#include "base/file_time.hh"
#include "crypto/digest.hh"

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace bakehouse::artifact {

struct Part {
  uint64_t size = 0;
  crypto::Digest digest;
};

// Where a buildpack came from. Never a path, which would differ from machine to machine.
struct BuildpackSource {
  enum class Kind { shipped, directory, archive, git } kind = Kind::shipped;
  std::string url;  // of an archive or repository that was downloaded; else empty
  std::string pin;  // of an archive its SHA-256, of a repository the commit; else empty
};
std::string_view name_of(BuildpackSource::Kind kind);

struct BuildpackUse {
  std::string id;
  std::string version;
  crypto::Digest content = {};  // of its files, whatever they came in
  BuildpackSource source = {};
};

struct ReleaseInfo {
  std::string name;
  std::string version;
  uint64_t sequence = 0;
  base::Seconds created = 0;  // the time of the source; no file of the release is younger

  std::string source_kind;    // "git", "directory" or "archive"
  std::string source_commit;  // git only
  bool source_dirty = false;  // git only

  std::string os;
  std::string arch;
  // The path the release is bound to; nullopt when it may run under any root.
  std::optional<std::string> run_path;
  std::vector<std::string> run_path_in;  // the first of the files that hold it

  std::vector<BuildpackUse> buildpacks;

  Part manifest;
  uint64_t entries = 0;  // listed in the manifest
  uint64_t bytes = 0;    // of all regular files
  Part index;
  uint64_t tar_size = 0;  // unpacked, from frame 1 to the end
  std::string zstd_version;
  int zstd_level = 0;
  std::string chunker;
  std::map<std::string, Part> parts;  // by name in `.bakehouse/`; the manifest is not among them
};

// Canonical: the same release gives the same bytes.
std::string encode(const ReleaseInfo& info);
// Strict: unknown or missing members, bad names and absurd numbers are an Error(input).
ReleaseInfo decode_release(std::string_view json);

// The one line that a counting signature must carry as its trusted comment.
std::string trusted_comment(const ReleaseInfo& info, const crypto::Digest& digest_of_json);

// The comment that nothing signs, in the first line of the embedded signature. It has one spelling
// all the same, so that no byte of an archive can change unnoticed.
constexpr std::string_view untrusted_comment = "signature of a Bakehouse release";

// A version: [A-Za-z0-9][A-Za-z0-9.+_~-]*, at most 128 bytes. Throws Error(input) otherwise.
void check_version(std::string_view version);
std::string archive_name(std::string_view name, std::string_view version);

}  // namespace bakehouse::artifact
