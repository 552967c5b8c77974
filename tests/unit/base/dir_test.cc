#include "base/dir.hh"

#include "base/beneath.hh"
#include "base/error.hh"
#include "base/files.hh"
#include "ordinary_user.hh"

#include <doctest/doctest.h>

#include <algorithm>
#include <cerrno>
#include <string>
#include <thread>
#include <utility>

#include <fcntl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

namespace dir_test {

using namespace bakehouse::base;
namespace fs = std::filesystem;

namespace {

using Names = std::vector<std::string>;

TreePath at(std::string_view text) { return TreePath::parse(text); }

// A tree that tries every way out that a link offers, beside something worth protecting.
struct Hostile {
  TempDir scratch;
  Dir tree;

  Hostile() : tree(Dir::open_or_make(scratch.path() / "tree")) {
    fs::create_directories(scratch.path() / "outside");
    write_file(scratch.path() / "outside" / "secret", "secret");
    fs::create_directories(tree.path() / "d" / "e");
    write_file(tree.path() / "d" / "e" / "f", "inside");
    fs::create_symlink("d", tree.path() / "inner");
    fs::create_symlink("../outside", tree.path() / "leaves");
    fs::create_symlink(scratch.path() / "outside", tree.path() / "absolute");
    fs::create_symlink("..", tree.path() / "up");
    fs::create_symlink("../../outside/secret", tree.path() / "d" / "file");
    fs::create_symlink("../outside/made", tree.path() / "dangling");
    fs::create_symlink("loop", tree.path() / "loop");
    fs::create_symlink("/proc/self/root", tree.path() / "magic");
  }
  Names outside() const { return Dir::open(scratch.path() / "outside").names(); }
};

const Names through_links = {
    "inner/e/f", "inner/e", "leaves/secret", "absolute/secret", "up/outside/secret", "d/file",   "inner",
    "leaves",    "up",      "loop",          "loop/x",          "magic/etc",         "d/file/x", "dangling"};

int open_and_close(const Dir& dir, std::string_view path, int flags, Resolve how) {
  const Fd fd(open_beneath_by(how, dir.fd().get(), at(path), flags | O_CLOEXEC, 0600));
  return fd ? 0 : errno;
}

}  // namespace

TEST_CASE("both ways of opening follow no link, at any place of the path") {
  const Hostile hostile;
  for (const auto how : {Resolve::kernel, Resolve::by_component}) {
    CAPTURE((how == Resolve::kernel));
    CHECK(open_and_close(hostile.tree, "d/e/f", O_RDONLY, how) == 0);
    CHECK(open_and_close(hostile.tree, "d/e", O_RDONLY | O_DIRECTORY, how) == 0);
    CHECK(open_and_close(hostile.tree, "none", O_RDONLY, how) == ENOENT);
    CHECK(open_and_close(hostile.tree, "none/x", O_RDONLY, how) == ENOENT);
    CHECK(open_and_close(hostile.tree, "d/e/f/x", O_RDONLY, how) == ENOTDIR);
    for (const auto& path : through_links) {
      CAPTURE(path);
      CHECK(open_and_close(hostile.tree, path, O_RDONLY, how) == ELOOP);
      CHECK(open_and_close(hostile.tree, path, O_WRONLY, how) == ELOOP);
      CHECK(open_and_close(hostile.tree, path, O_PATH | O_DIRECTORY, how) != 0);
      CHECK(open_and_close(hostile.tree, path, O_WRONLY | O_CREAT, how) != 0);
      CHECK(open_and_close(hostile.tree, path, O_WRONLY | O_CREAT | O_EXCL, how) != 0);
      CHECK(open_and_close(hostile.tree, path, O_WRONLY | O_CREAT | O_TRUNC, how) != 0);
    }
    CHECK(hostile.outside() == Names{"secret"});
    CHECK(read_file(hostile.scratch.path() / "outside" / "secret", 100) == "secret");
  }
}

TEST_CASE("both ways create files in directories of the tree, with the mode asked for") {
  for (const auto how : {Resolve::kernel, Resolve::by_component}) {
    const Hostile hostile;
    CHECK(open_and_close(hostile.tree, "d/e/new", O_WRONLY | O_CREAT | O_EXCL, how) == 0);
    CHECK(open_and_close(hostile.tree, "d/e/new", O_WRONLY | O_CREAT | O_EXCL, how) == EEXIST);
    CHECK(hostile.tree.stat(at("d/e/new"))->mode == 0600);
  }
}

TEST_CASE("a directory one may only search is walked through by both ways") {
  const TempDir scratch;
  fs::create_directories(scratch.path() / "d" / "e");
  write_file(scratch.path() / "d" / "e" / "f", "x", 0644);
  ::chmod((scratch.path() / "d").c_str(), 0711);
  ::chmod(scratch.path().c_str(), 0755);
  const std::string outcome = as_ordinary_user([&] {
    const Dir dir = Dir::open(scratch.path());
    for (const auto how : {Resolve::kernel, Resolve::by_component}) {
      const int error = open_and_close(dir, "d/e/f", O_RDONLY, how);
      if (error != 0)
        throw os_error(error, "open", how == Resolve::kernel ? "by the kernel" : "by component");
    }
  });
  CHECK(outcome == "");
}

TEST_CASE("neither way opens the top under an empty name") {
  const TempDir scratch;
  const Dir dir = Dir::open(scratch.path());
  for (const auto how : {Resolve::kernel, Resolve::by_component}) {
    CHECK(open_beneath_by(how, dir.fd().get(), TreePath(), O_RDONLY, 0) < 0);
    CHECK(errno == ENOENT);
  }
}

TEST_CASE("no operation on a tree reaches through a link") {
  const Hostile hostile;
  const Dir& tree = hostile.tree;
  for (const auto* parent : {"leaves", "absolute", "up/outside"}) {
    CAPTURE(parent);
    const TreePath secret = at(parent) / "secret";
    const TreePath made = at(parent) / "made";
    CHECK_THROWS_AS(tree.open_dir(at(parent)), Error);
    CHECK_THROWS_AS(tree.open_file(secret), Error);
    CHECK_THROWS_AS(tree.read_file(secret, 100), Error);
    CHECK_THROWS_AS(tree.stat(secret), Error);
    CHECK_THROWS_AS(tree.read_link(secret), Error);
    CHECK_THROWS_AS(tree.create_file(made, 0600), Error);
    CHECK_THROWS_AS(tree.make_dir(made, 0700), Error);
    CHECK_THROWS_AS(tree.make_dirs(made / "more", 0700), Error);
    CHECK_THROWS_AS(tree.make_symlink("x", made), Error);
    CHECK_THROWS_AS(tree.make_hard_link(at("d/e/f"), made), Error);
    CHECK_THROWS_AS(tree.make_hard_link(secret, at("taken")), Error);
    CHECK_THROWS_AS(tree.rename(at("d/e/f"), made), Error);
    CHECK_THROWS_AS(tree.rename(secret, at("taken")), Error);
    CHECK_THROWS_AS(tree.rename_new(at("d/e/f"), made), Error);
    CHECK_THROWS_AS(tree.exchange(at("d/e/f"), secret), Error);
    CHECK_THROWS_AS(tree.set_mode(secret, 0777), Error);
    CHECK_THROWS_AS(tree.set_mtime(secret, 1), Error);
    CHECK_THROWS_AS(tree.set_owner(secret, 7, 7), Error);
    CHECK_THROWS_AS(tree.remove_file(secret), Error);
    CHECK_THROWS_AS(tree.remove_tree(secret), Error);
  }
  CHECK_THROWS_AS(tree.set_mode(at("d/file"), 0777), Error);
  CHECK_THROWS_AS(tree.open_file(at("d/file")), Error);
  CHECK_THROWS_AS(tree.create_file(at("dangling"), 0600), Error);
  CHECK(hostile.outside() == Names{"secret"});
  CHECK(Dir::open(hostile.scratch.path() / "outside").stat(at("secret"))->mode == 0644);
  CHECK(Dir::open(hostile.scratch.path()).names() == Names{"outside", "tree"});
}

TEST_CASE("removing a tree removes its links, not what they point to") {
  const Hostile hostile;
  hostile.tree.remove_tree(at("leaves"));
  Dir::open(hostile.scratch.path()).remove_tree(at("tree"));
  CHECK(hostile.outside() == Names{"secret"});
  CHECK(Dir::open(hostile.scratch.path()).names() == Names{"outside"});
}

TEST_CASE("a handle keeps its directory when that is renamed") {
  const TempDir scratch;
  const Dir dir = Dir::open_or_make(scratch.path() / "one");
  fs::rename(scratch.path() / "one", scratch.path() / "two");
  dir.create_file(at("f"), 0600);
  CHECK(fs::exists(scratch.path() / "two" / "f"));
}

TEST_CASE("open_or_make makes what is missing, and only the last part with the mode") {
  const TempDir scratch;
  const mode_t before = ::umask(0022);
  Dir::open_or_make(scratch.path() / "a" / "b" / "c", 0700);
  Dir::open_or_make(scratch.path() / "x" / "y" / "", 0700);
  ::umask(before);
  const Dir top = Dir::open(scratch.path());
  CHECK(top.stat(at("a"))->mode == 0755);
  CHECK(top.stat(at("a/b"))->mode == 0755);
  CHECK(top.stat(at("a/b/c"))->mode == 0700);
  CHECK(top.stat(at("x/y"))->mode == 0700);
  CHECK_NOTHROW(Dir::open_or_make(scratch.path() / "a"));
  write_file(scratch.path() / "f", "");
  CHECK_THROWS_AS(Dir::open_or_make(scratch.path() / "f"), Error);
  CHECK_THROWS_AS(Dir::open_or_make(scratch.path() / "f" / "g"), Error);
}

TEST_CASE("only regular files are opened as files, and nothing waits for a FIFO") {
  const TempDir scratch;
  const Dir dir = Dir::open(scratch.path());
  dir.make_dir(at("d"), 0755);
  REQUIRE(::mkfifo((scratch.path() / "fifo").c_str(), 0600) == 0);
  write_file(scratch.path() / "f", "x");
  CHECK(dir.read_file(at("f"), 1) == "x");
  CHECK_THROWS_AS(dir.read_file(at("f"), 0), Error);
  const std::string shown = (scratch.path() / "fifo").native();
  CHECK_THROWS_WITH_AS(dir.open_file(at("fifo")), ("'" + shown + "' is not a regular file").c_str(), Error);
  CHECK_THROWS_AS(dir.open_file(at("d")), Error);
  CHECK_THROWS_AS(dir.open_file(at("none")), Error);
}

TEST_CASE("stat describes what has the name itself") {
  const TempDir scratch;
  const Dir dir = Dir::open(scratch.path());
  const mode_t before = ::umask(0077);
  dir.create_file(at("f"), 0755);
  dir.make_dir(at("d"), 01777);
  ::umask(before);
  write_file(scratch.path() / "content", "12345");
  dir.make_symlink("nowhere", at("l"));
  dir.make_hard_link(at("content"), at("twin"));
  REQUIRE(::mkfifo((scratch.path() / "fifo").c_str(), 0600) == 0);
  dir.set_mtime(at("content"), 1000000000);
  dir.set_mtime(at("l"), 5);

  CHECK(dir.stat(at("f"))->type == FileType::regular);
  CHECK(dir.stat(at("f"))->mode == 0755);
  CHECK(dir.stat(at("d"))->type == FileType::directory);
  CHECK(dir.stat(at("d"))->mode == 01777);
  CHECK(dir.stat(at("l"))->type == FileType::symlink);
  CHECK(dir.stat(at("l"))->mtime == 5);
  CHECK(dir.stat(at("fifo"))->type == FileType::other);
  CHECK(dir.stat(at("content"))->size == 5);
  CHECK(dir.stat(at("content"))->mtime == 1000000000);
  CHECK(dir.stat(at("content"))->links == 2);
  CHECK(dir.stat(at("content"))->inode == dir.stat(at("twin"))->inode);
  CHECK(dir.stat(at("content"))->uid == ::geteuid());
  CHECK(dir.stat(TreePath())->type == FileType::directory);
  CHECK_FALSE(dir.stat(at("none")));
  CHECK_FALSE(dir.stat(at("none/none")));
  CHECK_FALSE(dir.stat(at("f/none")));
  CHECK(dir.exists(at("l")));
  CHECK(dir.read_link(at("l")) == "nowhere");
  CHECK_THROWS_AS(dir.read_link(at("f")), Error);
}

TEST_CASE("names come in byte order, however often they are asked for") {
  const TempDir scratch;
  const Dir dir = Dir::open(scratch.path());
  CHECK(dir.names().empty());
  Names names = {"a", "B", "a-", "\xff", "-", "..x", "b"};
  for (const auto& name : names) dir.create_file(at(name), 0600);
  std::sort(names.begin(), names.end());
  CHECK(dir.names() == names);
  CHECK(dir.names() == names);
}

TEST_CASE("nothing is created over what exists") {
  const TempDir scratch;
  const Dir dir = Dir::open(scratch.path());
  write_file(scratch.path() / "f", "old");
  CHECK_THROWS_AS(dir.create_file(at("f"), 0600), Error);
  CHECK_THROWS_AS(dir.make_dir(at("f"), 0700), Error);
  CHECK_THROWS_AS(dir.make_symlink("x", at("f")), Error);
  CHECK_THROWS_AS(dir.make_hard_link(at("f"), at("f")), Error);
  CHECK_THROWS_AS(dir.make_dirs(at("f"), 0700), Error);
  CHECK_THROWS_AS(dir.make_dirs(at("f/g"), 0700), Error);
  CHECK(dir.read_file(at("f"), 100) == "old");
}

TEST_CASE("make_dirs makes the missing part and can be called again") {
  const TempDir scratch;
  const Dir dir = Dir::open(scratch.path());
  dir.make_dirs(at("a/b/c"), 0750);
  dir.make_dirs(at("a/b/c"), 0700);
  dir.make_dirs(TreePath(), 0700);
  CHECK(dir.stat(at("a"))->mode == 0750);
  CHECK(dir.stat(at("a/b/c"))->mode == 0750);
}

TEST_CASE("a name moves over another, beside it, or in its place") {
  const TempDir scratch;
  const Dir dir = Dir::open(scratch.path());
  const auto reset = [&] {
    write_file(scratch.path() / "one", "1");
    write_file(scratch.path() / "two", "2");
  };
  reset();
  dir.rename(at("one"), at("two"));
  CHECK(dir.names() == Names{"two"});
  CHECK(dir.read_file(at("two"), 9) == "1");
  reset();
  CHECK_THROWS_AS(dir.rename_new(at("one"), at("two")), Error);
  dir.rename_new(at("one"), at("three"));
  CHECK(dir.names() == Names{"three", "two"});
  dir.exchange(at("two"), at("three"));
  CHECK(dir.read_file(at("two"), 9) == "1");
  CHECK(dir.read_file(at("three"), 9) == "2");
  CHECK_THROWS_AS(dir.exchange(at("two"), at("none")), Error);
  const std::string shown = (scratch.path() / "none").native();
  CHECK_THROWS_WITH_AS(dir.rename(at("none"), at("x")),
                       ("to 'x': cannot rename '" + shown + "': No such file or directory").c_str(), Error);
}

TEST_CASE("whole directories are exchanged") {
  const TempDir scratch;
  const Dir dir = Dir::open(scratch.path());
  dir.make_dirs(at("run"), 0755);
  dir.make_dirs(at("next/deep"), 0755);
  write_file(scratch.path() / "next" / "deep" / "f", "new");
  dir.exchange(at("run"), at("next"));
  CHECK(dir.read_file(at("run/deep/f"), 9) == "new");
  CHECK(dir.open_dir(at("next")).names().empty());
}

TEST_CASE("the top itself is neither made, moved nor removed") {
  const TempDir scratch;
  const Dir dir = Dir::open(scratch.path());
  const TreePath top;
  CHECK_THROWS_AS(dir.make_dir(top, 0700), Error);
  CHECK_THROWS_AS(dir.make_symlink("x", top), Error);
  CHECK_THROWS_AS(dir.rename(top, at("x")), Error);
  CHECK_THROWS_AS(dir.remove_file(top), Error);
  CHECK_THROWS_AS(dir.remove_tree(top), Error);
  CHECK_NOTHROW(dir.open_dir(top));
}

TEST_CASE("an owner sets the mode even of what nobody may read") {
  const TempDir shared;
  ::chmod(shared.path().c_str(), 0777);
  const std::string outcome = as_ordinary_user([&] {
    const Dir dir = Dir::open(shared.path());
    dir.create_file(at("f"), 0000);
    dir.make_dir(at("d"), 0300);
    if (dir.stat(at("d"))->mode != 0300) throw Error(Fault::internal, "the directory's mode is wrong");
    dir.set_mode(at("f"), 0640);
    dir.set_mode(at("d"), 0750);
    if (dir.stat(at("f"))->mode != 0640 || dir.stat(at("d"))->mode != 0750) {
      throw Error(Fault::internal, "a mode was not set");
    }
  });
  CHECK(outcome == "");
}

TEST_CASE("a link's owner is its own, not that of what it points to" * doctest::skip(::geteuid() != 0)) {
  const TempDir scratch;
  const Dir dir = Dir::open(scratch.path());
  dir.create_file(at("f"), 0600);
  dir.make_symlink("f", at("l"));
  dir.set_owner(at("l"), 7, 8);
  CHECK(dir.stat(at("l"))->uid == 7);
  CHECK(dir.stat(at("l"))->gid == 8);
  CHECK(dir.stat(at("f"))->uid == 0);
  dir.set_owner(at("f"), 9, 10);
  CHECK(dir.stat(at("f"))->uid == 9);
  CHECK_THROWS_AS(dir.set_owner(at("none"), 0, 0), Error);
  CHECK_THROWS_AS(dir.set_owner(TreePath(), 0, 0), Error);
}

TEST_CASE("a file is removed as a file, a tree as whatever is there") {
  const TempDir scratch;
  const Dir dir = Dir::open(scratch.path());
  dir.make_dirs(at("d/e"), 0755);
  dir.create_file(at("d/e/f"), 0600);
  dir.create_file(at("f"), 0600);
  CHECK_THROWS_AS(dir.remove_file(at("d")), Error);
  CHECK_THROWS_AS(dir.remove_file(at("none")), Error);
  dir.remove_file(at("f"));
  dir.remove_tree(at("d/e/f"));
  dir.remove_tree(at("d"));
  dir.remove_tree(at("d"));
  dir.remove_tree(at("none/none"));
  CHECK(dir.names().empty());
}

TEST_CASE("a tree deeper than there are descriptors is removed") {
  constexpr int depth = 300;
  const TempDir scratch;
  const Dir dir = Dir::open(scratch.path());
  Dir level = dir.open_dir(TreePath());
  for (int i = 0; i < depth; ++i) {
    level.create_file(at("file"), 0600);
    level.make_dir(at("d"), 0700);
    level.make_dir(at("z"), 0700);
    level = level.open_dir(at("d"));
  }
  rlimit before{};
  REQUIRE(::getrlimit(RLIMIT_NOFILE, &before) == 0);
  rlimit few = before;
  few.rlim_cur = 64;
  REQUIRE(::setrlimit(RLIMIT_NOFILE, &few) == 0);
  CHECK_NOTHROW(dir.remove_tree(at("d")));
  ::setrlimit(RLIMIT_NOFILE, &before);
  CHECK(dir.names() == Names{"file", "z"});
}

namespace {

// Tens of thousands of directories are made quickly in memory only.
fs::path quick_place() {
  return ::access("/dev/shm", W_OK | X_OK) == 0 ? "/dev/shm" : fs::temp_directory_path();
}

// A directory in a directory in ... below `top`, all with the name "d".
void make_deep(const Dir& top, int depth) {
  // By descriptor: a Dir remembers its path. No descriptor is left, since that would keep all the
  // directories above it in the kernel's memory, to be walked with every removal.
  Fd level(::openat(top.fd().get(), ".", O_PATH | O_CLOEXEC));
  for (int i = 0; i < depth; ++i) {
    REQUIRE(::mkdirat(level.get(), "d", 0700) == 0);
    level = Fd(::openat(level.get(), "d", O_PATH | O_CLOEXEC));
  }
}

}  // namespace

TEST_CASE("a tree deeper than any stack or path is removed") {
  const TempDir scratch(quick_place());
  const Dir dir = Dir::open(scratch.path());
  make_deep(dir, 40000);
  CHECK_NOTHROW(dir.remove_tree(at("d")));
  CHECK(dir.names().empty());
}

TEST_CASE("a directory moved away while it is emptied takes nothing of its new neighbours along") {
  const TempDir scratch(quick_place());
  const Dir dir = Dir::open(scratch.path());
  dir.make_dirs(at("tree/d/d"), 0700);
  dir.make_dirs(at("elsewhere/tree"), 0700);
  dir.create_file(at("tree/d/z"), 0600);  // goes before "d" beside it is entered
  make_deep(dir.open_dir(at("tree/d/d")), 40000);
  std::string message;
  std::thread remover([&] {
    try {
      dir.remove_tree(at("tree"));
    } catch (const Error& error) {
      message = error.what();
    }
  });
  while (::faccessat(dir.fd().get(), "tree/d/z", F_OK, 0) == 0) std::this_thread::yield();
  // It is too late only where this thread is kept waiting for the rest of the removal.
  const bool moved = ::renameat(dir.fd().get(), "tree/d", dir.fd().get(), "elsewhere/d") == 0;
  remover.join();
  if (moved)
    CHECK(message == "'" + scratch.path().native() + "/tree/d' was moved while it was being removed");
  CHECK(dir.exists(at("elsewhere/tree")));
}

TEST_CASE("a message shows a hostile name harmlessly") {
  const TempDir scratch;
  const Dir dir = Dir::open(scratch.path());
  REQUIRE(::mkfifo((scratch.path() / "a\x1b[2J").c_str(), 0600) == 0);
  const auto message = [&](auto work) -> std::string {
    try {
      work();
    } catch (const Error& error) {
      return error.what();
    }
    return "";
  };
  const std::string shown = "'" + scratch.path().native() + "/a\\033[2J'";
  const TreePath name = at("a\x1b[2J");
  CHECK(message([&] { dir.open_file(name); }) == shown + " is not a regular file");
  CHECK(message([&] { dir.make_dirs(name, 0700); }) == shown + " is in the way: it is not a directory");
  CHECK(message([&] { dir.rename(name, at("d/\x1b")); }).find('\x1b') == std::string::npos);
}

TEST_CASE("a directory can be made durable") {
  const TempDir scratch;
  CHECK_NOTHROW(Dir::open(scratch.path()).sync());
}

}  // namespace dir_test
