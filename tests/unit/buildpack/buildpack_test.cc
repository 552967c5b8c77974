#include "buildpack/buildpack.hh"

#include "buildpack/platform_exit.hh"
#include "support/failure.hh"
#include "support/mentions.hh"
#include "workbench.hh"

#include <doctest/doctest.h>

#include <cstdlib>
#include <string>
#include <vector>

namespace buildpack_test {

using namespace bakehouse;
using namespace bakehouse::buildpack;
using support::failure;
using support::Mentions;
namespace fs = std::filesystem;

namespace {

Buildpack parsed(const std::string& toml) { return parse_descriptor(toml, "buildpack.toml"); }

std::string describe(const Order& order) {
  std::string text;
  for (const Group& group : order) {
    for (const Reference& member : group) {
      text += member.describe() + (member.optional ? "? " : " ");
      for (const std::string& name : member.exec_envs) text += "(" + name + ") ";
    }
    text += "/ ";
  }
  return text;
}

}  // namespace

TEST_CASE("1.2 a buildpack is known by its id, version and API") {
  const base::TempDir scratch;
  const Buildpack pack = load_buildpack(write_pack(scratch.path() / "p", descriptor("acme/python", "0.10")));
  CHECK(pack.id == "acme/python");
  CHECK(pack.version == "1.2.3");
  CHECK(pack.api == ApiVersion{0, 10});
  CHECK(pack.directory == scratch.path() / "p");
  CHECK(pack.escaped_id() == "acme_python");
  CHECK(pack.describe() == "acme/python@1.2.3");
  CHECK_FALSE(pack.is_composite());
}

TEST_CASE("1.2 every key of a descriptor that counts is read") {
  const Buildpack pack = parsed(
      "api = '0.12'\n[buildpack]\nid = 'a'\nversion = 'simple-layers-version'\nname = 'A'\n"
      "homepage = 'https://example.org'\nclear-env = true\n"
      "sbom-formats = ['application/vnd.cyclonedx+json']\nexec-env = ['test']\n"
      "[[targets]]\nos = 'linux'\narch = 'arm'\narch-variant = 'v7'\n[[targets.distros]]\nname = 'debian'\n"
      "version = '12'\n[[targets]]\nvariant = 'v8'\n[[stacks]]\nid = '*'\n");
  CHECK(pack.version == "simple-layers-version");
  CHECK(pack.name == "A");
  CHECK(pack.homepage == "https://example.org");
  CHECK(pack.clear_env);
  CHECK(pack.sbom_formats == std::vector<std::string>{"application/vnd.cyclonedx+json"});
  CHECK(pack.exec_envs == std::vector<std::string>{"test"});
  REQUIRE(pack.targets.size() == 2);
  CHECK(pack.targets[0].os == "linux");
  CHECK(pack.targets[0].arch == "arm");
  CHECK(pack.targets[0].variant == "v7");
  REQUIRE(pack.targets[0].distros.size() == 1);
  CHECK(pack.targets[0].distros[0].name == "debian");
  CHECK(pack.targets[0].distros[0].version == "12");
  CHECK(pack.targets[1].variant == "v8");
}

TEST_CASE("1.2 targets come from [[targets]], else from [[stacks]], else from bin/build") {
  const base::TempDir scratch;
  const auto first_target = [&](const std::string& more) {
    const Buildpack pack = load_buildpack(write_pack(scratch.path() / "p", descriptor("a", "0.9") + more));
    REQUIRE(pack.targets.size() == 1);
    return pack.targets[0].os + "/" + pack.targets[0].arch;
  };
  CHECK(first_target("[[targets]]\nos = 'linux'\narch = 's390x'\n[[stacks]]\nid = '*'\n") == "linux/s390x");
  CHECK(first_target("[[stacks]]\nid = '*'\n") == "/");
  CHECK(first_target("[[stacks]]\nid = 'io.buildpacks.stacks.bionic'\n") == "linux/amd64");
  CHECK(first_target("[[stacks]]\nid = 'org.example'\n") == "linux/");
  CHECK(first_target("") == "linux/");
}

TEST_CASE("1.2 a composite is its order, and needs no programs") {
  const base::TempDir scratch;
  base::write_file(scratch.path() / "buildpack.toml",
                   descriptor("acme/all") +
                       "[[order]]\n[[order.group]]\nid = 'a'\nversion = '1'\n[[order.group]]\nid = 'b/c'\n"
                       "optional = true\n[[order]]\ngroup = [{id = 'd', exec-env = ['test']}]\n");
  const Buildpack pack = load_buildpack(scratch.path());
  CHECK(pack.is_composite());
  CHECK(describe(pack.order) == "a@1 b/c? / d (test) / ");
}

TEST_CASE("V3 exec-env before API 0.12 is a key like any other that is not known") {
  const Buildpack pack = parsed(
      "api = '0.11'\n[buildpack]\nid = 'a'\nversion = '1'\nexec-env = 3\n"
      "[[order]]\ngroup = [{id = 'd', exec-env = ['test']}]\n");
  CHECK(pack.exec_envs.empty());
  CHECK(describe(pack.order) == "d / ");
}

TEST_CASE("1.12 image extensions are refused by name, not overlooked") {
  for (const std::string more : {"[[order-extensions]]\n", "[extension]\nid = 'x'\n", "[[extension]]\n"}) {
    CAPTURE(more);
    const std::string message = failure([&] { parsed("api = '9'\n" + more); });
    CHECK(message == Mentions{"input: buildpack.toml:2:1: '"});
    CHECK(message == Mentions{"speaks of image extensions, which change a base image; here is none"});
  }
  const base::TempDir scratch;
  base::write_file(scratch.path() / "extension.toml", "");
  CHECK(failure([&] { load_buildpack(scratch.path()); }) ==
        fmt::format("input: '{}' is an image extension, which changes a base image; here is none",
                    scratch.path().native()));
}

TEST_CASE("1.2 all faults of a descriptor are told at once, each with its place") {
  const std::string message = failure([] {
    parsed(
        "api = '0.12'\n[buildpack]\nid = 'a b'\nclear-env = 1\n[[targets]]\nos = 3\n[[order]]\n"
        "[[order]]\ngroup = [{}]\n");
  });
  CHECK(message ==
        "input: buildpack.toml:2:1: 'version' is missing in 'buildpack'\n"
        "buildpack.toml:3:1: 'a b' is no id of a buildpack (letters, digits, '.', '/', '-', '_')\n"
        "buildpack.toml:4:1: 'clear-env' in 'buildpack' must be yes or no, not '1'\n"
        "buildpack.toml:6:1: 'os' must be text, not a whole number\n"
        "buildpack.toml:7:1: an order must have a group with at least one member\n"
        "buildpack.toml:9:10: 'id' is missing in a member of a group");
}

TEST_CASE("1.2 a version is lenient, but must do as the name of a directory") {
  for (const std::string version : {"1.0.0", "simple-layers-version", "2024-01-01", "v1 final", "1.0+x"}) {
    CAPTURE(version);
    CHECK(parsed("api = '0.12'\n[buildpack]\nid = 'a'\nversion = '" + version + "'\n").version == version);
  }
  for (const std::string version : {"", ".", "..", "a/b", "\\n", "\\u0000"}) {
    CAPTURE(version);
    CHECK(failure([&] { parsed("api = '0.12'\n[buildpack]\nid = 'a'\nversion = \"" + version + "\"\n"); }) !=
          "no failure");
  }
}

TEST_CASE("the directory of a buildpack is its real one, so that a link to it may go") {
  const base::TempDir scratch;
  write_pack(scratch.path() / "real", descriptor("a"));
  fs::create_symlink("real", scratch.path() / "link");
  CHECK(load_buildpack(scratch.path() / "link").directory == scratch.path() / "real");
}

TEST_CASE("1.2 keys that are not known are left alone") {
  const auto toml = descriptor("a") + "keywords = [1]\n[metadata]\nany = [1, 2]\n[[other]]\nos = 3\n";
  CHECK(parsed(toml).id == "a");
}

TEST_CASE("1.2 a descriptor that is not in order is refused with the reason") {
  struct Row {
    std::string toml;
    std::string reason;
  };
  const Row rows[] = {
      {"", "'api' is missing"},
      {"api = \"0.12\"\n", "'buildpack' is missing"},
      {"api = \"0.12\"\n[buildpack]\nversion = \"1\"\n", "'id' is missing"},
      {"api = \"0.12\"\n[buildpack]\nid = \"a\"\n", "'version' is missing"},
      {"api = \"0.12\"\nbuildpack = 3\n", "'buildpack' must be a map"},
      {"api = 0.12\n[buildpack]\nid = \"a\"\nversion = \"1\"\n", "'api' must be text"},
      {"api = \"0.12\n", "this is no TOML"},
      {"api = \"0.12\"\n[buildpack]\nid = \"sbom\"\nversion = \"1\"\n", "it is reserved"},
      {"api = \"0.12\"\norder = 3\n[buildpack]\nid = \"a\"\nversion = \"1\"\n",
       "'order' must be a list of tables (written as [[order]])"},
      {"api = \"0.12\"\n[targets]\nos = \"linux\"\n[buildpack]\nid = \"a\"\nversion = \"1\"\n",
       "'targets' must be a list of tables (written as [[targets]])"},
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

TEST_CASE("V1 an API that this engine does not speak is refused with the file and exit 12") {
  const base::TempDir scratch;
  write_pack(scratch.path(), descriptor("a", "0.13"));
  try {
    load_buildpack(scratch.path());
    FAIL("it was accepted");
  } catch (const PlatformFailure& failure) {
    CHECK(failure.exit() == PlatformExit::buildpack_api);
    CHECK(std::string(failure.what()) ==
          fmt::format("{}: its buildpack API is 0.13, this program speaks 0.7 to 0.12",
                      (scratch.path() / "buildpack.toml").native()));
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
  CHECK(failure([&] { load_buildpack(scratch.path()); }) == Mentions{"there is no buildpack in"});
}

TEST_CASE("a name or id is a shipped buildpack, what begins with . or / is a path") {
  const base::TempDir scratch;
  const fs::path shipped = scratch.path() / "shipped";
  const fs::path project = scratch.path() / "project";
  write_pack(shipped / "static", descriptor("bakehouse/static"));
  write_pack(project / "packs/own", descriptor("own"));
  write_pack(project / "static", descriptor("not/this"));
  write_pack(scratch.path() / "else", descriptor("else"));

  CHECK(find_buildpack("static", shipped, project).id == "bakehouse/static");
  CHECK(find_buildpack("bakehouse/static", shipped, project).id == "bakehouse/static");
  CHECK(find_buildpack("bakehouse/static@1.2.3", shipped, project).version == "1.2.3");
  CHECK(find_buildpack("./packs/own", shipped, project).id == "own");
  CHECK(find_buildpack("../else", shipped, project).id == "else");
  CHECK(find_buildpack((scratch.path() / "else").native(), shipped, project).id == "else");
}

TEST_CASE("a name that nothing has is refused with the names there are") {
  const base::TempDir scratch;
  const fs::path shipped = scratch.path() / "shipped";
  write_pack(shipped / "b", descriptor("x/b"));
  write_pack(shipped / "a", descriptor("x/a"));
  for (const std::string name : {"absent", "heroku/nodejs@3.1.0", "x/a@1.2.4", "x", "a/../b"}) {
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

}  // namespace buildpack_test
