#include "tree/ready.hh"

#include "support/failure.hh"
#include "support/mentions.hh"
#include "unit/tree/some_trees.hh"

#include "base/files.hh"

#include <doctest/doctest.h>

#include <string>

#include <fcntl.h>
#include <unistd.h>

namespace ready_test {

using namespace bakehouse;
using namespace bakehouse::support;
using base::Dir;
using base::TreePath;

namespace {

constexpr uint32_t somebody = 4711;  // neither root nor whoever runs the tests

// A deployment, and the old run beside it.
struct Site {
  Site(const Tree& deployed, const Tree& running)
      : deployment(place.with("deployment", deployed)),
        run(place.with("run", running)),
        next(place.empty("next")) {}

  tree::Made make_ready() {
    const tree::OldRun old_run{run, expected};
    options.old_run = &old_run;
    return tree::make_ready(deployment, scan_all(deployment), next, options);
  }
  bool is_one(const char* path) const {
    return run.stat(TreePath::parse(path))->inode == next.stat(TreePath::parse(path))->inode;
  }

  static tree::ReadyOptions for_somebody() {
    tree::ReadyOptions options;
    options.user = {somebody, {somebody}};
    return options;
  }

  Place place;
  Dir deployment;
  Dir run;
  Dir next;
  tree::Manifest expected = scan_all(run);
  tree::ReadyOptions options = for_somebody();
};

}  // namespace

TEST_CASE("whoever owns a file, may write it, or is root can change it") {
  const tree::Attributes none;
  const tree::Attributes list{{access_list, posix_acl(0640, 5, 6)}};
  const tree::Attributes other_list{{default_list, ""}, {"user.a", ""}};
  const struct {
    std::string what;
    tree::ServiceUser user;
    uint32_t mode;
    const tree::Attributes& attributes;
    bool can;
  } rows[] = {
      // The file belongs to 10:20.
      {"root", {0, {0}}, 0444, none, true},
      {"its owner", {10, {10}}, 0444, none, true},
      {"its owner, without any bit", {10, {10}}, 0000, none, true},
      {"its group, which may write", {11, {11, 20}}, 0464, none, true},
      {"its group, as first group", {11, {20}}, 0020, none, true},
      {"its group, which may only read", {11, {11, 20}}, 0755, none, false},
      {"another group, which may write", {11, {11, 21}}, 0664, none, false},
      {"no groups at all", {11, {}}, 0664, none, false},
      {"somebody, and all may write", {11, {11}}, 0446, none, true},
      {"its group, which may not write, but all others", {11, {20}}, 0406, none, true},
      {"somebody", {11, {11}}, 0755, none, false},
      {"somebody, and an access list", {11, {11}}, 0640, list, true},
      {"somebody, and other attributes", {11, {11}}, 0640, other_list, false},
      {"somebody, set-id", {11, {11}}, 06755, none, false},
  };
  for (const auto& row : rows) {
    CAPTURE(row.what);
    base::FileStat file;
    file.mode = row.mode;
    file.uid = 10;
    file.gid = 20;
    CHECK(tree::can_change(row.user, file, row.attributes) == row.can);
  }
}

TEST_CASE("a first deployment shares nothing") {
  const Place place;
  const Dir deployment = place.with("deployment", {{"a", File{"x"}}, {"d/l", Link{"../a"}}});
  const Dir next = place.empty("next");
  const auto made = tree::make_ready(deployment, scan_all(deployment), next, Site::for_somebody());
  CHECK(made.linked == 0);
  CHECK(all_of(next) == all_of(deployment));
}

TEST_CASE("what is equal and safe is one inode in both runs, with the time it has; the rest is not") {
  const struct {
    std::string what;
    File deployed;
    File running;
    bool is_shared;
  } rows[] = {
      {"equal", {"x"}, {"x"}, true},
      {"another time", {"x"}, {"x", 0644, some_time + 1}, true},
      {"another content", {"x"}, {"y"}, false},
      {"another mode", {"x", 0755}, {"x", 0644}, false},
      {"other attributes", {"x"}, {"x", 0644, some_time, {{"user.a", "1"}}}, false},
      {"equal attributes",
       {"x", 0644, some_time, {{"user.a", "1"}}},
       {"x", 0644, some_time, {{"user.a", "1"}}},
       true},
      {"all may write", {"x", 0666}, {"x", 0666}, false},
      {"an access list",
       {"x", 0644, some_time, {{access_list, posix_acl(0644, 5, 4)}}},
       {"x", 0644, some_time, {{access_list, posix_acl(0644, 5, 4)}}},
       false},
  };
  for (const auto& row : rows) {
    CAPTURE(row.what);
    Site site({{"d/f", row.deployed}}, {{"d/f", row.running}});
    const std::string before = all_of(site.run);
    const auto made = site.make_ready();
    CHECK(made.linked == (row.is_shared ? 1 : 0));
    CHECK(site.is_one("d/f") == row.is_shared);
    CHECK(site.next.stat(TreePath::parse("d/f"))->mtime ==
          (row.is_shared ? row.running.time : row.deployed.time));
    CHECK(differences(scan_all(site.deployment), scan_all(site.next), tree::DiffOptions::Times::ignore) ==
          "");
    CHECK(all_of(site.run) == before);
  }
}

TEST_CASE("nothing is shared with a service user who could write it") {
  for (const tree::ServiceUser& user :
       {tree::ServiceUser{::geteuid(), {::getegid()}}, tree::ServiceUser{0, {0}}}) {
    Site site({{"f", File{"x"}}}, {{"f", File{"x"}}});
    site.options.user = user;
    CHECK(site.make_ready().linked == 0);
  }
  Site site({{"f", File{"x", 0664}}, {"g", File{"x", 0644}}},
            {{"f", File{"x", 0664}}, {"g", File{"x", 0644}}});
  site.options.user = {somebody, {somebody, ::getegid()}};
  CHECK(site.make_ready().linked == 1);
  CHECK(site.is_one("g"));
}

TEST_CASE("what the application is to own is never shared") {
  const Tree tree{{"config", File{"x"}}, {"code", File{"x"}}, {"var/a", File{"x"}}};
  Site site(tree, tree);
  site.options.is_own = [](const TreePath& path) {
    return path.str() == "config" || path.is_within(TreePath::parse("var"));
  };
  CHECK(site.make_ready().linked == 1);
  CHECK(site.is_one("code"));
}

TEST_CASE("writing to the new run by its own names leaves the old one alone") {
  const Tree tree{{"shared", File{"x"}}, {"own", File{"x"}}, {"open", File{"x", 0666}}};
  Site site(tree, tree);
  site.options.is_own = [](const TreePath& path) { return path.str() == "own"; };
  CHECK(site.make_ready().linked == 1);
  const std::string before = all_of(site.run);
  for (const char* path : {"own", "open"}) {
    const base::Fd file(::open((site.next.path() / path).c_str(), O_WRONLY | O_TRUNC | O_CLOEXEC));
    base::write_all(file, "changed", path);
    site.next.set_mode(TreePath::parse(path), 0600);
  }
  CHECK(all_of(site.run) == before);
}

TEST_CASE("a file of the old run that drifted is not carried on") {
  Site site({{"f", File{"good"}}}, {{"f", File{"good"}}});
  base::write_file(site.run.path() / "f", "evil");
  site.run.set_mode(TreePath::parse("f"), 0644);
  site.run.set_mtime(TreePath::parse("f"), some_time);
  CHECK(site.make_ready().linked == 0);
  CHECK(all_of(site.next) == all_of(site.deployment));
}

TEST_CASE("with an index neither the old run's files nor the shared ones are read again") {
  const Tree tree{{"a", File{"x"}}, {"b", File{"y"}}};
  Site site(tree, tree);
  tree::StatIndex index;
  site.options.index = &index;
  for (const auto& entry : site.expected.entries)
    index.add(tree::identity_of(*site.run.stat(entry.path)), entry.digest);
  CHECK(site.make_ready().linked == 2);
  for (const auto& entry : site.expected.entries)
    CHECK(index.find(tree::identity_of(*site.next.stat(entry.path))) == entry.digest);
}

TEST_CASE("a deployment that is not what its manifest says is not made ready") {
  Site site({{"f", File{"good"}}}, {});
  const auto manifest = scan_all(site.deployment);
  base::write_file(site.deployment.path() / "f", "evil");
  CHECK(failure([&] { tree::make_ready(site.deployment, manifest, site.next, site.options); }) ==
        Mentions{"f' is not what its manifest says"});
}

}  // namespace ready_test
