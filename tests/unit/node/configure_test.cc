#include "node/configure.hh"

#include "base/error.hh"
#include "site.hh"

#include <doctest/doctest.h>

#include <filesystem>
#include <string>

#include <sys/stat.h>

namespace configure_test {

using namespace bakehouse;
using namespace bakehouse::node;
namespace fs = std::filesystem;

namespace {

const char* const page = "host=${database.host}\nenvironment=${bakehouse.environment}\n";

Release with_template(const std::string& version, uint64_t sequence, const std::string& text = page,
                      const std::string& settings = {}) {
  Release made = release(version, sequence, {}, settings);
  made.tree[".bake/templates/config/app.ini"] = File{text, 0640};
  return made;
}

void set_host(const Site& site, const std::string& host) {
  site.write("pillar/production.yaml", "database: {host: " + host + "}\n");
}

uint32_t mode_of(const fs::path& path) {
  struct stat found {};
  REQUIRE(::stat(path.c_str(), &found) == 0);
  return found.st_mode & 07777;
}

std::string patch_of_drift(const Site& site, const std::string& deployment) {
  return site.read(".bakehouse/drift/" + deployment + ".patch");
}

}  // namespace

TEST_CASE("a template becomes a file of the tree to run, and of nothing else") {
  Site site;
  set_host(site, "db1");
  const Result result = site.apply(with_template("1.0", 1));
  CHECK(describe(result) == "good");
  CHECK(site.read("run/config/app.ini") == "host=db1\nenvironment=production\n");
  CHECK(mode_of(site.root() / "run/config/app.ini") == 0640);
  CHECK_FALSE(site.exists("deploy/" + result.deployment + "/config"));
  CHECK(site.is_verified());
  CHECK(site.litter().empty());
}

TEST_CASE("a template takes the place of a file of the release") {
  Site site;
  set_host(site, "db1");
  Release shop = with_template("1.0", 1);
  shop.tree["config/app.ini"] = File{"host=localhost\n"};
  const Result result = site.apply(shop);
  CHECK(describe(result) == "good");
  CHECK(site.read("run/config/app.ini") == "host=db1\nenvironment=production\n");
  CHECK(site.read("deploy/" + result.deployment + "/config/app.ini") == "host=localhost\n");
  CHECK(site.is_verified());
}

TEST_CASE("a value that is missing is told before anything is touched") {
  Site site;
  set_host(site, "db1");
  site.apply(with_template("1.0", 1));
  const std::string before = site.describe_all();
  const Result result = site.apply(with_template("2.0", 2, "a\nb=${database.hots}\n"));
  CHECK(result.outcome == "failed");
  CHECK(says(describe(result),
             ".bake/templates/config/app.ini:2:3: 'database.hots' has no value in the environment "
             "production (did you mean 'database.host'? Or write it into "));
  CHECK(says(describe(result), "/pillar/production.yaml"));
  CHECK(site.describe_all() == before);
  CHECK_FALSE(site.exists(".bakehouse/deployments/" + result.deployment));
}

TEST_CASE("another configuration alone makes a deployment, and the same one none") {
  Site site;
  set_host(site, "db1");
  const Release shop = with_template("1.0", 1);
  const Result first = site.apply(shop);
  CHECK(describe(site.apply(shop)) == "unchanged");
  site.write("pillar/production.yaml", "# only a comment\ndatabase: {host: db1}\n");
  CHECK(describe(site.apply(shop)) == "unchanged");
  set_host(site, "db2");
  const Result second = site.apply(shop);
  CHECK(describe(second) == "good");
  CHECK(second.deployment != first.deployment);
  CHECK(site.read("run/config/app.ini") == "host=db2\nenvironment=production\n");
  site.write("node.yaml", "environment: eu\n");
  site.write("pillar/eu.yaml", "database: {host: db3}\n");
  CHECK(describe(site.apply(shop)) == "good");
  CHECK(site.read("run/config/app.ini") == "host=db3\nenvironment=eu\n");
}

TEST_CASE("a rollback makes the files with what they were made with") {
  Site site;
  set_host(site, "db1");
  site.apply(with_template("1.0", 1));
  set_host(site, "db2");
  const Result second = site.apply(with_template("2.0", 2));
  CHECK(site.read("run/config/app.ini") == "host=db2\nenvironment=production\n");
  fs::remove_all(site.root() / "pillar");
  site.write("node.yaml", "environment: eu\n");
  SUBCASE("from the tree that was kept") {}
  SUBCASE("made anew") { fs::remove_all(site.root() / "archives" / second.deployment / "run"); }
  CHECK(describe(site.rollback()) == "good");
  CHECK(site.read("run/config/app.ini") == "host=db1\nenvironment=production\n");
  CHECK(site.is_verified());
  // And once more forward, by name.
  CHECK(describe(site.rollback(second.deployment)) == "good");
  CHECK(site.read("run/config/app.ini") == "host=db2\nenvironment=production\n");
}

TEST_CASE("a file that somebody has changed is drift, and its content is in no patch") {
  Site site;
  set_host(site, "db1");
  const Result first = site.apply(with_template("1.0", 1));
  site.write("run/config/app.ini", "host=mine\n");
  CHECK(says(refusal([&] { return site.apply(with_template("2.0", 2)); }), "config/app.ini"));
  CHECK(says(patch_of_drift(site, first.deployment), "config/app.ini"));
  CHECK(patch_of_drift(site, first.deployment).find("mine") == std::string::npos);
  ApplyOptions keep;
  keep.drift = DriftChoice::keep;
  SUBCASE("kept where the new release would make the same file") {
    CHECK(describe(site.apply(with_template("2.0", 2), keep)) == "good");
    CHECK(site.read("run/config/app.ini") == "host=mine\n");
  }
  SUBCASE("and not where it makes another") {
    const Result result = site.apply(with_template("2.0", 2, "another\n"), keep);
    CHECK(result.outcome == "failed");
    CHECK(site.read("run/config/app.ini") == "host=mine\n");
  }
}

TEST_CASE("a file with a sealed value is for its owner, and the value is in no record") {
  Site site;
  site.write("pillar/secrets/production.yaml", "database.host: armored\n");
  const Release shop = with_template("1.0", 1);
  CHECK(says(describe(site.apply(shop)), "'database.host' is sealed, and was not opened"));
  site.open_sealed = [](const fs::path& pillar, const std::string& environment) {
    CHECK(fs::exists(pillar / "secrets" / (environment + ".yaml")));
    return std::map<std::string, std::string>{{"database.host", "hunter2"}};
  };
  const Result result = site.apply(shop);
  CHECK(describe(result) == "good");
  CHECK(site.read("run/config/app.ini") == "host=hunter2\nenvironment=production\n");
  CHECK(mode_of(site.root() / "run/config/app.ini") == 0600);
  CHECK(site.is_verified());
  int files = 0;
  for (const auto& entry : fs::recursive_directory_iterator(site.root() / ".bakehouse")) {
    if (!entry.is_regular_file()) continue;
    ++files;
    CAPTURE(entry.path().native());
    CHECK(base::read_file(entry.path(), 1 << 20).find("hunter2") == std::string::npos);
  }
  CHECK(files > 5);
  CHECK(says(site.read(".bakehouse/deployments/" + result.deployment + "/configuration.json"),
             "\"values\":{\"database\":{\"host\":\"(sealed)\"}}"));
  // Sealed anew it is another configuration.
  CHECK(describe(site.apply(shop)) == "unchanged");
  site.write("pillar/secrets/production.yaml", "database.host: armored again\n");
  CHECK(describe(site.apply(shop)) == "good");
}

TEST_CASE("a template cannot become what is somebody else's") {
  struct {
    const char* path;
    const char* why;
  } const rows[] = {
      {"index.html/x", "'index.html' is no directory"},
      {"lib", "the release has no file there, but a directory or a link"},
      {"uploads/x", "'uploads' is a link to data"},
      {"state/x", "`writable:` keeps what the application made of 'state'"},
      {".bake/hooks/post_deploy", ".bake/ is Bakehouse's own"},
      {".bakehouse/deployment", ".bakehouse/ is Bakehouse's own"},
  };
  for (const auto& row : rows) {
    CAPTURE(row.path);
    Site site;
    Release shop = release("1.0", 1, {}, "data: {uploads: up}\nwritable: {state: keep}\n");
    shop.tree[std::string(".bake/templates/") + row.path] = File{"x"};
    const Result result = site.apply(shop);
    CHECK(result.outcome == "failed");
    CHECK(says(describe(result), row.why));
    CHECK_FALSE(site.exists("run"));
  }
}

TEST_CASE("what a deployment was configured with goes when it is undone") {
  Site site;
  set_host(site, "db1");
  Release shop = with_template("1.0", 1);
  shop.tree[".bake/hooks/post_deploy"] = script("exit 1");
  const Result result = site.apply(shop);
  CHECK(result.outcome == "reverted");
  CHECK_FALSE(site.exists(".bakehouse/deployments/" + result.deployment));
  CHECK_FALSE(site.exists("run"));
}

TEST_CASE("hooks know their environment") {
  Site site;
  site.write("node.yaml", "environment: eu\n");
  CHECK(describe(site.apply(release("1.0", 1, {{"post_deploy", "echo in $BAKEHOUSE_ENVIRONMENT"}}))) ==
        "good");
  CHECK(site.output == "in eu\n");
}

}  // namespace configure_test
