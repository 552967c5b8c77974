#include "tree/scan.hh"

#include "support/archive_draft.hh"
#include "support/random_tree.hh"
#include "unit/base/ordinary_user.hh"
#include "unit/tree/some_trees.hh"

#include "base/files.hh"

#include <doctest/doctest.h>

#include <algorithm>
#include <chrono>
#include <map>
#include <mutex>
#include <string>
#include <vector>

#include <fcntl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

namespace scan_test {

using namespace bakehouse;
using namespace bakehouse::support;
using base::Dir;
using base::TempDir;

namespace {

std::string manifest_text(const tree::Scan& scan) { return tree::format_manifest(scan.manifest); }
std::string manifest_text(const Tree& tree) { return tree::format_manifest(manifest_of(tree)); }

std::vector<std::string> paths_of(const tree::Manifest& manifest) {
  std::vector<std::string> paths;
  for (size_t i = 0; i < manifest.entries.size(); ++i) paths.emplace_back(manifest.entries.path(i));
  return paths;
}

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

TEST_CASE("entries come in the byte order of whole paths, not of names") {
  const TempDir temp;
  make_tree(Dir::open(temp.path()), {{"a", Folder{}},
                                     {"a/x", File{""}},
                                     {"a/x-y/z", File{""}},
                                     {"a/x.y", File{""}},
                                     {"a-b/c", File{""}},
                                     {"a.c", File{""}},
                                     {"a0", File{""}},
                                     {"A/b", File{""}},
                                     {"a\xff/b", File{""}}});
  for (const unsigned workers : {1U, 4U}) {
    tree::ScanOptions options;
    options.workers = workers;
    CHECK(paths_of(tree::scan(Dir::open(temp.path()), options).manifest) ==
          std::vector<std::string>{"A", "A/b", "a", "a-b", "a-b/c", "a.c", "a/x", "a/x-y", "a/x-y/z", "a/x.y",
                                   "a0", "a\xff", "a\xff/b"});
  }
}

TEST_CASE("any number of workers finds the same") {
  Random random(8);
  const Place place;
  const Dir dir = place.with("dir", random_tree(random, 300, Richness::all));
  tree::ScanOptions options;
  options.detail = tree::Detail::all;
  options.workers = 1;
  const auto alone = tree::scan(dir, options).manifest;
  for (const unsigned workers : {0U, 2U, 8U}) {
    CAPTURE(workers);
    options.workers = workers;
    CHECK(tree::scan(dir, options).manifest == alone);
  }
}

TEST_CASE("more files in one directory than are read in a row are all read") {
  const Place place;
  Tree tree;
  for (int i = 0; i < 1000; ++i) tree["d/" + std::to_string(i)] = File{std::to_string(i)};
  CHECK(manifest_text(tree::scan(place.with("dir", tree))) == manifest_text(tree));
}

TEST_CASE("names of one file name the first of them, wherever they stand") {
  const Place place;
  const Dir dir = place.with("dir", {{"a-b", File{"1"}},
                                     {"a/x", HardLink{"a-b"}},
                                     {"b/c/d", HardLink{"a-b"}},
                                     {"e", File{"1"}},
                                     {"f", Link{"e"}},
                                     {"g", HardLink{"f"}},
                                     {"h", File{"2"}}});
  REQUIRE(::link((dir.path() / "h").c_str(), (place.dir().path() / "elsewhere").c_str()) == 0);
  std::string groups;
  for (const auto& entry : scan_all(dir).entries) {
    if (!entry.same_file.is_top()) groups += entry.path.str() + "=" + entry.same_file.str() + " ";
  }
  CHECK(groups == "a/x=a-b b/c/d=a-b g=f ");
  for (const auto& entry : tree::scan(dir).manifest.entries) CHECK(entry.same_file.is_top());
}

TEST_CASE("a release knows no owners, attributes and times of directories; all of it does") {
  const Place place;
  const Dir dir = place.with(
      "dir",
      {{"f", File{"x", 0750, {some_time, 7}, {{"user.a", "1"}, {access_list, posix_acl(0750, 1000, 5)}}}},
       {"d", Folder{0755, {{"user.b", "2"}}, {}, base::FileTime{some_time, 8}}},
       {"l", Link{"f", {}, base::FileTime{some_time, 9}}}});
  for (const auto& entry : tree::scan(dir).manifest.entries) {
    CAPTURE(entry.path.str());
    CHECK_FALSE(entry.owner);
    CHECK(entry.attributes.empty());
    CHECK((entry.time != base::FileTime()) == (entry.path.str() == "f"));
  }
  const auto all = scan_all(dir);
  for (const auto& entry : all.entries) CHECK(entry.owner == tree::Owner{::geteuid(), ::getegid()});
  CHECK(all.find("d")->time == base::FileTime{some_time, 8});
  CHECK(all.find("l")->time == base::FileTime{some_time, 9});
  CHECK(all.find("f")->time == base::FileTime{some_time, 7});
  CHECK(all.find("f")->attributes ==
        std::get<File>(
            what_fits({{"f", File{"x", 0750, 0, {{"user.a", "1"}, {access_list, posix_acl(0750, 1000, 5)}}}}},
                      dir)
                .at("f"))
            .xattrs);
  CHECK(all.find("l")->attributes.empty());
}

TEST_CASE("what was left out is told, in order, and what is below it is not") {
  const Place place;
  const Dir dir = place.with(
      "dir", {{"b/x", File{""}}, {"a/x", File{""}}, {"a/y/x", File{""}}, {"c", File{""}}, {"x", Special{}}});
  tree::ScanOptions options;
  options.excluded = [](const base::TreePath& path) {
    return path.name() == "x" || path.str() == "b" || path.str() == "none";
  };
  const auto found = tree::scan(dir, options);
  std::string left_out;
  for (const auto& path : found.left_out) left_out += path.str() + " ";
  CHECK(left_out == "a/x a/y/x b x ");
  CHECK(paths_of(found.manifest) == std::vector<std::string>{"a", "a/y", "c"});
  CHECK(found.specials.empty());
}

TEST_CASE("a file that the index knows is not opened") {
  const Place place;
  ::chmod(place.dir().path().c_str(), 0777);
  const std::string outcome = base::as_ordinary_user([&] {
    const Dir dir = place.with("dir", {{"closed", File{"content", 0000}}, {"open", File{"x"}}});
    const auto stat = *dir.stat(base::TreePath::parse("closed"));
    tree::StatIndex index;
    index.add(tree::identity_of(stat), crypto::sha256("what the index says"));
    const auto found = scan_all(dir, &index);
    if (found.find("closed")->digest != crypto::sha256("what the index says"))
      throw base::Error(base::Fault::internal, "not from the index");
    if (found.find("open")->digest != crypto::sha256("x"))
      throw base::Error(base::Fault::internal, "not read");
  });
  CHECK(outcome == "");
}

TEST_CASE("an index is not believed where files are to be inspected") {
  const Place place;
  const Dir dir = place.with("dir", {{"f", File{"content"}}});
  tree::StatIndex index;
  index.add(tree::identity_of(*dir.stat(base::TreePath::parse("f"))), crypto::sha256("wrong"));
  tree::ScanOptions options;
  options.index = &index;
  std::string seen;
  options.inspect = [&](const tree::Entry&, std::string_view piece) { seen += piece; };
  CHECK(tree::scan(dir, options).manifest.find("f")->digest == crypto::sha256("content"));
  CHECK(seen == "content");
}

TEST_CASE("where only what is known is asked for nothing is read") {
  const Place place;
  ::chmod(place.dir().path().c_str(), 0777);
  const std::string outcome = base::as_ordinary_user([&] {
    const Dir dir = place.with("dir", {{"closed", File{"content", 0000}}, {"known", File{"x", 0000}}});
    tree::StatIndex index;
    index.add(tree::identity_of(*dir.stat(base::TreePath::parse("known"))), crypto::sha256("x"));
    tree::ScanOptions options;
    options.index = &index;
    options.content = tree::ScanOptions::Content::known;
    const auto found = tree::scan(dir, options).manifest;
    if (found.find("closed")->digest != crypto::Digest() ||
        found.find("known")->digest != crypto::sha256("x"))
      throw base::Error(base::Fault::internal, "other digests");
  });
  CHECK(outcome == "");
}

TEST_CASE("a file that may still change unseen is not put into the index, and later is") {
  const Place place;
  const Dir dir = place.with("dir", {{"f", File{"old"}}});
  const auto path = base::TreePath::parse("f");
  tree::StatIndex index;
  // Whatever comes within the clock's grain may leave no trace in size and times.
  CHECK(scan_all(dir, &index).find("f")->digest == crypto::sha256("old"));
  CHECK(index.size() == 0);
  base::write_all(base::Fd(::open((dir.path() / "f").c_str(), O_WRONLY | O_CLOEXEC)), "new", "f");
  dir.set_mtime(path, some_time);
  CHECK(scan_all(dir, &index).find("f")->digest == crypto::sha256("new"));
  CHECK(index.size() == 0);

  const auto ctime = dir.stat(path)->ctime;
  const auto limit = std::chrono::steady_clock::now() + std::chrono::seconds(5);
  while (!tree::is_settled(ctime, tree::file_clock()) && std::chrono::steady_clock::now() < limit)
    ::usleep(1000);
  scan_all(dir, &index);
  CHECK(index.find(tree::identity_of(*dir.stat(path))) == crypto::sha256("new"));
  base::write_all(base::Fd(::open((dir.path() / "f").c_str(), O_WRONLY | O_CLOEXEC)), "odd", "f");
  dir.set_mtime(path, some_time);
  CHECK(scan_all(dir, &index).find("f")->digest == crypto::sha256("odd"));
}

}  // namespace scan_test
