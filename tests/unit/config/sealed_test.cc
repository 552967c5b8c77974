#include "config/sealed.hh"

#include "base/error.hh"
#include "base/files.hh"
#include "config/identity.hh"
#include "config/pillar.hh"
#include "crypto/age.hh"
#include "support/failure.hh"
#include "support/mentions.hh"

#include <doctest/doctest.h>

#include <filesystem>
#include <string>
#include <vector>

namespace sealed_test {

using namespace bakehouse;
using config::SealedPlace;
using config::SealedValues;
using crypto::AgeIdentity;
using support::failure;
using support::Mentions;
namespace fs = std::filesystem;

namespace {

struct Pillar {
  Pillar() { identities.push_back(AgeIdentity::generate()); }
  SealedPlace place() const { return {dir.path(), "staging"}; }
  std::string seal(std::string_view text) const {
    return crypto::seal_age(text, {identities[0].recipient()}, crypto::AgeForm::armored);
  }
  void write(const std::string& content) const {
    fs::create_directories(place().values().parent_path());
    base::write_file(place().values(), content);
  }

  base::TempDir dir;
  std::vector<AgeIdentity> identities;
};

}  // namespace

TEST_CASE("values are written, read and opened again, and the time of their change with them") {
  const Pillar pillar;
  const std::string bytes("\0\xff\n", 3);
  config::write_sealed(pillar.place(), {{"a.b", {pillar.seal("one\n"), "2026-01-31T12:00:00Z"}},
                                        {"c", {pillar.seal(bytes), ""}}});
  const SealedValues read = config::read_sealed(pillar.place());
  CHECK(read.at("a.b").changed == "2026-01-31T12:00:00Z");
  CHECK(read.at("c").changed.empty());
  const auto opened = config::open_sealed(pillar.dir.path(), "staging", pillar.identities);
  REQUIRE(opened.size() == 2);
  CHECK(opened.at("a.b").text() == "one\n");
  CHECK(opened.at("c").text() == bytes);
  config::write_sealed(pillar.place(), read);
  CHECK(config::read_sealed(pillar.place()).at("c").armored == read.at("c").armored);
  CHECK(config::sealed_environments(pillar.dir.path()) == std::vector<std::string>{"staging"});
}

TEST_CASE("what is written is read again, also by who deploys, and what would be too large is not written") {
  const Pillar pillar;
  const std::string largest(config::largest_secret, 'x');
  config::write_sealed(pillar.place(), {{"a", {pillar.seal(largest), "2026-01-31T12:00:00Z"}}});
  CHECK(config::open_sealed(pillar.dir.path(), "staging", pillar.identities).at("a").text() == largest);
  const auto files = config::read_pillar_files(pillar.dir.path(), "staging");
  CHECK(config::merge_pillar(files, pillar.dir.path(), "staging").sealed.contains("a"));
  SealedValues values = config::read_sealed(pillar.place());
  values["b"] = values["a"];
  CHECK(failure([&] { config::write_sealed(pillar.place(), values); }) == Mentions{"more than the 1048576"});
  CHECK(config::read_sealed(pillar.place()).size() == 1);
}

TEST_CASE("an environment without secrets has none, and neither has a pillar that is not there") {
  const Pillar pillar;
  CHECK(config::open_sealed(pillar.dir.path(), "production", {}).empty());
  CHECK(config::open_sealed(pillar.dir.path() / "nowhere", "production", {}).empty());
  CHECK(config::sealed_environments(pillar.dir.path() / "nowhere").empty());
  config::write_sealed(pillar.place(), {});
  CHECK(config::read_sealed(pillar.place()).empty());
}

TEST_CASE("a file of sealed values for all environments is named") {
  for (const char* file : {"secrets/common.yaml", "recipients/common.txt"}) {
    CAPTURE(file);
    const base::TempDir dir;
    fs::create_directories((dir.path() / file).parent_path());
    base::write_file(dir.path() / file, "");
    CHECK(failure([&] { config::sealed_environments(dir.path()); }) ==
          Mentions{std::string(file) + "': there are no sealed values for all environments"});
  }
}

TEST_CASE("a value that does not open is named") {
  const Pillar pillar;
  config::write_sealed(pillar.place(), {{"a.b", {pillar.seal("one"), ""}}});
  std::vector<AgeIdentity> others;
  others.push_back(AgeIdentity::generate());
  const std::string said = failure([&] { config::open_sealed(pillar.dir.path(), "staging", others); });
  CHECK(said == Mentions{"staging.yaml: 'a.b': is sealed to others"});
}

TEST_CASE("what is no file of sealed values is refused with its place") {
  const Pillar pillar;
  const std::vector<std::pair<std::string, std::string>> rows{
      {"- a\n", "is a list, not a mapping"},
      {"'a b': x\n", ":1:1: 'a b' is no key of a secret"},
      {"a: {b: x}\n", ":1:1: 'a' is a map, not a sealed value"},
      {"a: x\na: y\n", "staging.yaml:2:1"},
      {"a: x\na-c: y\na.b: z\n", "the secret 'a.b' lies within the secret 'a'"},
      {"a: &x y\nb: *x\n", "staging.yaml:1"},
  };
  for (const auto& row : rows) {
    const std::string& content = row.first;
    const std::string& why = row.second;
    CAPTURE(content);
    pillar.write(content);
    CHECK(failure([&] { config::read_sealed(pillar.place()); }) == Mentions{why});
  }
  CHECK(failure([&] {
          config::write_sealed(pillar.place(), {{"a", {}}, {"a.b.c", {}}});
        }) == Mentions{"lies within"});
  CHECK(failure([&] {
          config::read_sealed({pillar.dir.path(), "../x"});
        }) == Mentions{"the environment '../x'"});
}

TEST_CASE("links in a pillar are not followed") {
  const Pillar pillar;
  const base::TempDir elsewhere;
  base::write_file(elsewhere.path() / "staging.yaml", "a: x\n");
  fs::create_directory_symlink(elsewhere.path(), pillar.dir.path() / "secrets");
  CHECK(failure([&] { config::write_sealed(pillar.place(), {}); }) != "no failure");
  CHECK(base::read_file(elsewhere.path() / "staging.yaml", 100) == "a: x\n");
  fs::remove(pillar.dir.path() / "secrets");
  fs::create_directory(pillar.dir.path() / "secrets");
  fs::create_symlink(elsewhere.path() / "staging.yaml", pillar.dir.path() / "secrets/staging.yaml");
  CHECK(failure([&] { config::read_sealed(pillar.place()); }) != "no failure");
}

TEST_CASE("a recipient takes the place of those before it, and comments stay") {
  const Pillar pillar;
  const auto first = AgeIdentity::generate().recipient();
  const auto second = AgeIdentity::generate().recipient();
  const auto other = AgeIdentity::generate().recipient();
  config::put_recipient(pillar.place(), first, {});
  CHECK(config::read_recipients(pillar.place()) == std::vector{first});
  const std::string text = "# ours\r\n" + first.text() + "\n# theirs\n" + other.text();
  base::write_file(pillar.place().recipients(), text);
  config::put_recipient(pillar.place(), second, {first, other});
  CHECK(base::read_file(pillar.place().recipients(), 1000) == "# ours\n" + second.text() + "\n# theirs\n");
  config::put_recipient(pillar.place(), second, {});
  CHECK(config::read_recipients(pillar.place()) == std::vector{second});
}

TEST_CASE("the identities of a root are added to, and those of before stay") {
  const base::TempDir dir;
  config::Root root;
  root.path = dir.path();
  root.project = "shop";
  fs::create_directory(root.state());
  CHECK(config::read_identities(root).empty());
  const auto first = config::make_identity(root);
  CHECK(failure([&] { config::make_identity(root); }) != "no failure");
  const auto second = config::add_identity(root);
  const auto all = config::read_identities(root);
  REQUIRE(all.size() == 2);
  CHECK(all[0].recipient() == first);
  CHECK(all[1].recipient() == second);
  CHECK((fs::status(config::identity_file(root)).permissions() & fs::perms(0077)) == fs::perms::none);

  // What could not be read any more is not written.
  std::string full = base::read_file(config::identity_file(root), crypto::largest_key_file);
  full += "#" + std::string(crypto::largest_key_file - full.size() - 200, '.') + "\n";
  base::write_file(config::identity_file(root), full, 0600);
  CHECK(failure([&] { config::add_identity(root); }) == Mentions{"has no room for one more identity"});
  CHECK(base::read_file(config::identity_file(root), crypto::largest_key_file) == full);
  CHECK(config::read_identities(root).size() == 2);
}

}  // namespace sealed_test
