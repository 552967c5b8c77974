// What cannot be read, vanishes, changes or contains itself while it is scanned.
#include "support/failure.hh"
#include "support/mentions.hh"
#include "unit/base/ordinary_user.hh"
#include "unit/tree/bind_mount.hh"
#include "unit/tree/some_trees.hh"

#include "base/files.hh"
#include "tree/scan.hh"

#include <doctest/doctest.h>

#include <functional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <sys/stat.h>
#include <unistd.h>

namespace scan_faults_test {

using namespace bakehouse;
using namespace bakehouse::support;
using base::Dir;
using base::TempDir;

namespace {

std::vector<std::string> paths_of(const tree::Manifest& manifest) {
  std::vector<std::string> paths;
  for (size_t i = 0; i < manifest.entries.size(); ++i) paths.emplace_back(manifest.entries.path(i));
  return paths;
}

// "path: message", one a line, with the directory's own name cut out.
std::string faults_of(const tree::Scan& scan, const Dir& dir) {
  std::string text;
  for (const auto& [path, message] : scan.faults) {
    std::string line = path.str() + ": " + message + "\n";
    for (size_t at = 0; (at = line.find(dir.path().native() + "/")) != std::string::npos;)
      line.erase(at, dir.path().native().size() + 1);
    text += line;
  }
  return text;
}

tree::ScanOptions reporting() {
  tree::ScanOptions options;
  options.faults = tree::ScanOptions::Faults::report;
  options.workers = 1;
  return options;
}

// Runs `work` when the scan comes to `path`, and leaves nothing out. One worker goes in a known order.
tree::ScanOptions meddling(tree::ScanOptions options, const std::string& path, std::function<void()> work) {
  options.workers = 1;
  options.excluded = [path, work = std::move(work)](const base::TreePath& met) {
    if (met.str() == path) work();
    return false;
  };
  return options;
}

}  // namespace

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

TEST_CASE("what cannot be read is reported, and all else is found") {
  const Place place;
  ::chmod(place.dir().path().c_str(), 0777);
  const std::string outcome = base::as_ordinary_user([&] {
    const Dir dir = place.with("dir", {{"a", File{"x", 0000}},
                                       {"b/c", File{"y"}},
                                       {"b", Folder{0000}},
                                       {"d/e", File{"z", 0000}},
                                       {"f", File{"1"}}});
    const auto found = tree::scan(dir, reporting());
    throw base::Error(base::Fault::input, faults_of(found, dir) + tree::format_manifest(found.manifest));
  });
  const std::string nothing = crypto::Digest().hex();
  CHECK(outcome ==
        "a: cannot open 'a': Permission denied\n"
        "b: cannot open the directory 'b': Permission denied\n"
        "d/e: cannot open 'd/e': Permission denied\n"
        "#mtree\n. type=dir\n"
        "./a type=file mode=00 size=1 time=1700000000.0 sha256digest=" +
            nothing +
            "\n"
            "./b type=dir mode=00\n"
            "./d type=dir mode=0755\n"
            "./d/e type=file mode=00 size=1 time=1700000000.0 sha256digest=" +
            nothing +
            "\n"
            "./f type=file mode=0644 size=1 time=1700000000.0 sha256digest=" +
            crypto::sha256("1").hex() + "\n");
}

TEST_CASE("what vanishes before it was looked at is not part of the tree; what vanishes later is a fault") {
  const struct {
    std::string what;
    std::string when;
    std::string vanishing;
    std::string faults;
    std::vector<std::string> paths;
  } rows[] = {
      {"a file, before", "b", "b", "", {"a", "d", "d/e", "z"}},
      {"a directory, before", "d", "d", "", {"a", "b", "z"}},
      {"a file, before it is read",
       "z",
       "a",
       "a: cannot open 'a': No such file or directory\n",
       {"a", "b", "d", "d/e", "z"}},
      {"a directory, before it is opened",
       "z",
       "d",
       "d: cannot open the directory 'd': No such file or directory\n",
       {"a", "b", "d", "z"}},
  };
  for (const auto& row : rows) {
    CAPTURE(row.what);
    for (const bool is_reported : {true, false}) {
      const Place place;
      const Dir dir =
          place.with("dir", {{"a", File{"1"}}, {"b", File{"2"}}, {"d/e", File{"3"}}, {"z", File{"4"}}});
      const auto options = meddling(is_reported ? reporting() : tree::ScanOptions{}, row.when,
                                    [&] { dir.remove_tree(base::TreePath::parse(row.vanishing)); });
      if (!is_reported && !row.faults.empty()) {
        CHECK(failure([&] { tree::scan(dir, options); }) == Mentions{"No such file or directory"});
        continue;
      }
      const auto found = tree::scan(dir, options);
      CHECK(faults_of(found, dir) == row.faults);
      CHECK(paths_of(found.manifest) == row.paths);
    }
  }
}

TEST_CASE("a directory that became a link meanwhile is not followed") {
  const Place place;
  const Dir dir = place.with("dir", {{"d/e", File{"1"}}, {"z", File{"2"}}});
  place.with("outside", {{"secret", File{"s"}}});
  const auto found = tree::scan(dir, meddling(reporting(), "z", [&] {
                                  dir.remove_tree(base::TreePath::parse("d"));
                                  dir.make_symlink("../outside", base::TreePath::parse("d"));
                                }));
  CHECK(paths_of(found.manifest) == std::vector<std::string>{"d", "z"});
  CHECK(faults_of(found, dir) == Mentions{"d: cannot open the directory 'd'"});
}

TEST_CASE("a directory that contains itself is a fault, and all else is found") {
  const Place place;
  const Dir dir = place.with("dir", {{"a/b/c", File{"1"}}, {"a/loop", Folder{}}, {"z", File{"2"}}});
  const BindMount mount(dir.path() / "a", dir.path() / "a/loop");
  if (!mount.is_there()) {
    MESSAGE("skipped: only root makes mounts");
    return;
  }
  const auto found = tree::scan(dir, reporting());
  CHECK(faults_of(found, dir) == "a/loop: 'a/loop' contains itself: it is 'a' mounted again\n");
  CHECK(paths_of(found.manifest) == std::vector<std::string>{"a", "a/b", "a/b/c", "a/loop", "z"});
  CHECK(failure([&] { tree::scan(dir); }) == Mentions{"'a/loop' contains itself"});
}

TEST_CASE("a mount that is no loop belongs to the tree") {
  const Place place;
  const Dir dir = place.with("dir", {{"mounted", Folder{}}});
  const Dir other = place.with("other", {{"file", File{"x"}}});
  const BindMount mount(other.path(), dir.path() / "mounted");
  if (!mount.is_there()) {
    MESSAGE("skipped: only root makes mounts");
    return;
  }
  CHECK(paths_of(tree::scan(dir).manifest) == std::vector<std::string>{"mounted", "mounted/file"});
}

}  // namespace scan_faults_test
