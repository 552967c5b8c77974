#include "config/root.hh"

#include "base/files.hh"
#include "failure.hh"
#include "text/json.hh"

#include <doctest/doctest.h>

#include <array>
#include <filesystem>
#include <string>

namespace root_test {

using namespace bakehouse;
using namespace bakehouse::config;
namespace fs = std::filesystem;

namespace {

Layout some_layout() {
  Layout layout;
  layout.name = "makina";
  const auto path = [](const char* text) { return base::TreePath::parse(text); };
  layout.source_remote = path("git/project.git");
  layout.pillar_remote = path("git/pillar.git");
  layout.source = path("project");
  layout.pillar = path("pillar");
  layout.build = path("build");
  layout.run = path("run");
  layout.data = path("data");
  layout.deployments = path("deploy");
  layout.releases = path("releases");
  layout.archives = path("archives");
  return layout;
}

Root some_root(const fs::path& path) { return {path, "shop", Mode::cooking, some_layout(), {}}; }

const std::string written =
    R"({"layout":{"name":"makina","roles":{"archives":"archives","build":"build","data":"data",)"
    R"("deployments":"deploy","pillar":"pillar","pillar-remote":"git/pillar.git","releases":"releases",)"
    R"("run":"run","source":"project","source-remote":"git/project.git"},"switch":"exchange"},)"
    R"("mode":"cooking","project":"shop","schema":1})";

std::string replaced(std::string text, const std::string& from, const std::string& to) {
  return text.replace(text.find(from), from.size(), to);
}

}  // namespace

TEST_CASE("a root is written as canonical JSON and read again") {
  const base::TempDir place;
  const fs::path path = fs::canonical(place.path());
  write_root(some_root(path));
  CHECK(base::read_file(path / ".bakehouse/root.json", 10000) == written);
  const Root root = read_root(path);
  CHECK(root.path == path);
  CHECK(root.project == "shop");
  CHECK(root.mode == Mode::cooking);
  CHECK(root.at(root.layout.deployments) == path / "deploy");
  CHECK(root.state() == path / ".bakehouse");
  CHECK_FALSE(root.key);
}

TEST_CASE("a root written twice holds the second, and keeps the key") {
  const base::TempDir place;
  Root root = some_root(place.path());
  write_root(root);
  root.mode = Mode::editable;
  root.key = "/keys/shop.key";
  write_root(root);
  CHECK(read_root(place.path()).mode == Mode::editable);
  CHECK(read_root(place.path()).key == fs::path("/keys/shop.key"));
}

TEST_CASE("a root is named by its path without links") {
  const base::TempDir place;
  const fs::path path = fs::canonical(place.path());
  fs::create_directory(path / "real");
  fs::create_directory_symlink("real", path / "link");
  write_root(some_root(path / "real"));
  CHECK(read_root(path / "link").path == path / "real");
}

TEST_CASE("the nearest root at or above a directory is found") {
  const base::TempDir place;
  const fs::path path = fs::canonical(place.path());
  fs::create_directories(path / "a/b/c");
  CHECK_FALSE(find_root(path / "a/b"));
  write_root(some_root(path / "a"));
  CHECK(find_root(path / "a") == path / "a");
  CHECK(find_root(path / "a/b/c") == path / "a");
  write_root(some_root(path / "a/b"));
  CHECK(find_root(path / "a/b/c") == path / "a/b");
  fs::create_directories(path / "a/b/c/.bakehouse/root.json");
  CHECK(find_root(path / "a/b/c") == path / "a/b");
}

TEST_CASE("a directory without root.json is no root") {
  const base::TempDir place;
  const std::string path = fs::canonical(place.path()).native();
  CHECK(failure([&] { read_root(place.path()); }) ==
        "'" + path +
            "' is no root: it has no .bakehouse/root.json | "
            "'bake init NAME' or 'release init NAME' makes one; --root says where it is");
  CHECK(failure([&] { read_root(place.path() / "absent"); }) ==
        "cannot open '" + place.path().native() + "/absent': No such file or directory");
}

TEST_CASE("a root.json that is not as written is refused, a newer one by saying so") {
  const base::TempDir place;
  const fs::path path = fs::canonical(place.path());
  write_root(some_root(path));
  const std::string name = (path / ".bakehouse/root.json").native();
  for (const auto& row : std::initializer_list<std::array<std::string, 3>>{
           {"\"schema\":1", "\"schema\":2",
            ": this root was made by a newer Bakehouse (schema 2, known here is 1)"
            " | use the version that made it, or a later one"},
           {"\"schema\":1", "\"schema\":0", ": schema 0 does not exist"},
           {",\"schema\":1", "", ":1:1: 'schema' is missing"},
           {"\"schema\":1", "\"schema\":\"1\"", ":1:@: 'schema' must be a whole number, not a string"},
           {"\"mode\":\"cooking\"", "\"mode\":\"raw\"",
            ":1:@: 'mode' in root.json must be one of editable, cooking, final, not 'raw'"},
           {"\"mode\":\"cooking\",", "", ":1:1: 'mode' is missing in root.json"},
           {"\"project\":\"shop\"", "\"project\":\"../shop\"",
            ":1:@: the project's name '../shop' does not begin with one of a-z 0-9"},
           {"\"project\":\"shop\"", "\"extra\":1,\"project\":\"shop\"",
            ":1:@: unknown key 'extra' in root.json"},
           {"\"project\":\"shop\"", "\"key\":\"a\",\"project\":\"shop\"",
            ":1:@: the path of the key is not absolute"},
           {"\"run\":\"run\"", "\"run\":\"../run\"",
            ":1:@: the path '../run' of the role 'run' has the part '..' (a path below the root)"},
           {"{", "{{", ":1:2: this is no JSON: unexpected '{'"},
       }) {
    const auto& from = row[0];
    const auto& to = row[1];
    const auto& message = row[2];
    CAPTURE(to);
    // '@' stands for the column of what was changed.
    const std::string column = std::to_string(written.find(from) + 1);
    const std::string expected =
        message.find('@') == std::string::npos ? message : replaced(message, "@", column);
    base::write_file(path / ".bakehouse/root.json", replaced(written, from, to));
    CHECK(failure([&] { read_root(path); }) == name + expected);
  }
}

TEST_CASE("a project's name is safe in every path and message") {
  for (const char* name : {"a", "0", "shop", "shop-api.v2_x", "a..b"}) {
    CAPTURE(name);
    CHECK(failure([&] { check_project_name(name); }) == "no failure");
  }
  const std::string hint = " | a name is like 'shop' or 'shop-api.v2', at most 64 bytes";
  for (const auto& row : std::initializer_list<std::pair<std::string, std::string>>{
           {"", "'' is empty"},
           {"Shop", "'Shop' does not begin with one of a-z 0-9"},
           {".x", "'.x' does not begin with one of a-z 0-9"},
           {"-x", "'-x' does not begin with one of a-z 0-9"},
           {"a/b", "'a/b' holds something other than a-z 0-9 . _ -"},
           {"a b", "'a b' holds something other than a-z 0-9 . _ -"},
           {"a\n", "'a\\012' holds something other than a-z 0-9 . _ -"},
           {"\xC3\xA4", "'\xC3\xA4' does not begin with one of a-z 0-9"},
           {std::string(65, 'a'), "'" + std::string(65, 'a') + "' is longer than 64 bytes"},
       }) {
    const auto& name = row.first;
    const auto& reason = row.second;
    CAPTURE(name);
    CHECK(failure([&] { check_project_name(name); }) == "the project's name " + reason + hint);
  }
  CHECK(failure([] { check_project_name(std::string(64, 'a')); }) == "no failure");
  const base::TempDir place;
  Root root = some_root(place.path());
  root.project = "../x";
  CHECK(failure([&] { write_root(root); }) != "no failure");
}

}  // namespace root_test
