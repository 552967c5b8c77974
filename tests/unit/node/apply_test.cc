#include "node/apply.hh"

#include "base/error.hh"
#include "node/freeze.hh"
#include "site.hh"

#include <doctest/doctest.h>

#include <filesystem>
#include <string>

#include <sys/mount.h>
#include <unistd.h>

namespace apply_test {

using namespace bakehouse;
using namespace bakehouse::node;
namespace fs = std::filesystem;

namespace {

std::string current(const Site& site) { return fs::read_symlink(site.root() / "deploy/current").native(); }

// Applies what fails before anything that serves is touched, and checks that nothing was.
Result apply_in_vain(Site& site, const Release& release) {
  const std::string before = site.describe_all();
  Result result = site.apply(release);
  CHECK(site.describe_all() == before);
  CHECK(result.outcome == "failed");
  CHECK(site.history().back().outcome == "failed");
  CHECK(site.litter().empty());
  CHECK_FALSE(site.exists(".bakehouse/deployments/" + result.deployment));
  CHECK_FALSE(site.status().recovery_needed);
  return result;
}

}  // namespace

TEST_CASE("the first release is put into service") {
  Site site;
  const Result result = site.apply(release("1.0", 1));
  CHECK(describe(result) == "good");
  CHECK(site.read("run/index.html") == "page 1.0\n");
  CHECK(site.read("run/.bakehouse/deployment") == result.deployment + "\n");
  CHECK(site.read("deploy/" + result.deployment + "/index.html") == "page 1.0\n");
  CHECK_FALSE(site.exists("deploy/" + result.deployment + "/.bakehouse/deployment"));
  CHECK(current(site) == result.deployment);
  CHECK(site.is_verified());
  CHECK(site.litter().empty());
  CHECK_FALSE(site.exists("archives/" + result.deployment + "/run"));
  const auto history = site.history();
  REQUIRE(history.size() == 1);
  CHECK(history[0].deployment == result.deployment);
  CHECK(history[0].kind == "apply");
  CHECK(history[0].outcome == "good");
  CHECK(history[0].sequence == 1);
  CHECK(history[0].parent.empty());
  CHECK(history[0].durations.find("deploy") != nullptr);
  CHECK(site.status().version == "1.0");
  CHECK_FALSE(site.status().recovery_needed);
}

TEST_CASE("the second release takes the place of the first, which is kept") {
  Site site;
  const Result first = site.apply(release("1.0", 1));
  const std::string run_before = site.describe("run");
  const Result second = site.apply(release("2.0", 2));
  CHECK(describe(second) == "good");
  CHECK(site.read("run/index.html") == "page 2.0\n");
  CHECK(site.describe("archives/" + second.deployment + "/run") == run_before);
  CHECK(site.exists("deploy/" + first.deployment));
  CHECK(current(site) == second.deployment);
  CHECK(site.history().back().parent == first.deployment);
  CHECK(site.is_verified());
  CHECK(site.litter().empty());
}

TEST_CASE("the same release can be applied again, with another configuration") {
  Site site;
  const Release shop = release("1.0", 1, {}, "data: {uploads: up}\n");
  const Result first = site.apply(shop);
  ApplyOptions options;
  options.settings = {"data.uploads=elsewhere"};
  const Result second = site.apply(shop, options);
  CHECK(describe(second) == "good");
  CHECK(second.deployment != first.deployment);
  CHECK(fs::read_symlink(site.root() / "run/uploads") == "../data/elsewhere");
  CHECK(site.is_verified());
}

TEST_CASE("where nothing would change nothing is done, unless somebody insists") {
  Site site;
  const Release shop = release("1.0", 1, {}, "data: {uploads: up}\n");
  const Result first = site.apply(shop);
  const std::string before = site.describe_all();
  const Result second = site.apply(shop);
  CHECK(describe(second) == "unchanged");
  CHECK(second.deployment == first.deployment);
  CHECK(site.describe_all() == before);
  CHECK(site.history().size() == 1);
  ApplyOptions again;
  again.again = true;
  CHECK(describe(site.apply(shop, again)) == "good");
  // What the node says now counts, and what is in run/.
  site.write("node.yaml", "data: {uploads: elsewhere}\n");
  CHECK(describe(site.apply(shop)) == "good");
  CHECK(describe(site.apply(shop)) == "unchanged");
  site.write("run/extra", "drift");
  ApplyOptions discard;
  discard.drift = DriftChoice::discard;
  CHECK(describe(site.apply(shop, discard)) == "good");
  CHECK_FALSE(site.exists("run/extra"));
}

TEST_CASE("a release of another project is not trusted here") {
  Site site;
  Release other = release("1.0", 1);
  other.name = "bank";
  CHECK(refusal([&] { return site.apply(other); }) ==
        "4: the archive is a release of 'bank', this root is for 'shop'");
  CHECK(site.history().empty());
  CHECK_FALSE(site.exists(".bakehouse/journal"));
}

TEST_CASE("a release that another key signed is not trusted here") {
  Site site;
  const auto archive = site.archive(release("1.0", 1));
  const auto policy = support::trust(crypto::SecretKey::generate());
  CHECK(refusal([&] { return apply(site.node(), archive, policy, {}); }).starts_with("4: "));
  CHECK(site.describe("deploy").empty());
}

TEST_CASE("a release for another machine is refused") {
  Site site;
  Release other = release("1.0", 1);
  other.arch = "pdp11";
  CHECK(says(refusal([&] { return site.apply(other); }), "10: the release was built for linux on pdp11"));
}

TEST_CASE("below what was in service already a release is refused, and may be insisted on") {
  Site site;
  site.apply(release("1.0", 10));
  site.apply(release("3.0", 30));
  const std::string before = site.describe_all();
  CHECK(says(refusal([&] { return site.apply(release("2.0", 20)); }),
             "10: 2.0 is older than what was in service here already (sequence 20 < 30)"));
  CHECK(site.describe_all() == before);
  CHECK(site.history().size() == 2);  // nothing was begun
  ApplyOptions insist;
  insist.downgrade = ApplyOptions::Downgrade::allow;
  CHECK(describe(site.apply(release("2.0", 20), insist)) == "good");
  // The floor never falls.
  CHECK(says(refusal([&] { return site.apply(release("2.5", 25)); }), "sequence 25 < 30"));
  CHECK(describe(site.apply(release("3.1", 31))) == "good");
}

TEST_CASE("a sequence from the future would shut out what comes after it, and may be insisted on") {
  Site site;
  const auto now = static_cast<uint64_t>(base::system_clock().seconds());
  constexpr uint64_t day = 86400;
  CHECK(says(refusal([&] { return site.apply(release("9.0", now + 2 * day)); }),
             "which is more than a day ahead of this machine's clock"));
  CHECK(site.history().empty());
  CHECK(describe(site.apply(release("1.0", now + day / 2))) == "good");
  ApplyOptions options;
  options.future = ApplyOptions::Future::allow;
  CHECK(describe(site.apply(release("9.0", now + 2 * day), options)) == "good");
}

TEST_CASE("a sequence stands for one content, whoever insists") {
  Site site;
  site.apply(release("1.0", 10));
  ApplyOptions insist;
  insist.downgrade = ApplyOptions::Downgrade::allow;
  for (const ApplyOptions& options : {ApplyOptions{}, insist}) {
    CHECK(says(refusal([&] { return site.apply(release("1.1", 10), options); }),
               "10: 1.1 has the sequence 10 of 1.0, which holds other files"));
  }
}

TEST_CASE("what failed here sets no floor") {
  Site site;
  site.apply(release("1.0", 10));
  CHECK(site.apply(release("9.0", 90, {{"post_deploy", "exit 1"}})).outcome == "reverted");
  CHECK(describe(site.apply(release("2.0", 20))) == "good");
}

TEST_CASE("below the policy's lowest sequence nothing is trusted") {
  Site site;
  auto policy = support::trust(site.key);
  policy.lowest_sequence = 5;
  const auto archive = site.archive(release("1.0", 4));
  CHECK(says(refusal([&] { return apply(site.node(), archive, policy, {}); }), "4: the policy of this node"));
}

TEST_CASE("links lead to data, which is made where it is missing and kept where it is not") {
  Site site;
  site.write("data/old/file", "kept");
  Release shop =
      release("1.0", 1, {}, "data: {public/uploads: deep/up, var/old: old, cache: cache, none: null}\n");
  shop.tree["cache"] = support::Folder{};  // empty: the link replaces it
  CHECK(describe(site.apply(shop)) == "good");
  CHECK(fs::read_symlink(site.root() / "run/public/uploads") == "../../data/deep/up");
  CHECK(fs::read_symlink(site.root() / "run/cache") == "../data/cache");
  CHECK(fs::is_directory(site.root() / "run/public/uploads"));
  CHECK(site.read("run/var/old/file") == "kept");
  CHECK_FALSE(site.exists("run/none"));
  CHECK(site.is_verified());
  // Drift in run/ is seen, writes through the links are none.
  site.write("data/deep/up/picture", "1");
  CHECK(site.is_verified());
  site.write("run/public/extra", "1");
  CHECK_FALSE(site.is_verified());
}

TEST_CASE("files where a link to data would be are not thrown away: the release is refused") {
  Site site;
  site.apply(release("1.0", 1));
  Release bad = release("2.0", 2, {}, "data: {a: first/second, public/uploads: up}\n");
  bad.tree["public/uploads/logo"] = File{"in the way"};
  const Result result = apply_in_vain(site, bad);
  CHECK(says(describe(result), "3 failed: configure failed: the release has files at 'public/uploads'"));
  CHECK(says(describe(result), "1.0 is in service as before"));
  CHECK_FALSE(site.exists("data/first"));  // not even the directories above the one that was linked
  CHECK(site.history().back().step == "configure");
}

TEST_CASE("a configuration that is wrong on this node fails and touches nothing") {
  Site site;
  site.apply(release("1.0", 1));
  site.write("node.yaml", "undo-data: perhaps\n");
  const Result result = apply_in_vain(site, release("2.0", 2));
  CHECK(says(describe(result), "3 failed: configure failed: "));
}

TEST_CASE("a damaged archive fails and touches nothing") {
  Site site;
  site.apply(release("1.0", 1));
  const std::string before = site.describe_all();
  const auto archive = site.archive(release("2.0", 2));
  std::string bytes = base::read_file(archive, 1 << 20);
  bytes[bytes.size() - 120] = static_cast<char>(bytes[bytes.size() - 120] ^ 1);
  base::write_file(archive, bytes);
  const auto policy = support::trust(site.key);
  const Result result = apply(site.node(), archive, policy, {});
  CHECK(says(describe(result), "failed: stage failed: "));
  CHECK(site.describe_all() == before);
  CHECK(site.litter().empty());
}

TEST_CASE("a wish to stop before anything is touched touches nothing") {
  Site site;
  site.apply(release("1.0", 1));
  site.on_moment = [&](const std::string& moment) {
    site.cancelled = site.cancelled || moment == "done configure";
  };
  const Result result = apply_in_vain(site, release("2.0", 2));
  CHECK(says(describe(result), "5 failed: stop failed: cancelled"));
}

TEST_CASE("a run/ that is not ours is left alone") {
  Site site;
  site.write("run/somebody", "else's");
  CHECK(says(refusal([&] { return site.apply(release("1.0", 1)); }), "exists and is no deployment of ours"));
  CHECK(site.read("run/somebody") == "else's");
  CHECK(site.history().empty());
}

TEST_CASE("a run/ whose deployment nobody can read is left alone") {
  Site site;
  site.apply(release("1.0", 1));
  site.apply(release("2.0", 2));
  site.write("run/.bakehouse/deployment", "\x01garbage\n");
  const std::string before = site.describe_all();
  for (const auto& refused :
       {refusal([&] { return site.apply(release("3.0", 3)); }), refusal([&] { return site.rollback(); })}) {
    CHECK(says(refused, "7: "));
    CHECK(says(refused, "does not name a deployment"));
  }
  CHECK(site.describe_all() == before);
  CHECK(site.history().size() == 2);
}

TEST_CASE("who comes second is refused while the lock is held") {
  Site site;
  std::string second;
  site.on_moment = [&](const std::string& moment) {
    if (moment == "begin deploy") second = refusal([&] { return site.rollback(); });
  };
  CHECK(describe(site.apply(release("1.0", 1))) == "good");
  CHECK(says(second, "8: "));
  CHECK(says(second, "release apply"));
}

TEST_CASE("hooks get the words of their phase") {
  Site site;
  site.apply(release("1.0", 1, {{"dump", "env | grep ^BAKEHOUSE_ | sort; pwd"}}));
  site.output.clear();
  const Result result = site.apply(release("2.0", 2,
                                           {{"post_deploy", "env | grep ^BAKEHOUSE_ | sort; pwd"},
                                            {"post_install", "echo installed $BAKEHOUSE_PREVIOUS_VERSION"}}));
  const auto words = [&](const std::string& phase, const std::string& version) {
    const std::string root = fs::canonical(site.root()).native();
    return "BAKEHOUSE_BACKUP=" + root + "/archives/" + result.deployment + "\nBAKEHOUSE_DATA=" + root +
           "/data\nBAKEHOUSE_DEPLOYMENT=" + result.deployment +
           "\nBAKEHOUSE_ENVIRONMENT=production\nBAKEHOUSE_MODE=final\nBAKEHOUSE_PHASE=" + phase +
           "\nBAKEHOUSE_PREVIOUS_VERSION=1.0\nBAKEHOUSE_ROOT=" + root + "\nBAKEHOUSE_RUN=" + root +
           "/run\nBAKEHOUSE_VERSION=" + version + "\n" + root + "/run\n";
  };
  CHECK(site.output == words("dump", "1.0") + words("post_deploy", "2.0") + "installed 1.0\n");
}

TEST_CASE("a hook after the transaction that fails changes nothing any more") {
  Site site;
  CHECK(describe(site.apply(release("1.0", 1, {{"post_install", "exit 1"}}))) == "good");
  CHECK(says(site.warnings, "the hook 'post_install' exited with status 1"));
}

TEST_CASE("data that undo could not put back is refused while nothing has stopped") {
  if (::geteuid() != 0) return;
  Site site;
  const fs::path data = site.root() / "data";
  if (::mount("none", data.c_str(), "tmpfs", 0, nullptr) != 0) return;
  const Result refused = site.apply(release("1.0", 1));
  const Result accepted = site.apply(release("2.0", 2, {}, "undo-data: never\n"));
  ::umount(data.c_str());
  CHECK(refused.outcome == "failed");
  REQUIRE(refused.error.has_value());
  CHECK(refused.error->fault() == base::Fault::refused);
  CHECK(says(refused.error->what(), "is a file system of its own"));
  CHECK(describe(accepted) == "good");
}

TEST_CASE("a release built for a path is refused while nothing has stopped, unless a way was prepared") {
  Site site;
  const base::TempDir elsewhere;
  const fs::path wanted = elsewhere.path() / "app";
  Release built_for_path = release("1.0", 1);
  built_for_path.launch.app_path = wanted.native();
  const Result refused = apply_in_vain(site, built_for_path);
  REQUIRE(refused.error.has_value());
  CHECK(says(refused.error->what(), "there is nothing here"));
  // As the hint has it: to a run/ that is still to come.
  fs::create_directory_symlink(site.root() / "run", wanted);
  CHECK(describe(site.apply(built_for_path)) == "good");
}

TEST_CASE("a frozen node applies nothing and goes back all the same") {
  Site site;
  site.apply(release("1.0", 1));
  site.apply(release("2.0", 2));
  freeze(site.node(), "a holiday");
  CHECK(says(refusal([&] { return site.apply(release("3.0", 3)); }), "10: shop is frozen by "));
  CHECK(describe(site.rollback()) == "good");
  REQUIRE(thaw(site.node()));
  CHECK_FALSE(thaw(site.node()));
  CHECK(describe(site.apply(release("3.0", 3))) == "good");
  site.write(".bakehouse/freeze.json", "{damaged");
  CHECK(says(refusal([&] { return site.apply(release("4.0", 4)); }), "nobody can read why"));
  CHECK(thaw(site.node()));
  CHECK_FALSE(thaw(site.node()));
}

}  // namespace apply_test
