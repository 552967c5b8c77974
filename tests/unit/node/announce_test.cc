#include "node/announce.hh"

#include "base/error.hh"
#include "node/provisional.hh"
#include "site.hh"
#include "text/json.hh"

#include <doctest/doctest.h>

#include <string>

namespace announce_test {

using namespace bakehouse;
using namespace bakehouse::node;

namespace {

// Whoever is told writes it down, a line each.
void set_receiver(Site& site, const std::string& more = {}) {
  const std::string told = (site.root() / "told").native();
  site.write("tell", "#!/bin/sh\n[ ! -e " + told + ".down ] && cat >>" + told + "\n");
  std::filesystem::permissions(site.root() / "tell", std::filesystem::perms::owner_all);
  site.write("node.yaml", "notify: [{command: " + (site.root() / "tell").native() + more +
                              "}]\nlogging: {events: " + (site.root() / "events").native() + "}\n");
}

// "apply 1.0 good command" for each line of that file.
std::string summary(Site& site, const std::string& file = "told") {
  std::string all = site.read(file);
  if (all == "(nothing)") return all;
  std::string lines;
  for (size_t begin = 0, end = 0; (end = all.find('\n', begin)) != std::string::npos; begin = end + 1) {
    const auto message = notify::decode_message(text::parse_json(all.substr(begin, end - begin), "told"));
    lines += message.kind + " " + message.version + " " + message.outcome + " " + message.trigger +
             (message.recovered ? " recovered" : "") + "\n";
  }
  return lines;
}

}  // namespace

TEST_CASE("every end of a transaction is told, good or not, and logged as well") {
  Site site;
  set_receiver(site);
  CHECK(describe(site.apply(release("1.0", 1))) == "good");
  CHECK(site.apply(release("2.0", 2, {{"post_deploy", "exit 1"}})).outcome == "reverted");
  CHECK(describe(site.apply(release("3.0", 3))) == "good");
  CHECK(describe(site.rollback()) == "good");
  const std::string all =
      "apply 1.0 good command\napply 2.0 reverted command\napply 3.0 good command\nrollback 1.0 good "
      "command\n";
  CHECK(summary(site) == all);
  CHECK(summary(site, "events") == all);
  CHECK(site.status().notices_waiting == 0);
}

TEST_CASE("nobody is told of what was refused before it began, or changed nothing") {
  Site site;
  set_receiver(site);
  REQUIRE(describe(site.apply(release("1.0", 2))) == "good");
  const std::string before = site.read("told");
  CHECK(site.apply(release("1.0", 2)).outcome == "unchanged");
  CHECK(says(refusal([&] { return site.apply(release("0.9", 1)); }), "10: "));
  CHECK(site.read("told") == before);
}

TEST_CASE("whoever is down changes nothing, and the next command tells") {
  Site site;
  set_receiver(site);
  site.write("told.down", "");
  CHECK(describe(site.apply(release("1.0", 1))) == "good");
  CHECK(says(site.warnings, "not yet told: command "));
  CHECK(site.status().notices_waiting == 1);
  std::filesystem::remove(site.root() / "told.down");
  Node later = site.node();
  later.around.clock.now = [] { return std::chrono::system_clock::now() + std::chrono::minutes(10); };
  CHECK_FALSE(recover_under_lock(later, "a test"));
  CHECK(summary(site) == "apply 1.0 good command\n");
  CHECK(site.status().notices_waiting == 0);
}

TEST_CASE("what recovery undoes is told as such") {
  Site site;
  set_receiver(site, ", on: recovered");
  REQUIRE(describe(site.apply(release("1.0", 1))) == "good");
  site.on_moment = [](const std::string& moment) {
    if (moment == "done deploy") throw Kill();
  };
  CHECK_THROWS_AS(site.apply(release("2.0", 2)), Kill);
  site.on_moment = {};
  REQUIRE(site.recover());
  CHECK(summary(site) == "apply 2.0 reverted command recovered\n");
}

TEST_CASE("what goes back because nobody confirmed is told as such") {
  Site site;
  set_receiver(site, ", on: [expired]");
  REQUIRE(describe(site.apply(release("1.0", 1))) == "good");
  ApplyOptions options;
  options.confirm_within = std::chrono::hours(1);
  REQUIRE(describe(site.apply(release("2.0", 2), options)) == "good");
  Node later = site.node();
  const auto since_boot = later.around.clock.since_boot;
  later.around.clock.since_boot = [=] { return since_boot() + std::chrono::hours(2); };
  REQUIRE(recover_under_lock(later, "a test"));
  CHECK(summary(site) == "rollback 1.0 good expire\n");
}

TEST_CASE("what needs a person is told, with the reason") {
  Site site;
  set_receiver(site, ", on: failure");
  REQUIRE(describe(site.apply(release("1.0", 1))) == "good");
  site.on_moment = [](const std::string& moment) {
    if (moment == "done deploy") throw Kill();
  };
  CHECK_THROWS_AS(site.apply(release("2.0", 2)), Kill);
  site.on_moment = {};
  site.write("run/.bakehouse/deployment", "20260101T000000Z-somebody\n");
  CHECK_THROWS_AS(site.recover(), base::Error);
  CHECK(summary(site) == "apply 2.0 needs-hands command recovered\n");
  CHECK(says(site.read("told"), "neither the new deployment"));
}

TEST_CASE("a file that names receivers wrongly stops an apply before anything is touched, and no rollback") {
  Site site;
  REQUIRE(describe(site.apply(release("1.0", 1))) == "good");
  REQUIRE(describe(site.apply(release("2.0", 2))) == "good");
  site.write("node.yaml", "notify: [{mial: root}]\n");
  const Result result = site.apply(release("3.0", 3));
  CHECK(result.outcome == "failed");
  CHECK(says(describe(result), "unknown key 'mial'"));
  CHECK(describe(site.rollback()) == "good");
  CHECK(says(site.warnings, "unknown key 'mial'"));
}

TEST_CASE("where nobody is to be told there is no outbox") {
  Site site;
  REQUIRE(describe(site.apply(release("1.0", 1))) == "good");
  CHECK_FALSE(site.exists(".bakehouse/outbox"));
}

}  // namespace announce_test
