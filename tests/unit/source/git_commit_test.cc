#include "source/git_commit.hh"

#include "repository.hh"
#include "support/failure.hh"
#include "support/mentions.hh"

#include <doctest/doctest.h>

#include <string>

namespace git_commit_test {

using namespace bakehouse;
using namespace bakehouse::source;
using support::File;
using support::Link;
using support::Mentions;
namespace fs = std::filesystem;

namespace {

const support::Tree pack{{"bin/build", File{"#!/bin/sh\n", 0755}},
                         {"bin/detect", Link{"build"}},
                         {"buildpack.toml", File{"api = '0.12'\n"}}};

struct Result {
  std::string failure;
  support::Tree tree;
};

Result check_out(const CommitRequest& request) {
  const base::TempDir to;
  const base::TempDir scratch;
  Result result;
  result.failure = support::failure(
      [&] { check_out_commit(request, base::Dir::open(to.path()), scratch.path() / "fetched"); });
  result.tree = support::read_tree(base::Dir::open(to.path()));
  return result;
}
Result check_out(const fs::path& from, const std::string& commit) { return check_out({from, commit}); }

std::string paths(const support::Tree& tree) {
  std::string text;
  for (const auto& row : tree) text += row.first + " ";
  return text;
}

}  // namespace

TEST_CASE("a commit is written as it was, whatever came after it and stands in the work tree") {
  const TestRepository repository;
  const std::string first = repository.write_and_commit(pack);
  repository.change("buildpack.toml", "changed");
  repository.add("buildpack.toml");
  repository.commit();
  repository.change("bin/build", "not committed");
  for (const fs::path& from : {repository.path(), repository.path() / ".git", repository.make_bare_copy()}) {
    CAPTURE(from);
    const Result result = check_out(from, first);
    CHECK(result.failure == "no failure");
    CHECK(paths(result.tree) == "bin bin/build bin/detect buildpack.toml ");
    CHECK(std::get<File>(result.tree.at("buildpack.toml")).content == "api = '0.12'\n");
    CHECK(std::get<File>(result.tree.at("bin/build")).mode == 0755);
  }
}

TEST_CASE("a commit that is not there is an error that says how to find one") {
  const TestRepository repository;
  repository.write_and_commit(pack);
  const std::string absent(40, '1');
  try {
    const base::TempDir scratch;
    check_out_commit({repository.path(), absent}, base::Dir::open(scratch.path()), scratch.path() / "x");
    FAIL("it was found");
  } catch (const base::Error& error) {
    CHECK(std::string(error.what()) ==
          fmt::format("the repository '{}' has no commit {}", repository.path().native(), absent));
    CHECK(error.hint() == fmt::format("`git ls-remote {}` lists the commits of its branches and tags",
                                      repository.path().native()));
  }
}

TEST_CASE("what is no commit is named: a tree, a tag") {
  const TestRepository repository;
  const std::string commit = repository.write_and_commit(pack);
  CHECK(check_out(repository.path(), repository.tree_of(commit)).failure == Mentions{"is a tree, no commit"});
  CHECK(check_out(repository.path(), repository.annotated_tag("v1")).failure ==
        Mentions{"is a tag, no commit"});
}

TEST_CASE("a path without a repository is an error, and directories above it are not searched") {
  const TestRepository repository;
  const std::string commit = repository.write_and_commit({{"part/file", File{"x"}}});
  CHECK(check_out(repository.path() / "absent", commit).failure ==
        fmt::format("input: there is no repository '{}'", (repository.path() / "absent").native()));
  CHECK(
      check_out(repository.path() / "part", commit).failure.starts_with("input: cannot open the repository"));
}

TEST_CASE("a .git that leads elsewhere is not followed") {
  const TestRepository repository;
  const std::string commit = repository.write_and_commit(pack);
  const fs::path linked = repository.beside("linked");
  fs::create_directory(linked);
  fs::create_symlink(repository.path() / ".git", linked / ".git");
  const fs::path filed = repository.beside("filed");
  fs::create_directory(filed);
  base::write_file(filed / ".git", fmt::format("gitdir: {}\n", (repository.path() / ".git").native()));
  for (const fs::path& from : {linked, linked / ".git", filed, filed / ".git"}) {
    CAPTURE(from);
    CHECK(check_out(from, commit).failure == Mentions{"leads to a repository elsewhere"});
  }
  // Of a link to a whole repository the user knows.
  fs::create_symlink(repository.path(), repository.beside("whole"));
  CHECK(check_out(repository.beside("whole"), commit).failure == "no failure");
}

TEST_CASE("a submodule is named and not left out in silence") {
  const TestRepository repository;
  repository.write_and_commit(pack);
  repository.add_submodule("vendor");
  CHECK(check_out(repository.path(), repository.commit()).failure ==
        Mentions{"'vendor' is a submodule, which is not built"});
}

TEST_CASE("names and links that no honest commit has are refused") {
  const TestRepository repository;
  for (const std::string name : {".git", ".GIT", "..", ".", "a/b"}) {
    CAPTURE(name);
    const Result result = check_out(repository.path(), repository.commit_entry("40000", name));
    CHECK(result.failure.starts_with("input: "));
    CHECK(result.tree.empty());
  }
  const TestRepository linked;
  const std::string commit = linked.write_and_commit({{"out", Link{"../../x"}}});
  CHECK(check_out(linked.path(), commit).failure ==
        fmt::format("input: commit {}: 'out': the link leads out of the tree, to '../../x'", commit));
}

TEST_CASE("a commit that unpacks to more than the limits is refused") {
  const TestRepository repository;
  const std::string commit = repository.write_and_commit(pack);
  const auto failure = [&](const Limits& limits) {
    return check_out({repository.path(), commit, limits}).failure;
  };
  CHECK(failure({30, 4, 20}) == "no failure");
  CHECK(failure({15, 4, 20}) == Mentions{"the files hold more than 15 bytes together"});
  CHECK(failure({30, 3, 20}) == Mentions{"'buildpack.toml': there are more than 3 files and directories"});
  CHECK(failure({30, 4, 9}) == Mentions{"'bin/detect': the path is 10 bytes long (at most 9)"});
}

TEST_CASE("hooks of the repository do not run") {
  const TestRepository repository;
  const std::string commit = repository.write_and_commit(pack);
  const fs::path told = repository.beside("told");
  fs::create_directories(repository.path() / ".git/hooks");
  for (const std::string hook : {"post-checkout", "reference-transaction", "pre-auto-gc"})
    base::write_file(repository.path() / ".git/hooks" / hook, fmt::format("#!/bin/sh\n>{}\n", told.native()),
                     0755);
  CHECK(check_out(repository.path(), commit).failure == "no failure");
  CHECK_FALSE(fs::exists(told));
}

TEST_CASE("a remote that does not answer is an error with its URL") {
  // Nothing listens there.
  const Result result = check_out({"http://127.0.0.1:9/pack.git", std::string(40, '1')});
  CHECK(result.failure.starts_with("input: 'http://127.0.0.1:9/pack.git': cannot fetch it: "));
}

}  // namespace git_commit_test
