// Changes that somebody made in run/, and what becomes of them.
#include "base/error.hh"
#include "node/apply.hh"
#include "site.hh"

#include <doctest/doctest.h>

#include <filesystem>
#include <fstream>
#include <string>

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

namespace drift_test {

using namespace bakehouse;
using namespace bakehouse::node;
namespace fs = std::filesystem;

TEST_CASE("changes that somebody made in run/ are not left behind unasked") {
  Site site;
  site.apply(release("1.0", 1));
  const auto page = site.root() / "run/index.html";
  const auto time = fs::last_write_time(page);
  // The same file, of the same size, and then of the same time: only its ctime tells.
  std::ofstream(page, std::ios::in | std::ios::out) << "PAGE 1.0\n";
  fs::last_write_time(page, time);
  const std::string before = site.describe_all();
  CHECK(says(refusal([&] { return site.apply(release("2.0", 2)); }), "another content: index.html"));
  CHECK(site.describe_all() == before);
  CHECK(site.history().size() == 1);

  ApplyOptions discard;
  discard.drift = DriftChoice::discard;
  const Result second = site.apply(release("2.0", 2), discard);
  CHECK(describe(second) == "good");
  CHECK(says(site.warnings, "another content: index.html"));
  CHECK(site.read("archives/" + second.deployment + "/run/index.html") == "PAGE 1.0\n");
  CHECK(site.is_verified());
}

TEST_CASE("changes of run/ are made in the new release where it has no other idea") {
  Site site;
  Release first = release("1.0", 1);
  first.tree["conf/app.ini"] = File{"a = 1\n"};
  first.tree["gone/with/it"] = File{"x"};
  first.tree["tools"] = File{"y"};
  site.apply(first);
  site.write("run/conf/app.ini", "a = 2\n");
  site.write("run/gone/own", "mine");
  fs::remove(site.root() / "run/tools");
  site.write("run/tools/one", "a directory now");
  fs::permissions(site.root() / "run/lib", fs::perms(0700));
  site.write("run/closed/inner", "x");
  fs::permissions(site.root() / "run/closed/inner", fs::perms(06755));
  fs::permissions(site.root() / "run/closed", fs::perms(0500));

  ApplyOptions keep;
  keep.drift = DriftChoice::keep;
  Release second = release("2.0", 2);
  second.tree["conf/app.ini"] = File{"a = 1\n"};
  second.tree["tools"] = File{"y"};
  CHECK(describe(site.apply(second, keep)) == "good");
  CHECK(site.read("run/conf/app.ini") == "a = 2\n");
  CHECK(site.read("run/gone/own") == "mine");
  CHECK(site.read("run/tools/one") == "a directory now");
  CHECK(site.read("run/index.html") == "page 2.0\n");
  CHECK_FALSE(site.exists("run/gone/with"));
  const auto mode = [&](const char* path) { return fs::status(site.root() / path).permissions(); };
  CHECK(mode("run/lib") == fs::perms(0700));
  CHECK(mode("run/closed") == fs::perms(0500));
  // A program that gave itself another identity does not get ours.
  CHECK(mode("run/closed/inner") == fs::perms(0755));

  Release third = release("3.0", 3);
  third.tree["conf/app.ini"] = File{"a = 3\n"};
  third.tree["tools"] = File{"y"};
  const std::string before = site.describe_all();
  const Result refused = site.apply(third, keep);
  CHECK(says(describe(refused),
             "10 failed: configure failed: these changes of run/ cannot be made in the new release"));
  CHECK(says(describe(refused), "another content: conf/app.ini"));
  CHECK_FALSE(describe(refused).find("tools") != std::string::npos);
  CHECK(site.describe_all() == before);
  CHECK(site.litter().empty());
}

TEST_CASE("a rollback is not kept waiting by changes of run/") {
  Site site;
  site.apply(release("1.0", 1));
  site.apply(release("2.0", 2));
  site.write("run/index.html", "mended in haste\n");
  CHECK(describe(site.rollback()) == "good");
  CHECK(says(site.warnings, "another content: index.html"));
  CHECK(site.read("run/index.html") == "page 1.0\n");
}

TEST_CASE("nothing that somebody made of run/ keeps a rollback from going back") {
  Site site;
  Release first = release("1.0", 1);
  first.tree["public/media/one"] = File{"x"};
  first.tree["link"] = support::Link{"lib"};
  site.apply(first);
  first.version = "2.0";
  first.sequence = 2;
  const Result second = site.apply(first);
  fs::remove_all(site.root() / "run/public/media");
  fs::create_symlink("/etc", site.root() / "run/public/media");
  fs::remove(site.root() / "run/link");
  site.write("run/link/one", "a directory now");
  site.write("run/my notes", "with a blank\n");
  site.write("run/a\nnew line", "x\n");
  REQUIRE(::mkfifo((site.root() / "run/fifo").c_str(), 0600) == 0);
  const int huge = ::open((site.root() / "run/huge").c_str(), O_WRONLY | O_CREAT, 0600);
  REQUIRE(::ftruncate(huge, off_t{1} << 40) == 0);
  ::close(huge);
  CHECK(describe(site.rollback()) == "good");
  CHECK(says(site.warnings, "not in the manifest: my notes"));
  const std::string patch = site.read(".bakehouse/drift/" + second.deployment + ".patch");
  CHECK(says(patch, "+++ b/my notes\t\n"));
  CHECK(says(patch, "+++ \"b/a\\012new line\"\t\n"));
  CHECK(says(patch, "deleted file mode 120000\n"));
  CHECK(patch.size() < 10'000);
}

TEST_CASE("what the application may write is no drift, and is kept where the release says so") {
  Site site;
  const std::string settings = "writable: {cache: discard, var/state.json: keep, var/log: keep}\n";
  Release first = release("1.0", 1, {}, settings);
  first.tree["var/state.json"] = File{"{}"};
  site.apply(first);
  site.write("run/cache/page", "x");
  site.write("run/var/state.json", "{\"visits\": 3}");
  site.write("run/var/log/today", "one line\n");
  CHECK(site.is_verified());
  Release second = first;
  second.version = "2.0";
  second.sequence = 2;
  CHECK(describe(site.apply(second)) == "good");
  CHECK_FALSE(site.exists("run/cache"));
  CHECK(site.read("run/var/state.json") == "{\"visits\": 3}");
  CHECK(site.read("run/var/log/today") == "one line\n");
  CHECK(site.is_verified());

  // A release that fails leaves all as it was; one that does not name them any more starts without.
  Release broken = second;
  broken.version = "3.0";
  broken.sequence = 3;
  broken.tree[".bake/hooks/post_deploy"] = script("echo spoilt >var/state.json; exit 1");
  const std::string before = site.describe("run");
  CHECK(site.apply(broken).outcome == "reverted");
  CHECK(site.describe("run") == before);
  CHECK(describe(site.apply(release("4.0", 4))) == "good");
  CHECK_FALSE(site.exists("run/var"));
  CHECK(says(refusal([&] {
               site.write("run/var/state.json", "x");
               return site.apply(release("5.0", 5));
             }),
             "not in the manifest: var"));
}

TEST_CASE("where no patch can be saved, drift is told all the same") {
  Site site;
  site.apply(release("1.0", 1));
  site.write("run/extra", "x");
  site.write(".bakehouse/drift", "no directory");
  CHECK(says(refusal([&] { return site.apply(release("2.0", 2)); }), "no patch could be saved: "));
  ApplyOptions discard;
  discard.drift = DriftChoice::discard;
  CHECK(describe(site.apply(release("2.0", 2), discard)) == "good");
}

TEST_CASE("changes that would take something from the new release, or lead to data, are not kept") {
  Site site;
  Release first = release("1.0", 1);
  first.tree["a/x"] = File{"x"};
  first.tree["b"] = File{"x"};
  site.apply(first);
  ApplyOptions keep;
  keep.drift = DriftChoice::keep;
  const auto refused = [&](Release second) {
    second.version = "2.0";
    second.sequence = 2;
    const std::string before = site.describe_all();
    const Result result = site.apply(second, keep);
    CHECK(site.describe_all() == before);
    CHECK(site.litter().empty());
    return describe(result);
  };
  fs::remove_all(site.root() / "run/a");
  Release more = first;
  more.tree["a/z"] = File{"new"};
  CHECK(says(refused(more), "missing: a\n"));
  site.write("run/a/x", "x");
  fs::last_write_time(site.root() / "run/a/x", fs::last_write_time(site.root() / "run/b"));

  site.write("run/uploads/one", "x");
  Release linked = first;
  linked.settings = "data: {uploads: files}\n";
  CHECK(says(refused(linked), "not in the manifest: uploads"));
  Release file_there = first;
  file_there.tree["uploads"] = File{"x"};
  CHECK(says(refused(file_there), "not in the manifest: uploads/one"));
}

}  // namespace drift_test
