#include "tree/switch.hh"

#include "support/failure.hh"
#include "support/mentions.hh"
#include "support/tree_literal.hh"
#include "unit/tree/bind_mount.hh"

#include "base/files.hh"

#include <doctest/doctest.h>

#include <span>
#include <string>
#include <vector>

namespace switch_test {

using namespace bakehouse;
using namespace bakehouse::support;
using base::Dir;
using base::TempDir;
using base::TreePath;
using tree::Way;

namespace {

const TreePath run = TreePath::parse("run");
const TreePath next = TreePath::parse(".run.2");

std::string reason_against(Way way, const Dir& root) { return tree::why_not(way, root, run).value_or(""); }

}  // namespace

TEST_CASE("an exchange puts each tree in the other's place, and once more puts them back") {
  const TempDir temp;
  const Dir root = Dir::open(temp.path());
  const Tree before{{"run/version", File{"1"}}, {".run.2/version", File{"2"}}, {".run.2/more", Folder{0700}}};
  const Tree after{{"run/version", File{"2"}}, {"run/more", Folder{0700}}, {".run.2/version", File{"1"}}};
  make_tree(root, before);
  const uint64_t inode = root.stat(run)->inode;
  tree::exchange(root, run, next);
  CHECK(describe_tree(root) == describe_tree(after));
  CHECK(root.stat(next)->inode == inode);
  tree::exchange(root, run, next);
  CHECK(describe_tree(root) == describe_tree(before));
}

TEST_CASE("a first deployment has no run to exchange with") {
  const TempDir temp;
  const Dir root = Dir::open(temp.path());
  make_tree(root, {{".run.2/version", File{"2"}}});
  tree::exchange(root, run, next);
  CHECK(describe_tree(root) == describe_tree(Tree{{"run/version", File{"2"}}}));
}

TEST_CASE("run and next may lie in directories of their own") {
  const TempDir temp;
  const Dir root = Dir::open(temp.path());
  make_tree(root, {{"a/run/version", File{"1"}}, {"b/next/version", File{"2"}}});
  tree::exchange(root, TreePath::parse("a/run"), TreePath::parse("b/next"));
  CHECK(describe_tree(root) ==
        describe_tree(Tree{{"a/run/version", File{"2"}}, {"b/next/version", File{"1"}}}));
}

TEST_CASE("an exchange with nothing changes nothing") {
  const TempDir temp;
  const Dir root = Dir::open(temp.path());
  const Tree tree{{"run/version", File{"1"}}};
  make_tree(root, tree);
  CHECK(failure([&] { tree::exchange(root, run, next); }) != "no failure");
  CHECK(describe_tree(root) == describe_tree(tree));
  CHECK(failure([&] { tree::exchange(root, TreePath::parse("neither"), next); }) != "no failure");
  CHECK(describe_tree(root) == describe_tree(tree));
}

TEST_CASE("a look at the ways leaves nothing behind, even after one that was killed") {
  const TempDir temp;
  const Dir root = Dir::open(temp.path());
  const Tree tree{{".bakehouse/root.json", File{"{}"}}, {"run/version", File{"1"}}};
  make_tree(root, tree);
  CHECK(tree::why_not(Way::exchange, root, run) == std::nullopt);
  CHECK(describe_tree(root) == describe_tree(tree));
  make_tree(Dir::open(temp.path() / ".bakehouse"),
            {{"probe-one/left", File{"over"}}, {"probe-other", Folder{0000}}});
  CHECK(tree::why_not(Way::exchange, root, run) == std::nullopt);
  CHECK(tree::why_not(Way::symlink, root, next) == std::nullopt);
  CHECK(describe_tree(root) == describe_tree(tree));
}

TEST_CASE("a link is made, replaced, and left as it is when it is right") {
  const TempDir temp;
  const Dir root = Dir::open(temp.path());
  make_tree(root, {{"runs/1/version", File{"1"}}, {"runs/2/version", File{"2"}}});
  const auto version = [&] { return base::read_file(temp.path() / "run/version", 10); };
  tree::point_to(root, run, "runs/1");
  CHECK(version() == "1");
  for (int time = 0; time < 2; ++time) {
    tree::point_to(root, run, "runs/2");
    CHECK(version() == "2");
  }
  CHECK(root.names() == std::vector<std::string>{"run", "runs"});
}

TEST_CASE("a link is seen from where it stands, and what a killed try left is no hindrance") {
  const TempDir temp;
  const Dir root = Dir::open(temp.path());
  make_tree(root, {{"site/runs/1/version", File{"1"}},
                   {"site/run", Link{"nowhere"}},
                   {"site/.run.new", Link{"left over"}}});
  tree::point_to(root, TreePath::parse("site/run"), "runs/1");
  CHECK(base::read_file(temp.path() / "site/run/version", 10) == "1");
  CHECK(root.open_dir(TreePath::parse("site")).names() == std::vector<std::string>{"run", "runs"});
}

TEST_CASE("what is no link is not replaced by one") {
  for (const Tree& there : {Tree{{"run/version", File{"1"}}}, Tree{{"run", File{"1"}}}}) {
    const TempDir temp;
    const Dir root = Dir::open(temp.path());
    make_tree(root, there);
    CHECK(failure([&] { tree::point_to(root, run, "runs/1"); }) == Mentions{"run' is there and is no link"});
    CHECK(describe_tree(root) == describe_tree(there));
  }
}

TEST_CASE("each way says what stands in its way") {
  const struct {
    std::string what;
    Tree there;
    std::string exchange;  // why not; empty when it works
    std::string symlink;
    std::string inplace;
  } rows[] = {
      {"nothing", {}, "", "", ""},
      {"a directory", {{"run", Folder{}}}, "", "run' is there and is no link", ""},
      {"a link",
       {{"run", Link{"runs/1"}}},
       "run' is no directory that another could",
       "",
       "run' is no directory"},
      {"a file",
       {{"run", File{"x"}}},
       "run' is no directory that another could",
       "run' is there and is no link",
       "run' is no directory"},
  };
  for (const auto& row : rows) {
    CAPTURE(row.what);
    const TempDir temp;
    const Dir root = Dir::open(temp.path());
    make_tree(root, {{".bakehouse", Folder{}}});
    make_tree(root, row.there);
    const std::string before = describe_tree(root);
    CHECK(reason_against(Way::exchange, root) == Mentions{row.exchange});
    CHECK(reason_against(Way::symlink, root) == Mentions{row.symlink});
    CHECK(reason_against(Way::inplace, root) == Mentions{row.inplace});
    CHECK(reason_against(Way::exchange, root).empty() == row.exchange.empty());
    CHECK(reason_against(Way::symlink, root).empty() == row.symlink.empty());
    CHECK(reason_against(Way::inplace, root).empty() == row.inplace.empty());
    CHECK(describe_tree(root) == before);
  }
}

TEST_CASE("the first way that works is chosen, with the reasons against those before it") {
  const TempDir temp;
  const Dir root = Dir::open(temp.path());
  make_tree(root, {{".bakehouse", Folder{}}, {"run", Folder{}}});
  const Way every_way[] = {Way::symlink, Way::exchange, Way::inplace};
  const auto choice = tree::choose_way(every_way, root, run);
  CHECK(choice.way == Way::exchange);
  REQUIRE(choice.passed_over.size() == 1);
  CHECK(choice.passed_over[0] == Mentions{"symlink: '"});
  CHECK(tree::choose_way(std::span(every_way).subspan(1), root, run).passed_over.empty());
  CHECK(tree::choose_way(std::span(every_way).subspan(2), root, run).way == Way::inplace);
}

TEST_CASE("where no way works all reasons are told, in the order of the ways") {
  const TempDir temp;
  const Dir root = Dir::open(temp.path());
  make_tree(root, {{".bakehouse", Folder{}}, {"run", File{"x"}}});
  const Way every_way[] = {Way::inplace, Way::exchange, Way::symlink};
  const std::string said = failure([&] { tree::choose_way(every_way, root, run); });
  CHECK(said == Mentions{"refused: '"});
  CHECK(said == Mentions{"run' cannot be switched:\n  inplace: "});
  CHECK(said.find("inplace: ") < said.find("exchange: "));
  CHECK(said.find("exchange: ") < said.find("symlink: "));
  CHECK(failure([&] { tree::choose_way({}, root, run); }) == Mentions{"cannot be switched"});
}

TEST_CASE("a mount point cannot change its name, and is synchronised instead") {
  const TempDir temp;
  const Dir root = Dir::open(temp.path());
  make_tree(
      root,
      {{".bakehouse", Folder{}}, {"run/version", File{"1"}}, {"run/sub", Folder{}}, {"other", Folder{}}});
  CHECK_FALSE(tree::is_mount_point(root, run));
  const BindMount mount(temp.path() / "other", temp.path() / "run");
  if (!mount.is_there()) {
    MESSAGE("skipped: only root makes mounts");
    return;
  }
  CHECK(tree::is_mount_point(root, run));
  CHECK_FALSE(tree::is_mount_point(root, TreePath::parse("other")));
  const Way every_way[] = {Way::exchange, Way::inplace};
  const auto choice = tree::choose_way(every_way, root, run);
  CHECK(choice.way == Way::inplace);
  REQUIRE(choice.passed_over.size() == 1);
  CHECK(choice.passed_over[0] == Mentions{"run' is a mount point and cannot change its name"});
}

}  // namespace switch_test
