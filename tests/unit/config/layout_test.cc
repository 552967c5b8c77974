#include "config/layout.hh"

#include "base/files.hh"
#include "failure.hh"
#include "text/json.hh"
#include "text/yaml.hh"

#include <doctest/doctest.h>

#include <array>
#include <string>

namespace layout_test {

using namespace bakehouse;
using namespace bakehouse::config;

namespace {

const std::string makina =
    "name: makina\nswitch: exchange\nroles:\n"
    "  source-remote: git/project.git\n  pillar-remote: git/pillar.git\n  source: project\n  pillar: pillar\n"
    "  build: build\n  run: run\n  data: data\n  deployments: deploy\n  releases: releases\n  archives: "
    "archives\n";

std::string replaced(std::string text, const std::string& from, const std::string& to) {
  return text.replace(text.find(from), from.size(), to);
}

std::string fault_of(const std::string& document) {
  return failure([&] { decode_layout(text::parse_yaml(document, "x")); });
}

}  // namespace

TEST_CASE("a layout gives each role its path") {
  const Layout layout = decode_layout(text::parse_yaml(makina, "x"));
  CHECK(layout.name == "makina");
  CHECK(layout.switches == Switches{Switch::exchange});
  CHECK(layout.source_remote.str() == "git/project.git");
  CHECK(layout.source.str() == "project");
  CHECK(layout.deployments.str() == "deploy");
  CHECK(layout.archives.str() == "archives");
}

TEST_CASE("a layout survives being written and read") {
  for (const char* how : {"exchange", "symlink", "inplace"}) {
    CAPTURE(how);
    const std::string runs = std::string(how) == "symlink" ? "  runs: runs\n" : "";
    const Layout layout = decode_layout(text::parse_yaml(replaced(makina, "exchange", how) + runs, "x"));
    CHECK(name_of(layout.switches.front()) == how);
    const std::string written = text::to_json(encode_layout(layout));
    CHECK(text::to_json(encode_layout(decode_layout(text::parse_json(written, "y")))) == written);
  }
}

TEST_CASE("a layout may name several switches, each once, and a link has to have something to lead to") {
  const auto with = [](const std::string& switches, const std::string& runs = {}) {
    return replaced(makina, "exchange", switches) + runs;
  };
  CHECK(decode_layout(text::parse_yaml(with("[inplace, exchange]"), "x")).switches ==
        Switches{Switch::inplace, Switch::exchange});
  CHECK(fault_of(with("[exchange, exchange]")) == "x:2:20: 'switch' in the layout names exchange twice");
  CHECK(fault_of(with("[]")) == "x:2:1: 'switch' in the layout names none");
  CHECK(fault_of(with("[exchange, symlink]")) ==
        "x:2:1: 'switch' in the layout names symlink beside another (run/ is either a link or a directory)");
  CHECK(fault_of(with("symlink")) ==
        "x:3:1: 'runs' is missing in the roles of the layout: where run/ is to link to");
  CHECK(fault_of(with("exchange", "  runs: runs\n")) ==
        "x:14:3: the role 'runs' is for layouts whose switch is symlink");
  CHECK(fault_of(with("symlink", "  runs: run/s\n")) ==
        "x:14:3: the role 'runs' (run/s) lies within the role 'run' (run)");
}

TEST_CASE("all faults of a layout are told at once") {
  CHECK(fault_of("name: a/b\nswitch: exchang\nroles:\n  source: ../up\n  run: .run.1/x\n  dat: data\ncolour: "
                 "red\n") ==
        "x:1:1: the name of the layout 'a/b' holds something other than A-Z a-z 0-9 . _ -\n"
        "x:2:1: 'switch' in the layout must be one of exchange, symlink, inplace, not 'exchang' (did you "
        "mean 'exchange'?)\n"
        "x:3:1: 'source-remote' is missing in the roles of the layout\n"
        "x:3:1: 'pillar-remote' is missing in the roles of the layout\n"
        "x:3:1: 'pillar' is missing in the roles of the layout\n"
        "x:3:1: 'build' is missing in the roles of the layout\n"
        "x:3:1: 'data' is missing in the roles of the layout\n"
        "x:3:1: 'deployments' is missing in the roles of the layout\n"
        "x:3:1: 'releases' is missing in the roles of the layout\n"
        "x:3:1: 'archives' is missing in the roles of the layout\n"
        "x:4:3: the path '../up' of the role 'source' has the part '..' (a path below the root)\n"
        "x:5:3: the role 'run' has a path that Bakehouse keeps for itself: '.run.1/x'\n"
        "x:6:3: unknown key 'dat' in the roles of the layout (did you mean 'data'?)\n"
        "x:7:1: unknown key 'colour' in the layout");
}

TEST_CASE("roles lie apart, and apart from Bakehouse's own") {
  for (const auto& row : std::initializer_list<std::array<std::string, 3>>{
           {"data: data", "data: run",
            "x:10:3: the role 'data' (run) is at the place of the role 'run' (run)"},
           {"data: data", "data: run/data",
            "x:10:3: the role 'data' (run/data) lies within the role 'run' (run)"},
           {"run: run", "run: data/a/b",
            "x:9:3: the role 'run' (data/a/b) lies within the role 'data' (data)"},
           {"data: data", "data: .bakehouse/data",
            "x:10:3: the role 'data' has a path that Bakehouse keeps for itself: '.bakehouse/data'"},
           {"data: data", "data: .bakehouse",
            "x:10:3: the role 'data' has a path that Bakehouse keeps for itself: '.bakehouse'"},
           {"data: data", "data: /srv/data",
            "x:10:3: the path '/srv/data' of the role 'data' is absolute (a path below the root)"},
           {"data: data", "data: ''",
            "x:10:3: the path '' of the role 'data' is empty (a path below the root)"},
           {"data: data", "data: [a]", "x:10:3: the role 'data' must be text, not a list"},
           {"data: data", "data: running", "no failure"},
           {"data: data", "data: git/data", "no failure"},
       }) {
    const auto& from = row[0];
    const auto& to = row[1];
    const auto& message = row[2];
    CAPTURE(to);
    CHECK(fault_of(replaced(makina, from, to)) == message);
  }
}

TEST_CASE("a layout is found by its name in the first directory that has it, and by path") {
  const base::TempDir place;
  const auto one = place.path() / "one";
  const auto two = place.path() / "two";
  std::filesystem::create_directories(one);
  std::filesystem::create_directories(two);
  base::write_file(two / "own.yaml", replaced(makina, "makina", "own"));
  CHECK(load_layout("own", {one, two, place.path() / "absent"}).run.str() == "run");

  base::write_file(one / "own.yaml", replaced(replaced(makina, "makina", "own"), "run: run", "run: live"));
  CHECK(load_layout("own", {one, two}).run.str() == "live");
  CHECK(load_layout((two / "own.yaml").native(), {}).run.str() == "run");

  const std::string directories = one.native() + ", " + two.native();
  CHECK(failure([&] {
          load_layout("other", {one, two});
        }) == "there is no layout 'other' in " + directories +
                  " | name one that is there, or give the path of a file");
  CHECK(failure([&] { load_layout("..", {one}); }) ==
        "the name of the layout '..' does not begin with one of A-Z a-z 0-9 | a file is given by a path with "
        "a '/'");
  base::write_file(one / "twin.yaml", makina);
  CHECK(failure([&] { load_layout("twin", {one}); }) ==
        (one / "twin.yaml").native() + ": the layout in this file calls itself 'makina'");
}

TEST_CASE("the shipped layouts say where things are, and how run is switched") {
  const char* directory = std::getenv("BAKEHOUSE_LAYOUTS");  // NOLINT(concurrency-mt-unsafe)
  REQUIRE_MESSAGE(directory != nullptr, "BAKEHOUSE_LAYOUTS names the directory of the shipped layouts");
  const Layout shipped = load_layout("makina", {directory});
  CHECK(text::to_json(encode_layout(shipped)) ==
        text::to_json(encode_layout(decode_layout(
            text::parse_yaml(replaced(makina, "switch: exchange", "switch: [exchange, inplace]"), "x")))));
  const Layout capistrano = load_layout("capistrano", {directory});
  CHECK(capistrano.run_is_link());
  CHECK(capistrano.run.str() == "current");
  CHECK(capistrano.runs.str() == "releases");
  CHECK(capistrano.data.str() == "shared");
  const Layout fhs = load_layout("fhs", {directory});
  CHECK_FALSE(fhs.run_is_link());
  CHECK(fhs.run.str() == "usr/lib/app");
  CHECK(fhs.data.str() == "var/lib/app");
}

}  // namespace layout_test
