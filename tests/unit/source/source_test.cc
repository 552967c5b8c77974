#include "source/source.hh"

#include "foreign_archive.hh"
#include "repository.hh"
#include "support/failure.hh"
#include "support/mentions.hh"

#include <doctest/doctest.h>

#include <fstream>
#include <sstream>
#include <string>

#include <sys/stat.h>

namespace source_test {

using namespace bakehouse;
using namespace bakehouse::source;
using support::File;
using support::Folder;
using support::Link;
using support::Mentions;
namespace fs = std::filesystem;

namespace {

struct Result {
  Checkout checkout;
  std::string tree;  // a line for each file and link, without times
};

// Times are the copy's own affair where the source has none.
std::string without_times(const base::Dir& dir) {
  std::istringstream lines(support::describe_tree(dir));
  std::string text;
  for (std::string line; std::getline(lines, line);) {
    std::istringstream words(line);
    std::string path;
    std::string mode;
    std::string time;
    words >> path >> mode;
    if (mode == "->" || path.ends_with('/')) {
      text += line + "\n";
      continue;
    }
    words >> time;
    text += path + " " + mode + line.substr(line.find(time) + time.size()) + "\n";
  }
  return text;
}

Result check_out_of(const fs::path& from) {
  const base::TempDir scratch;
  const base::Dir to = base::Dir::open(scratch.path());
  const Checkout checkout = check_out(from, to);
  return {checkout, without_times(to)};
}

std::string failure_of(const fs::path& from) {
  return support::failure([&] { check_out_of(from); });
}

const support::Tree site{{"bake.yaml", File{"name: shop\n"}},
                         {"bin/serve", File{"#!/bin/sh\n", 0755}},
                         {"current", Link{"bin/serve"}}};
const std::string site_text =
    "bake.yaml 0644 \"name: shop\\012\"\n"
    "bin/ 0755\n"
    "bin/serve 0755 \"#!/bin/sh\\012\"\n"
    "current -> bin/serve\n";

}  // namespace

TEST_CASE("a directory without git is copied as it is, and has no time, commit or version") {
  const base::TempDir scratch;
  support::make_tree(base::Dir::open(scratch.path()), site);
  const base::TempDir target;
  const Checkout checkout = check_out(scratch.path(), base::Dir::open(target.path()));
  CHECK(checkout.kind == "directory");
  CHECK(checkout.commit.empty());
  CHECK(checkout.description.empty());
  CHECK_FALSE(checkout.dirty);
  CHECK_FALSE(checkout.time);
  CHECK(support::describe_tree(target.path()) == support::describe_tree(site));
}

TEST_CASE("what an earlier copy holds as the source has it is taken from there, and nothing else") {
  const base::TempDir scratch;
  const base::Dir source = base::Dir::open(scratch.path());
  support::make_tree(source, {{"as-it-was", File{"same"}},
                              {"of-the-source", File{"old"}},
                              {"of-a-build", File{"mine"}},
                              {"of-both", File{"one"}},
                              {"gone", File{"x"}},
                              {"mode", File{"m"}}});
  const base::TempDir first;
  const base::TempDir second;
  const base::Dir before = base::Dir::open(first.path());
  tree::StatIndex index;
  const Earlier none{nullptr, index};
  check_out(scratch.path(), before, &none);
  CHECK(support::describe_tree(before) == support::describe_tree(source));

  // Within one tick of the clock of files no change could be told from another.
  const auto copied = tree::identity_of(*before.stat(base::TreePath::parse("of-a-build"))).ctime;
  while (!tree::is_settled(copied, tree::file_clock())) continue;

  base::write_file(scratch.path() / "of-the-source", "new");
  fs::remove(scratch.path() / "gone");
  // As sly as it can be: the same size and time as before.
  const auto time = fs::last_write_time(first.path() / "of-a-build");
  std::ofstream(first.path() / "of-a-build", std::ios::in) << "evil";
  fs::last_write_time(first.path() / "of-a-build", time);
  fs::remove(first.path() / "of-both");
  fs::create_hard_link(first.path() / "as-it-was", first.path() / "a-second-name");
  fs::permissions(first.path() / "mode", fs::perms::all);
  const Earlier earlier{&before, index};
  check_out(scratch.path(), base::Dir::open(second.path()), &earlier);
  CHECK(support::describe_tree(second.path()) == support::describe_tree(source));
  for (const char* other : {"of-the-source", "of-a-build", "mode"})
    CHECK_FALSE(fs::equivalent(first.path() / other, second.path() / other));

  // Once more: all of it is as it is to be.
  const base::TempDir third;
  const base::Dir again = base::Dir::open(second.path());
  const Earlier all{&again, index};
  check_out(scratch.path(), base::Dir::open(third.path()), &all);
  CHECK(support::describe_tree(third.path()) == support::describe_tree(source));
  for (const char* same : {"as-it-was", "of-the-source", "of-a-build", "of-both", "mode"}) {
    CAPTURE(same);
    CHECK(fs::equivalent(second.path() / same, third.path() / same));
  }
}

TEST_CASE("a directory inside a repository is a directory, not that repository") {
  const TestRepository repository;
  repository.write_and_commit({{"part/file", File{"x"}}});
  const Result result = check_out_of(repository.path() / "part");
  CHECK(result.checkout.kind == "directory");
  CHECK(result.tree == "file 0644 \"x\"\n");
}

TEST_CASE("a clean work tree: the files of HEAD, executable bit and links kept") {
  const TestRepository repository;
  const std::string commit = repository.write_and_commit(site);
  const Result result = check_out_of(repository.path());
  CHECK(result.checkout.kind == "git");
  CHECK(result.checkout.commit == commit);
  CHECK(result.checkout.time == support::some_time);
  CHECK_FALSE(result.checkout.dirty);
  CHECK(result.tree == site_text);
}

TEST_CASE("a bare repository: the files of HEAD") {
  const TestRepository repository;
  const std::string commit = repository.write_and_commit(site);
  const Result result = check_out_of(repository.make_bare_copy());
  CHECK(result.checkout.kind == "git");
  CHECK(result.checkout.commit == commit);
  CHECK_FALSE(result.checkout.dirty);
  CHECK(result.tree == site_text);
}

TEST_CASE("the same commit gives the same tree, whatever the work tree's modes and times are") {
  const TestRepository repository;
  repository.write_and_commit(site);
  const std::string before = check_out_of(repository.path()).tree;
  fs::permissions(repository.path() / "bake.yaml", fs::perms(0600));
  fs::last_write_time(repository.path() / "bake.yaml", fs::file_time_type::clock::now());
  const Result after = check_out_of(repository.path());
  CHECK_FALSE(after.checkout.dirty);
  CHECK(after.tree == before);
}

TEST_CASE("a work tree that differs from HEAD is dirty, and is what gets built") {
  struct Row {
    std::string how;
    void (*change)(const TestRepository&);
    std::string file;
    std::string line;  // "" where the file must be absent
  };
  const Row rows[] = {
      {"changed", [](const auto& r) { r.change("bake.yaml", "name: other\n"); }, "bake.yaml",
       "bake.yaml 0644 \"name: other\\012\"\n"},
      {"changed and added",
       [](const auto& r) {
         r.change("bake.yaml", "name: other\n");
         r.add("bake.yaml");
       },
       "bake.yaml", "bake.yaml 0644 \"name: other\\012\"\n"},
      {"new", [](const auto& r) { r.change("new", "n"); }, "new", "new 0644 \"n\"\n"},
      {"removed", [](const auto& r) { fs::remove(r.path() / "bake.yaml"); }, "bake.yaml", ""},
      {"made executable", [](const auto& r) { fs::permissions(r.path() / "bake.yaml", fs::perms(0755)); },
       "bake.yaml", "bake.yaml 0755 \"name: shop\\012\"\n"},
  };
  for (const Row& row : rows) {
    CAPTURE(row.how);
    const TestRepository repository;
    repository.write_and_commit(site);
    row.change(repository);
    const Result result = check_out_of(repository.path());
    CHECK(result.checkout.dirty);
    if (!row.line.empty()) {
      CHECK(result.tree == Mentions{row.line});
    } else {
      CHECK(result.tree.find(row.file) == std::string::npos);
    }
    CHECK(result.tree.find(".git") == std::string::npos);
  }
}

TEST_CASE("ignored files stay out, and do not make a work tree dirty") {
  const TestRepository repository;
  repository.write_and_commit({{".gitignore", File{"*.log\n/cache/\n"}}, {"file", File{"x"}}});
  repository.write({{"noise.log", File{"n"}}, {"cache/deep/entry", File{"e"}}});
  const Result clean = check_out_of(repository.path());
  CHECK_FALSE(clean.checkout.dirty);
  const std::string expected = ".gitignore 0644 \"*.log\\012/cache/\\012\"\nfile 0644 \"x\"\n";
  CHECK(clean.tree == expected);

  repository.change("new", "n");
  const Result dirty = check_out_of(repository.path());
  CHECK(dirty.checkout.dirty);
  CHECK(dirty.tree == expected + "new 0644 \"n\"\n");
}

TEST_CASE("a file that is ignored but tracked belongs to the source, even in an ignored directory") {
  const TestRepository repository;
  repository.write_and_commit(
      {{".gitignore", File{"*.log\n/cache/\n"}}, {"cache/kept/file", File{"k"}}, {"kept.log", File{"l"}}});
  repository.change("cache/kept/other", "o");
  repository.change("cache/noise", "n");
  repository.change("new", "n");
  const Result result = check_out_of(repository.path());
  CHECK(result.checkout.dirty);
  CHECK(result.tree ==
        ".gitignore 0644 \"*.log\\012/cache/\\012\"\n"
        "cache/ 0755\n"
        "cache/kept/ 0755\n"
        "cache/kept/file 0644 \"k\"\n"
        "kept.log 0644 \"l\"\n"
        "new 0644 \"n\"\n");
}

TEST_CASE("a submodule is refused by name, in a clean work tree and in a dirty one") {
  const TestRepository repository;
  repository.write({{"file", File{"x"}}});
  repository.add("file");
  repository.add_submodule("vendor/lib");
  repository.commit();
  fs::create_directories(repository.path() / "vendor/lib");
  const std::string refused = "input: 'vendor/lib' is a submodule, which is not built";
  CHECK(failure_of(repository.path()) == refused);

  repository.change("file", "changed");
  repository.change("vendor/lib/code", "c");
  CHECK(failure_of(repository.path()) == refused);
}

TEST_CASE("a commit that holds .git, however it is spelled, is refused") {
  for (const std::string name : {".git", ".GIT", ".Git"}) {
    for (const std::string mode : {"40000", "100644"}) {
      CAPTURE(name);
      CAPTURE(mode);
      const TestRepository repository;
      repository.commit_entry(mode, name);
      CHECK(failure_of(repository.make_bare_copy()) == Mentions{"the commit holds '" + name + "'"});
    }
  }
}

TEST_CASE("a commit whose names lead out of the tree is refused") {
  for (const std::string name : {"..", "../out", "/etc", "a/../../out", "."}) {
    CAPTURE(name);
    const TestRepository repository;
    repository.commit_entry("100644", name);
    CHECK(failure_of(repository.make_bare_copy()) == Mentions{"input: "});
    CHECK_FALSE(fs::exists(repository.beside("out")));
  }
}

TEST_CASE(
    "what others pushed to a repository without a work tree has limits, and one's own work tree has none") {
  const TestRepository repository;
  std::string place;
  for (int depth = 0; depth < 6; ++depth) place += std::string(200, 'd') + "/";
  fs::create_directories(repository.path() / place);
  repository.change(place + "file", "x");
  repository.add(place + "file");
  repository.commit();
  CHECK(failure_of(repository.path()) == "no failure");
  CHECK(failure_of(repository.make_bare_copy()) == Mentions{"bytes long (at most 1024)"});
}

TEST_CASE("a repository without a commit says so") {
  const TestRepository repository;
  repository.write(site);
  CHECK(failure_of(repository.path()) == Mentions{"' has no commit"});
  const fs::path bare = repository.beside("bare.git");
  make_bare_repository(bare);
  CHECK(failure_of(bare) == Mentions{"' has no commit"});
}

TEST_CASE("a source that is not there, or is no directory, is named") {
  const base::TempDir scratch;
  CHECK(failure_of(scratch.path() / "absent") == Mentions{"absent"});
  base::write_file(scratch.path() / "file", "x");
  CHECK(failure_of(scratch.path() / "file") == Mentions{"file"});
}

TEST_CASE("a version is what `git describe --tags --always` says") {
  const TestRepository repository;
  const std::string first = repository.write_and_commit({{"file", File{"1"}}});
  CHECK(check_out_of(repository.path()).checkout.description == first.substr(0, 7));
  repository.tag("1.0.0");
  CHECK(check_out_of(repository.path()).checkout.description == "1.0.0");
  repository.change("file", "2");
  // What makes it dirty is for the reader of `dirty` to add.
  CHECK(check_out_of(repository.path()).checkout.description == "1.0.0");
  repository.add("file");
  const std::string second = repository.commit();
  CHECK(check_out_of(repository.path()).checkout.description == "1.0.0-1-g" + second.substr(0, 7));
}

TEST_CASE("what is neither file, directory nor link is left out, and named") {
  const base::TempDir scratch;
  support::make_tree(base::Dir::open(scratch.path()), {{"sub/file", File{"x"}}});
  REQUIRE(::mkfifo((scratch.path() / "sub/pipe").c_str(), 0600) == 0);
  const Result result = check_out_of(scratch.path());
  CHECK(result.tree == "sub/ 0755\nsub/file 0644 \"x\"\n");
  REQUIRE(result.checkout.left_out.size() == 1);
  CHECK(result.checkout.left_out[0].str() == "sub/pipe");
}

TEST_CASE("a repository inside the source travels without its .git") {
  const base::TempDir scratch;
  support::make_tree(base::Dir::open(scratch.path()),
                     {{"vendor/.git/HEAD", File{"ref"}}, {"vendor/code", File{"c"}}, {"file", File{"x"}}});
  CHECK(check_out_of(scratch.path()).tree == "file 0644 \"x\"\nvendor/ 0755\nvendor/code 0644 \"c\"\n");
}

TEST_CASE("an archive is a source, with or without a directory of its own around it") {
  const base::TempDir scratch;
  const fs::path file = scratch.path() / "shop-1.0.tar.zst";
  const char* const expected = "bin/ 0755\nbin/tool 0755 \"t\"\nfile 0644 \"x\"\n";
  base::write_file(file, tar_of({folder("bin"), program("bin/tool", "t"), {"file", "x"}}, Pack::zstd));
  const Result flat = check_out_of(file);
  CHECK(flat.tree == expected);
  CHECK(flat.checkout.kind == "archive");
  CHECK_FALSE(flat.checkout.time);
  base::write_file(file, tar_of({program("shop-1.0/bin/tool", "t"), {"shop-1.0/file", "x"}}));
  CHECK(check_out_of(file).tree == expected);
  // One of its files has the name of the directory.
  base::write_file(file, tar_of({{"shop/shop", "s"}, {"shop/file", "x"}}));
  CHECK(check_out_of(file).tree == "file 0644 \"x\"\nshop 0644 \"s\"\n");
}

TEST_CASE("an archive that leads out is refused, and a repository in it stays behind") {
  const base::TempDir scratch;
  const fs::path file = scratch.path() / "shop.tar";
  base::write_file(file, tar_of({{"../file", "x"}}));
  CHECK(failure_of(file) == Mentions{"file"});
  base::write_file(file,
                   tar_of({{".git/hooks/post-checkout", "x"}, {"vendor/.git/HEAD", "x"}, {"file", "x"}}));
  CHECK(check_out_of(file).tree == "file 0644 \"x\"\nvendor/ 0755\n");
  base::write_file(file, "no archive at all, but long enough to be read as one");
  CHECK(failure_of(file) == Mentions{"input: "});
}

TEST_CASE("a pointer to Git LFS in place of a file is named, whatever the source is") {
  const std::string pointer = "version https://git-lfs.github.com/spec/v1\noid sha256:00\nsize 12345\n";
  const char* const expected =
      "input: 'img/logo.png' is a pointer to Git LFS: its content is not in the source";
  const TestRepository repository;
  repository.write_and_commit({{"img/logo.png", File{pointer}}, {"file", File{"x"}}});
  CHECK(failure_of(repository.path()) == expected);
  repository.change("file", "dirty");
  CHECK(failure_of(repository.path()) == expected);
  const base::TempDir scratch;
  support::make_tree(base::Dir::open(scratch.path()), {{"img/logo.png", File{pointer}}});
  CHECK(failure_of(scratch.path()) == expected);
  const fs::path file = scratch.path() / "shop.tar";
  base::write_file(file, tar_of({{"shop/img/logo.png", pointer}, {"shop/file", "x"}}));
  CHECK(failure_of(file) == expected);
  // A text about LFS is none.
  repository.change("img/logo.png", pointer + std::string(1024, ' '));
  repository.add("img/logo.png");
  repository.commit();
  CHECK(failure_of(repository.path()) == "no failure");
}

TEST_CASE("the bare repository that was made is empty, its branch is master, and what exists is kept") {
  const base::TempDir scratch;
  const fs::path remote = scratch.path() / "git/project.git";
  make_bare_repository(remote);
  CHECK(base::read_file(remote / "HEAD", 100) == "ref: refs/heads/master\n");
  CHECK(base::read_file(remote / "config", 1000) == Mentions{"bare = true"});
  // Settings for all repositories of somebody lead to hooks elsewhere.
  CHECK(base::read_file(remote / "config", 1000) == Mentions{"hooksPath = hooks"});
  CHECK(support::failure([&] { make_bare_repository(remote); }) == Mentions{"make the repository"});
}

}  // namespace source_test
