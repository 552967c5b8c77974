#include "source/remote.hh"

#include "repository.hh"
#include "support/failure.hh"
#include "support/mentions.hh"

#include <doctest/doctest.h>

#include <string>

namespace remote_test {

using namespace bakehouse;
using namespace bakehouse::source;
using support::File;
using support::Mentions;
namespace fs = std::filesystem;

namespace {

const std::string nothing(40, '0');
const std::string branch = "refs/heads/master";

// A remote that holds the first commit, and a push of the second that git has not taken over: its objects are
// in a quarantine alone.
struct Push {
  TestRepository repository;
  std::string first = repository.write_and_commit({{"page", File{"one\n"}}});
  fs::path remote = repository.make_bare_copy();
  std::string second;
  fs::path quarantine = remote / "objects/tmp_objdir-incoming-test";

  Push() {
    repository.change("page", "two\n");
    repository.add("page");
    second = repository.commit();
    fs::create_directories(quarantine / "pack");
    for (const auto& entry : fs::recursive_directory_iterator(repository.path() / ".git/objects")) {
      const fs::path name = entry.path().lexically_relative(repository.path() / ".git/objects");
      if (!entry.is_regular_file() || fs::exists(remote / "objects" / name)) continue;
      fs::create_directories((quarantine / name).parent_path());
      fs::copy_file(entry.path(), quarantine / name);
    }
  }
  Remote open() const { return Remote::open(remote, quarantine); }
  RefUpdate update() const { return {branch, first, second}; }
};

std::string tree_of(const Remote& remote, const std::string& commit) {
  const base::TempDir scratch;
  const base::Dir to = base::Dir::open(scratch.path());
  remote.check_out(commit, to);
  return to.read_file(base::TreePath::parse("page"), 100);
}

}  // namespace

TEST_CASE("a commit in quarantine is checked out, with its time and description") {
  const Push push;
  CHECK(tree_of(push.open(), push.second) == "two\n");
  CHECK(push.open().holds(push.second, push.first));
  CHECK_FALSE(push.open().holds(push.first, push.second));
  CHECK(support::failure([&] { tree_of(Remote::open(push.remote), push.second); }) ==
        Mentions{"input: cannot read the commit " + push.second});
  const base::TempDir scratch;
  const Checkout checkout = push.open().check_out(push.second, base::Dir::open(scratch.path()));
  CHECK(checkout.commit == push.second);
  CHECK(checkout.time == support::some_time);
  CHECK(checkout.description == push.second.substr(0, 7));
}

TEST_CASE("objects that were kept outlive the quarantine, and a ref may lead to them") {
  const Push push;
  push.open().keep_objects();
  push.open().keep_objects();  // once more changes nothing
  fs::remove_all(push.quarantine);
  const Remote remote = Remote::open(push.remote);
  CHECK(tree_of(remote, push.second) == "two\n");
  CHECK(remote.move(push.update()));
  CHECK(remote.commit_of(branch) == push.second);
}

TEST_CASE("a quarantine elsewhere is not believed") {
  const Push push;
  const fs::path elsewhere = push.repository.beside("elsewhere");
  fs::create_directory(elsewhere);
  const Remote remote = Remote::open(push.remote, elsewhere);
  CHECK(support::failure([&] { remote.keep_objects(); }) ==
        Mentions{"input: the objects of the push are in"});
  CHECK(support::failure([&] { Remote::open(push.remote, push.remote / "objects").keep_objects(); }) ==
        Mentions{"input: the objects of the push are in"});
}

TEST_CASE("a ref moves only from where it was") {
  const Push push;
  push.open().keep_objects();
  const Remote remote = push.open();
  CHECK_FALSE(remote.move({branch, push.second, push.first}));
  CHECK_FALSE(remote.move({branch, nothing, push.second}));
  CHECK(remote.commit_of(branch) == push.first);
  CHECK(remote.move({"refs/heads/new", nothing, push.second}));
  CHECK(remote.commit_of("refs/heads/new") == push.second);
  CHECK_FALSE(remote.move({"refs/heads/none", push.first, push.second}));
  CHECK_FALSE(remote.commit_of("refs/heads/none"));
}

TEST_CASE("HEAD follows the first branch and stays there") {
  const Push push;
  const Remote remote = Remote::open(push.remote);
  base::write_file(push.remote / "HEAD", "ref: refs/heads/unborn\n");
  remote.begin_with(branch);
  CHECK(base::read_file(push.remote / "HEAD", 100) == "ref: refs/heads/master\n");
  CHECK(remote.move({"refs/heads/main", nothing, push.first}));
  remote.begin_with("refs/heads/main");
  CHECK(base::read_file(push.remote / "HEAD", 100) == "ref: refs/heads/master\n");
}

TEST_CASE("a tag is followed to its commit, and what is no commit has none") {
  const Push push;
  const std::string tag = push.repository.annotated_tag("v1");
  const Remote remote = Remote::open(push.repository.path() / ".git");
  CHECK(remote.peel(tag) == push.second);
  CHECK(remote.commit_of("refs/tags/v1") == push.second);
  CHECK_FALSE(remote.peel(push.repository.tree_of(push.second)));
}

TEST_CASE("what no build takes is refused by name") {
  const struct {
    const char* mode;
    const char* name;
    const char* expected;
  } rows[] = {
      {"40000", ".git", "the commit holds '.git'"},
      {"40000", ".GIT", "the commit holds '.GIT'"},
      {"100644", "..", "'..'"},
      {"100644", "a/b", "a/b"},
  };
  for (const auto& row : rows) {
    CAPTURE(row.name);
    const TestRepository repository;
    const std::string commit = repository.commit_entry(row.mode, row.name);
    const base::TempDir scratch;
    const std::string failure = support::failure(
        [&] { Remote::open(repository.path() / ".git").check_out(commit, base::Dir::open(scratch.path())); });
    CHECK(failure == Mentions{row.expected});
  }
}

TEST_CASE("hooks find root and program, whatever their names are") {
  const base::TempDir scratch;
  const fs::path remote = scratch.path() / "it's a root/git/project.git";
  make_bare_repository(remote);
  write_push_hooks(remote, {"/opt/it's/bake", scratch.path() / "it's a root", "project"});
  const std::string hook = base::read_file(remote / "hooks/pre-receive", 1000);
  CHECK(hook == Mentions{"bake='/opt/it'\\''s/bake'\n"});
  CHECK(hook == Mentions{"exec \"$bake\" receive project --root '../..'\n"});
  CHECK(base::read_file(remote / "hooks/post-receive", 1000) == Mentions{"--root '../..' --moved\n"});
  CHECK(base::read_file(remote / "config", 1000) == Mentions{"advertisePushOptions = true"});
}

}  // namespace remote_test
