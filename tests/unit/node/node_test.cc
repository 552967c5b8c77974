#include "node/node.hh"
#include "site.hh"

#include "base/error.hh"

#include <doctest/doctest.h>

#include <filesystem>
#include <string>

namespace node_test {

using namespace bakehouse;
using namespace bakehouse::node;
namespace fs = std::filesystem;

namespace {

std::string init_refusal(const fs::path& path, const std::string& project = "shop") {
  try {
    init_root(path, project, config::Mode::final, makina(), std::nullopt);
  } catch (const base::Error& error) {
    return error.what();
  }
  return "made";
}

}  // namespace

TEST_CASE("a production root has a place for everything and no source") {
  const Site site;
  std::string names;
  for (const auto& name : base::Dir::open(site.root()).names()) names += name + " ";
  CHECK(names == ".bakehouse archives data deploy releases ");
  CHECK(site.exists(".bakehouse/root.json"));
}

TEST_CASE("a staging root has a source and a pillar, too") {
  const base::TempDir place;
  init_root(place.path() / "shop", "shop", config::Mode::cooking, makina(), std::nullopt);
  CHECK(fs::is_directory(place.path() / "shop/project"));
  CHECK(fs::is_directory(place.path() / "shop/pillar"));
  CHECK(fs::status(place.path() / "shop/pillar").permissions() == fs::perms::owner_all);
}

TEST_CASE("a root is made where nothing is") {
  const base::TempDir place;
  CHECK(init_refusal(place.path()) == "made");  // it was empty
  CHECK(says(init_refusal(place.path()), "is a root already"));
  const base::TempDir other;
  base::write_file(other.path() / "mine", "");
  CHECK(says(init_refusal(other.path()), "is not empty"));
  CHECK(says(init_refusal(other.path() / "new", "../shop"), "the project's name"));
  CHECK_FALSE(fs::exists(other.path() / "new"));
}

TEST_CASE("deployments have names that sort by time and name nothing else") {
  Site site;
  base::Clock clock = base::system_clock();
  const std::string first = make_deployment_id(clock);
  clock.now = [] { return std::chrono::system_clock::now() + std::chrono::seconds(2); };
  CHECK(first < make_deployment_id(clock));
  const Places places = places_of(makina(), first);
  CHECK(places.tree.str() == "deploy/" + first);
  CHECK(places.next.str() == ".run." + first);
  CHECK(places.backup.str() == "archives/" + first);
  CHECK(places.records.str() == ".bakehouse/deployments/" + first);
  for (const char* hostile : {"", "..", "a/b", "../x", "A", "x y", "current\n"}) {
    CAPTURE(hostile);
    CHECK_THROWS_AS(places_of(makina(), hostile), base::Error);
  }
}

}  // namespace node_test
