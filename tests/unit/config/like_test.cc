#include "config/like.hh"
#include "config/node_settings.hh"

#include "base/files.hh"
#include "failure.hh"

#include <doctest/doctest.h>

#include <cstdlib>
#include <filesystem>
#include <string>

namespace like_test {

using namespace bakehouse;
using namespace bakehouse::config;
namespace fs = std::filesystem;

namespace {

Root make_root(const fs::path& path) {
  fs::create_directories(path / ".bakehouse/trust");
  Root root;
  root.path = path;
  root.project = "shop";
  root.mode = Mode::cooking;
  root.layout = load_layout("capistrano", {std::getenv("BAKEHOUSE_LAYOUTS")});
  root.key = "/keys/shop.key";
  write_root(root);
  return root;
}

}  // namespace

TEST_CASE("another root gets layout, key, node.yaml and trust of the first") {
  const base::TempDir scratch;
  const Root first = make_root(scratch.path() / "one");
  base::write_file(node_file_of(first), "undo-data: never  # as agreed\n");
  base::write_file(first.state() / "trust/shop.pub", "a key\n");
  const Likeness likeness = read_likeness(first.path, "shop");
  CHECK(likeness.root.layout.name == "capistrano");
  CHECK(likeness.root.key == "/keys/shop.key");
  Root second;
  second.path = scratch.path() / "two";
  fs::create_directories(second.path / ".bakehouse/trust");
  write_likeness(likeness, second);
  CHECK(base::read_file(second.path / "node.yaml", 100) == "undo-data: never  # as agreed\n");
  CHECK(base::read_file(second.path / ".bakehouse/trust/shop.pub", 100) == "a key\n");
}

TEST_CASE("a root of another project is no model") {
  const base::TempDir scratch;
  const Root root = make_root(scratch.path() / "one");
  CHECK(failure([&] { read_likeness(root.path, "bank"); }).ends_with("is a root of 'shop', not of 'bank'"));
}

TEST_CASE("the environment of a node.yaml is changed, and nothing else of it") {
  CHECK(with_environment(std::nullopt, "dev") == "environment: \"dev\"\n");
  CHECK(with_environment("# ours\nundo-data: never", "dev") ==
        "# ours\nundo-data: never\nenvironment: \"dev\"\n");
  CHECK(with_environment("environment: eu\nundo-data: never\n", "dev") ==
        "undo-data: never\nenvironment: \"dev\"\n");
  CHECK(failure([] {
          with_environment("{undo-data: never}\n", "dev");
        }).starts_with("no line can be added to its node.yaml"));
  CHECK(failure([] {
          with_environment("environment: eu\n", "../etc");
        }).starts_with("the environment '../etc' "));
}

}  // namespace like_test
