#include "node/services.hh"
#include "node/run_place.hh"

#include "base/error.hh"
#include "site.hh"
#include "support/failure.hh"

#include <doctest/doctest.h>
#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>

namespace services_test {

using namespace bakehouse;
using namespace bakehouse::node;

namespace {

using Words = std::vector<std::string>;

const std::string processes = "processes: {web: {command: exec sleep 600, port: 8090}, old: {port: 8091}}\n";

// What would be executed, "~" for the root.
std::string argv_of(Site& site, const Words& words) {
  const auto argv = start_in_release(site.node(), words).argv;
  std::string text = fmt::format("{}", fmt::join(argv, " | "));
  const std::string root = std::filesystem::canonical(site.root()).native();
  for (size_t at = text.find(root); at != std::string::npos; at = text.find(root))
    text.replace(at, root.size(), "~");
  return text;
}

std::string port_of(Site& site, const Words& words) {
  const auto environment = start_in_release(site.node(), words).environment;
  const auto port =
      std::ranges::find_if(environment, [](const auto& entry) { return entry.starts_with("PORT="); });
  return port == environment.end() ? "none" : *port;
}

void set_launch(Site& site, const launch::LaunchFile& file) {
  site.write("run/.bakehouse/launch.json", launch::format_launch(file));
}

}  // namespace

TEST_CASE("a process of another environment is no service") {
  Site site;
  Release made = release("1.0", 1);
  launch::LaunchProcess check;
  check.type = "check";
  check.command = {"true"};
  check.exec_env = {"test"};
  made.launch.processes = {check};
  REQUIRE(describe(site.apply(made)) == "good");
  const auto deployment = deployment_in_run(site.node());
  REQUIRE(deployment);
  CHECK(service_specs(site.node(), *deployment).empty());
}

TEST_CASE("what is started in the release is the helper's affair, but for a command of this node") {
  Site site;
  REQUIRE(describe(site.apply(release("1.0", 1, {}, processes))) == "good");
  CHECK(argv_of(site, {"old", "x"}) == "/no/helper | ~/run | old | x");
  CHECK(argv_of(site, {"--", "ls", "-l"}) == "/no/helper | ~/run | -- | ls | -l");
  CHECK(argv_of(site, {}) == "/no/helper | ~/run");
  CHECK(argv_of(site, {"web"}) == "/bin/bash | -c | exec sleep 600");
  CHECK(argv_of(site, {"web", "x", "y"}) == "/bin/bash | -c | exec sleep 600 \"$@\" | web | x | y");
  CHECK(start_in_release(site.node(), {"web"}).directory.filename() == "run");
}

TEST_CASE("a command of this node runs on the layers of the release, where it has any") {
  Site site;
  REQUIRE(describe(site.apply(release("1.0", 1, {}, processes))) == "good");
  launch::LaunchFile file;
  file.buildpacks = {{"a/pack", {"layer"}}};
  set_launch(site, file);
  CHECK(argv_of(site, {"web"}) == "/no/helper | ~/run | -- | /bin/bash | -c | exec sleep 600");
}

TEST_CASE("no word means the default process, with its port") {
  Site site;
  REQUIRE(describe(site.apply(release("1.0", 1, {}, processes))) == "good");
  CHECK(port_of(site, {}) == "none");
  CHECK(port_of(site, {"web"}) == "PORT=8090");
  CHECK(port_of(site, {"ls"}) == "none");
  launch::LaunchFile file;
  file.processes = {{"old", {"true"}, {}, "", ""}};
  file.default_process = "old";
  set_launch(site, file);
  CHECK(argv_of(site, {}) == "/no/helper | ~/run | old");
  CHECK(port_of(site, {}) == "PORT=8091");
}

TEST_CASE("before the first release nothing can be started") {
  Site site;
  CHECK(support::failure([&] { start_in_release(site.node(), {"web"}); }) ==
        "input: shop: nothing is deployed");
}

}  // namespace services_test
