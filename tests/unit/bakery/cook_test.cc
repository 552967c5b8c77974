#include "bakery/cook.hh"

#include "crypto/trust.hh"
#include "kitchen.hh"
#include "launch/launch_file.hh"
#include "support/failure.hh"
#include "support/mentions.hh"
#include "tree/stat_index.hh"
#include "unit/source/foreign_archive.hh"
#include "unit/source/repository.hh"

#include <doctest/doctest.h>

#include <set>
#include <string>

#include <sys/stat.h>

namespace cook_test {

using namespace bakehouse;
using namespace bakehouse::bakery;
using support::File;
using support::Mentions;
namespace fs = std::filesystem;

namespace {

constexpr uint64_t large = 64 << 20;
const std::string build_failure = "fault 5: ";

// "path mode": what the archive holds.
std::string describe(const tree::Manifest& manifest) {
  std::string text;
  for (const auto& entry : manifest.entries) {
    text += entry.path.str();
    if (entry.type == base::FileType::symlink) text += " -> " + entry.link;
    if (entry.type == base::FileType::directory) text += "/";
    if (entry.type != base::FileType::symlink) text += fmt::format(" {:04o}", entry.mode);
    text += "\n";
  }
  return text;
}

std::string failure_of(Kitchen& kitchen, const CookOptions& options) {
  return support::failure([&] { kitchen.cook(options); });
}
std::string failure_of(Kitchen& kitchen) { return failure_of(kitchen, kitchen.options()); }

// Of the release that is in service.
std::string part_in(const Kitchen& kitchen, const char* name) {
  return base::read_file(kitchen.run() / ".bakehouse" / name, large);
}

// What must be untouched by a build that fails: the archives, and what is in service.
std::string state_of(const Kitchen& kitchen) {
  return kitchen.releases() + support::describe_tree(kitchen.root() / "deploy") +
         (fs::exists(kitchen.run()) ? support::describe_tree(kitchen.run()) : "no run\n");
}

}  // namespace

TEST_CASE("cooking makes a signed archive and puts it into service here") {
  Kitchen kitchen;
  kitchen.build_by("echo built >made");
  const Cooked cooked = kitchen.cook(kitchen.options(CookOptions::Then::apply));
  CHECK(cooked.version == "1.0.0");
  CHECK(cooked.archive == kitchen.root() / "releases/shop-1.0.0.tar.zst");
  REQUIRE(cooked.applied);
  CHECK(cooked.applied->outcome == "good");
  CHECK(describe(kitchen.manifest_of(cooked)) == "bake.yaml 0644\nmade 0644\npage 0644\n");
  CHECK(base::read_file(kitchen.run() / "made", 10) == "built\n");
  CHECK(base::read_file(kitchen.run() / "page", 10) == "hello\n");
  CHECK(kitchen.phases ==
        "fetch build bundle stage configure stop backup deploy post_deploy start upgrade health ");
  CHECK(kitchen.warnings.empty());
}

TEST_CASE("the archive says what it was made of") {
  Kitchen kitchen;
  const auto archive = kitchen.open(kitchen.cook());
  CHECK(archive.info.name == "shop");
  CHECK(archive.info.version == "1.0.0");
  CHECK(archive.info.source_kind == "directory");
  CHECK(archive.info.source_commit.empty());
  CHECK(archive.info.os == "linux");
  REQUIRE(archive.info.buildpacks.size() == 1);
  CHECK(archive.info.buildpacks[0].id == "test/all");
  CHECK(archive.info.buildpacks[0].version == "1.2.3");
  CHECK(artifact::name_of(archive.info.buildpacks[0].source.kind) == "shipped");
  CHECK_FALSE(archive.info.run_path);
}

TEST_CASE("1.7 SBOM: those that travel are parts of the archive, which no path search binds to run/") {
  Kitchen kitchen;
  kitchen.set_buildpack(
      {.build = "printf '{}' >\"$1/launch.sbom.cdx.json\"; echo \"$1\" >\"$1/launch.sbom.syft.json\""},
      "sbom-formats = [\"application/vnd.cyclonedx+json\", \"application/vnd.syft+json\"]\n");
  const auto cooked = kitchen.cook();
  const auto archive = kitchen.open(cooked);
  CHECK(archive.info.parts.at("sbom+test_all.cdx.json").digest == crypto::sha256("{}"));
  CHECK(archive.info.parts.contains("sbom+test_all.syft.json"));
  CHECK_FALSE(archive.info.run_path);
  kitchen.manifest_of(cooked);  // checks every part
}

TEST_CASE("the signature beside the archive is of its bytes") {
  Kitchen kitchen;
  const Cooked cooked = kitchen.cook();
  const auto signature =
      crypto::parse_signature(base::read_file(cooked.archive.native() + ".minisig", 1000), "the signature");
  const std::string archive = base::read_file(cooked.archive, large);
  CHECK(crypto::require_signatures(support::trust(kitchen.key), archive, {signature}).size() == 1);
}

TEST_CASE("cooking that is to stop leaves alone what is in service") {
  Kitchen kitchen;
  CHECK_FALSE(kitchen.cook().applied);
  CHECK(kitchen.phases == "fetch build bundle ");
  CHECK_FALSE(fs::exists(kitchen.run()));
}

TEST_CASE("nothing is left of the build before") {
  Kitchen kitchen;
  kitchen.build_by("mkdir -m 0555 locked; echo x >first; echo spoilt >page");
  kitchen.cook();
  kitchen.build_by("echo x >second");
  CookOptions options = kitchen.options();
  options.version = "2";
  CHECK(describe(kitchen.manifest_of(kitchen.cook(options))) == "bake.yaml 0644\npage 0644\nsecond 0644\n");
  CHECK(base::read_file(kitchen.build() / "page", 10) == "hello\n");
  CHECK_FALSE(fs::exists(kitchen.root() / ".bakehouse/build.before"));
}

TEST_CASE("a file that the source still has is taken from the build before, each time") {
  Kitchen kitchen;
  const base::TreePath page = base::TreePath::parse("page");
  std::set<uint64_t> inodes;
  for (const char* version : {"1", "2", "3", "4"}) {
    CookOptions options = kitchen.options();
    options.version = version;
    kitchen.cook(options);
    const auto found = base::Dir::open(kitchen.build()).stat(page);
    REQUIRE(found);
    inodes.insert(found->inode);
    // Within one tick of the clock of files no change could be told from another.
    while (!tree::is_settled(tree::identity_of(*found).ctime, tree::file_clock())) continue;
  }
  CHECK(inodes.size() == 1);
  CHECK(kitchen.warnings.empty());
}

TEST_CASE("the same source gives the same bytes, wherever and whenever it is baked") {
  Kitchen one;
  Kitchen other;
  base::write_file(other.options().key, one.key.format().text(), 0600);
  std::string bytes[2];
  int i = 0;
  for (Kitchen* kitchen : {&one, &other}) {
    kitchen->write({{"b", File{"b"}}, {"a/x", File{"x", 0700, support::some_time + i}}});
    kitchen->build_by("mkdir made; echo x >made/file; ln -s file made/link");
    CookOptions options = kitchen->options();
    options.source_date_epoch = support::some_time;
    bytes[i++] = base::read_file(kitchen->cook(options).archive, large);
  }
  CHECK(bytes[0] == bytes[1]);
}

TEST_CASE("modes are normalised: 0755 for what anybody may execute, 0644 for the rest") {
  Kitchen kitchen;
  kitchen.build_by(
      "mkdir -m 0700 private; mkdir -m 1777 sticky\n"
      "for mode in 0600 0640 0666 0444 0700 0654 0645 0777; do echo x >$mode; chmod $mode $mode; done\n"
      "ln -s 0600 link");
  const Cooked cooked = kitchen.cook();
  CHECK(describe(kitchen.manifest_of(cooked)) ==
        "0444 0644\n0600 0644\n0640 0644\n0645 0755\n0654 0755\n0666 0644\n0700 0755\n0777 0755\n"
        "bake.yaml 0644\nlink -> 0600\npage 0644\nprivate/ 0755\nsticky/ 0755\n");
}

TEST_CASE("no file is younger than the source, and an older one keeps its time") {
  Kitchen kitchen;
  kitchen.write({{"old", File{"o", 0644, 1000}}, {"young", File{"y", 0644, support::some_time + 1000}}});
  CookOptions options = kitchen.options();
  options.source_date_epoch = support::some_time;
  for (const auto& entry : kitchen.manifest_of(kitchen.cook(options)).entries) {
    CAPTURE(entry.path.str());
    const std::string path = entry.path.str();
    if (path == "old") CHECK(entry.time == 1000);
    if (path == "young") CHECK(entry.time == support::some_time);
  }
}

TEST_CASE("what no release may hold is refused by name, and nothing has changed") {
  struct Row {
    std::string script;
    std::string named;
  };
  const Row rows[] = {
      {"echo x >tool; chmod 4755 tool", "'tool': set-user-id and set-group-id bits are not allowed"},
      {"echo x >tool; chmod 2755 tool", "'tool': set-user-id and set-group-id bits are not allowed"},
      {"mkdir shared; chmod 2775 shared", "'shared': set-user-id and set-group-id bits are not allowed"},
      {"ln -s /etc/passwd out", "'out': the link leads out of the tree, to '/etc/passwd'"},
      {"ln -s ../../x out", "'out': the link leads out of the tree"},
      {"mkdir .bakehouse", "'.bakehouse': the name .bakehouse belongs to the release itself"},
      {"echo x >.wh.page", "'.wh.page': container tools read names"},
      {"echo x >PAGE", "clashes with"},
  };
  for (const Row& row : rows) {
    CAPTURE(row.script);
    Kitchen kitchen;
    const std::string before = state_of(kitchen);
    kitchen.build_by(row.script);
    const std::string message = failure_of(kitchen, kitchen.options(CookOptions::Then::apply));
    CHECK(message == Mentions{"input: the tree holds what no release may hold:"});
    CHECK(message == Mentions{row.named});
    CHECK(state_of(kitchen) == before);
  }
}

TEST_CASE("files and links that hold the path of the build directory are refused by name") {
  Kitchen kitchen;
  const std::string before = state_of(kitchen);
  // A hook may have told it: in the build room nothing knows that path.
  kitchen.build_by("here='" + kitchen.build().native() +
                   "'; echo \"cd $here\" >script; mkdir deep; printf '\\0%s\\0' \"$here/lib\" >deep/binary\n"
                   "echo harmless >other; ln -s \"$here/page\" link");
  const std::string message = failure_of(kitchen, kitchen.options(CookOptions::Then::apply));
  CHECK(message == build_failure + "files hold the path of the build directory, '" +
                       kitchen.build().native() + "':\n  deep/binary\n  link\n  script");
  CHECK(state_of(kitchen) == before);
}

TEST_CASE("of many files that hold the path of the build directory ten are named") {
  Kitchen kitchen;
  kitchen.build_by("for i in {10..22}; do echo '" + kitchen.build().native() + "' >$i; done");
  const std::string message = failure_of(kitchen);
  CHECK(message == Mentions{"\n  10\n"});
  CHECK(message == Mentions{"\n  19\n  and 3 more"});
}

TEST_CASE("a path is found wherever in a file it stands, also where the reader's pieces meet") {
  constexpr int piece = 1 << 20;
  Kitchen kitchen;
  const auto length = static_cast<int>(kitchen.build().native().size());
  for (const int offset : {piece - length, piece - length + 1, piece - length / 2, piece - 1, piece,
                           2 * piece - 1, 3 * piece - length / 2}) {
    CAPTURE(offset);
    std::string content(static_cast<size_t>(offset), 'x');
    content += kitchen.build().native();
    base::write_file(kitchen.source() / "file", content);
    CHECK(failure_of(kitchen) == Mentions{"\n  file"});
  }
}

TEST_CASE("a release that holds the path of run/ is bound to it, any other may be applied anywhere") {
  Kitchen kitchen;
  CookOptions options = kitchen.options();
  CHECK_FALSE(kitchen.open(kitchen.cook(options)).info.run_path);

  base::write_file(kitchen.source() / "config", "path=" + kitchen.run().native() + "/page\n");
  options.version = "2";
  CHECK(kitchen.open(kitchen.cook(options)).info.run_path == kitchen.run().native());

  // With production's root named, only that path matters.
  kitchen.project("name: shop\nroot: /srv/shop\n");
  options.version = "3";
  CHECK_FALSE(kitchen.open(kitchen.cook(options)).info.run_path);
  base::write_file(kitchen.source() / "config", "path=/srv/shop/run/page\n");
  options.version = "4";
  CHECK(kitchen.open(kitchen.cook(options)).info.run_path == "/srv/shop/run");
}

TEST_CASE("a version stands for its files for ever: others are refused") {
  Kitchen kitchen;
  const Cooked first = kitchen.cook();
  const std::string bytes = base::read_file(first.archive, large);
  base::write_file(kitchen.source() / "page", "other\n");
  CHECK(failure_of(kitchen) == "input: '" + first.archive.native() + "' exists and holds other files");
  CHECK(base::read_file(first.archive, large) == bytes);

  CookOptions options = kitchen.options();
  options.version = "1.0.1";
  CHECK(kitchen.cook(options).archive != first.archive);
}

TEST_CASE("the same files under the same version may be baked again") {
  Kitchen kitchen;
  const Cooked first = kitchen.cook(kitchen.options(CookOptions::Then::apply));
  const Cooked again = kitchen.cook(kitchen.options(CookOptions::Then::apply));
  CHECK(again.archive == first.archive);
  REQUIRE(again.applied);
  CHECK(again.applied->outcome == "good");
}

TEST_CASE("an archive of another key is not written over") {
  Kitchen kitchen;
  kitchen.cook();
  base::write_file(kitchen.options().key, crypto::SecretKey::generate().format().text(), 0600);
  CHECK(failure_of(kitchen) == Mentions{"trust: it exists already: "});
}

TEST_CASE("a source without a bake.yaml is refused with the least there must be") {
  Kitchen kitchen;
  fs::remove(kitchen.source() / "bake.yaml");
  try {
    kitchen.cook();
    FAIL("it was cooked");
  } catch (const base::Error& error) {
    CHECK(error.fault() == base::Fault::input);
    CHECK(std::string(error.what()) == "the source has no bake.yaml");
    CHECK(error.hint() == "the least is one line: `name: shop`");
  }
}

TEST_CASE("the source of another project is refused") {
  Kitchen kitchen;
  kitchen.project("name: blog\n");
  CHECK(failure_of(kitchen) == "input: bake.yaml is of the project 'blog', this root is for 'shop'");
}

TEST_CASE("a fault in bake.yaml is told before anything is built") {
  Kitchen kitchen;
  kitchen.build_by("echo built");
  kitchen.project("name: shop\nnmae: x\n");
  CHECK(failure_of(kitchen) == Mentions{"input: bake.yaml:2:1: unknown key 'nmae'"});
  CHECK(kitchen.output.empty());
}

TEST_CASE("nothing is built in a production root") {
  Kitchen kitchen(config::Mode::final);
  CHECK(failure_of(kitchen) == Mentions{"is a production root: nothing is built there"});
}

TEST_CASE("the root is no source, and a source that holds the root is refused") {
  Kitchen kitchen;
  CookOptions options = kitchen.options();
  options.source = kitchen.root();
  CHECK(failure_of(kitchen, options) == "input: the source is the root itself");
  options.source = kitchen.root().parent_path();
  CHECK(failure_of(kitchen, options) == "input: the source holds the root itself, 'staging'");
  options.source = kitchen.root() / "project";
  support::make_tree(base::Dir::open(options.source), {{"bake.yaml", File{"name: shop\nversion: 1\n"}}});
  CHECK(kitchen.cook(options).version == "1");
}

TEST_CASE("a version comes from bake.yaml, a file, git or --as") {
  struct Row {
    std::string project;
    std::string option;  // --as
    std::string expected;
  };
  const Row rows[] = {
      {"name: shop\nversion: 3.1\n", "", "3.1"},
      {"name: shop\nversion: 3.1\n", "4", "4"},
      {"name: shop\nversion: file:VERSION\n", "", "2.5.0"},
      {"name: shop\nversion: file:build.txt\n", "", "b7"},
      {"name: shop\n", "", "input: the source is no git repository, so it has no version"},
      {"name: shop\n", "1.0", "1.0"},
      {"name: shop\nversion: file:absent\n", "", "absent"},
      {"name: shop\nversion: file:bad\n", "", "input: "},
      {"name: shop\n", "../../out", "input: "},
      {"name: shop\n", "", "version"},
  };
  for (const Row& row : rows) {
    CAPTURE(row.project);
    CAPTURE(row.option);
    Kitchen kitchen;
    kitchen.write({{"VERSION", File{"2.5.0\n"}}, {"bad", File{"no version\n"}}});
    kitchen.build_by("printf b7 >build.txt");
    kitchen.project(row.project);
    CookOptions options = kitchen.options();
    if (!row.option.empty()) options.version = row.option;
    std::string version;
    const std::string failed = support::failure([&] { version = kitchen.cook(options).version; });
    if (failed == "no failure") {
      CHECK(version == row.expected);
    } else {
      CHECK(failed == Mentions{row.expected});
    }
  }
}

TEST_CASE("a git source brings version, commit and time; what no commit holds makes it dirty") {
  const source::TestRepository repository;
  const std::string commit = repository.write_and_commit({{"bake.yaml", File{"name: shop\n"}}});
  repository.tag("v1.4");
  Kitchen kitchen;
  CookOptions options = kitchen.options();
  options.source = repository.path();
  const Cooked clean = kitchen.cook(options);
  CHECK(clean.version == "v1.4");
  const auto info = kitchen.open(clean).info;
  CHECK(info.source_kind == "git");
  CHECK(info.source_commit == commit);
  CHECK_FALSE(info.source_dirty);
  CHECK(info.created == support::some_time);
  CHECK(info.sequence == static_cast<uint64_t>(support::some_time));

  repository.change("new", "n");
  const Cooked dirty = kitchen.cook(options);
  CHECK(dirty.version.starts_with("v1.4-dirty."));
  CHECK(kitchen.open(dirty).info.source_dirty);
}

TEST_CASE("where a release was asked for, a work tree that differs from its commit is refused") {
  const source::TestRepository repository;
  const std::string commit = repository.write_and_commit({{"bake.yaml", File{"name: shop\n"}}});
  Kitchen kitchen;
  CookOptions options = kitchen.options();
  options.source = repository.path();
  options.changes = CookOptions::Changes::refuse;
  CHECK(kitchen.cook(options).version == commit.substr(0, 7));
  repository.change("new", "n");
  CHECK(support::failure([&] { kitchen.cook(options); }) ==
        "input: the work tree differs from its commit " + commit + ", and a release was asked for");
}

TEST_CASE("each bake of a directory stands above all that was in service; --sequence decides itself") {
  Kitchen kitchen;
  CookOptions options = kitchen.options(CookOptions::Then::apply);
  uint64_t before = 0;
  for (const char* version : {"1", "2", "3"}) {  // within one second
    options.version = version;
    base::write_file(kitchen.source() / "page", version);
    const Cooked cooked = kitchen.cook(options);
    REQUIRE(cooked.applied);
    CHECK(cooked.applied->outcome == "good");
    const uint64_t sequence = kitchen.open(cooked).info.sequence;
    CHECK(sequence > before);
    before = sequence;
  }
  options = kitchen.options();
  options.version = "4";
  options.sequence = 12;
  CHECK(kitchen.open(kitchen.cook(options)).info.sequence == 12);
}

TEST_CASE("the hooks of the build run before and after the buildpacks, in the tree") {
  Kitchen kitchen;
  kitchen.project("name: shop\nversion: 1\nbuild: {env: {COLOUR: red}}\n");
  const std::string hook =
      "#!/bin/bash\necho \"$BAKEHOUSE_PHASE $COLOUR\"; echo \"$BAKEHOUSE_PHASE\" >>order\n";
  kitchen.write({{".bake/hooks/pre_install", File{hook, 0755}},
                 {".bake/hooks/post_build.d/10-first", File{hook, 0755}},
                 {".bake/hooks/post_build.d/20-second", File{hook, 0755}}});
  kitchen.build_by("echo build >>order");
  kitchen.cook();
  CHECK(kitchen.output == "pre_install red\npost_build red\npost_build red\n");
  CHECK(base::read_file(kitchen.build() / "order", 100) == "pre_install\nbuild\npost_build\npost_build\n");
}

TEST_CASE("a hook or buildpack that fails fails the build, and nothing has changed") {
  struct Row {
    std::string hook;  // "" for the buildpack
    std::string message;
  };
  const Row rows[] = {
      {"pre_install", "fault 5: the hook 'pre_install' exited with status 3\n  | no luck"},
      {"post_build", "fault 5: the hook 'post_build' exited with status 3\n  | no luck"},
      {"", "fault 5: the buildpack test/all exited with status 3"},
  };
  for (const Row& row : rows) {
    CAPTURE(row.hook);
    Kitchen kitchen;
    kitchen.cook(kitchen.options(CookOptions::Then::apply));
    const std::string before = state_of(kitchen);
    base::write_file(kitchen.source() / "page", "changed\n");
    if (!row.hook.empty()) {
      const std::string path = ".bake/hooks/" + row.hook;
      kitchen.write({{path, File{"#!/bin/sh\necho no luck\nexit 3\n", 0755}}});
    } else {
      kitchen.build_by("exit 3");
    }
    CHECK(failure_of(kitchen, kitchen.options(CookOptions::Then::apply)) == row.message);
    CHECK(state_of(kitchen) == before);
  }
}

TEST_CASE("the log of a bake holds what was shown, why who builds, and how it ended") {
  Kitchen kitchen;
  kitchen.set_buildpack({.detect = "echo I was asked", .build = "seq 100; exit 3"});
  fs::path log;
  CookOptions options = kitchen.options();
  options.log_begun = [&](const fs::path& file) { log = file; };
  std::string hint;
  try {
    kitchen.cook(options);
  } catch (const base::Error& error) {
    hint = error.hint();
  }
  CHECK(hint == "all that was printed: " + log.native());
  CHECK(log.parent_path() == kitchen.root() / ".bakehouse/logs/bake");
  const std::string text = base::read_file(log, 1 << 20);
  for (const char* part :
       {" fetch\n", " build\n", "\ntest/all@1.2.3 applies\n  | I was asked\n", "\n  test/all 1.2.3\n",
        "\n  | 1\n  | 2\n", "\n  | 100\n", " failed: the buildpack test/all exited with status 3\n"}) {
    CHECK(text == Mentions{part});
  }
  kitchen.build_by("true");
  kitchen.cook(options);
  CHECK(base::read_file(log, 1 << 20).ends_with(" baked 1.0.0\n"));
}

TEST_CASE(
    "1.2 targets: a buildpack made for other machines builds when bake.yaml says so, and the release tells") {
  Kitchen kitchen;
  kitchen.set_buildpack({.build = "touch made"},
                        "[[targets]]\nos = \"linux\"\n[[targets.distros]]\nname = \"beos\"\n");
  CHECK(failure_of(kitchen) == Mentions{"could not be asked: made for linux, beos; this machine is"});
  kitchen.project("name: shop\nversion: 1.0.0\nbuild: {ignore-targets: [test/all]}\n");
  const auto cooked = kitchen.cook(kitchen.options(CookOptions::Then::apply));
  CHECK(kitchen.warnings ==
        Mentions{"test/all@1.2.3 is asked all the same (build.ignore-targets): made for linux, beos"});
  CHECK(kitchen.open(cooked).info.parts.contains("build.json"));
  CHECK(
      part_in(kitchen, "build.json")
          .starts_with(
              R"({"ignored-targets":[{"buildpack":"test/all@1.2.3","reason":"made for linux, beos; this machine is )"));
}

TEST_CASE(
    "decision 1 app-path: it is where the application was built, and where its processes are to see it") {
  Kitchen kitchen;
  const base::TempDir elsewhere;
  const std::string app = (elsewhere.path() / "app").native();
  std::filesystem::create_directory_symlink(kitchen.run(), app);  // as this node is told to
  kitchen.project("name: shop\nversion: 1.0.0\nbuild: {app-path: " + app + "}\n");
  kitchen.build_by("pwd; echo \"$1\"; ln -s \"$PWD/page\" one; ln -s " + (kitchen.run() / "page").native() +
                   " two");
  try {
    const auto cooked = kitchen.cook(kitchen.options(CookOptions::Then::apply));
    CHECK(kitchen.output == app + "\n" + app + "/.layers/test_all\n");
    CHECK(describe(kitchen.manifest_of(cooked)) == "bake.yaml 0644\none -> page\npage 0644\ntwo -> page\n");
    CHECK(part_in(kitchen, "launch.json").starts_with(R"({"app-path":")" + app + "\","));
    CHECK_FALSE(kitchen.open(cooked).info.run_path);
  } catch (const base::Error& error) {
    // A machine without rooms says so and does not pretend.
    CHECK(error.fault() == base::Fault::refused);
    CHECK(std::string(error.what()) == Mentions{"this machine makes no build rooms"});
  }
}

TEST_CASE("decision 1 offline: nothing is reached, and the message tells the buildpack that wanted it") {
  Kitchen kitchen;
  CookOptions options = kitchen.options();
  options.offline = true;
  kitchen.write({{".bake/hooks/post_build", support::File{"#!/bin/sh\n", 0755}}});
  kitchen.build_by(
      "[[ $(tail -n +3 /proc/net/dev | wc -l) == 1 ]] # the loopback alone\n"
      "echo 'curl: (6) Could not resolve host: example.org'; exit 6");
  try {
    kitchen.cook(options);
    FAIL("it was built");
  } catch (const base::Error& error) {
    if (error.fault() == base::Fault::refused) {
      CHECK(std::string(error.what()) == Mentions{"this machine makes no build rooms"});
      return;
    }
    CHECK(std::string(error.what()) == "the buildpack test/all exited with status 6");
    CHECK(error.hint() == Mentions{"it wanted the network, and the build ran offline"});
  }
  kitchen.build_by("true");
  kitchen.cook(options);
  CHECK(kitchen.warnings == Mentions{"hooks may use the network"});
}

TEST_CASE("a file among the hooks that is none is refused before anything runs") {
  Kitchen kitchen;
  kitchen.write({{".bake/hooks/post_biuld", File{"#!/bin/sh\n", 0755}},
                 {".bake/hooks/post_build", File{"#!/bin/sh\necho ran\n", 0644}}});
  const std::string message = failure_of(kitchen);
  CHECK(message == Mentions{"'.bake/hooks/post_biuld': no phase has that name (did you mean 'post_build'?)"});
  CHECK(message == Mentions{"'.bake/hooks/post_build': it is not executable (chmod +x)"});
  CHECK(kitchen.output.empty());
}

TEST_CASE("what bake.yaml says of processes stands above what the buildpacks found") {
  Kitchen kitchen;
  kitchen.project(
      "name: shop\nversion: 1\nprocesses: {web: {command: bin/mine}, clock: {command: bin/tick}}\n");
  kitchen.build_by(
      "cat >$1/launch.toml <<'TOML'\n"
      "[[processes]]\ntype = \"web\"\ncommand = [\"theirs\"]\ndefault = true\n"
      "[[processes]]\ntype = \"worker\"\ncommand = [\"work\"]\n"
      "TOML");
  const auto archive = kitchen.open(kitchen.cook());
  const base::TempDir scratch;
  artifact::unpack(archive, base::Dir::open(scratch.path()));
  const auto launch =
      launch::parse_launch(base::read_file(scratch.path() / ".bakehouse/launch.json", 10000), "launch.json");
  REQUIRE(launch.processes.size() == 3);
  CHECK(launch.find("web")->command.back() == "bin/mine");
  CHECK(launch.find("clock")->command.back() == "bin/tick");
  CHECK(launch.find("worker")->command.back() == "work");
  CHECK(launch.default_process == "web");
}

TEST_CASE("a process that bake.yaml configures and nobody defines is refused") {
  Kitchen kitchen;
  kitchen.project("name: shop\nversion: 1\nprocesses: {wbe: {port: 8080}}\n");
  CHECK(failure_of(kitchen) == "input: bake.yaml speaks of a process 'wbe', which no buildpack defined");
}

TEST_CASE("buildpacks that bake.yaml names must all apply; a path is one of the source") {
  Kitchen kitchen;
  buildpack::write_pack(kitchen.source() / "packs/own", buildpack::descriptor("own"),
                        {.build = "echo own was here"});
  kitchen.project("name: shop\nversion: 1\nbuildpacks: [./packs/own, test]\n");
  kitchen.cook();
  CHECK(kitchen.output == "own was here\n");
  kitchen.project("name: shop\nversion: 2\nbuildpacks: [tets]\n");
  CHECK(failure_of(kitchen) == "input: there is no buildpack 'tets'");
}

TEST_CASE("one buildpack from two sources is refused, and both entries are told") {
  Kitchen kitchen;
  buildpack::write_pack(kitchen.source() / "packs/own", buildpack::descriptor("own"));
  base::write_file(kitchen.source() / "own.tar",
                   source::tar_of({{"buildpack.toml", buildpack::descriptor("own")},
                                   source::program("bin/build", "#!/bin/sh\n"),
                                   source::program("bin/detect", "#!/bin/sh\n")}));
  kitchen.project("name: shop\nversion: 1\nbuildpacks: [./packs/own, ./own.tar]\n");
  CHECK(failure_of(kitchen) ==
        "input: the buildpack own@1.2.3 is named twice: './packs/own' and './own.tar'");
}

TEST_CASE("what is neither file, directory nor link is left out, with a warning") {
  Kitchen kitchen;
  REQUIRE(::mkfifo((kitchen.source() / "pipe").c_str(), 0600) == 0);
  kitchen.build_by("mkfifo other");
  CHECK(describe(kitchen.manifest_of(kitchen.cook())) == "bake.yaml 0644\npage 0644\n");
  CHECK(kitchen.warnings ==
        "'pipe' is no file, directory or link and is left out\n"
        "'other' is no file, directory or link and is left out\n");
}

TEST_CASE("configuration that is set on the command line goes into this deployment, not into the archive") {
  Kitchen kitchen;
  CookOptions options = kitchen.options();
  options.settings = {"build.env.COLOUR=blue"};
  kitchen.build_by("echo $COLOUR");
  kitchen.cook(options);
  CHECK(kitchen.output == "blue\n");
}

}  // namespace cook_test
