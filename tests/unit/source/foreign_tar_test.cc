#include "source/foreign_tar.hh"

#include "base/files.hh"
#include "foreign_archive.hh"
#include "support/failure.hh"
#include "support/mentions.hh"
#include "support/tree_literal.hh"

#include <doctest/doctest.h>

#include <string>

namespace foreign_tar_test {

using namespace bakehouse;
using namespace bakehouse::source;
using support::Mentions;
using Type = Item::Type;
namespace fs = std::filesystem;

namespace {

struct Result {
  std::string failure;
  support::Tree tree;
  crypto::Digest digest;
  base::TempDir scratch;
};

Result unpack(const std::string& bytes, const Limits& limits = {}, TarNames names = TarNames::relative) {
  Result result;
  const fs::path file = result.scratch.path() / "x.tar";
  base::write_file(file, bytes);
  const base::Dir to = base::Dir::open_or_make(result.scratch.path() / "outer/to");
  Budget budget(limits);
  result.failure = support::failure(
      [&] { result.digest = unpack_tar(base::open_for_reading(file), "x.tar", to, budget, names); });
  result.tree = support::read_tree(to);
  return result;
}

Result unpack(const std::vector<Item>& items, const Limits& limits = {},
              TarNames names = TarNames::relative) {
  return unpack(tar_of(items), limits, names);
}

std::string content(const support::Tree& tree, const std::string& path) {
  const auto found = tree.find(path);
  REQUIRE_MESSAGE(found != tree.end(), path);
  return std::get<support::File>(found->second).content;
}

uint32_t mode(const support::Tree& tree, const std::string& path) {
  return std::get<support::File>(tree.at(path)).mode;
}

// Of the header of a member of tar. The sum over its bytes must stay right.
void set_byte(std::string& tar, size_t header, size_t field, char byte) {
  const size_t checksum = header + 148;
  const int sum = std::stoi(tar.substr(checksum, 6), nullptr, 8) + byte - tar[header + field];
  tar.replace(checksum, 6, fmt::format("{:06o}", sum));
  tar[header + field] = byte;
}
void retype(std::string& tar, size_t header, char type) { set_byte(tar, header, 156, type); }
void set_link(std::string& tar, size_t header, const std::string& target) {
  for (size_t i = 0; i < target.size(); ++i) set_byte(tar, header, 157 + i, target[i]);
}

std::string numbers(size_t count) {
  std::string text;
  for (size_t i = 0; text.size() < count; ++i) text += std::to_string(i);
  return text;
}

}  // namespace

TEST_CASE("an archive of each dialect and packing becomes the same tree") {
  const std::string large = numbers(300'000);
  for (const Dialect dialect : {Dialect::gnu, Dialect::pax, Dialect::ustar}) {
    for (const Pack pack : {Pack::plain, Pack::gzip, Pack::zstd, Pack::xz}) {
      CAPTURE(static_cast<int>(dialect));
      CAPTURE(static_cast<int>(pack));
      const std::string bytes = tar_of({folder("bin/"),
                                        program("bin/build", "#!/bin/sh\n"),
                                        {"bin/detect", "build", Type::symlink},
                                        {"bin/again", "bin/build", Type::hard_link},
                                        {"large", large},
                                        {"empty", ""}},
                                       pack, dialect);
      const Result result = unpack(bytes);
      CHECK(result.failure == "no failure");
      CHECK(content(result.tree, "large") == large);
      CHECK(content(result.tree, "empty").empty());
      CHECK(mode(result.tree, "large") == 0644);
      // Read in byte order: the first of two names is the file, the other its link.
      CHECK(content(result.tree, "bin/again") == "#!/bin/sh\n");
      CHECK(mode(result.tree, "bin/again") == 0755);
      CHECK(std::get<support::Link>(result.tree.at("bin/detect")).target == "build");
      CHECK(result.digest == crypto::sha256(bytes));
    }
  }
}

TEST_CASE("directories that are not listed, or after what they hold, are made") {
  const Result result = unpack({{"./a/b/c", "x"}, folder("./"), folder("./a/b/")});
  CHECK(result.failure == "no failure");
  CHECK(content(result.tree, "a/b/c") == "x");
}

TEST_CASE("owners, and who else may write, are not taken over") {
  const Result result = unpack({{"open", "x", Type::file, 0666}, {"closed", "x", Type::file, 0700}});
  CHECK(mode(result.tree, "open") == 0644);
  CHECK(mode(result.tree, "closed") == 0755);
}

TEST_CASE("names are bytes") {
  const std::string latin = "caf\xe9";
  const std::string utf8 = "caf\xc3\xa9";
  for (const std::string& name : {latin, utf8}) {
    CAPTURE(name);
    CHECK(content(unpack({{name, "x"}}).tree, name) == "x");
  }
  CHECK(content(unpack(tar_of({{utf8, "x"}}, Pack::plain, Dialect::pax)).tree, utf8) == "x");
  const std::string deep = std::string(150, 'd') + "/" + std::string(150, 'f');
  for (const Dialect dialect : {Dialect::gnu, Dialect::pax})
    CHECK(content(unpack(tar_of({{deep, "x"}}, Pack::plain, dialect)).tree, deep) == "x");
}

TEST_CASE("what a hostile archive holds is refused by name, and nothing is written outside") {
  const struct {
    std::string what;
    std::vector<Item> items;
    std::string said;
  } rows[] = {
      {"a step up", {{"../evil", "x"}}, "'../evil': the path '../evil' has the part '..'"},
      {"a step up inside", {{"a/../../evil", "x"}}, "'a/../../evil'"},
      {"an absolute name", {{"/etc/evil", "x"}}, "'/etc/evil': the path '/etc/evil' is absolute"},
      {"an absolute link", {{"a", "/etc/passwd", Type::symlink}}, "'a': the link leads out of the tree"},
      {"a link that leads out", {{"a/b", "../../x", Type::symlink}}, "'a/b': the link leads out"},
      {"a link of 5000 bytes",
       {{"a", std::string(5000, 'x'), Type::symlink}},
       "'a': the target of the link is"},
      {"a way out by two links",
       {{"d/up", "..", Type::symlink}, {"out", "d/up/..", Type::symlink}},
       "'out': the link leads out"},
      {"a file through a link",
       {{"a", "..", Type::symlink}, {"a/evil", "x"}},
       "'a/evil': '<to>/a' is in the way: it is not a directory"},
      {"a directory over a link", {{"a", "..", Type::symlink}, folder("a/")}, "'a/': the name stands twice"},
      {"a hard link to what is outside",
       {{"a", "../../x.tar", Type::hard_link}},
       "'a': the path '../../x.tar' has the part '..'"},
      {"a hard link to nothing", {{"a", "b", Type::hard_link}}, "'a': it is another name of 'b'"},
      {"a hard link to a link",
       {{"a", "b", Type::symlink}, {"c", "a", Type::hard_link}},
       "'c': it is another name of 'a', which is no file before it"},
      {"a hard link to a directory", {folder("a"), {"c", "a", Type::hard_link}}, "'c': it is another name"},
      {"a device", {{"null", "", Type::device}}, "'null': it is no file, directory or link"},
      {"a pipe", {{"pipe", "", Type::fifo}}, "'pipe': it is no file, directory or link"},
      {"set-user-id", {{"su", "x", Type::file, 04755}}, "'su': set-user-id and set-group-id"},
      {"set-group-id of a directory",
       {{"d", "", Type::directory, 02755}},
       "'d/': set-user-id and set-group-id"},
      {"a name twice", {{"a", "x"}, {"a", "y"}}, "'a': the name stands twice"},
      {"a name in two spellings", {{"a", "x"}, {"./a", "y"}}, "'./a': the name stands twice"},
      {"a file in a file", {{"a", "x"}, {"a/b", "y"}}, "is in the way"},
      {"an empty part", {{"a//b", "x"}}, "has an empty part"},
      {"a file at the top", {{".", "x"}}, "only a directory can stand at the top"},
      {"a long name", {{std::string(300, 'n'), "x"}}, "has a part of 300 bytes (at most 255)"},
      {"a long path",
       {{fmt::format("{0}/{0}/{0}/{0}/{0}/{0}", std::string(200, 'n')), "x"}},
       "the path is 1205 bytes long (at most 1024)"},
  };
  for (const auto& row : rows) {
    CAPTURE(row.what);
    const Result result = unpack(row.items);
    std::string said = row.said;
    if (const size_t place = said.find("<to>"); place != std::string::npos)
      said.replace(place, 4, (result.scratch.path() / "outer/to").native());
    CHECK(result.failure == Mentions{said});
    CHECK(result.failure.starts_with("input: 'x.tar': "));
    CHECK(base::Dir::open(result.scratch.path()).names() == std::vector<std::string>{"outer", "x.tar"});
    CHECK(base::Dir::open(result.scratch.path() / "outer").names() == std::vector<std::string>{"to"});
  }
}

TEST_CASE("an archive that holds more than the limits is refused before it is written") {
  const Limits limits{1000, 3, 100};
  CHECK(unpack({{"a", std::string(600, 'x')}, {"b", std::string(401, 'x')}}, limits).failure ==
        "input: 'x.tar': 'b': the files hold more than 1000 bytes together");
  CHECK(unpack({{"a", ""}, {"b", ""}, {"c", ""}, {"d", ""}}, limits).failure ==
        "input: 'x.tar': 'd': there are more than 3 files and directories");
  CHECK(unpack({{"a", std::string(1000, 'x')}, {"b", ""}, {"c", ""}}, limits).failure == "no failure");
}

TEST_CASE("a bomb is stopped by what it unpacks to, whether or not it holds files") {
  const Limits limits{100'000, 10, 1024};
  const std::string zeros(8 << 20, '\0');
  for (const Pack pack : {Pack::gzip, Pack::zstd, Pack::xz}) {
    CAPTURE(static_cast<int>(pack));
    const std::string bomb = tar_of({{"zeros", zeros}}, pack);
    CHECK(bomb.size() < 100'000);
    CHECK(unpack(bomb, limits).failure ==
          "input: 'x.tar': 'zeros': the files hold more than 100000 bytes together");
  }
  // Content that belongs to no file is passed over.
  const std::string deep = std::string(150, 'd') + "/" + std::string(150, 'f');
  std::string passed = tar_of({{"a", "x"}, {deep, zeros}}, Pack::plain, Dialect::pax);
  const size_t header = passed.size() - 1024 - zeros.size() - 512;
  retype(passed, header, '1');  // another name of what stands before
  set_link(passed, header, "a");
  CHECK(unpack(passed, limits).failure == "input: 'x.tar': it unpacks to more than 140960 bytes");
}

TEST_CASE("a comment on the whole archive is no file, and a stream of them is refused") {
  const std::string file = tar_of({{"a", "x"}});
  std::string comment = tar_of({{"pax_global_header", "12 a=bcdefg\n"}}).substr(0, 1024);
  retype(comment, 0, 'g');
  CHECK(content(unpack(comment + file).tree, "a") == "x");
  std::string comments;
  for (int i = 0; i < 3000; ++i) comments += comment;
  CHECK(unpack(comments + file).failure == "input: 'x.tar': an entry has a name that cannot be read");
}

TEST_CASE("an archive compressed twice is refused") {
  CHECK(unpack(tar_of({{"a", "x"}}, Pack::gzip_twice)).failure ==
        "input: 'x.tar': it is compressed more than once");
}

TEST_CASE("what is no tar archive, or cut off, is refused") {
  for (const std::string& bytes : {std::string(), std::string("x"), numbers(10'000), std::string("PK\3\4")}) {
    CAPTURE(bytes.substr(0, 10));
    CHECK(unpack(bytes).failure == Mentions{"it is no tar archive that can be read"});
  }
  for (const Pack pack : {Pack::plain, Pack::gzip, Pack::zstd, Pack::xz}) {
    CAPTURE(static_cast<int>(pack));
    const std::string whole = tar_of({{"a", numbers(100'000)}}, pack);
    CHECK(unpack(whole.substr(0, whole.size() / 2)).failure == Mentions{"it is no tar archive that can be"});
  }
}

TEST_CASE("a damaged archive is an error or another tree, and never anything else") {
  const std::string whole = tar_of(
      {program("bin/build", "x"), {"l", "bin/build", Type::symlink}, {"h", "bin/build", Type::hard_link}});
  for (size_t place = 0; place < whole.size(); place += 7) {
    for (const int flip : {1, 4, 64, 255}) {
      std::string other = whole;
      other[place] = static_cast<char>(other[place] ^ flip);
      const Result result = unpack(other);
      CAPTURE(place);
      CHECK(base::Dir::open(result.scratch.path() / "outer").names() == std::vector<std::string>{"to"});
      if (result.failure != "no failure") CHECK(result.failure.starts_with("input: "));
    }
  }
}

TEST_CASE("names of an image begin with its top, once") {
  const auto names = TarNames::rooted;
  const Result result =
      unpack({folder("/cnb/"), {"/cnb/a", "x"}, {"cnb/b", "/cnb/a", Type::hard_link}}, {}, names);
  CHECK(result.failure == "no failure");
  CHECK(content(result.tree, "cnb/a") == "x");
  for (const std::string name : {"//cnb/a", "/../a", "/cnb/../../a"}) {
    CAPTURE(name);
    CHECK(unpack({{name, "x"}}, {}, names).failure.starts_with("input: "));
  }
}

}  // namespace foreign_tar_test
