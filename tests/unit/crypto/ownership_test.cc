#include "crypto/ownership.hh"

#include "base/error.hh"
#include "base/files.hh"

#include <doctest/doctest.h>

#include <filesystem>
#include <string>

#include <sys/stat.h>
#include <unistd.h>

namespace ownership_test {

using namespace bakehouse;
namespace fs = std::filesystem;

namespace {

constexpr uid_t somebody = 4711;

// top/above/trust/shop.pub, all of it closed to others.
class Tree {
 public:
  Tree() {
    fs::create_directories(trust());
    base::write_file(key(), "key", 0644);
    set_mode(above(), 0755);
    set_mode(trust(), 0755);
  }
  fs::path top() const { return fs::canonical(dir_.path()); }
  fs::path above() const { return top() / "above"; }
  fs::path trust() const { return above() / "trust"; }
  fs::path key() const { return trust() / "shop.pub"; }

  static void set_mode(const fs::path& path, mode_t mode) { REQUIRE(::chmod(path.c_str(), mode) == 0); }

 private:
  base::TempDir dir_;
};

// "path: hint" of the refusal, or "accepted".
std::string judge(const fs::path& path) {
  try {
    crypto::check_only_owner_writes(path);
    return "accepted";
  } catch (const base::Error& error) {
    CHECK(error.fault() == base::Fault::trust);
    return error.hint();
  }
}

bool is_root() { return ::geteuid() == 0; }

}  // namespace

TEST_CASE("a path that only its owner can change is accepted") {
  const Tree tree;
  CHECK(judge(tree.key()) == "accepted");
  CHECK(judge(tree.trust()) == "accepted");
  CHECK(judge(tree.trust() / "." / ".." / "trust/") == "accepted");
  CHECK(judge("/") == "accepted");
}

TEST_CASE("what others may write is named with the command that mends it") {
  struct Row {
    fs::path (Tree::*path)() const;
    mode_t mode;
  };
  const Row rows[] = {
      {&Tree::key, 0664},   {&Tree::key, 0646},   {&Tree::key, 01646},  {&Tree::trust, 0775},
      {&Tree::trust, 0757}, {&Tree::above, 0775}, {&Tree::above, 0777}, {&Tree::trust, 01747},
  };
  for (const Row& row : rows) {
    CAPTURE(row.mode);
    const Tree tree;
    const fs::path path = (tree.*row.path)();
    Tree::set_mode(path, row.mode);
    const fs::path& asked = row.mode == 01747 ? tree.trust() : tree.key();
    CHECK(judge(asked) == "chmod go-w " + path.native());
  }
}

TEST_CASE("a sticky directory is good enough above, not at the end") {
  const Tree tree;
  Tree::set_mode(tree.above(), 01777);
  CHECK(judge(tree.key()) == "accepted");
  CHECK(judge(tree.above()) == "chmod go-w " + tree.above().native());
}

TEST_CASE("links are followed, and every place they lead through is looked at") {
  const Tree tree;
  const fs::path open = tree.top() / "open";
  fs::create_directory(open);
  Tree::set_mode(open, 0777);

  SUBCASE("a link to a closed place") {
    fs::create_symlink("above/trust", tree.top() / "link");
    CHECK(judge(tree.top() / "link" / "shop.pub") == "accepted");
    CHECK(judge(tree.top() / "link") == "accepted");
  }
  SUBCASE("a link kept where others could replace it") {
    fs::create_symlink(tree.trust(), open / "link");
    CHECK(judge(open / "link") == "chmod go-w " + open.native());
  }
  SUBCASE("a link to such a link") {
    fs::create_symlink(tree.trust(), open / "second");
    fs::create_symlink("open/second", tree.top() / "first");
    CHECK(judge(tree.top() / "first" / "shop.pub") == "chmod go-w " + open.native());
  }
  SUBCASE("a way through an open directory and back") {
    fs::create_symlink("open/../above/trust", tree.top() / "link");
    CHECK(judge(tree.top() / "link") == "chmod go-w " + open.native());
  }
  SUBCASE("a link to itself") {
    fs::create_symlink("loop", tree.top() / "loop");
    CHECK_THROWS_AS(crypto::check_only_owner_writes(tree.top() / "loop"), base::Error);
  }
}

TEST_CASE("what is not there is an error, not an approval") {
  const Tree tree;
  CHECK_THROWS_AS(crypto::check_only_owner_writes(tree.trust() / "none"), base::Error);
}

TEST_CASE("what belongs to another user is refused at every level" * doctest::skip(!is_root())) {
  for (const auto path : {&Tree::key, &Tree::trust, &Tree::above}) {
    const Tree tree;
    const fs::path foreign = (tree.*path)();
    CAPTURE(foreign);
    REQUIRE(::lchown(foreign.c_str(), somebody, somebody) == 0);
    CHECK(judge(tree.key()) == "chown -h 0 " + foreign.native());
  }
}

TEST_CASE("a link of another user in a sticky directory is refused" * doctest::skip(!is_root())) {
  const Tree tree;
  Tree::set_mode(tree.top(), 01777);
  const fs::path link = tree.top() / "link";
  fs::create_symlink("above/trust", link);
  CHECK(judge(link) == "accepted");
  REQUIRE(::lchown(link.c_str(), somebody, somebody) == 0);
  CHECK(judge(link) == "chown -h 0 " + link.native());
}

}  // namespace ownership_test
