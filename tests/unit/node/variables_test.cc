#include "node/variables.hh"

#include "site.hh"

#include "node/services.hh"

#include <doctest/doctest.h>
#include <fmt/format.h>
#include <fmt/ranges.h>

#include <filesystem>
#include <string>

namespace variables_test {

using namespace bakehouse;
using namespace bakehouse::node;
namespace fs = std::filesystem;

namespace {

// Nothing of it is started: the helper of a test is none.
const char* const settings =
    "env: {LEVEL: info, HOST: '${database.host:-localhost}'}\n"
    "processes:\n"
    "  web: {command: x, count: 0, env: {LEVEL: debug, PASSWORD: '${database.password}'}}\n"
    "  worker: {command: x, count: 0}\n";

Release with_variables(const std::string& version, uint64_t sequence) {
  return release(version, sequence, {}, settings);
}

void set_password(Site& site, const std::string& value) {
  site.write("pillar/secrets/production.yaml", "database.password: armored " + value + "\n");
  // The pillar that a rollback brings back is the one that is asked.
  site.open_sealed = [](const fs::path& pillar, const std::string&) {
    const std::string sealed = base::read_file(pillar / "secrets/production.yaml", 1000);
    const size_t start = sealed.find("armored ") + 8;
    return std::map<std::string, std::string>{
        {"database.password", sealed.substr(start, sealed.size() - start - 1)}};
  };
}

std::string place_of(const std::string& deployment) {
  return ".bakehouse/deployments/" + deployment + "/variables/";
}

// The words before those that would be executed without variables, "~" for the records of the deployment.
std::string before_command(Site& site, const std::string& deployment, const std::vector<std::string>& words) {
  const auto argv = start_in_release(site.node(), words).argv;
  const fs::path file =
      fs::path(argv.at(2)).lexically_relative(fs::canonical(site.root()) / place_of(deployment));
  return argv.at(1) + " " + file.native();
}

}  // namespace

TEST_CASE("a process gets the variables of all and its own over them, in a file for its owner") {
  Site site;
  set_password(site, "hunter2");
  const Result result = site.apply(with_variables("1.0", 1));
  REQUIRE(describe(result) == "good");
  const std::string place = place_of(result.deployment);
  CHECK(site.read(place + "env") == "HOST=\"localhost\"\nLEVEL=\"info\"\n");
  CHECK(site.read(place + "env.web") == "HOST=\"localhost\"\nLEVEL=\"debug\"\nPASSWORD=\"hunter2\"\n");
  CHECK_FALSE(site.exists(place + "env.worker"));
  const auto mode_of = [&](const std::string& path) { return fs::status(site.root() / path).permissions(); };
  CHECK(mode_of(place) == fs::perms::owner_all);
  CHECK(mode_of(place + "env.web") == (fs::perms::owner_read | fs::perms::owner_write));
}

TEST_CASE("what describes a process names the file, and the value is nowhere else") {
  Site site;
  set_password(site, "hunter2");
  const Result result = site.apply(with_variables("1.0", 1));
  REQUIRE(describe(result) == "good");
  CHECK(before_command(site, result.deployment, {"web", "-v"}) == "--variables env.web");
  CHECK(before_command(site, result.deployment, {"worker"}) == "--variables env");
  CHECK(before_command(site, result.deployment, {"../x"}) == "--variables env");
  CHECK(site.read(".bakehouse/deployments/" + result.deployment + "/configuration.json")
            .find(R"({"name":"PASSWORD","process":"web","sealed":true})") != std::string::npos);
  std::vector<std::string> holding;
  for (const auto& entry : fs::recursive_directory_iterator(site.root())) {
    // The seal of this test is none.
    const bool is_sealed = entry.path().parent_path().filename() == "secrets";
    if (!entry.is_regular_file() || is_sealed) continue;
    if (base::read_file(entry.path(), 1 << 20).find("hunter2") != std::string::npos)
      holding.push_back(entry.path().filename().native());
  }
  CHECK(fmt::format("{}", fmt::join(holding, " ")) == "env.web");
}

TEST_CASE("another value makes a deployment, and a rollback brings the one before") {
  Site site;
  set_password(site, "first");
  REQUIRE(describe(site.apply(with_variables("1.0", 1))) == "good");
  CHECK(describe(site.apply(with_variables("1.0", 1))) == "unchanged");
  set_password(site, "second");
  const Result second = site.apply(with_variables("1.0", 1));
  REQUIRE(describe(second) == "good");
  CHECK(site.read(place_of(second.deployment) + "env.web").find("second") != std::string::npos);
  const Result back = site.rollback();
  REQUIRE(describe(back) == "good");
  CHECK(site.read(place_of(back.deployment) + "env.web").find("first") != std::string::npos);
}

TEST_CASE("all that is wrong with variables and templates is told before anything is touched") {
  Site site;
  Release shop =
      release("1.0", 1, {}, "env: {A: '${a.b}'}\nprocesses: {web: {env: {B: 'x ${c|d}', C: '${c}'}}}\n");
  shop.tree[".bake/templates/page"] = File{"${e}\n"};
  site.write("pillar/production.yaml", "c: \"a\\rb\"\n");
  const std::string said = describe(site.apply(shop));
  for (const char* fault : {".bake/templates/page:1:1: 'e' has no value", "env.A:1:1: 'a.b' has no value",
                            "processes.web.env.B:1:3: there is no filter 'd'",
                            "processes.web.env.C: what is to be in 'C' holds a control character"}) {
    CAPTURE(said);
    CHECK(said.find(fault) != std::string::npos);
  }
  CHECK_FALSE(site.exists("run"));
}

TEST_CASE("without variables nothing is put before a process") {
  Site site;
  const Result result = site.apply(release("1.0", 1, {}, "processes: {web: {command: exec sleep 600}}\n"));
  REQUIRE(describe(result) == "good");
  CHECK(start_in_release(site.node(), {"web"}).argv.front() == "/bin/bash");
  CHECK_FALSE(site.exists(place_of(result.deployment)));
}

}  // namespace variables_test
