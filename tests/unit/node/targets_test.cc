#include "node/targets.hh"

#include "base/error.hh"
#include "node/diff.hh"
#include "site.hh"

#include <doctest/doctest.h>

#include <algorithm>
#include <filesystem>
#include <optional>
#include <string>

#include <sys/stat.h>

namespace targets_test {

using namespace bakehouse;
using namespace bakehouse::node;
namespace fs = std::filesystem;

namespace {

// A directory of the machine's beside the root, in which node.yaml allows one file, and somebody has another.
struct Machine {
  Machine() {
    fs::create_directories(etc);
    base::write_file(etc / "other.conf", "of somebody else\n");
    allow("");
    set_port("80");
  }
  void allow(const std::string& more) const {
    site.write("node.yaml", "configuration:\n- {template: nginx.conf, target: " + target.native() +
                                ", mode: 0600}\n" + more);
  }
  void set_port(const std::string& port) const {
    site.write("pillar/production.yaml", "port: " + port + "\n");
  }
  std::string written() const { return base::read_file_if_any(target, 1 << 20).value_or("(nothing)"); }
  // Names in the directory: nothing unfinished may stay.
  std::string names() const {
    std::string all;
    for (const std::string& name : base::Dir::open(etc).names()) all += name + " ";
    return all;
  }

  Site site;
  fs::path etc = site.root().parent_path() / "etc";
  fs::path target = etc / "shop.conf";
};

Release with_target(const std::string& version, uint64_t sequence,
                    const std::vector<std::pair<std::string, std::string>>& hooks = {}) {
  Release made = release(version, sequence, hooks);
  made.tree[".bake/templates/nginx.conf"] = File{"# " + version + "\nlisten ${port};\n"};
  return made;
}

uint32_t mode_of(const fs::path& path) {
  struct stat found {};
  REQUIRE(::stat(path.c_str(), &found) == 0);
  return found.st_mode & 07777;
}

}  // namespace

TEST_CASE("a template becomes a file outside of the root where node.yaml says so") {
  Machine machine;
  const Result first = machine.site.apply(with_target("1.0", 1));
  CHECK(describe(first) == "good");
  CHECK(machine.written() == "# 1.0\nlisten 80;\n");
  CHECK(mode_of(machine.target) == 0600);
  CHECK_FALSE(machine.site.exists("run/nginx.conf"));
  CHECK(machine.names() == "other.conf shop.conf ");
  CHECK(machine.site.is_verified());
  machine.set_port("81");
  CHECK(describe(machine.site.apply(with_target("1.0", 1))) == "good");
  CHECK(machine.written() == "# 1.0\nlisten 81;\n");
  CHECK(describe(machine.site.rollback()) == "good");
  CHECK(machine.written() == "# 1.0\nlisten 80;\n");
}

TEST_CASE("a release writes nowhere that node.yaml does not name") {
  Machine machine;
  machine.site.write("node.yaml", "");
  CHECK(describe(machine.site.apply(with_target("1.0", 1))) == "good");
  CHECK(machine.written() == "(nothing)");
  CHECK(machine.site.read("run/nginx.conf") == "# 1.0\nlisten 80;\n");
  Release greedy = with_target("2.0", 2);
  greedy.settings = "configuration: [{template: nginx.conf, target: /etc/passwd}]\n";
  CHECK(says(describe(machine.site.apply(greedy)), "'configuration' is the node's own"));
}

TEST_CASE("a file is the same by whatever way node.yaml names it") {
  Machine machine;
  const fs::path way = machine.etc.parent_path() / "another-way";
  fs::create_directory_symlink(machine.etc, way);
  const auto name_it = [&](const std::string& more) {
    machine.site.write("node.yaml", "configuration:\n- {template: nginx.conf, target: " +
                                        (way / "shop.conf").native() + ", mode: 0600}\n" + more);
  };
  SUBCASE("from one release to the next") {
    REQUIRE(describe(machine.site.apply(with_target("1.0", 1))) == "good");
    name_it("");
    CHECK(describe(machine.site.apply(with_target("2.0", 2))) == "good");
    CHECK(machine.written() == "# 2.0\nlisten 80;\n");
  }
  SUBCASE("and only one template becomes it") {
    Release greedy = with_target("1.0", 1);
    greedy.tree[".bake/templates/more.conf"] = File{"more\n"};
    name_it("- {template: more.conf, target: " + machine.target.native() + "}\n");
    CHECK(says(describe(machine.site.apply(greedy)), "is the file of another entry of `configuration:`"));
  }
}

TEST_CASE("what was there comes back when the deployment fails") {
  Machine machine;
  std::string before = "(nothing)";
  SUBCASE("nothing") {}
  SUBCASE("a file of somebody else's") {
    before = "listen 8080;\n";
    base::write_file(machine.target, before, 0604);
  }
  SUBCASE("the file of the release before") {
    CHECK(describe(machine.site.apply(with_target("1.0", 1))) == "good");
    before = "# 1.0\nlisten 80;\n";
  }
  const uint32_t mode = before == "(nothing)" ? 0 : mode_of(machine.target);
  const Result failed = machine.site.apply(
      with_target("2.0", 2, {{"post_deploy", "grep -q '# 2.0' " + machine.target.native() + "; exit 1"}}));
  CHECK(failed.outcome == "reverted");
  CHECK(says(describe(failed), "exited with status 1"));
  CHECK(machine.written() == before);
  if (mode != 0) CHECK(mode_of(machine.target) == mode);
  CHECK(machine.names().find(".shop") == std::string::npos);
}

TEST_CASE("cut off at any step, the file is what it was or what it shall be") {
  std::vector<std::string> moments;
  {
    Machine machine;
    machine.site.apply(with_target("1.0", 1));
    moments = machine.site.moments;
  }
  for (const std::string& moment : moments) {
    CAPTURE(moment);
    Machine machine;
    REQUIRE(describe(machine.site.apply(with_target("1.0", 1))) == "good");
    machine.site.on_moment = [moment](const std::string& now) {
      if (now == moment) throw Kill();
    };
    CHECK_THROWS_AS(machine.site.apply(with_target("2.0", 2)), Kill);
    machine.site.on_moment = nullptr;
    machine.site.recover();
    const std::string version = machine.site.read("run/index.html") == "page 2.0\n" ? "2.0" : "1.0";
    CHECK(machine.written() == "# " + version + "\nlisten 80;\n");
    CHECK(machine.names() == "other.conf shop.conf ");
    CHECK(machine.site.litter().empty());
  }
}

TEST_CASE(
    "a file that cannot be put back keeps neither run/ nor data from going back, and recovery tries again") {
  Machine machine;
  REQUIRE(describe(machine.site.apply(with_target("1.0", 1))) == "good");
  const std::string break_etc = "mv " + machine.etc.native() + " " + machine.etc.native() + ".away; exit 1";
  machine.site.write("data/book", "signed\n");
  const Result failed = machine.site.apply(
      with_target("2.0", 2, {{"post_deploy", "echo migrated >\"$BAKEHOUSE_DATA/book\"; " + break_etc}}));
  CHECK(failed.outcome == "needs-hands");
  CHECK(says(describe(failed), "undo of targets: '" + machine.target.native() + "' is not what it was"));
  CHECK(describe(failed).find("undo of deploy") == std::string::npos);
  CHECK(describe(failed).find("undo of stop") == std::string::npos);
  CHECK(machine.site.read("run/index.html") == "page 1.0\n");
  CHECK(machine.site.read("data/book") == "signed\n");
  fs::rename(machine.etc.native() + ".away", machine.etc);
  CHECK(machine.written() == "# 2.0\nlisten 80;\n");
  const auto recovered = machine.site.recover();
  REQUIRE(recovered);
  CHECK(recovered->outcome == "reverted");
  CHECK(machine.written() == "# 1.0\nlisten 80;\n");
  CHECK_FALSE(machine.site.exists("deploy/" + failed.deployment));
  CHECK_FALSE(machine.site.exists(".bakehouse/deployments/" + failed.deployment));
}

TEST_CASE("what a version before wrote in the step `deploy` goes back with it") {
  Machine machine;
  REQUIRE(describe(machine.site.apply(with_target("1.0", 1))) == "good");
  machine.site.on_moment = [](const std::string& now) {
    if (now == "done targets") throw Kill();
  };
  CHECK_THROWS_AS(machine.site.apply(with_target("2.0", 2)), Kill);
  machine.site.on_moment = nullptr;
  const fs::path path = machine.site.node().journal_path();
  const auto records = phase::Journal::read(path);
  auto journal = std::make_optional(phase::Journal::create(path, records.front().facts, 0));
  for (size_t i = 1; i < records.size(); ++i)
    if (records[i].step != "targets") journal->append(records[i]);
  journal.reset();
  CHECK(machine.written() == "# 2.0\nlisten 80;\n");
  machine.site.recover();
  CHECK(machine.written() == "# 1.0\nlisten 80;\n");
  CHECK(machine.site.read("run/index.html") == "page 1.0\n");
}

TEST_CASE("a deployment without files outside of the root has no step for them") {
  Site site;
  REQUIRE(describe(site.apply(release("1.0", 1))) == "good");
  CHECK(std::ranges::count(site.moments, "begin targets") == 0);
}

TEST_CASE("what could not be written or put back is refused before anything stops") {
  Machine machine;
  std::string why;
  SUBCASE("a link") {
    fs::create_symlink("other.conf", machine.target);
    why = "is no plain file";
  }
  SUBCASE("a directory") {
    fs::create_directory(machine.target);
    why = "is no plain file";
  }
  SUBCASE("no directory to be in") {
    fs::remove_all(machine.etc);
    why = "there is no directory";
  }
  SUBCASE("within the root") {
    fs::create_directories(machine.site.root() / "data");
    machine.site.write("node.yaml", "configuration: [{template: nginx.conf, target: " +
                                        (machine.site.root() / "data/x").native() + "}]\n");
    why = "lies within the root";
  }
  SUBCASE("a name with no room for that of the unfinished file") {
    machine.site.write("node.yaml", "configuration: [{template: nginx.conf, target: " +
                                        (machine.etc / std::string(230, 'x')).native() + "}]\n");
    why = "has a part of 285 bytes";
  }
  SUBCASE("no such template") {
    machine.allow("- {template: apache.conf, target: /etc/x}\n");
    why = "of the template 'apache.conf', which the release does not have";
  }
  const Result result = machine.site.apply(with_target("1.0", 1));
  CHECK(result.outcome == "failed");
  CHECK(says(describe(result), why));
  CHECK_FALSE(machine.site.exists("run"));
}

TEST_CASE("a file that somebody changed between the look and the switch is not replaced") {
  Machine machine;
  machine.site.on_moment = [&](const std::string& now) {
    if (now == "done configure") base::write_file(machine.target, "of another program\n");
  };
  const Result result = machine.site.apply(with_target("1.0", 1));
  CHECK(result.outcome != "good");
  CHECK(says(describe(result), "was changed by somebody meanwhile"));
  CHECK(machine.written() == "of another program\n");
}

TEST_CASE("a change by hand is told, and kept") {
  Machine machine;
  machine.site.apply(with_target("1.0", 1));
  base::write_file(machine.target, "tuned by hand\n");
  const Result result = machine.site.apply(with_target("2.0", 2));
  CHECK(describe(result) == "good");
  CHECK(says(machine.site.warnings, "was changed by somebody; what it held is kept in"));
  CHECK(machine.site.read(".bakehouse/deployments/" + result.deployment + "/targets/0") == "tuned by hand\n");
}

TEST_CASE("of a file with a sealed value no copy stays") {
  Machine machine;
  fs::remove(machine.site.root() / "pillar/production.yaml");
  machine.site.write("pillar/secrets/production.yaml", "port: armored\n");
  machine.site.open_sealed = [](const fs::path&, const std::string&) {
    return std::map<std::string, std::string>{{"port", "hunter2"}};
  };
  machine.site.apply(with_target("1.0", 1));
  const Result result = machine.site.apply(with_target("2.0", 2));
  CHECK(describe(result) == "good");
  CHECK(machine.written() == "# 2.0\nlisten hunter2;\n");
  CHECK(mode_of(machine.target) == 0600);
  CHECK_FALSE(machine.site.exists(".bakehouse/deployments/" + result.deployment + "/targets/0"));
}

TEST_CASE("a rollback writes nothing that node.yaml has stopped to name") {
  Machine machine;
  machine.site.apply(with_target("1.0", 1));
  machine.site.apply(with_target("2.0", 2));
  machine.site.write("node.yaml", "");
  CHECK(describe(machine.site.rollback()) == "good");
  CHECK(machine.written() == "(nothing)");
  CHECK_FALSE(machine.site.exists("run/nginx.conf"));
}

TEST_CASE("what nothing names any more is again what it was before the first of ours") {
  Machine machine;
  std::string original = "(nothing)";
  SUBCASE("nothing") {}
  SUBCASE("a file of somebody else's") {
    original = "listen 8080;\n";
    base::write_file(machine.target, original, 0604);
  }
  CHECK(describe(machine.site.apply(with_target("1.0", 1))) == "good");
  CHECK(describe(machine.site.apply(with_target("2.0", 2))) == "good");
  machine.site.write("node.yaml", "");
  const Result failed = machine.site.apply(with_target("3.0", 3, {{"post_deploy", "exit 1"}}));
  CHECK(failed.outcome == "reverted");
  CHECK(machine.written() == "# 2.0\nlisten 80;\n");
  CHECK(mode_of(machine.target) == 0600);
  CHECK(describe(machine.site.apply(with_target("4.0", 4))) == "good");
  CHECK(machine.written() == original);
  if (original != "(nothing)") CHECK(mode_of(machine.target) == 0604);
  CHECK(machine.site.warnings.empty());
  CHECK(machine.site.is_verified());
  // Named again, and no more: nothing is learned from what we wrote ourselves.
  machine.allow("");
  CHECK(describe(machine.site.rollback()) == "good");
  CHECK(machine.written() == "# 2.0\nlisten 80;\n");
  CHECK(describe(machine.site.apply(with_target("5.0", 5))) == "good");
  machine.site.write("node.yaml", "");
  CHECK(describe(machine.site.apply(with_target("6.0", 6))) == "good");
  CHECK(machine.written() == original);
}

TEST_CASE("what nothing names any more stays where it is not what we made of it") {
  Machine machine;
  REQUIRE(describe(machine.site.apply(with_target("1.0", 1))) == "good");
  std::string why;
  SUBCASE("changed by hand") {
    base::write_file(machine.target, "tuned by hand\n");
    why = "it was changed by somebody";
  }
  SUBCASE("another's directory") {
    fs::rename(machine.etc, machine.etc.native() + ".away");
    why = "there is no directory";
  }
  SUBCASE("written by a version that kept nothing") {
    const std::string saved =
        ".bakehouse/deployments/" + machine.site.history().back().deployment + "/targets/saved.json";
    machine.site.write(saved, "[{\"target\":\"" + machine.target.native() + "\"}]\n");
    why = "what was there before is not known";
  }
  const std::string before = machine.written();
  machine.site.write("node.yaml", "");
  CHECK(describe(machine.site.apply(with_target("2.0", 2))) == "good");
  CHECK(machine.written() == before);
  CHECK(says(machine.site.warnings, why));
}

TEST_CASE("what somebody does to a file outside of the root is found, and mended by the same release") {
  Machine machine;
  const Release one = with_target("1.0", 1);
  REQUIRE(describe(machine.site.apply(one)) == "good");
  std::string difference;
  SUBCASE("another content") { base::write_file(machine.target, "tuned by hand\n", 0600); }
  SUBCASE("missing") { fs::remove(machine.target); }
  SUBCASE("another mode") {
    fs::permissions(machine.target, fs::perms(0644));
    difference = ": 0644 instead of 0600";
  }
  const std::string word =
      fs::exists(machine.target) ? difference.empty() ? "another content" : "another mode" : "missing";
  const TargetLook look = verify(machine.site.node()).targets;
  CHECK(look.count == 1);
  REQUIRE(look.differences.size() == 1);
  CHECK(look.differences[0].describe() == word + ": " + machine.target.native() + difference);
  CHECK(diff_run(machine.site.node()).targets.differences.size() == 1);
  CHECK(describe(machine.site.apply(one)) == "good");
  CHECK(machine.site.is_verified());
  CHECK(describe(machine.site.apply(one)) == "unchanged");
}

}  // namespace targets_test
