#include "base/files.hh"

#include "base/error.hh"
#include "ordinary_user.hh"

#include <doctest/doctest.h>

#include <string>
#include <vector>

#include <sys/stat.h>

namespace files_test {

using namespace bakehouse::base;
namespace fs = std::filesystem;

namespace {

std::vector<std::string> names_in(const fs::path& path) { return Dir::open(path).names(); }

unsigned mode_of(const fs::path& path) {
  struct stat found {};
  REQUIRE(::stat(path.c_str(), &found) == 0);
  return found.st_mode & 07777;
}

}  // namespace

TEST_CASE("what was written is read") {
  const TempDir scratch;
  const std::string content("a\0b\n", 4);
  write_file(scratch.path() / "f", content);
  CHECK(read_file(scratch.path() / "f", 100) == content);
  CHECK(read_file_if_any(scratch.path() / "f", 100) == content);
  CHECK_THROWS_AS(read_file(scratch.path() / "f", 3), Error);
  CHECK_THROWS_AS(read_file_if_any(scratch.path() / "f", 3), Error);
}

TEST_CASE("only the absence of a file is no error") {
  const TempDir scratch;
  write_file(scratch.path() / "f", "");
  CHECK_FALSE(read_file_if_any(scratch.path() / "none", 100));
  CHECK_FALSE(read_file_if_any(scratch.path() / "none" / "none", 100));
  CHECK_FALSE(read_file_if_any(scratch.path() / "f" / "none", 100));
  CHECK_THROWS_AS(read_file(scratch.path() / "none", 100), Error);
  CHECK_THROWS_AS(read_file_if_any(scratch.path(), 100), Error);
}

TEST_CASE("a file that is not committed leaves nothing") {
  const TempDir scratch;
  {
    AtomicFile file(scratch.path() / "f", 0644);
    file.write("half");
    CHECK_FALSE(fs::exists(scratch.path() / "f"));
    CHECK(names_in(scratch.path()).size() == 1);
  }
  CHECK(names_in(scratch.path()).empty());
}

TEST_CASE("a file that is not committed leaves the one before it as it was") {
  const TempDir scratch;
  write_file(scratch.path() / "f", "old");
  {
    AtomicFile file(scratch.path() / "f", 0644);
    file.write("new");
    CHECK(read_file(scratch.path() / "f", 100) == "old");
  }
  CHECK(read_file(scratch.path() / "f", 100) == "old");
  CHECK(names_in(scratch.path()).size() == 1);
}

TEST_CASE("a commit replaces, whole and with nothing beside it") {
  const TempDir scratch;
  write_file(scratch.path() / "f", "old");
  const Fd before = open_for_reading(scratch.path() / "f");
  AtomicFile file(scratch.path() / "f", 0640);
  file.write("ne");
  file.write("w");
  file.commit();
  CHECK(read_file(scratch.path() / "f", 100) == "new");
  CHECK(read_all(before, 100, "f") == "old");  // who reads the old one is not disturbed
  CHECK(names_in(scratch.path()) == std::vector<std::string>{"f"});
}

TEST_CASE("a new file fails, changing nothing, where something has the name") {
  const TempDir scratch;
  {
    AtomicFile file(scratch.path() / "f", 0644);
    file.write("first");
    file.commit_new();
  }
  {
    AtomicFile file(scratch.path() / "f", 0644);
    file.write("second");
    CHECK_THROWS_AS(file.commit_new(), Error);
  }
  fs::create_symlink("nowhere", scratch.path() / "l");
  {
    AtomicFile file(scratch.path() / "l", 0644);
    CHECK_THROWS_AS(file.commit_new(), Error);
  }
  CHECK(read_file(scratch.path() / "f", 100) == "first");
  CHECK(names_in(scratch.path()) == std::vector<std::string>{"f", "l"});
}

TEST_CASE("a commit that fails leaves nothing") {
  const TempDir scratch;
  fs::create_directories(scratch.path() / "d" / "inner");
  {
    AtomicFile file(scratch.path() / "d", 0644);
    CHECK_THROWS_AS(file.commit(), Error);
  }
  CHECK(names_in(scratch.path()) == std::vector<std::string>{"d"});
}

TEST_CASE("a moved file belongs to its new owner") {
  const TempDir scratch;
  {
    AtomicFile first(scratch.path() / "f", 0644);
    AtomicFile second(std::move(first));
    second.write("x");
    second.commit();
  }
  CHECK(names_in(scratch.path()) == std::vector<std::string>{"f"});
}

TEST_CASE("the mode is exact, whatever the umask") {
  const TempDir scratch;
  const mode_t before = ::umask(0077);
  for (const unsigned mode : {0600U, 0640U, 0644U, 0666U, 0755U, 0400U}) {
    CAPTURE(mode);
    write_file(scratch.path() / "f", "x", mode);
    CHECK(mode_of(scratch.path() / "f") == mode);
  }
  ::umask(before);
}

TEST_CASE("a file in the current directory needs no directory in its name") {
  const TempDir scratch;
  const fs::path before = fs::current_path();
  fs::current_path(scratch.path());
  write_file("f", "x");
  fs::current_path(before);
  CHECK(names_in(scratch.path()) == std::vector<std::string>{"f"});
}

TEST_CASE("a file whose directory is missing is an error that names it") {
  const TempDir scratch;
  const fs::path path = scratch.path() / "none" / "f";
  CHECK_THROWS_WITH_AS(
      write_file(path, "x"),
      ("cannot create a file beside '" + path.native() + "': No such file or directory").c_str(), Error);
}

TEST_CASE("a temporary directory is private, and gone afterwards with all it held") {
  const TempDir parent;
  fs::path path;
  {
    const TempDir scratch(parent.path());
    path = scratch.path();
    CHECK(path.parent_path() == parent.path());
    CHECK(mode_of(path) == 0700);
    fs::create_directories(path / "a" / "b");
    write_file(path / "a" / "b" / "f", "x");
    fs::create_symlink("/", path / "a" / "l");
  }
  CHECK_FALSE(fs::exists(path));
  CHECK(names_in(parent.path()).empty());
}

TEST_CASE("a moved temporary directory is removed once") {
  fs::path path;
  {
    TempDir first;
    path = first.path();
    {
      const TempDir second(std::move(first));
      CHECK(second.path() == path);
      CHECK(fs::exists(path));
    }
    CHECK_FALSE(fs::exists(path));
  }
}

TEST_CASE("an ordinary user's unreadable directories are removed as well") {
  const TempDir shared;
  ::chmod(shared.path().c_str(), 0777);
  const std::string outcome = as_ordinary_user([&] {
    const TempDir scratch(shared.path());
    for (const auto* name : {"none", "read", "write", "search", "nested"}) {
      fs::create_directories(scratch.path() / name / "inner");
      write_file(scratch.path() / name / "inner" / "f", "x");
    }
    ::chmod((scratch.path() / "none").c_str(), 0000);
    ::chmod((scratch.path() / "read").c_str(), 0400);
    ::chmod((scratch.path() / "write").c_str(), 0200);
    ::chmod((scratch.path() / "search").c_str(), 0100);
    ::chmod((scratch.path() / "nested" / "inner").c_str(), 0500);
    ::chmod((scratch.path() / "nested").c_str(), 0500);
  });
  CHECK(outcome == "");
  CHECK(names_in(shared.path()).empty());
}

}  // namespace files_test
