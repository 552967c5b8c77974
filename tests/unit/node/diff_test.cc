// How run/ differs from its release, and one deployment from another.
#include "node/diff.hh"

#include "base/error.hh"
#include "site.hh"

#include <doctest/doctest.h>

#include <filesystem>
#include <string>

namespace diff_test {

using namespace bakehouse;
using namespace bakehouse::node;
namespace fs = std::filesystem;

namespace {

std::string lines(const DeploymentDiff& diff) {
  std::string text = diff.from.version + " to " + diff.to.version + "\n";
  for (const Change& change : diff.changes) text += line_of(change) + "\n";
  return text;
}

std::string diff_refusal(Site& site, const std::string& from, const std::optional<std::string>& to = {}) {
  return refusal([&] { return diff_deployments(site.node(), from, to), Result{}; });
}

}  // namespace

TEST_CASE("one deployment differs from another by paths, contents and modes") {
  Site site;
  Release first = release("1.0", 1);
  first.tree["gone/with it"] = File{"x"};
  first.tree["tool"] = File{"y"};
  first.tree["thing"] = File{"a file"};
  const std::string one = site.apply(first).deployment;
  Release second = release("2.0", 2);
  second.tree["lib/code"] = File{"1.0"};
  second.tree["tool"] = File{"y", 0755};
  second.tree["thing/inner"] = File{"a directory"};
  const std::string two = site.apply(second).deployment;
  const std::string expected =
      "1.0 to 2.0\n- gone\n- gone/with it\n~ index.html\n~ thing\n+ thing/inner\nm tool: 0755 instead of "
      "0644\n";
  CHECK(lines(diff_deployments(site.node(), one, two)) == expected);
  CHECK(lines(diff_deployments(site.node(), one, {})) == expected);
  CHECK(counts_of(diff_deployments(site.node(), one, {}).changes) ==
        "1 added, 2 changed, 1 with another mode, 2 removed");
  CHECK(lines(diff_deployments(site.node(), two, one)) ==
        "2.0 to 1.0\n+ gone\n+ gone/with it\n~ index.html\n~ thing\n- thing/inner\nm tool: 0644 instead of "
        "0755\n");
  CHECK(diff_deployments(site.node(), two, {}).changes.empty());
}

TEST_CASE("a name with a control character is shown without it") {
  Site site;
  Release first = release("1.0", 1);
  const std::string one = site.apply(first).deployment;
  Release second = release("1.0", 2);
  second.tree["red \033[31m"] = File{"x"};
  site.apply(second);
  CHECK(lines(diff_deployments(site.node(), one, {})) == "1.0 to 1.0\n+ red \\033[31m\n");
}

TEST_CASE("a deployment that is not here is told from one that was pruned and one that failed") {
  Site site;
  CHECK(says(refusal([&] { return diff_run(site.node()), Result{}; }), "3: nothing is deployed here"));
  const std::string one = site.apply(release("1.0", 1, {}, "keep: {content: {last: 1}}\n")).deployment;
  const std::string two = site.apply(release("2.0", 2, {}, "keep: {content: {last: 1}}\n")).deployment;
  const std::string three = site.apply(release("3.0", 3, {}, "keep: {content: {last: 1}}\n")).deployment;
  const std::string failed = site.apply(release("4.0", 4, {{"post_deploy", "exit 1"}})).deployment;
  CHECK(diff_deployments(site.node(), two, {}).changes.size() == 2);
  CHECK(says(diff_refusal(site, one), "3: 1.0 " + one + " is no longer in '"));
  CHECK(says(diff_refusal(site, three, one), ": it was pruned"));
  CHECK(says(diff_refusal(site, failed), ": it ended reverted and was undone"));
  CHECK(
      says(diff_refusal(site, "20200101T000000Z-x"), "3: there is no deployment '20200101T000000Z-x' here"));
  CHECK(says(diff_refusal(site, "../../etc"), "3: '../../etc' is no deployment"));
}

TEST_CASE("what is told of run/ is a patch, and looking changes nothing") {
  Site site;
  const std::string one = site.apply(release("1.0", 1, {}, "writable: {cache: discard}\n")).deployment;
  CHECK(diff_run(site.node()).drift.empty());
  site.write("run/index.html", "page\tof somebody else\n");
  site.write("run/cache/page", "x");
  fs::permissions(site.root() / "run/lib", fs::perms(0700));
  fs::permissions(site.root() / "run/lib/code", fs::perms(0600));
  const std::string index = site.read(".bakehouse/files.index");
  const RunDiff diff = diff_run(site.node());
  CHECK(diff.deployment == one);
  CHECK(diff.version == "1.0");
  const std::string patch = patch_of(site.node(), diff);
  CHECK(patch.starts_with("# another content: index.html\ndiff --git a/index.html b/index.html\n"));
  CHECK(says(patch, "-page 1.0\n+page\tof somebody else\n"));
  CHECK(patch.ends_with(
      "# another mode: lib: 0700 instead of 0755\n# another mode: lib/code: 0600 instead of 0644\n"));
  CHECK(site.read(".bakehouse/files.index") == index);
  CHECK_FALSE(site.exists(".bakehouse/drift"));
}

TEST_CASE("without the tree that was deployed there is no patch, but what differs is told") {
  Site site;
  const std::string one = site.apply(release("1.0", 1)).deployment;
  site.write("run/index.html", "another\n");
  fs::remove_all(site.root() / "deploy" / one);
  const RunDiff diff = diff_run(site.node());
  CHECK(patch_of(site.node(), diff) == "# another content: index.html\n");
  CHECK(says(site.warnings, "no patch can be made: "));
}

}  // namespace diff_test
