#include "buildpack/source_name.hh"

#include "base/error.hh"
#include "support/failure.hh"
#include "support/mentions.hh"

#include <doctest/doctest.h>

#include <string>

namespace source_name_test {

using namespace bakehouse;
using namespace bakehouse::buildpack;
using support::Mentions;
using Kind = SourceName::Kind;

namespace {

const std::string commit(40, 'a');
const std::string digest(64, 'b');

std::string failure_of(const std::string& written) {
  return support::failure([&] { parse_source_name(written); });
}
std::string hint_of(const std::string& written) {
  try {
    parse_source_name(written);
  } catch (const base::Error& error) {
    return error.hint();
  }
  return "no failure";
}

}  // namespace

TEST_CASE("a buildpack is named by a word, a directory, an archive or a commit") {
  const struct {
    std::string written;
    Kind kind;
    std::string location;
    std::string inside;
    std::string pin;
  } rows[] = {
      {"static", Kind::shipped, "static", "", ""},
      {"heroku/nodejs@3.1.0", Kind::shipped, "heroku/nodejs@3.1.0", "", ""},
      {"./packs/own", Kind::directory, "./packs/own", "", ""},
      {"/srv//own", Kind::directory, "/srv//own", "", ""},
      {"./odd#name", Kind::directory, "./odd#name", "", ""},
      {"./own.tar", Kind::archive, "./own.tar", "", ""},
      {"/srv/own.tgz#sha256=" + digest, Kind::archive, "/srv/own.tgz", "", digest},
      {"/srv//all.tar.zst//packs/own", Kind::archive, "/srv//all.tar.zst", "packs/own", ""},
      {"./a.tar.gz", Kind::archive, "./a.tar.gz", "", ""},
      {"./a.tar.xz", Kind::archive, "./a.tar.xz", "", ""},
      {"./a.cnb", Kind::archive, "./a.cnb", "", ""},
      {"https://h/a?b=c//d#sha256=" + digest, Kind::archive, "https://h/a?b=c", "d", digest},
      {"/srv/own.git#" + commit, Kind::git, "/srv/own.git", "", commit},
      {"./repository/.git//sub/dir#" + commit, Kind::git, "./repository/.git", "sub/dir", commit},
      {"git+https://h:1/own.git//sub#" + commit, Kind::git, "https://h:1/own.git", "sub", commit},
      {"git+http://h/own#" + commit, Kind::git, "http://h/own", "", commit},
      {"git+file:///srv/own#" + commit, Kind::git, "/srv/own", "", commit},
  };
  for (const auto& row : rows) {
    CAPTURE(row.written);
    const SourceName name = parse_source_name(row.written);
    CHECK(static_cast<int>(name.kind) == static_cast<int>(row.kind));
    CHECK(name.location == row.location);
    CHECK(name.inside.str() == row.inside);
    CHECK(name.pin == row.pin);
    CHECK(name.written == row.written);
  }
}

TEST_CASE("what does not name a buildpack for ever is refused with what to write") {
  const struct {
    std::string written;
    std::string said;
    std::string hint;
  } rows[] = {
      {"./own.git", "the repository is named without a commit", "`git ls-remote ./own.git` prints it"},
      {"git+https://h/own.git#main", "'main' is no full commit id, and what a branch or tag names may change",
       "`git ls-remote https://h/own.git main` prints it; write #<forty lower-case digits>"},
      {"./own.git#" + commit.substr(1), "is no full commit id", "git ls-remote"},
      {"./own.git#" + std::string(40, 'A'), "is no full commit id", "lower-case"},
      {"https://h/own.tgz", "a URL is named without the SHA-256 of what is there", "curl -L URL | sha256sum"},
      {"./own.tgz#" + digest, "is no SHA-256", "`sha256sum FILE` prints it"},
      {"./own.tgz#sha256=" + digest.substr(1), "is no SHA-256", "sha256sum"},
      {"https://h/own.git#" + commit, "the URL is of a repository", "write git+https://h/own.git"},
      {"ssh://h/own.git", "'ssh://' is no kind of URL that names a buildpack", "known are"},
      {"docker://h/own", "'docker://' is no kind of URL", "known are"},
      {"git+ssh://h/own.git#" + commit, "git+ stands before https://, http:// or file:///PATH only",
       "clone it"},
      {"git+file://host/own#" + commit, "git+ stands before", "clone it"},
      {"git+https://user:word@h/own.git#" + commit, "the URL names a user", "leave it out"},
      {"https://user@h/own.tgz#sha256=" + digest, "the URL names a user", "leave it out"},
      {"./own.tar//../x", "has the part '..'", ""},
      {"./own.git//#" + commit, "is empty", ""},
      {"https://h/\x1b[2J.tgz#sha256=" + digest, "the URL holds what no URL may hold", ""},
      {"./" + std::string(3000, 'x') + ".tar", "it is longer than 2048 bytes", ""},
  };
  for (const auto& row : rows) {
    CAPTURE(row.written);
    CHECK(failure_of(row.written) == Mentions{row.said});
    CHECK(failure_of(row.written).starts_with("input: the buildpack '"));
    CHECK(hint_of(row.written) == Mentions{row.hint});
  }
}

TEST_CASE("a query may hold a secret and is not told") {
  CHECK(without_query("https://h/a.tgz?token=x") == "https://h/a.tgz");
  CHECK(without_query("https://h/a.tgz") == "https://h/a.tgz");
}

}  // namespace source_name_test
