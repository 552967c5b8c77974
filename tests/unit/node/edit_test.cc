// The change to editable mode and back.
#include "node/edit.hh"

#include "base/error.hh"
#include "node/diff.hh"
#include "site.hh"

#include <doctest/doctest.h>

#include <filesystem>
#include <string>

namespace edit_test {

using namespace bakehouse;
using namespace bakehouse::node;
namespace fs = std::filesystem;

namespace {

// 1.0 in service in a root that cooks, and a source that somebody has changed.
void make_editable(Site& site) {
  REQUIRE(describe(site.apply(release("1.0", 1))) == "good");
  Node node = site.node();
  node.root.mode = config::Mode::cooking;
  config::write_root(node.root);
  site.write("project/index.html", "edited\n");
}

bool is_edited(const Site& site) {
  return site.read("run/index.html") == "edited\n" && site.read("run/lib/code") == "1.0" &&
         config::read_root(site.root()).mode == config::Mode::editable;
}

bool is_released(const Site& site) {
  return site.read("run/index.html") == "page 1.0\n" &&
         !fs::exists(site.root() / ".bakehouse/editing.json") &&
         config::read_root(site.root()).mode == config::Mode::cooking;
}

}  // namespace

TEST_CASE("what is edited is what runs, and the release comes back untouched") {
  Site site;
  make_editable(site);
  const auto inode = site.node().dir.stat(site.node().root.layout.run)->inode;
  CHECK(describe(edit(site.node(), EditWay::link).result) == "good");
  CHECK(is_edited(site));
  CHECK(says(refusal([&] { return site.apply(release("2.0", 2)); }), "is being edited"));
  CHECK(describe(end_edit(site.node()).result) == "good");
  CHECK(is_released(site));
  CHECK(site.node().dir.stat(site.node().root.layout.run)->inode == inode);
  CHECK(site.is_verified());
  CHECK(site.read("project/index.html") == "edited\n");
}

TEST_CASE("cut off at any moment it is undone, or taken back") {
  for (const bool begins : {true, false}) {
    std::vector<std::string> moments;
    for (size_t i = 0; i == 0 || i < moments.size(); ++i) {
      Site site;
      make_editable(site);
      if (!begins) REQUIRE(describe(edit(site.node(), EditWay::link).result) == "good");
      const auto change = [&] { return begins ? edit(site.node(), EditWay::link) : end_edit(site.node()); };
      site.moments.clear();
      const std::string moment = i == 0 ? "" : moments[i];
      CAPTURE(moment);
      site.on_moment = [&](const std::string& now) {
        if (now == moment) throw Kill();
      };
      if (i == 0) {
        CHECK(describe(change().result) == "good");
        moments = site.moments;
        moments.pop_back();
        continue;
      }
      CHECK_THROWS_AS(change(), Kill);
      site.on_moment = nullptr;
      site.recover();
      CHECK((begins ? is_released(site) : is_edited(site)));
    }
    CHECK(moments.size() > 6);
  }
}

TEST_CASE("while somebody edits, what differs is what he has edited") {
  Site site;
  make_editable(site);
  REQUIRE(describe(edit(site.node(), EditWay::link).result) == "good");
  site.write("project/new/page.html", "new\n");
  site.write("project/.git/config", "[core]\n");
  fs::permissions(site.root() / "project/lib/code", fs::perms(0600));
  fs::permissions(site.root() / "project/new", fs::perms(0700));
  const RunDiff diff = diff_run(site.node());
  CHECK(diff.is_edited);
  CHECK(tree::describe(diff.drift) == "  another content: index.html\n  not in the manifest: new\n");
  fs::permissions(site.root() / "project/lib/code", fs::perms(0700));
  const Verification found = verify(site.node());
  CHECK(found.is_edited);
  CHECK(tree::describe(found.run) ==
        "  another content: index.html\n  another mode: lib/code: 0700 instead of 0644\n"
        "  not in the manifest: new\n");
}

TEST_CASE("the log of an edit goes with those of the deployments around it") {
  Site site;
  make_editable(site);
  const std::string edited = edit(site.node(), EditWay::link).result.deployment;
  const std::string ended = end_edit(site.node()).result.deployment;
  const auto has_log = [&](const std::string& id) { return fs::exists(site.node().log_of(id)); };
  const std::string keep = "keep: {content: {last: 2}}\n";
  REQUIRE(describe(site.apply(release("2.0", 2, {}, keep))) == "good");
  CHECK(has_log(edited));
  REQUIRE(describe(site.apply(release("3.0", 3, {}, keep))) == "good");
  CHECK_FALSE(has_log(edited));
  CHECK_FALSE(has_log(ended));
  for (const auto& entry : site.history()) CHECK(has_log(entry.deployment) == (entry.version != "1.0"));
}

TEST_CASE("a root for production is not edited") {
  Site site;
  site.apply(release("1.0", 1));
  CHECK(says(refusal([&] { return edit(site.node(), EditWay::link).result; }),
             "10: this root is for production"));
}

}  // namespace edit_test
