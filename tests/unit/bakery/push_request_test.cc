#include "bakery/push_request.hh"

#include "support/failure.hh"
#include "support/mentions.hh"
#include "unit/source/repository.hh"

#include <doctest/doctest.h>

#include <string>

namespace push_request_test {

using namespace bakehouse;
using namespace bakehouse::bakery;
using support::File;
using support::Mentions;

namespace {

const std::string none(40, '0');
const std::string one(40, '1');
const std::string two(40, '2');

config::Root root_of(config::Mode mode) {
  config::Root root;
  root.mode = mode;
  return root;
}

Destination destination(const std::map<std::string, std::string>& branches = {}) {
  config::NodeSettings settings;
  settings.push.branches = branches;
  return destination_of(root_of(config::Mode::cooking), settings);
}

std::string line(const std::string& before, const std::string& after, const std::string& ref) {
  return before + " " + after + " " + ref + "\n";
}

// Two commits of one history, and a third beside them.
struct History {
  source::TestRepository repository;
  std::string first = repository.write_and_commit({{"page", File{"1"}}});
  std::string second;
  source::Remote remote = source::Remote::open(repository.path() / ".git");

  History() {
    repository.change("page", "2");
    repository.add("page");
    second = repository.commit();
  }
  std::string chosen(const std::string& lines, const std::vector<std::string>& options = {},
                     const Destination& where = destination()) const {
    std::string result;
    const std::string failed = support::failure([&] {
      const auto update = choose_deploy(read_push(lines, options), where, remote);
      result = update ? update->ref : "nothing";
    });
    return failed == "no failure" ? result : failed;
  }
};

}  // namespace

TEST_CASE("what git tells a hook is read, and nothing else") {
  const PushRequest request =
      read_push(line(one, two, "refs/heads/main") + line(none, two, "refs/tags/v 1"), {"version=1.5"});
  REQUIRE(request.updates.size() == 2);
  CHECK(request.updates[0].before == one);
  CHECK(request.updates[0].after == two);
  CHECK(request.updates[1].ref == "refs/tags/v 1");
  CHECK(request.updates[1].creates());
  CHECK(request.version == "1.5");
  CHECK(read_push("", {}).updates.empty());
  for (const std::string& bad : {std::string("\n"), std::string("one two refs/heads/main\n"), one + " " + two,
                                 line(one, two, "HEAD"), line(one, two.substr(1), "refs/heads/main")}) {
    CAPTURE(bad);
    CHECK(support::failure([&] { read_push(bad, {}); }) == Mentions{"this is no line that git gives a hook"});
  }
}

TEST_CASE("an option that does not exist is named") {
  CHECK(read_push("", {"skip-deploy"}).skips_deploy);
  CHECK(support::failure([] { read_push("", {"skip_deploy"}); }) ==
        Mentions{"there is no push option 'skip_deploy'"});
  CHECK(support::failure([] { read_push("", {"version=no version"}); }) ==
        "input: version=no version: 'no version' is no version");
}

TEST_CASE("main and master are deployed, unless node.yaml says which") {
  CHECK(destination().deploys("refs/heads/main"));
  CHECK(destination().deploys("refs/heads/master"));
  CHECK_FALSE(destination().deploys("refs/heads/mainly"));
  CHECK_FALSE(destination().deploys("refs/tags/main"));
  const Destination mapped = destination({{"next", "staging"}, {"stable", "production"}});
  CHECK(mapped.deploys("refs/heads/next"));
  CHECK_FALSE(mapped.deploys("refs/heads/main"));
  CHECK_FALSE(mapped.deploys("refs/heads/stable"));
  CHECK(mapped.other_environment("refs/heads/stable") == "production");
  CHECK(mapped.other_environment("refs/heads/next").empty());
  CHECK(config::environment_of(root_of(config::Mode::final), {}) == "production");
  config::NodeSettings settings;
  settings.environment = "dev";
  CHECK(config::environment_of(root_of(config::Mode::cooking), settings) == "dev");
}

TEST_CASE("one branch forward is deployed; what loses commits, or is two at once, is refused") {
  const History history;
  const std::string& first = history.first;
  const std::string& second = history.second;
  const std::string main = "refs/heads/main";
  CHECK(history.chosen(line(first, second, main)) == main);
  CHECK(history.chosen(line(none, second, main)) == main);
  CHECK(history.chosen(line(first, second, "refs/heads/idea")) == "nothing");
  CHECK(history.chosen(line(first, second, "refs/heads/idea") + line(first, second, main)) == main);
  CHECK(history.chosen(line(second, first, main)) ==
        "refused: the push would take commits away from 'main', which is deployed here");
  CHECK(history.chosen(line(second, none, main)) ==
        "refused: 'main' is deployed here, and is not deleted by a push");
  CHECK(history.chosen(line(first, second, main) + line(first, second, "refs/heads/master")) ==
        "refused: one branch that is deployed here may be pushed at a time, not main, master");
  for (const std::string& lines : {line(second, first, main), line(second, none, main),
                                   line(first, second, main) + line(first, second, "refs/heads/master")})
    CHECK(history.chosen(lines, {"skip-deploy"}) == "nothing");
}

}  // namespace push_request_test
