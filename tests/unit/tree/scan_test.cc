#include "tree/scan.hh"

#include "support/archive_draft.hh"
#include "support/failure.hh"
#include "support/mentions.hh"
#include "support/random_tree.hh"
#include "unit/base/ordinary_user.hh"

#include "base/files.hh"

#include <doctest/doctest.h>

#include <algorithm>
#include <map>
#include <mutex>

#include <fcntl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

using namespace bakehouse;
using namespace bakehouse::support;
using base::Dir;
using base::TempDir;

namespace {

std::string manifest_text(const tree::Scan& scan) { return tree::format_manifest(scan.manifest); }
std::string manifest_text(const Tree& tree) { return tree::format_manifest(manifest_of(tree)); }

}  // namespace

TEST_CASE("a scan finds exactly what is there, in byte order") {
  const TempDir temp;
  const Dir dir = Dir::open(temp.path());
  const Tree tree{{"a/b", File{"hello\n", 0755}},  {"a-b", File{"", 0400, 0}}, {"a.b", File{"x"}},
                  {"empty", Folder{01777}},        {"link", Link{"a/b"}},      {"out", Link{"/etc/passwd"}},
                  {"\xff\n", File{"odd"}},         {".hidden/x", File{"y"}},   {"setid", File{"z", 06755}},
                  {"nowhere", Link{"../../gone"}}, {"B", File{"capital"}}};
  make_tree(dir, tree);
  const tree::Scan found = tree::scan(dir);
  CHECK(manifest_text(found) == manifest_text(tree));
  CHECK(found.specials.empty());
}

TEST_CASE("a scan of a random tree is its manifest, which reads back as it was") {
  Random random(42);
  for (int round = 0; round < 25; ++round) {
    CAPTURE(round);
    const TempDir temp;
    const Dir dir = Dir::open(temp.path());
    const Tree tree = random_tree(random, 40);
    make_tree(dir, tree);
    const tree::Scan found = tree::scan(dir);
    CHECK(manifest_text(found) == manifest_text(tree));
    CHECK(tree::parse_manifest(manifest_text(found), "manifest").entries == found.manifest.entries);
  }
}

TEST_CASE("devices, sockets and FIFOs are named and not opened") {
  const TempDir temp;
  const Dir dir = Dir::open(temp.path());
  make_tree(dir, {{"sub", Folder{}}, {"file", File{"x"}}});
  REQUIRE(::mkfifo((temp.path() / "fifo").c_str(), 0600) == 0);  // opened it would wait for ever
  REQUIRE(::mkfifo((temp.path() / "sub/fifo").c_str(), 0600) == 0);
  sockaddr_un address{AF_UNIX, "socket"};
  const base::Fd socket(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
  const base::Fd before(::open(".", O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  REQUIRE(::fchdir(dir.fd().get()) == 0);  // a socket's path is short
  REQUIRE(::bind(socket.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0);
  REQUIRE(::fchdir(before.get()) == 0);

  const tree::Scan found = tree::scan(dir);
  CHECK(manifest_text(found) == manifest_text({{"sub", Folder{}}, {"file", File{"x"}}}));
  std::vector<std::string> specials;
  for (const auto& path : found.specials) specials.push_back(path.str());
  std::sort(specials.begin(), specials.end());
  CHECK(specials == std::vector<std::string>{"fifo", "socket", "sub/fifo"});
}

TEST_CASE("links are not followed, neither to files nor to directories") {
  const TempDir temp;
  make_tree(Dir::open(temp.path()), {{"outside/secret", File{"s"}},
                                     {"tree/dir", Link{"../outside"}},
                                     {"tree/file", Link{"../outside/secret"}},
                                     {"tree/loop", Link{"loop"}}});
  CHECK(manifest_text(tree::scan(Dir::open(temp.path() / "tree"))) ==
        manifest_text(
            {{"dir", Link{"../outside"}}, {"file", Link{"../outside/secret"}}, {"loop", Link{"loop"}}}));
}

TEST_CASE("what is excluded is left out with all below it") {
  const TempDir temp;
  const Dir dir = Dir::open(temp.path());
  make_tree(
      dir,
      {{"keep/x", File{"1"}}, {"drop/x", File{"2"}}, {"drop/deep/y", File{"3"}}, {"keep/drop", File{"4"}}});
  tree::ScanOptions options;
  options.excluded = [](const base::TreePath& path) { return path.str() == "drop"; };
  CHECK(manifest_text(tree::scan(dir, options)) ==
        manifest_text({{"keep/x", File{"1"}}, {"keep/drop", File{"4"}}}));
}

TEST_CASE("a file that nobody may read fails the scan by its name") {
  TempDir temp;
  ::chmod(temp.path().c_str(), 0777);
  const std::string outcome = base::as_ordinary_user([&] {
    const auto inner = Dir::open_or_make(temp.path() / "mine");
    make_tree(inner, {{"closed", File{"x", 0000}}});
    tree::scan(inner);
  });
  CHECK(outcome == Mentions{"closed"});
  CHECK(outcome == Mentions{"Permission denied"});
}

TEST_CASE("a directory that nobody may list fails the scan by its name") {
  TempDir temp;
  ::chmod(temp.path().c_str(), 0777);
  const std::string outcome = base::as_ordinary_user([&] {
    const auto inner = Dir::open_or_make(temp.path() / "mine");
    make_tree(inner, {{"closed/x", File{"x"}}, {"closed", Folder{0000}}});
    tree::scan(inner);
  });
  CHECK(outcome == Mentions{"closed"});
  CHECK(outcome == Mentions{"Permission denied"});
}

TEST_CASE("a file that changes while it is read is an error") {
  const struct {
    std::string what;
    off_t size;
  } rows[] = {{"grows", 5 << 20}, {"shrinks", (1 << 20) + 1}};
  for (const auto& row : rows) {
    CAPTURE(row.what);
    const TempDir temp;
    const Dir dir = Dir::open(temp.path());
    make_tree(dir, {{"log", File{std::string(3 << 20, 'x')}}});
    tree::ScanOptions options;
    options.inspect = [&](const tree::Entry&, std::string_view) {
      CHECK(::truncate((temp.path() / "log").c_str(), row.size) == 0);
    };
    CHECK(failure([&] { tree::scan(dir, options); }) == Mentions{"log' changed while it was read"});
  }
}

TEST_CASE("whoever inspects sees every byte of every file, and pieces overlap as asked") {
  const TempDir temp;
  const Dir dir = Dir::open(temp.path());
  Random random(3);
  std::string big = random.bytes((2 << 20) + 77);
  const std::string needle = "/srv/projects/shop/run";
  big.replace((1 << 20) - 9, needle.size(), needle);  // across the border of two pieces
  make_tree(dir, {{"big", File{big}}, {"small", File{"abc"}}, {"empty", File{""}}});
  std::mutex mutex;
  std::map<std::string, std::string> seen;
  int found = 0;
  tree::ScanOptions options;
  options.overlap = needle.size() - 1;
  options.inspect = [&](const tree::Entry& file, std::string_view piece) {
    const std::lock_guard lock(mutex);
    std::string& all = seen[file.path.str()];
    const size_t again = std::min(all.size(), options.overlap);
    CHECK(piece.substr(0, again) == std::string_view(all).substr(all.size() - again));
    all += piece.substr(again);
    if (piece.find(needle) != std::string_view::npos) ++found;
  };
  tree::scan(dir, options);
  CHECK(seen["big"] == big);
  CHECK(seen["small"] == "abc");
  CHECK(found == 1);
}

TEST_CASE("a tree may be deep, but not without end") {
  const TempDir temp;
  std::string path;
  for (int i = 0; i < 512; ++i) path += "d/";
  make_tree(Dir::open(temp.path()), {{path + "file", File{"x"}}});
  CHECK(tree::scan(Dir::open(temp.path())).manifest.entries.size() == 513);
  Dir::open(temp.path()).make_dirs(base::TreePath::parse(path + "d"), 0755);
  CHECK(failure([&] { tree::scan(Dir::open(temp.path())); }) ==
        Mentions{"lies more than 512 directories deep"});
}
