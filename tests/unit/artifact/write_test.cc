#include "artifact/write.hh"

#include "support/failure.hh"
#include "support/mentions.hh"
#include "support/random_tree.hh"
#include "unit/artifact/packed.hh"

#include "artifact/frames.hh"

#include <doctest/doctest.h>

#include <algorithm>
#include <string>

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

namespace write_test {

using namespace bakehouse;
using namespace bakehouse::support;
using base::Dir;
using base::TempDir;

TEST_CASE("what was packed unpacks as it was") {
  Random random(1);
  for (int round = 0; round < 25; ++round) {
    CAPTURE(round);
    const Tree tree = random_tree(random, round == 0 ? 0 : 40);
    const Scene scene(packed(tree));
    CHECK(scene.unpack().entries == manifest_of(tree).entries);
    CHECK(scene.unpacked_tree() == describe_tree(tree));
  }
}

TEST_CASE("checking an archive accepts it and writes nothing") {
  Random random(2);
  const Tree tree = random_tree(random, 40);
  const Scene scene(packed(tree));
  CHECK(scene.check().entries == manifest_of(tree).entries);
  CHECK(scene.unpacked().empty());
}

TEST_CASE("the same tree gives the same bytes, whatever the umask, the directory and the order in it") {
  Random random(3);
  for (int round = 0; round < 5; ++round) {
    CAPTURE(round);
    const Tree tree = random_tree(random, 30);
    const std::string first = packed(tree);
    const mode_t before = ::umask(0077);
    CHECK(packed(tree) == first);
    ::umask(0);
    // Another order in the directory, another owner.
    const TempDir temp;
    const Dir dir = Dir::open_or_make(temp.path() / "a directory with another name");
    Tree rest = tree;
    for (auto row = tree.rbegin(); row != tree.rend(); ++row) {
      if (row->first.find('/') != std::string::npos || !std::holds_alternative<File>(row->second)) continue;
      make_tree(dir, {*row});
      rest.erase(row->first);
    }
    make_tree(dir, rest);
    if (::geteuid() == 0) {
      for (const auto& row : tree) dir.set_owner(base::TreePath::parse(row.first), 1234, 4321);
    }
    pack_directory(dir.path(), temp.path() / "y.tar.zst");
    ::umask(before);
    CHECK(base::read_file(temp.path() / "y.tar.zst", 1 << 30) == first);
  }
}

TEST_CASE("a test's draft of a tree is the archive that packing gives") {
  Random random(4);
  for (int round = 0; round < 5; ++round) {
    CAPTURE(round);
    const Tree tree = round == 0 ? Tree{} : random_tree(random, 12);
    Draft draft = draft_of(tree);
    draft.parts = {some_parts().begin(), some_parts().end()};
    const auto& members = draft.members;
    size_t size = 0;
    for (const auto& member : members) size += member.size();
    if (size > artifact::default_rule.least) continue;  // packing would cut it into several frames
    CHECK(seal(draft, shop_key()) == packed(tree));
  }
}

TEST_CASE("large trees are cut into frames that add up") {
  Random random(5);
  Tree tree{{"huge", File{random.bytes(9 << 20)}}};
  for (int i = 0; i < 5; ++i) tree["file" + std::to_string(i)] = File{random.bytes(700 << 10)};
  const Scene scene(packed(tree));
  scene.unpack();
  CHECK(scene.unpacked_tree() == describe_tree(tree));
  const auto archive = artifact::open_archive(scene.archive(), trust(shop_key()));
  // Manifest and two parts; five frames of at most 2 MiB for "huge"; the files; perhaps the end alone.
  const uint64_t frames = (archive.info.index.size - 12) / 56;
  CHECK(frames >= 3 + 5 + 2);
  CHECK(frames <= 3 + 5 + 5 + 1);
}

TEST_CASE("the seek table says where each frame of the file begins and what it holds") {
  Random random(12);
  const std::string archive = packed({{"a", File{random.bytes(5 << 20)}}, {"b", File{"b"}}});
  const auto u32 = [&](size_t at) {
    uint32_t number = 0;
    for (size_t i = 4; i-- > 0;) number = (number << 8) | static_cast<unsigned char>(archive[at + i]);
    return number;
  };
  const uint32_t count = u32(archive.size() - 9);
  const size_t table = archive.size() - 9 - size_t{8} * count;
  size_t offset = 0;
  for (uint32_t i = 0; i < count; ++i) {
    CAPTURE(i);
    const auto frame = std::string_view(archive).substr(offset, u32(table + 8 * i));
    const uint32_t content = u32(table + 8 * i + 4);
    if (i == 1) {  // the index holds nothing of the tar stream
      CHECK(artifact::skippable_size(frame, artifact::index_magic) == frame.size() - 8);
      CHECK(content == 0);
    } else {
      CHECK(artifact::measure_frame(frame).compressed == frame.size());
      CHECK(artifact::measure_frame(frame).content == content);
    }
    offset += frame.size();
  }
  CHECK(offset + artifact::skippable_header_size == table);
  CHECK(count == 2 + 3 + 3 + 1);  // "a" has three frames of at most 2 MiB, "b" another
}

TEST_CASE("twins are stored once and unpacked as separate files") {
  Random random(6);
  const std::string content = random.bytes(200'000);
  const std::string once = packed({{"a", File{content}}});
  const std::string twice = packed({{"a", File{content}}, {"b/c", File{content}}, {"d", File{content}}});
  CHECK(twice.size() < once.size() + 2000);
  const Scene scene(twice);
  scene.unpack();
  CHECK(scene.unpacked_tree() ==
        describe_tree(Tree{{"a", File{content}}, {"b/c", File{content}}, {"d", File{content}}}));
}

TEST_CASE("release.json says what was packed") {
  const TempDir temp;
  const Tree tree{{"a/b", File{"12345"}}, {"c", File{"123"}}, {"d", Link{"c"}}};
  make_tree(Dir::open_or_make(temp.path() / "tree"), tree);
  const auto said = pack_directory(temp.path() / "tree", temp.path() / "x.tar.zst");
  CHECK(said.entries == 4);
  CHECK(said.bytes == 8);
  CHECK(said.parts.at("bake.yaml").digest == crypto::sha256("name: shop\n"));
  CHECK(said.zstd_level == 9);
  const auto opened = artifact::open_archive(temp.path() / "x.tar.zst", trust(shop_key()));
  CHECK(artifact::encode(opened.info) == artifact::encode(said));
}

TEST_CASE("what changed since it was listed fails the pack, and leaves no archive") {
  const struct {
    std::string what;
    Tree now;
  } rows[] = {
      {"another content", {{"a", File{"other"}}}},
      {"longer", {{"a", File{"first and more"}}}},
      {"shorter", {{"a", File{"fir"}}}},
      {"gone", {}},
      {"a link", {{"a", Link{"b"}}, {"b", File{"first"}}}},
      {"a directory", {{"a", Folder{}}}},
  };
  for (const auto& row : rows) {
    CAPTURE(row.what);
    const TempDir temp;
    make_tree(Dir::open_or_make(temp.path() / "tree"), row.now);
    Dir::open_or_make(temp.path() / "out");
    CHECK(failure([&] {
            pack_directory(temp.path() / "tree", manifest_of({{"a", File{"first"}}}),
                           temp.path() / "out/x.tar.zst");
          }) != "no failure");
    CHECK(describe_tree(temp.path() / "out").empty());
  }
}

TEST_CASE("a failed pack leaves the archive that was there before") {
  const TempDir temp;
  make_tree(Dir::open(temp.path()), {{"tree/a", File{"other"}}, {"out/x.tar.zst", File{"the old one"}}});
  CHECK(failure([&] {
          pack_directory(temp.path() / "tree", manifest_of({{"a", File{"first"}}}),
                         temp.path() / "out/x.tar.zst");
        }) == Mentions{"changed while the release was packed"});
  CHECK(describe_tree(temp.path() / "out") == describe_tree(Tree{{"x.tar.zst", File{"the old one"}}}));
}

TEST_CASE("what no release may hold is refused before anything is written") {
  const TempDir temp;
  make_tree(Dir::open(temp.path()), {{"tree/a", Link{"/etc/passwd"}}, {"out", Folder{}}});
  CHECK(failure([&] { pack_directory(temp.path() / "tree", temp.path() / "out/x.tar.zst"); }) ==
        Mentions{"the link leads out of the tree"});
  CHECK(describe_tree(temp.path() / "out").empty());
}

TEST_CASE("an archive may be named by a relative path") {
  const TempDir temp;
  make_tree(Dir::open(temp.path()), {{"tree/a", File{"1"}}});
  const base::Fd before(::open(".", O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  REQUIRE(::chdir(temp.path().c_str()) == 0);
  CHECK(failure([&] { pack_directory("tree", "x.tar.zst"); }) == "no failure");
  REQUIRE(::fchdir(before.get()) == 0);
}

}  // namespace write_test
