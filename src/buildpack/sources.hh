// Where the buildpacks of a project come from: found, or fetched once and kept.
#pragma once

#include "artifact/release_info.hh"
#include "buildpack/buildpack.hh"
#include "buildpack/kept.hh"
#include "buildpack/source_name.hh"

#include <filesystem>
#include <functional>
#include <string>
#include <vector>

namespace bakehouse::buildpack {

struct SourcesRequest {
  std::filesystem::path shipped;
  std::filesystem::path project;  // the checked-out source: relative paths begin here
  std::filesystem::path kept;     // a directory of this root; see kept.hh
  // `forbidden`: what is neither here nor kept is an error.
  enum class Network { allowed, forbidden } network = Network::allowed;
  Kept::Warn warn = [](const std::string&) {};
  std::function<bool()> cancelled = [] { return false; };
};

class Sources {
 public:
  explicit Sources(SourcesRequest request);

  // The buildpack that `written` names, see source_name.hh. What is pinned and kept touches neither network
  // nor archive. Error(input): nothing there, not what the pin says, no buildpack in it, or several and none
  // of them named.
  Buildpack open(const std::string& written);

  // Directories in which the members of a composite may be looked for.
  std::vector<std::filesystem::path> beside(const Buildpack& pack) const;

  // What release.json tells of a buildpack, whether it was opened or is a member of one that was.
  artifact::BuildpackUse describe(const Buildpack& pack) const;

  // After a bake that succeeded: of what is kept, all that the last few did not use is removed.
  void finish();

 private:
  struct Fetched {
    KeptTree kept;
    artifact::BuildpackSource source;
  };

  Buildpack open_archive(const SourceName& name);
  Buildpack open_commit(const SourceName& name);
  Buildpack take(const SourceName& name, Fetched fetched);
  base::Fd obtain_archive(const SourceName& name) const;
  KeptTree keep_archive(const SourceName& name, const base::Fd& file, const crypto::Digest& digest);
  KeptTree keep_commit(const SourceName& name);
  void require_network(const SourceName& name) const;
  const Fetched* holder_of(const Buildpack& pack) const;

  SourcesRequest request_;
  Kept kept_;
  std::vector<Fetched> fetched_;
};

}  // namespace bakehouse::buildpack
