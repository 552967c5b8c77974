#include "buildpack/buildpack.hh"

#include "support/failure.hh"
#include "support/mentions.hh"
#include "workbench.hh"

#include <doctest/doctest.h>

#include <cstdlib>
#include <string>
#include <vector>

using namespace bakehouse;
using namespace bakehouse::buildpack;
using support::failure;
using support::Mentions;
namespace fs = std::filesystem;

TEST_CASE("a buildpack is known by its id, version and API") {
  const base::TempDir scratch;
  const Buildpack pack = load_buildpack(write_pack(scratch.path() / "p", descriptor("acme/python", "0.10")));
  CHECK(pack.id == "acme/python");
  CHECK(pack.version == "1.2.3");
  CHECK(pack.api == "0.10");
  CHECK(pack.directory == scratch.path() / "p");
  CHECK(pack.escaped_id() == "acme_python");
}

TEST_CASE("the directory of a buildpack is its real one, so that a link to it may go") {
  const base::TempDir scratch;
  write_pack(scratch.path() / "real", descriptor("a"));
  fs::create_symlink("real", scratch.path() / "link");
  CHECK(load_buildpack(scratch.path() / "link").directory == scratch.path() / "real");
}

TEST_CASE("keys that are not known are left alone") {
  const base::TempDir scratch;
  const auto toml =
      descriptor("a") + "homepage = \"x\"\n[metadata]\nany = [1, 2]\n[[targets]]\nos = \"linux\"\n";
  CHECK(load_buildpack(write_pack(scratch.path() / "p", toml)).id == "a");
}

TEST_CASE("a descriptor that is not in order is refused with the reason") {
  struct Row {
    std::string toml;
    std::string reason;
  };
  const Row rows[] = {
      {"", "'api' is missing"},
      {"api = \"0.12\"\n", "'buildpack' is missing"},
      {"api = \"0.12\"\n[buildpack]\nversion = \"1\"\n", "'id' is missing"},
      {"api = \"0.12\"\n[buildpack]\nid = \"a\"\n", "'version' is missing"},
      {"api = \"0.12\"\nbuildpack = 3\n", "a map with 'id' was expected"},
      {"api = 0.12\n[buildpack]\nid = \"a\"\nversion = \"1\"\n", "'api' must be a string"},
      {"api = \"0.12\n", "this is no TOML"},
      {"api = \"0.12\"\n[buildpack]\nid = \"a\"\nversion = \"1\"\n[[order]]\n",
       "composite buildpacks are not supported"},
  };
  for (const Row& row : rows) {
    CAPTURE(row.toml);
    const base::TempDir scratch;
    write_pack(scratch.path(), row.toml);
    const std::string message = failure([&] { load_buildpack(scratch.path()); });
    CHECK(message == Mentions{"input: " + (scratch.path() / "buildpack.toml").native()});
    CHECK(message == Mentions{row.reason});
  }
}

TEST_CASE("an API that this engine does not speak is refused; 0.10 is newer than 0.9") {
  for (const std::string api : {"0.9", "0.10", "0.11", "0.12"}) {
    CAPTURE(api);
    const base::TempDir scratch;
    CHECK(load_buildpack(write_pack(scratch.path(), descriptor("a", api))).api == api);
  }
  for (const std::string api : {"0.8", "0.2", "0.13", "0.100", "1.0", "1.10", "0", "0.", "0.x", "0.12.1",
                                "-0.12", "0.-10", "0.+10", " 0.12", "", "newest"}) {
    CAPTURE(api);
    const base::TempDir scratch;
    write_pack(scratch.path(), descriptor("a", api));
    CHECK(failure([&] { load_buildpack(scratch.path()); }) ==
          Mentions{fmt::format("its buildpack API is {}, this program speaks 0.9 to 0.12", api)});
  }
}

TEST_CASE("an id is a name of one directory once its slashes are replaced") {
  const base::TempDir scratch;
  CHECK(load_buildpack(write_pack(scratch.path(), descriptor("../x"))).escaped_id() == ".._x");
  for (const std::string id : {"..", ".", "", "a b", "a\\nb", "a:b"}) {
    CAPTURE(id);
    const base::TempDir bad;
    write_pack(bad.path(), descriptor(id));
    CHECK(failure([&] { load_buildpack(bad.path()); }) == Mentions{"is no id of a buildpack"});
  }
}

TEST_CASE("a program that is missing or not executable is named") {
  for (const std::string program : {"bin/detect", "bin/build"}) {
    CAPTURE(program);
    const base::TempDir scratch;
    write_pack(scratch.path(), descriptor("a"));
    fs::permissions(scratch.path() / program, fs::perms(0644));
    const std::string expected =
        fmt::format("input: '{}' is missing or not executable", (scratch.path() / program).native());
    CHECK(failure([&] { load_buildpack(scratch.path()); }) == expected);
    fs::remove(scratch.path() / program);
    CHECK(failure([&] { load_buildpack(scratch.path()); }) == expected);
  }
}

TEST_CASE("a directory that holds no buildpack is named") {
  const base::TempDir scratch;
  CHECK(failure([&] { load_buildpack(scratch.path()); }) == Mentions{"buildpack.toml"});
}

TEST_CASE("a name is a shipped buildpack, what begins with . or / is a path") {
  const base::TempDir scratch;
  const fs::path shipped = scratch.path() / "shipped";
  const fs::path project = scratch.path() / "project";
  write_pack(shipped / "static", descriptor("bakehouse/static"));
  write_pack(project / "packs/own", descriptor("own"));
  write_pack(project / "static", descriptor("not/this"));
  write_pack(scratch.path() / "else", descriptor("else"));

  CHECK(find_buildpack("static", shipped, project).id == "bakehouse/static");
  CHECK(find_buildpack("./packs/own", shipped, project).id == "own");
  CHECK(find_buildpack("../else", shipped, project).id == "else");
  CHECK(find_buildpack((scratch.path() / "else").native(), shipped, project).id == "else");
}

TEST_CASE("a name that nothing has is refused with the names there are") {
  const base::TempDir scratch;
  const fs::path shipped = scratch.path() / "shipped";
  write_pack(shipped / "b", descriptor("x/b"));
  write_pack(shipped / "a", descriptor("x/a"));
  for (const std::string name : {"absent", "heroku/nodejs@3.1.0", "x/a", "a/../b"}) {
    CAPTURE(name);
    try {
      find_buildpack(name, shipped, scratch.path());
      FAIL("it was found");
    } catch (const base::Error& error) {
      CHECK(error.fault() == base::Fault::input);
      CHECK(std::string(error.what()) == fmt::format("there is no buildpack '{}'", name));
      CHECK(error.hint() == "shipped are: a b; a path begins with ./ or /");
    }
  }
}

TEST_CASE("the shipped buildpacks come in byte order of their names") {
  const base::TempDir scratch;
  for (const std::string name : {"b", "a", "Z", "a1"}) write_pack(scratch.path() / name, descriptor(name));
  fs::create_directory(scratch.path() / "empty");
  base::write_file(scratch.path() / "README.md", "x");
  std::vector<std::string> ids;
  for (const Buildpack& pack : shipped_buildpacks(scratch.path())) ids.push_back(pack.id);
  CHECK(ids == std::vector<std::string>{"Z", "a", "a1", "b"});
}
