#include "artifact/tar.hh"

#include "support/archive_draft.hh"
#include "support/random_tree.hh"

#include "base/files.hh"

#include <doctest/doctest.h>

#include <algorithm>
#include <array>
#include <cstdio>
#include <cstdlib>
#include <memory>
#include <sstream>

namespace tar_test {

using namespace bakehouse;
using namespace bakehouse::support;
using base::TempDir;
using base::TreePath;

namespace {

// What GNU tar lists of a stream that holds these members alone: one line each, names escaped.
std::string gnu_tar_lists(const std::string& stream) {
  const TempDir temp;
  const auto file = temp.path() / "stream.tar";
  base::write_file(file, stream + std::string(artifact::tar_end_size, '\0'));
  const std::string command =
      "LC_ALL=C TZ=UTC tar --quoting-style=escape --numeric-owner --full-time -tvf '" + file.native() +
      "' 2>&1";
  const std::unique_ptr<FILE, decltype([](FILE* pipe) { ::pclose(pipe); })> pipe(
      ::popen(command.c_str(), "re"));
  std::string text;
  std::array<char, 4096> buffer;
  while (const size_t count = std::fread(buffer.data(), 1, buffer.size(), pipe.get()))
    text.append(buffer.data(), count);
  // Columns are as wide as the widest size so far.
  text.erase(std::unique(text.begin(), text.end(), [](char a, char b) { return a == ' ' && b == ' '; }),
             text.end());
  return text;
}

tree::Entry file(const std::string& path, uint64_t size, uint32_t mode = 0644,
                 base::Seconds time = some_time) {
  tree::Entry entry;
  entry.path = TreePath::parse(path);
  entry.size = size;
  entry.mode = mode;
  entry.time = time;
  entry.digest = crypto::sha256(path);
  return entry;
}

tree::Entry link_entry(const std::string& path, const std::string& target) {
  tree::Entry entry;
  entry.path = TreePath::parse(path);
  entry.type = base::FileType::symlink;
  entry.mode = 0777;
  entry.link = target;
  return entry;
}

tree::Entry folder(const std::string& path, uint32_t mode) {
  tree::Entry entry;
  entry.path = TreePath::parse(path);
  entry.type = base::FileType::directory;
  entry.mode = mode;
  return entry;
}

std::string header(const tree::Entry& entry, const std::optional<std::string>& twin = {}) {
  return artifact::tar_entry(entry, twin, some_time).header;
}

std::string with_content(const tree::Entry& entry) {
  return header(entry) + std::string(entry.size + artifact::tar_padding(entry.size), 'x');
}

}  // namespace

TEST_CASE("GNU tar lists what each kind of entry is") {
  const std::string when = " 2023-11-14 22:13:20 ";
  CHECK(gnu_tar_lists(header(folder("bin", 0755))) == "drwxr-xr-x 0/0 0" + when + "bin/\n");
  CHECK(gnu_tar_lists(header(folder("tmp", 01777))) == "drwxrwxrwt 0/0 0" + when + "tmp/\n");
  CHECK(gnu_tar_lists(with_content(file("bin/run", 513, 0755))) == "-rwxr-xr-x 0/0 513" + when + "bin/run\n");
  CHECK(gnu_tar_lists(with_content(file("empty", 0, 0400))) == "-r-------- 0/0 0" + when + "empty\n");
  CHECK(gnu_tar_lists(header(link_entry("l", "bin/run"))) == "lrwxrwxrwx 0/0 0" + when + "l -> bin/run\n");
  const tree::Entry first = file("a", 5);
  CHECK(gnu_tar_lists(with_content(first) + header(file("b", 5), first.path.str())) ==
        "-rw-r--r-- 0/0 5" + when + "a\nhrw-r--r-- 0/0 0" + when + "b link to a\n");
  CHECK(gnu_tar_lists(artifact::tar_part("manifest", 0, some_time).header) ==
        "-rw-r--r-- 0/0 0" + when + ".bakehouse/manifest\n");
}

TEST_CASE("GNU tar reads every time that a file may have") {
  const struct {
    base::Seconds time;
    std::string listed;
  } rows[] = {
      {0, "1970-01-01 00:00:00"},
      {077777777777, "2242-03-16 12:56:31"},      // the last in octal digits
      {077777777777 + 1, "2242-03-16 12:56:32"},  // the first in bytes
      {-1, "1969-12-31 23:59:59"},
      {-1'000'000'000, "1938-04-24 22:13:20"},
  };
  for (const auto& row : rows) {
    CAPTURE(row.time);
    CHECK(gnu_tar_lists(header(file("f", 0, 0644, row.time))) ==
          std::string("-rw-r--r-- 0/0 0 ") + row.listed + " f\n");
  }
}

TEST_CASE("GNU tar reads a size of any number of bytes") {
  for (const uint64_t size : {uint64_t{077777777777}, uint64_t{0100000000000}, uint64_t{1} << 50}) {
    CAPTURE(size);
    // Only the header: the listing is printed before the content is missed.
    const std::string listed = gnu_tar_lists(header(file("huge", size)));
    CHECK(listed.starts_with("-rw-r--r-- 0/0 " + std::to_string(size) + " 2023-11-14 22:13:20 huge\n"));
    CHECK(artifact::tar_entry(file("huge", size), std::nullopt, some_time).content == size);
  }
}

TEST_CASE("GNU tar reads names and targets of any length") {
  for (const size_t length : {1, 99, 100, 101, 255, 256, 511, 512, 513, 1000, 4000}) {
    CAPTURE(length);
    std::string name;
    while (name.size() < length) name += name.size() % 100 == 99 && name.size() + 1 < length ? '/' : 'n';
    CHECK(gnu_tar_lists(header(file(name, 0))) == "-rw-r--r-- 0/0 0 2023-11-14 22:13:20 " + name + "\n");
    CHECK(gnu_tar_lists(header(folder(name, 0755))) ==
          "drwxr-xr-x 0/0 0 2023-11-14 22:13:20 " + name + "/\n");
    CHECK(gnu_tar_lists(header(link_entry(name, name))) ==
          "lrwxrwxrwx 0/0 0 2023-11-14 22:13:20 " + name + " -> " + name + "\n");
    const tree::Entry first = file(name, 0);
    CHECK(gnu_tar_lists(header(file("twin", 0), first.path.str())) ==
          "hrw-r--r-- 0/0 0 2023-11-14 22:13:20 twin link to " + name + "\n");
    CHECK(header(file(name, 0)).size() % artifact::tar_block == 0);
  }
}

TEST_CASE("GNU tar reads names of any bytes") {
  const struct {
    std::string name;
    std::string listed;
  } rows[] = {{"a b", "a b"},     {"\n", "\\n"},  {"\\", "\\\\"},    {"\xff\xfe", "\\377\\376"},
              {"#*?[]", "#*?[]"}, {"-rf", "-rf"}, {"\x7f", "\\177"}, {"\xc3\xa9", "\\303\\251"}};
  for (const auto& row : rows) {
    CAPTURE(row.listed);
    CHECK(gnu_tar_lists(header(file(row.name, 0))) ==
          std::string("-rw-r--r-- 0/0 0 2023-11-14 22:13:20 ") + row.listed + "\n");
  }
}

TEST_CASE("GNU tar lists a random tree as the manifest does") {
  Random random(77);
  for (int round = 0; round < 10; ++round) {
    CAPTURE(round);
    const Tree tree = random_tree(random, 30);
    const Draft draft = draft_of(tree);
    std::string stream;
    for (const std::string& member : draft.members) stream += member;
    std::istringstream lines(gnu_tar_lists(stream));
    size_t count = 0;
    for (std::string line; std::getline(lines, line);) {
      CAPTURE(line);
      REQUIRE(count < draft.info.entries);
      const tree::Entry entry = manifest_of(tree).entries[count++];
      const bool is_file = line[0] == '-' || line[0] == 'h';
      CHECK((line[0] == 'd') == (entry.type == base::FileType::directory));
      CHECK((line[0] == 'l') == (entry.type == base::FileType::symlink));
      CHECK(is_file == (entry.type == base::FileType::regular));
      if (line[0] == '-') CHECK(line.substr(11).starts_with("0/0 " + std::to_string(entry.size) + " "));
    }
    CHECK(count == draft.info.entries);
  }
}

TEST_CASE("padding fills the last block") {
  CHECK(artifact::tar_padding(0) == 0);
  CHECK(artifact::tar_padding(1) == 511);
  CHECK(artifact::tar_padding(511) == 1);
  CHECK(artifact::tar_padding(512) == 0);
  CHECK(artifact::tar_padding(513) == 511);
  CHECK(artifact::tar_padding((uint64_t{1} << 40) + 5) == 507);
}

TEST_CASE("a twin is the first earlier file of equal content, mode and time") {
  const std::string same(artifact::smallest_twin, 's');
  const std::string small(artifact::smallest_twin - 1, 's');
  const tree::Manifest manifest = manifest_of({{"a", File{same}},
                                               {"b", File{same, 0755}},
                                               {"c", File{same, 0644, 5}},
                                               {"d", File{same}},
                                               {"e", Folder{}},
                                               {"e/f", File{same}},
                                               {"g", File{same, 0755}},
                                               {"h", File{std::string(artifact::smallest_twin, 'o')}},
                                               {"i", Link{"same"}},
                                               {"j", Link{"same"}},
                                               {"k", File{""}},
                                               {"l", File{""}},
                                               {"m", File{small}},
                                               {"n", File{small}}});
  std::string twins;
  const auto found = artifact::find_twins(manifest);
  REQUIRE(found.size() == manifest.entries.size());
  for (size_t i = 0; i < found.size(); ++i) {
    const auto twin = artifact::twin_of(manifest, found, i);
    if (twin) twins += manifest.entries[i].path.str() + "=" + *twin + " ";
  }
  CHECK(twins == "d=a e/f=a g=b ");
  CHECK(artifact::find_twins({}).empty());
}

}  // namespace tar_test
