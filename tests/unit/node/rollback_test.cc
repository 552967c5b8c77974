// Back to an earlier release by hand.
#include "node/apply.hh"

#include "site.hh"

#include <doctest/doctest.h>

#include <filesystem>
#include <string>

namespace rollback_test {

using namespace bakehouse;
using namespace bakehouse::node;
namespace fs = std::filesystem;

TEST_CASE("rolled back, and rolled back once more, it goes further back") {
  Site site;
  const Result one = site.apply(release("1.0", 1));
  const Result two = site.apply(release("2.0", 2));
  const Result three = site.apply(release("3.0", 3));
  const Result to_two = site.rollback();
  CHECK(describe(to_two) == "good");
  CHECK(to_two.version == "2.0");
  CHECK(site.read("run/index.html") == "page 2.0\n");
  CHECK(site.history().back().kind == "rollback");
  CHECK(site.history().back().parent == one.deployment);
  CHECK(site.is_verified());
  const Result to_one = site.rollback();
  CHECK(to_one.version == "1.0");
  CHECK(site.read("run/index.html") == "page 1.0\n");
  CHECK(says(refusal([&] { return site.rollback(); }), "3: no good deployment came before"));
  // By name it goes anywhere that was good.
  CHECK(describe(site.rollback(three.deployment)) == "good");
  CHECK(site.read("run/index.html") == "page 3.0\n");
  CHECK(site.is_verified());
  CHECK(site.litter().empty());
}

TEST_CASE("a rollback brings back the configuration that was in force, whatever the node says now") {
  Site site;
  const std::string links = "data: {uploads: up}\n";
  ApplyOptions options;
  options.settings = {"data.uploads=chosen"};
  site.apply(release("1.0", 1, {}, links), options);
  site.apply(release("2.0", 2, {}, links));
  CHECK(fs::read_symlink(site.root() / "run/uploads") == "../data/up");
  site.write("node.yaml", "data: {uploads: later}\n");
  CHECK(describe(site.rollback()) == "good");
  CHECK(fs::read_symlink(site.root() / "run/uploads") == "../data/chosen");
  CHECK(site.is_verified());
}

TEST_CASE("nothing but a good deployment of this node can be rolled back to") {
  Site site;
  CHECK(says(refusal([&] { return site.rollback(); }), "3: nothing is deployed here"));
  const Result one = site.apply(release("1.0", 1));
  const Result bad = site.apply(release("2.0", 2, {{"post_deploy", "exit 1"}}));
  CHECK(says(refusal([&] { return site.rollback(bad.deployment); }), "10: "));
  CHECK(says(refusal([&] { return site.rollback(one.deployment); }), "is in service already"));
  CHECK(says(refusal([&] { return site.rollback("20200101T000000Z-x"); }), "there is no deployment"));
  CHECK(says(refusal([&] { return site.rollback("../../etc"); }), "there is no deployment"));
  // A deployment that failed is no parent either.
  CHECK(says(refusal([&] { return site.rollback(); }), "no good deployment came before"));
}

TEST_CASE("a deployment that is no longer what was signed is not put back") {
  struct Row {
    std::string file;
    std::string content;
  };
  for (const Row& row :
       {Row{"index.html", "tampered"}, Row{"extra", "new"}, Row{".bakehouse/manifest", "#mtree\n"},
        Row{".bakehouse/release.json", "{}"}, Row{".bakehouse/bake.yaml", "name: shop\n#\n"}}) {
    CAPTURE(row.file);
    Site site;
    const Result one = site.apply(release("1.0", 1));
    site.apply(release("2.0", 2));
    const std::string path = "deploy/" + one.deployment + "/" + row.file;
    site.write(path, row.content);
    const std::string before = site.describe_all();
    const std::string refused = refusal([&] { return site.rollback(); });
    CHECK(says(refused, one.deployment));
    CHECK(refused.substr(0, 3) != "not");
    CHECK(site.describe_all() == before);
    CHECK(site.history().size() == 2);
  }
}

TEST_CASE("a rollback that fails leaves the newer release in service") {
  Site site;
  // Only where the file is there does the hook of 1.0 succeed.
  site.write("data/may", "");
  site.apply(release("1.0", 1, {{"post_deploy", "test -e $BAKEHOUSE_DATA/may"}}));
  site.apply(release("2.0", 2));
  fs::remove(site.root() / "data/may");
  const std::string before = site.describe_all();
  const Result result = site.rollback();
  CHECK(
      says(describe(result), "6 reverted: post_deploy failed: the hook 'post_deploy' exited with status 1"));
  CHECK(site.describe_all() == before);
  CHECK(site.history().back().kind == "rollback");
}

}  // namespace rollback_test
