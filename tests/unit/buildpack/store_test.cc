#include "buildpack/store.hh"

#include "buildpack/platform_exit.hh"
#include "support/mentions.hh"
#include "workbench.hh"

#include <doctest/doctest.h>

#include <string>

namespace store_test {

using namespace bakehouse;
using namespace bakehouse::buildpack;
using support::Mentions;
namespace fs = std::filesystem;

namespace {

std::string toml_of(const std::string& id, const std::string& version, const std::string& api = "0.12") {
  return fmt::format("api = '{}'\n[buildpack]\nid = '{}'\nversion = '{}'\n", api, id, version);
}

// "12 message | hint"
template <typename Work>
std::string failure(Work&& work) {
  try {
    work();
  } catch (const base::Error& error) {
    return fmt::format("{} {} | {}", static_cast<int>(exit_of(error)), error.what(), error.hint());
  }
  return "no failure";
}

std::string listed(const Store& store) {
  std::string text;
  for (const Buildpack* pack : store.all()) text += pack->describe() + " ";
  return text;
}

Store store_of(const std::vector<std::pair<std::string, std::string>>& packs) {
  Store store;
  for (const auto& [id, version] : packs) store.add(parse_descriptor(toml_of(id, version), "x"));
  return store;
}

}  // namespace

TEST_CASE("1.2 store: a directory that is a buildpack, one of buildpacks, one of ids and versions") {
  const base::TempDir scratch;
  write_pack(scratch.path() / "one", toml_of("one", "1"));
  write_pack(scratch.path() / "many/x", toml_of("acme/x", "2"));
  write_pack(scratch.path() / "many/y", toml_of("acme/y", "3"));
  base::write_file(scratch.path() / "many/README.md", "");
  write_pack(scratch.path() / "cnb/acme_z/1.0", toml_of("acme/z", "1.0"));
  write_pack(scratch.path() / "cnb/acme_z/1.1", toml_of("acme/z", "1.1"));
  fs::create_directories(scratch.path() / "cnb/empty/1.0");
  Store store;
  store.add_directory(scratch.path() / "one");
  store.add_directory(scratch.path() / "many");
  store.add_directory(scratch.path() / "cnb");
  CHECK(listed(store) == "acme/x@2 acme/y@3 acme/z@1.0 acme/z@1.1 one@1 ");
  CHECK(store.unusable().empty());
  CHECK(store.find("acme/z", "1.0").directory == scratch.path() / "cnb/acme_z/1.0");
}

TEST_CASE("1.2 store: without a version the only one, or the newest by number") {
  const Store store = store_of({{"a", "1.9.0"}, {"a", "1.10.0"}, {"a", "1.10.0-rc1"}, {"b", "0"}});
  CHECK(store.find("b").version == "0");
  CHECK(store.find("a").version == "1.10.0");
  CHECK(store.find("a", "1.9.0").version == "1.9.0");
  CHECK(listed(store) == "a@1.9.0 a@1.10.0-rc1 a@1.10.0 b@0 ");
}

TEST_CASE("1.2 store: of one id and version the first that was added stays, and no reference moves") {
  const base::TempDir scratch;
  write_pack(scratch.path() / "own/a", toml_of("a", "1"));
  write_pack(scratch.path() / "shipped/a", toml_of("a", "1"));
  write_pack(scratch.path() / "shipped/b", toml_of("b", "1"));
  Store store;
  store.add_directory(scratch.path() / "own");
  const Buildpack& first = store.find("a");
  store.add_directory(scratch.path() / "shipped");
  CHECK(&store.find("a") == &first);
  CHECK(first.directory == scratch.path() / "own/a");
}

TEST_CASE("1.2 store: a missing buildpack is exit 1, with what is known") {
  const Store store = store_of({{"acme/node", "1.0"}, {"acme/node", "1.1"}, {"acme/ruby", "2"}});
  CHECK(failure([&] { store.find("acme/node", "1.2"); }) ==
        "1 there is no version '1.2' of the buildpack 'acme/node' | there are: 1.0, 1.1");
  CHECK(failure([&] { store.find("acme/nod"); }) ==
        "1 there is no buildpack 'acme/nod' (did you mean 'acme/node'?) | known are: acme/node@1.0, "
        "acme/node@1.1, acme/ruby@2");
  CHECK(failure([&] { Store().find("x\n", "1"); }) == "1 there is no buildpack 'x\\012' | known are: none");
  CHECK(store.look_up("acme/node", "1.2") == nullptr);
  CHECK(store.look_up("none") == nullptr);
}

TEST_CASE("1.2 store: a long list of what is known is cut") {
  std::vector<std::pair<std::string, std::string>> many;
  for (int i = 100; i < 170; ++i) many.emplace_back("p" + std::to_string(i), "1");
  CHECK(failure([&] { store_of(many).find("absent"); }) == Mentions{"p149@1 and 20 more"});
}

TEST_CASE("1.2 store: one buildpack that cannot be used spoils the others only when it is asked for") {
  const base::TempDir scratch;
  write_pack(scratch.path() / "fine", toml_of("fine", "1"));
  write_pack(scratch.path() / "old", toml_of("old", "1", "0.2"));
  write_pack(scratch.path() / "both1", toml_of("both", "1"));
  write_pack(scratch.path() / "both2", toml_of("both", "2", "0.13"));
  write_pack(scratch.path() / "broken", "no TOML");
  base::write_file(scratch.path() / "fine/README.md", "");
  fs::create_directory(scratch.path() / "ext");
  base::write_file(scratch.path() / "ext/extension.toml", "");
  Store store;
  store.add_directory(scratch.path());
  CHECK(listed(store) == "both@1 fine@1 ");
  CHECK(store.unusable().size() == 4);
  CHECK(store.find("both").version == "1");
  const std::string old = failure([&] { store.find("old"); });
  CHECK(old == Mentions{"12 the buildpack old@1 cannot be used: "});
  CHECK(old == Mentions{"its buildpack API is 0.2"});
  CHECK(failure([&] { store.find("both", "2"); }) == Mentions{"12 the buildpack both@2 cannot be used: "});
  const std::string absent = failure([&] { store.find("broken"); });
  CHECK(absent == Mentions{"1 there is no buildpack 'broken'"});
  CHECK(absent == Mentions{"; not readable: "});
  CHECK(absent == Mentions{"this is no TOML"});
  CHECK(absent == Mentions{"is an image extension"});
}

TEST_CASE("1.2 store: a directory given by name must be in order, and hold something") {
  const base::TempDir scratch;
  Store store;
  CHECK(failure([&] { store.add_directory(scratch.path()); }) ==
        fmt::format(
            "1 there is no buildpack in '{}' | a buildpack is a directory with a buildpack.toml, or with "
            "bin/detect and bin/compile; one, "
            "some in a directory, or <id>/<version>/",
            scratch.path().native()));
  CHECK(failure([&] { store.add_directory(scratch.path() / "absent"); }) == Mentions{"No such file"});
  write_pack(scratch.path(), toml_of("a", "1", "0.13"));
  CHECK(failure([&] { store.add_directory(scratch.path()); }) == Mentions{"12 "});
}

TEST_CASE("1.2 store: versions are ordered, each from any other") {
  const std::string rising[] = {"-",
                                "",
                                "v1",
                                "v9",
                                "v10",
                                "0",
                                "0.9",
                                "0.10",
                                "1-rc1",
                                "1-rc2",
                                "1-rc10",
                                "1",
                                "1+build",
                                "1.0.0-a",
                                "1.0.0",
                                "1.0.1",
                                "1.01",
                                "1.2",
                                "2",
                                "10",
                                "99999999999999999999998",
                                "99999999999999999999999"};
  for (size_t i = 0; i < std::size(rising); ++i) {
    for (size_t j = 0; j < std::size(rising); ++j) {
      CAPTURE(rising[i]);
      CAPTURE(rising[j]);
      CHECK(is_older(rising[i], rising[j]) == (i < j));
    }
  }
  CHECK(is_older("1.01", "1.1") != is_older("1.1", "1.01"));
}

}  // namespace store_test
