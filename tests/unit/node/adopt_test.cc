// A tree that was deployed by hand, as the first state of a root.
#include "node/adopt.hh"

#include "base/error.hh"
#include "node/forecast.hh"
#include "site.hh"

#include <doctest/doctest.h>

#include <filesystem>
#include <string>

#include <sys/stat.h>

namespace adopt_test {

using namespace bakehouse;
using namespace bakehouse::node;
using config::Switch;
namespace fs = std::filesystem;

namespace {

constexpr Switch all[] = {Switch::exchange, Switch::symlink, Switch::inplace};

// As somebody might have left it, with the umask of a team and the times of a clock.
Tree by_hand() {
  return {{"index.html", File{"page by hand\n", 0664, {1'700'000'000, 123}}},
          {"bin/tool", File{"#!/bin/sh\n", 0775}},
          {"lib/code", File{"old"}},
          {"secret", File{"x", 0600}},
          {"current", support::Link{"lib"}},
          {"empty", support::Folder{0775}}};
}

// A place with a tree and no root yet.
class Place {
 public:
  explicit Place(const Tree& tree = by_hand(), Switch how = Switch::exchange)
      : site(switched_by(how)), around_(site.node().around) {
    fs::remove_all(site.root());
    fs::create_directory(old());
    support::make_tree(base::Dir::open(old()), tree);
  }

  fs::path old() const { return site.root().parent_path() / "old"; }
  Adoption adoption(Switch how = Switch::exchange) const {
    return {site.root(), "shop", switched_by(how), old(), "0.9"};
  }
  Adopted adopt(Switch how = Switch::exchange) const { return node::adopt(adoption(how), around_); }
  std::string refused(const Adoption& adoption) const {
    return refusal([&] { return node::adopt(adoption, around_), Result{}; });
  }
  std::string refused() const { return refused(adoption()); }

  Site site;

 private:
  phase::Surroundings around_;
};

// The tree as it is in service: what is there beside a release's own files.
std::string served(const fs::path& run) {
  const std::string text = support::describe_tree(fs::canonical(run));
  std::string without;
  for (size_t at = 0; at < text.size();) {
    const size_t end = text.find('\n', at) + 1;
    const std::string line = text.substr(at, end - at);
    if (!line.starts_with(".bakehouse/")) without += line;
    at = end;
  }
  return without;
}

const std::string as_served =
    "bin/ 0755\n"
    "bin/tool 0755 1700000000 \"#!/bin/sh\\012\"\n"
    "current -> lib\n"
    "empty/ 0755\n"
    "index.html 0644 1700000000 \"page by hand\\012\"\n"
    "lib/ 0755\n"
    "lib/code 0644 1700000000 \"old\"\n"
    "secret 0600 1700000000 \"x\"\n";

}  // namespace

TEST_CASE("an adopted tree is in service, and stays where it was") {
  for (const Switch how : all) {
    CAPTURE(std::string(config::name_of(how)));
    Place place(by_hand(), how);
    const std::string before = support::describe_tree(place.old());
    const Adopted adopted = place.adopt(how);
    CHECK(support::describe_tree(place.old()) == before);
    CHECK(adopted.entries == 8);
    CHECK(adopted.bytes == 13 + 10 + 3 + 1);
    CHECK(served(place.site.root() / "run") == as_served);
    CHECK(served(place.site.root() / "deploy/current") == as_served);
    CHECK(fs::is_symlink(place.site.root() / "run") == (how == Switch::symlink));
    CHECK(place.site.is_verified());
    CHECK(place.site.litter().empty());
    const Status status = place.site.status();
    CHECK(status.version == "0.9");
    CHECK(status.deployment == adopted.deployment);
    CHECK_FALSE(status.recovery_needed);
    REQUIRE(place.site.history().size() == 1);
    const phase::HistoryEntry entry = place.site.history().front();
    CHECK(entry.kind == "adopt");
    CHECK(entry.outcome == "good");
    CHECK(entry.sequence == 0);
    CHECK(entry.parent.empty());
    CHECK_FALSE(place.site.recover());
    CHECK(place.site.warnings.empty());
  }
}

TEST_CASE(
    "the first release takes the place of an adopted tree, which comes back when it fails and by rollback") {
  for (const Switch how : all) {
    CAPTURE(std::string(config::name_of(how)));
    Place place(by_hand(), how);
    const Adopted adopted = place.adopt(how);
    Site& site = place.site;
    const std::string before = site.describe_all();
    CHECK(site.apply(release("1.0", 1, {{"post_deploy", "echo half >lib/code; exit 1"}})).outcome ==
          "reverted");
    CHECK(site.describe_all() == before);
    CHECK(describe(site.apply(release("1.0", 1))) == "good");
    CHECK(site.read("run/index.html") == "page 1.0\n");
    CHECK(site.history().back().parent == adopted.deployment);
    CHECK(describe(site.rollback()) == "good");
    CHECK(served(site.root() / "run") == as_served);
    CHECK(site.is_verified());
    CHECK(site.litter().empty());
    CHECK(describe(site.apply(release("2.0", 2))) == "good");
    CHECK(describe(site.rollback(adopted.deployment)) == "good");
    CHECK(served(site.root() / "run") == as_served);
  }
}

TEST_CASE("a change in an adopted tree is drift like any other, and one in its kept copy ends the way back") {
  Place place;
  const Adopted adopted = place.adopt();
  Site& site = place.site;
  site.write("run/lib/code", "by hand again");
  CHECK(says(refusal([&] { return site.apply(release("1.0", 1)); }), "another content: lib/code"));
  ApplyOptions discard;
  discard.drift = DriftChoice::discard;
  REQUIRE(describe(site.apply(release("1.0", 1), discard)) == "good");
  site.write("deploy/" + adopted.deployment + "/lib/code", "planted");
  CHECK(says(refusal([&] { return site.rollback(); }),
             "10: the deployment " + adopted.deployment + " is no longer what its manifest says"));
  fs::remove_all(site.root() / "deploy" / adopted.deployment);
  CHECK(says(refusal([&] { return site.rollback(); }), "it was pruned"));
}

TEST_CASE("what no release may hold is not adopted, and nothing is made") {
  Tree tree = by_hand();
  tree["pipe"] = support::Special{support::Special::Kind::fifo};
  tree["bin/root"] = File{"x", 04755};
  tree["tmp"] = support::Folder{01777};
  tree["log"] = support::Link{"../shared/log"};
  tree["disk"] = support::Link{"/srv"};
  tree["lib/.wh.code"] = File{""};
  tree[".bakehouse/release.json"] = File{"{}"};
  tree["a\033[31m"] = File{"", 02755};
  const Place place(tree);
  const std::string refused = place.refused();
  for (const char* part :
       {"3: '", "' holds what no release may hold:", "'pipe': it is no file, directory or link",
        "'bin/root': set-user-id and set-group-id bits are not allowed",
        "'tmp': the sticky bit is not allowed", "'log': the link leads out of the tree",
        "'disk': the link leads out of the tree", "'lib/.wh.code': container tools",
        "'.bakehouse': the name .bakehouse belongs", "'a\\033[31m': set-user-id"})
    CHECK(says(refused, part));
  CHECK_FALSE(fs::exists(place.site.root()));
}

TEST_CASE(
    "files among hooks that are no hooks are refused, and hooks are part of the tree that are never run") {
  Tree tree = by_hand();
  tree[".bake/hooks/dumb"] = script("true");
  CHECK(says(Place(tree).refused(), "'.bake/hooks/dumb': no phase has that name (did you mean 'dump'?)"));

  tree = by_hand();
  for (const char* phase : {"dump", "restore", "post_deploy", "upgrade", "post_install"})
    tree[std::string(".bake/hooks/") + phase] = script("echo hooked; exit 1");
  Place place(tree);
  place.adopt();
  Site& site = place.site;
  const Release next = release("1.0", 1, {{"upgrade", "exit 1"}});
  const Forecast plan = forecast_apply(site.node(), site.archive(next), support::trust(site.key), {});
  CHECK(plan.hooks == std::vector<std::string>{"upgrade"});
  ApplyOptions options;
  options.settings = {"undo-data=always"};
  CHECK(site.apply(next, options).outcome == "reverted");
  CHECK(describe(site.apply(release("1.0", 1))) == "good");
  CHECK(describe(site.rollback()) == "good");
  CHECK(site.exists("run/.bake/hooks/dump"));
  CHECK(site.output.empty());
}

TEST_CASE("a root is made beside the tree, of what is there") {
  const Place place;
  const auto with = [&](auto change) {
    Adoption adoption = place.adoption();
    change(adoption);
    return place.refused(adoption);
  };
  CHECK(says(with([](Adoption& a) { a.version = "a b"; }), "3: 'a b' is no version"));
  CHECK(says(with([](Adoption& a) { a.project = "Shop!"; }), "3: "));
  CHECK(says(with([](Adoption& a) { a.from /= "absent"; }), "No such file or directory"));
  CHECK(says(with([](Adoption& a) { a.from /= "index.html"; }), "Not a directory"));
  CHECK(says(with([](Adoption& a) { a.root = a.from / "deep/root"; }), "would lie in '"));
  CHECK(says(with([](Adoption& a) { a.root = a.from; }), "is not empty"));
  CHECK(says(with([](Adoption& a) { a.root = a.from / "empty"; }), "would lie in '"));
  CHECK(says(with([](Adoption& a) { a.root = a.from / "current/../new"; }), "would lie in '"));
  CHECK_FALSE(fs::exists(place.site.root()));
  CHECK_FALSE(fs::exists(place.old() / "deep"));

  fs::create_directory(place.site.root());  // empty
  place.adopt();
  CHECK(says(place.refused(), "is a root already"));
}

TEST_CASE("a tree on another file system is not adopted") {
  struct stat here {};
  struct stat there {};
  const Place place;
  const base::TempDir elsewhere(fs::path("/tmp"));
  REQUIRE(::stat(place.old().c_str(), &here) == 0);
  REQUIRE(::stat(elsewhere.path().c_str(), &there) == 0);
  if (here.st_dev == there.st_dev) return;
  Adoption adoption = place.adoption();
  adoption.from = elsewhere.path();
  CHECK(says(place.refused(adoption), "is on another file system than the root"));
  CHECK_FALSE(fs::exists(place.site.root()));
}

TEST_CASE("an adoption that was cut off leaves no root, and says what to remove") {
  for (const std::string moment : {"begin stage", "done stage", "done configure", "done deploy"}) {
    CAPTURE(moment);
    Place place;
    place.site.on_moment = [&](const std::string& now) {
      if (now == moment) throw Kill();
    };
    CHECK_THROWS_AS(place.adopt(), Kill);
    place.site.on_moment = nullptr;
    CHECK_FALSE(config::find_root(place.site.root()));
    CHECK(says(place.refused(), "holds .bakehouse/ but no root.json: an `init` was cut off there"));
    fs::remove_all(place.site.root());
    place.adopt();
    CHECK(place.site.is_verified());
  }
}

TEST_CASE("an adoption that fails leaves an empty directory") {
  Place place;
  place.site.on_moment = [&](const std::string& now) {
    if (now != "begin stage") return;
    base::write_file(place.old() / "index.html", "changed meanwhile\n");
  };
  CHECK(says(place.refused(), "is not what its manifest says"));
  place.site.on_moment = nullptr;
  CHECK(fs::is_empty(place.site.root()));
  place.adopt();
  CHECK(place.site.read("run/index.html") == "changed meanwhile\n");
}

}  // namespace adopt_test
