// What real machines do to a node: clocks that go back, trees of odd shapes, applications that write where
// they should not.
#include "base/error.hh"
#include "node/apply.hh"
#include "node/prune.hh"
#include "site.hh"

#include <doctest/doctest.h>

#include <chrono>
#include <filesystem>
#include <string>

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

namespace adversity_test {

using namespace bakehouse;
using namespace bakehouse::node;
namespace fs = std::filesystem;

namespace {

// Deeper than any path that the kernel takes at once.
void make_deep(const fs::path& top, int levels) {
  fs::create_directories(top);
  int at = ::open(top.c_str(), O_DIRECTORY | O_CLOEXEC);
  REQUIRE(at >= 0);
  for (int i = 0; i < levels; ++i) {
    REQUIRE(::mkdirat(at, "deep", 0755) == 0);
    const int below = ::openat(at, "deep", O_DIRECTORY | O_CLOEXEC);
    REQUIRE(below >= 0);
    ::close(at);
    at = below;
  }
  ::close(at);
}

ApplyOptions discarding() {
  ApplyOptions options;
  options.drift = DriftChoice::discard;
  return options;
}

}  // namespace

TEST_CASE("a clock that goes back a day confuses neither order, nor going back, nor pruning") {
  Site site;
  const std::string keep = "keep: {content: {last: 2}}\n";
  REQUIRE(describe(site.apply(release("1.0", 1, {}, keep))) == "good");
  Node yesterday = site.node();
  yesterday.around.clock.now = [] { return std::chrono::system_clock::now() - std::chrono::hours(24); };
  const auto apply_yesterday = [&](const Release& release) {
    return node::apply(yesterday, site.archive(release), support::trust(site.key), {});
  };
  REQUIRE(describe(apply_yesterday(release("2.0", 2, {}, keep))) == "good");
  CHECK(site.read("run/index.html") == "page 2.0\n");
  REQUIRE(describe(apply_yesterday(release("3.0", 3, {}, keep))) == "good");
  const auto history = site.history();
  CHECK_FALSE(site.exists("deploy/" + history[0].deployment));
  CHECK(site.exists("deploy/" + history[1].deployment));
  CHECK(describe(node::rollback(yesterday, std::nullopt)) == "good");
  CHECK(site.read("run/index.html") == "page 2.0\n");
  CHECK(site.is_verified());
}

TEST_CASE(
    "a directory of 3,000 levels in run/ or data/ is told of, or carried along, and keeps nothing from going "
    "back") {
  for (const std::string place : {"run/cache", "data/tree"}) {
    CAPTURE(place);
    Site site;
    REQUIRE(describe(site.apply(release("1.0", 1))) == "good");
    make_deep(site.root() / place, 3000);
    const Result second = site.apply(release("2.0", 2), discarding());
    const bool is_in_service = second.outcome == "good";
    CHECK(site.read("run/index.html") == (is_in_service ? "page 2.0\n" : "page 1.0\n"));
    if (!is_in_service) CHECK_FALSE(site.history().back().cause.empty());
    CHECK_FALSE(site.status().recovery_needed);
    CHECK(site.litter().empty());
    base::Dir::open(site.root()).remove_tree(base::TreePath::parse(place));
    CHECK(describe(site.apply(release("3.0", 3), discarding())) == "good");
  }
}

TEST_CASE("files in run/ that belong to somebody else keep nothing from going on") {
  if (::geteuid() != 0) return;
  Site site;
  REQUIRE(describe(site.apply(release("1.0", 1))) == "good");
  constexpr uid_t somebody = 65534;
  site.write("run/upload", "mine");
  for (const char* path : {"run/upload", "run/lib", "run/lib/code", "run"})
    REQUIRE(::lchown((site.root() / path).c_str(), somebody, somebody) == 0);
  REQUIRE(::chmod((site.root() / "run/upload").c_str(), 0) == 0);
  CHECK(says(refusal([&] { return site.apply(release("2.0", 2)); }), "not in the manifest: upload"));
  CHECK(describe(site.apply(release("2.0", 2), discarding())) == "good");
  CHECK(site.is_verified());
  CHECK(describe(site.rollback()) == "good");
  CHECK(site.read("run/index.html") == "page 1.0\n");
}

TEST_CASE("a hook that the application has replaced in run/ is not the one that runs") {
  Site site;
  const Release first = release("1.0", 1, {{"dump", "echo honest"}, {"restore", "echo honest"}});
  REQUIRE(describe(site.apply(first)) == "good");
  for (const char* hook : {"run/.bake/hooks/dump", "run/.bake/hooks/restore"})
    site.write(hook, "#!/bin/sh\necho replaced\ntouch $BAKEHOUSE_ROOT/harm\n");
  CHECK(site.apply(release("2.0", 2, {{"post_deploy", "exit 1"}}), discarding()).outcome == "reverted");
  CHECK(site.output == "honest\nhonest\n");
  CHECK_FALSE(site.exists("harm"));
}

}  // namespace adversity_test
