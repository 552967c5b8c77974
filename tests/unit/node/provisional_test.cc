#include "node/provisional.hh"

#include "base/error.hh"
#include "site.hh"

#include <doctest/doctest.h>

#include <chrono>

namespace provisional_test {

using namespace bakehouse;
using namespace bakehouse::node;
using std::chrono::milliseconds;

namespace {

ApplyOptions within(milliseconds time) {
  ApplyOptions options;
  options.confirm_within = time;
  return options;
}

// A node whose machine has been running for longer than it has.
Node later(Site& site, milliseconds time) {
  Node node = site.node();
  const auto since_boot = node.around.clock.since_boot;
  node.around.clock.since_boot = [=] { return since_boot() + time; };
  return node;
}

constexpr std::chrono::hours soon(1);

// 1.0, and 2.0 until somebody confirms it within the hour.
void make_provisional(Site& site, const std::string& hooks_fail = "true") {
  REQUIRE(describe(site.apply(release("1.0", 1, {{"post_deploy", hooks_fail}}))) == "good");
  REQUIRE(describe(site.apply(release("2.0", 2), within(soon))) == "good");
}

}  // namespace

TEST_CASE("what is confirmed in time stays") {
  Site site;
  make_provisional(site);
  REQUIRE(site.status().provisional);
  CHECK(says(site.status().provisional->describe(), "2.0 is provisional until"));
  CHECK(says(refusal([&] { return site.apply(release("3.0", 3)); }), "10: 2.0 is provisional until"));
  const auto confirmed = confirm(site.node());
  REQUIRE(confirmed);
  CHECK(confirmed->version == "2.0");
  CHECK_FALSE(site.status().provisional);
  CHECK_FALSE(confirm(site.node()));
  CHECK_FALSE(recover_under_lock(later(site, 2 * soon), "a test"));
  CHECK(site.read("run/index.html") == "page 2.0\n");
  CHECK(describe(site.apply(release("3.0", 3))) == "good");
}

TEST_CASE("what nobody confirms goes back with the next command, and data stays") {
  Site site;
  make_provisional(site);
  site.write("data/book", "signed\n");
  CHECK_FALSE(recover_under_lock(later(site, soon / 2), "a test"));
  const auto expired = recover_under_lock(later(site, 2 * soon), "a test");
  REQUIRE(expired);
  CHECK(describe(*expired) == "good");
  CHECK(site.read("run/index.html") == "page 1.0\n");
  CHECK(site.read("data/book") == "signed\n");
  CHECK_FALSE(site.status().provisional);
  CHECK(site.history().back().kind == "rollback");
  CHECK(site.history().back().who == "nobody, who should have confirmed 2.0");
  CHECK_FALSE(recover_under_lock(later(site, 3 * soon), "a test"));
}

TEST_CASE("a confirmation that comes too late is refused, and says what is in service") {
  Site site;
  make_provisional(site);
  std::string said;
  try {
    confirm(later(site, 2 * soon));
  } catch (const base::Error& error) {
    said = error.what();
  }
  CHECK(says(said, "it came too late: 1.0 is back in service"));
  CHECK(site.read("run/index.html") == "page 1.0\n");
}

TEST_CASE("whoever goes back by hand goes back once, in time or late") {
  for (const milliseconds time : {milliseconds(0), milliseconds(2 * soon)}) {
    CAPTURE(time.count());
    Site site;
    make_provisional(site);
    CHECK(describe(node::rollback(later(site, time), std::nullopt)) == "good");
    CHECK(site.read("run/index.html") == "page 1.0\n");
    CHECK_FALSE(site.status().provisional);
    CHECK(site.history().size() == 3);
  }
}

TEST_CASE("whoever waits for the deadline is told which way it went") {
  Site site;
  make_provisional(site);
  Node node = later(site, milliseconds(0));
  const auto since_boot = node.around.clock.since_boot;
  milliseconds slept{0};
  node.around.clock.since_boot = [&] { return since_boot() + slept; };
  node.around.clock.wait = [&](milliseconds time) { slept += time; };
  const auto expired = keep_deadline(node);
  REQUIRE(expired);
  CHECK(expired->version == "1.0");
  CHECK(slept > soon / 2);  // some of it passes by itself
  CHECK_FALSE(keep_deadline(node));

  slept = milliseconds(0);
  REQUIRE(describe(site.apply(release("3.0", 3), within(soon))) == "good");
  node.around.clock.wait = [&](milliseconds) { confirm(site.node()); };
  CHECK_FALSE(keep_deadline(node));
  CHECK(site.read("run/index.html") == "page 3.0\n");
}

TEST_CASE("a going back that fails leaves it provisional, and is tried again") {
  Site site;
  make_provisional(site, "[ ! -e $BAKEHOUSE_DATA/broken ]");
  site.write("data/broken", "");
  const auto expired = recover_under_lock(later(site, 2 * soon), "a test");
  REQUIRE(expired);
  CHECK(expired->outcome == "reverted");
  CHECK(site.read("run/index.html") == "page 2.0\n");
  CHECK(site.status().provisional);
  std::filesystem::remove(site.root() / "data/broken");
  CHECK(describe(*recover_under_lock(later(site, 2 * soon), "a test")) == "good");
  CHECK(site.read("run/index.html") == "page 1.0\n");
}

TEST_CASE("recovery that finishes it once more does not give it more time") {
  Site site;
  make_provisional(site);
  const auto first = read_provisional(site.node());
  REQUIRE(first);
  write_provisional(site.node(),
                    {first->deployment, "2.0", phase::deadline_after(2 * soon, base::system_clock())});
  CHECK(read_provisional(site.node())->deadline.since_boot == first->deadline.since_boot);
}

TEST_CASE("what cannot be provisional is refused while nothing is touched") {
  Site site;
  CHECK(says(refusal([&] { return site.apply(release("1.0", 1), within(soon)); }),
             "10: nothing is in service that a first release could go back to"));
  REQUIRE(describe(site.apply(release("1.0", 1))) == "good");
  const std::string before = site.describe_all();
  const Result result = site.apply(release("2.0", 2, {}, "undo-data: always\n"), within(soon));
  CHECK(result.outcome == "failed");
  CHECK(says(describe(result), "the project says `undo-data: always`"));
  CHECK(site.describe_all() == before);
}

}  // namespace provisional_test
