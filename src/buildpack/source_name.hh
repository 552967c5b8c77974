// How a project names a buildpack: a shipped one, a directory, an archive, or a commit of a repository.
//
//   static                                              the name of a shipped one
//   heroku/nodejs@3.1.0, heroku/nodejs                  its id
//   ./packs/own, ../own, /srv/packs/own                 a directory
//   ./own.tgz, /srv/all.tar#sha256=<64 digits>          an archive: .tar .tar.gz .tgz .tar.zst .tar.xz .cnb
//   https://example.org/own.tgz#sha256=<64 digits>
//   git+https://example.org/own.git#<40 digits>         a commit: git+https, git+http, git+file
//   /srv/own.git#<40 digits>
//
// Behind an archive or repository, before the '#', `//DIRECTORY` names one directory in it.
#pragma once

#include "base/tree_path.hh"

#include <string>
#include <string_view>

namespace bakehouse::buildpack {

struct SourceName {
  enum class Kind { shipped, directory, archive, git } kind = Kind::shipped;
  std::string written;
  std::string location;   // a shipped name or id, a path, or a URL without "git+" and "git+file://"
  base::TreePath inside;  // the top: not said
  std::string pin;        // of an archive its SHA-256, or ""; of a repository the commit

  bool is_remote() const { return location.find("://") != std::string::npos; }
  // An image layout, which holds buildpacks in layers.
  bool is_image() const;
};

// Error(input) for what is none, and for what is not pinned and has to be.
SourceName parse_source_name(const std::string& written);

// What may be told of a URL: all but the query, which may hold a secret.
std::string without_query(std::string_view url);

}  // namespace bakehouse::buildpack
