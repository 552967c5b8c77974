#include "artifact/read.hh"

#include "support/failure.hh"
#include "support/mentions.hh"
#include "support/random_tree.hh"
#include "unit/artifact/packed.hh"

#include <doctest/doctest.h>

#include <algorithm>
#include <functional>
#include <set>
#include <string>
#include <vector>

#include <sys/stat.h>

namespace unpack_test {

using namespace bakehouse;
using namespace bakehouse::support;
using artifact::UnpackOptions;
using base::Dir;
using base::TreePath;

namespace {

Tree tree_with_large_files(Random& random) {
  Tree tree = random_tree(random, 25);
  const std::string large = random.bytes(60'000);
  tree["large/a"] = File{large};
  tree["large/b"] = File{random.bytes(16 << 10)};
  tree["large/twin of a"] = File{large};
  tree["twin of a"] = File{large};
  tree["empty"] = File{""};
  tree["sealed/empty"] = File{"", 0400};
  tree["sealed/twin of a"] = File{large};
  tree["sealed"] = Folder{0555};
  return tree;
}

// The stream cut anywhere, as only somebody else's packer would.
void cut_anywhere(Draft& draft, Random& random, uint64_t most) {
  draft.change_frames = [&random, most](std::vector<std::string>& frames) {
    std::string stream;
    for (const auto& frame : frames) stream += frame;
    frames.clear();
    while (!stream.empty()) {
      frames.push_back(stream.substr(0, 1 + random.up_to(most - 1)));
      stream.erase(0, frames.back().size());
    }
  };
}

}  // namespace

TEST_CASE("the tree comes out whatever the workers") {
  Random random(1);
  for (int round = 0; round < 5; ++round) {
    const Tree tree = round == 0 ? Tree{} : tree_with_large_files(random);
    const std::string archive = packed_small(tree);
    for (const unsigned workers : {1U, 2U, 8U}) {
      CAPTURE(round);
      CAPTURE(workers);
      const Scene scene(archive);
      std::vector<uint64_t> done;
      std::set<uint64_t> totals;
      UnpackOptions options;
      options.workers = workers;
      options.progress = [&](uint64_t now, uint64_t total) {
        done.push_back(now);
        totals.insert(total);
      };
      const auto unpacked = scene.unpack_with(options);
      CHECK(unpacked.manifest == manifest_of(tree));
      CHECK(unpacked.linked == 0);
      CHECK(unpacked.skipped == 0);
      CHECK(unpacked.frames == TreeFrames(scene.archive(), tree).count_with_front());
      CHECK(scene.unpacked_tree() == describe_tree(tree));
      CHECK(std::is_sorted(done.begin(), done.end()));
      REQUIRE_FALSE(done.empty());
      CHECK(totals == std::set{done.back()});
      CHECK(artifact::check(artifact::open_archive(scene.archive(), trust(shop_key())), workers) ==
            manifest_of(tree));
    }
  }
}

TEST_CASE("frames may end anywhere: in the manifest, in a header, in content, in zeros") {
  Random random(2);
  for (const uint64_t most : {1, 100, 600, 5000, 100'000}) {
    for (const unsigned workers : {1U, 3U}) {
      CAPTURE(most);
      CAPTURE(workers);
      Tree tree = most == 1 ? Tree{{"a", File{"content"}}, {"empty", File{""}}} : random_tree(random, 6);
      const std::string twin = random.bytes(most == 1 ? 20 : 5000);
      tree["twin/1"] = File{twin};
      tree["twin/2"] = File{twin};
      Draft draft = draft_of(tree);
      draft.parts = {some_parts().begin(), some_parts().end()};
      cut_anywhere(draft, random, most);
      const Scene scene(seal(draft, shop_key()));
      UnpackOptions options;
      options.workers = workers;
      scene.unpack_with(options);
      CHECK(scene.unpacked_tree() == describe_tree(tree));
      CHECK(scene.check() == manifest_of(tree));
    }
  }
}

TEST_CASE("twins are files of their own on the disk") {
  const std::string content(5000, 't');
  const Tree tree{{"a", File{content}}, {"b", File{content}}, {"c", File{content}}};
  const Scene scene(packed_small(tree));
  scene.unpack();
  const Dir to = Dir::open(scene.path("around/to"));
  for (const char* name : {"a", "b", "c"}) CHECK(to.stat(TreePath::parse(name))->links == 1);
}

TEST_CASE("checking reads every frame") {
  Random random(3);
  const Tree tree = tree_with_large_files(random);
  const std::string archive = packed_small(tree);
  const size_t count = TreeFrames(Scene(archive).archive(), tree).count();
  REQUIRE(count > 10);
  for (size_t i = 0; i < count; ++i) {
    CAPTURE(i);
    const Scene scene(archive);
    const TreeFrames frames(scene.archive(), tree);
    frames.damage(i);
    const size_t number = frames.count_with_front() - count + i + 1;
    CHECK(failure([&] { scene.check(); }) == Mentions{"frame " + std::to_string(number) + ": damaged"});
  }
}

TEST_CASE("of several damaged frames the first is named, whatever the workers") {
  Random random(4);
  const Tree tree = tree_with_large_files(random);
  const Scene scene(packed_small(tree));
  const TreeFrames frames(scene.archive(), tree);
  for (size_t i = frames.count() / 3; i < frames.count(); ++i) frames.damage(i);
  const std::string first =
      std::to_string(frames.count_with_front() - frames.count() + frames.count() / 3 + 1);
  for (const unsigned workers : {1U, 2U, 8U}) {
    for (int round = 0; round < 10; ++round) {
      CAPTURE(workers);
      CHECK(failure([&] {
              artifact::check(artifact::open_archive(scene.archive(), trust(shop_key())), workers);
            }) == Mentions{"frame " + first + ": damaged"});
    }
  }
}

namespace {

// An archive whose files of these names hold another content than the manifest says, of the same size; of
// an empty one the manifest says a wrong digest.
std::string with_wrong(const Tree& tree, const std::vector<std::string>& names, uint64_t frame) {
  Random random(5);
  Draft draft = draft_of(tree);
  tree::Manifest manifest = manifest_of(tree);
  for (const std::string& name : names) {
    const size_t i = *manifest.index_of(name);
    std::string content = std::get<File>(tree.at(name)).content;
    if (content.empty()) {
      manifest.entries.set_digest(i, crypto::sha256("something"));
    } else {
      content.back() ^= 1;
      draft.members[i] = member_bytes(manifest.entries[i], std::nullopt, content);
    }
  }
  draft.manifest = tree::format_manifest(manifest);
  cut_anywhere(draft, random, frame);
  return seal(draft, shop_key());
}

}  // namespace

TEST_CASE("of several files that are wrong the first in the archive is named, whatever the workers") {
  Random random(6);
  Tree tree;
  for (int i = 10; i < 60; ++i)
    tree["file " + std::to_string(i)] = File{random.bytes(100 + random.up_to(3000))};
  for (int i = 10; i < 60; ++i) tree["nothing " + std::to_string(i)] = File{""};
  const struct {
    std::vector<std::string> wrong;
    std::string named;
  } rows[] = {
      {{"file 13", "file 14", "file 40", "nothing 11"}, "'file 13': its digest differs"},
      {{"file 59", "nothing 10"}, "'file 59': its digest differs"},
      {{"nothing 59", "nothing 12", "nothing 33"}, "'nothing 12': its digest differs"},
  };
  for (const auto& row : rows) {
    // Each file in several frames, each in one, all in one.
    for (const uint64_t frame : {400, 4000, 1 << 20}) {
      const std::string archive = with_wrong(tree, row.wrong, frame);
      for (const unsigned workers : {1U, 2U, 8U}) {
        CAPTURE(row.named);
        CAPTURE(frame);
        CAPTURE(workers);
        const Scene scene(archive);
        UnpackOptions options;
        options.workers = workers;
        CHECK(failure([&] { scene.unpack_with(options); }) == Mentions{row.named});
      }
    }
  }
}

TEST_CASE("the index learns of every file that is written, and of no empty one") {
  Random random(7);
  const Tree tree = tree_with_large_files(random);
  const Scene scene(packed_small(tree));
  tree::StatIndex index;
  UnpackOptions options;
  options.index = &index;
  const auto unpacked = scene.unpack_with(options);
  const Dir to = Dir::open(scene.path("around/to"));
  for (const tree::Entry& entry : unpacked.manifest.entries) {
    if (entry.type != base::FileType::regular || entry.size == 0) continue;
    CAPTURE(entry.path.str());
    CHECK(index.find(tree::identity_of(*to.stat(entry.path))) == entry.digest);
  }
}

TEST_CASE("what is there already is not written over") {
  const Tree tree{{"a", File{"new"}}, {"empty", File{""}}};
  for (const Tree& there : {Tree{{"a", File{"mine"}}}, Tree{{"a", Link{"b"}}, {"b", File{"mine"}}},
                            Tree{{"empty", File{"mine"}}}, Tree{{".bakehouse", Folder{}}}}) {
    const Scene scene(packed_small(tree));
    const Dir to = Dir::open(scene.path("around/to"));
    make_tree(to, there);
    CHECK(failure([&] { scene.unpack(); }) == Mentions{"exists"});
    for (const auto& [path, node] : there) {
      if (const auto* file = std::get_if<File>(&node))
        CHECK(to.read_file(TreePath::parse(path), 100) == file->content);
    }
  }
}

namespace {

bool share_all(const tree::Entry&, const base::FileStat&) { return true; }

// A new release where an older tree is deployed.
struct Upgrade {
  Upgrade(const Tree& old_tree, const Tree& new_tree)
      : wanted(new_tree), scene(packed_small(new_tree)), old(Dir::open_or_make(scene.path("old"))) {
    make_tree(old, old_tree);
    old_manifest = manifest_of(old_tree);
  }

  artifact::Unpacked unpack(unsigned workers = 2) const {
    const tree::Lender lender{old, old_manifest, share_all};
    UnpackOptions options;
    options.lender = &lender;
    options.workers = workers;
    return scene.unpack_with(options);
  }

  TreeFrames frames() const { return {scene.archive(), wanted}; }
  bool is_linked(const std::string& path) const {
    struct ::stat there {};
    struct ::stat before {};
    return ::lstat(scene.path("around/to/" + path).c_str(), &there) == 0 &&
           ::lstat(scene.path("old/" + path).c_str(), &before) == 0 && there.st_ino == before.st_ino;
  }

  // Frames of what must be written: those that hold any of a file that is not linked, and not as a twin.
  std::set<size_t> needed(const std::vector<std::string>& written) const {
    std::set<size_t> found;
    for (const auto& path : written) {
      for (const size_t i : frames().holding(path)) found.insert(i);
    }
    return found;
  }

  Tree wanted;
  Scene scene;
  Dir old;
  tree::Manifest old_manifest;
};

// With the time it had.
void write_again(const Dir& dir, const TreePath& path, const std::string& content) {
  dir.remove_file(path);
  const base::Fd file = dir.create_file(path, 0644);
  base::write_all(file, content, path.str());
  base::set_mtime(file, some_time, path.str());
}

// Ten files of several frames, and many small ones.
Tree many_files(uint64_t seed) {
  Random random(seed);
  Tree tree;
  for (int i = 0; i < 10; ++i)
    tree["large/" + std::to_string(i)] = File{random.bytes(40'000 + random.up_to(5000))};
  for (int i = 100; i < 200; ++i)
    tree["small/" + std::to_string(i)] = File{random.bytes(1000 + random.up_to(500))};
  tree["empty"] = File{""};
  tree["link"] = Link{"large/1"};
  return tree;
}

}  // namespace

TEST_CASE("what an older tree holds is linked, and the frames that those files alone need are not read") {
  const Tree old = many_files(10);
  Tree tree = old;
  const std::vector<std::string> changed{"large/3", "small/150"};
  for (const auto& path : changed) std::get<File>(tree[path]).content.back() ^= 1;
  std::get<File>(tree["small/101"]).mode = 0755;
  std::get<File>(tree["small/199"]).time = some_time - 5;
  tree["small/new"] = File{"something new"};
  const std::vector<std::string> written{"large/3", "small/150", "small/101", "small/199", "small/new"};
  for (const unsigned workers : {1U, 2U, 8U}) {
    CAPTURE(workers);
    const Upgrade upgrade(old, tree);
    const auto needed = upgrade.needed(written);
    const TreeFrames frames = upgrade.frames();
    REQUIRE(needed.size() < frames.count() / 2);
    // Nobody looks at the others, so it does no harm that they are damaged.
    for (size_t i = 0; i < frames.count(); ++i) {
      if (!needed.contains(i)) frames.damage(i);
    }
    const auto unpacked = upgrade.unpack(workers);
    CHECK(upgrade.scene.unpacked_tree() == describe_tree(tree));
    CHECK(unpacked.skipped == frames.count() - needed.size());
    CHECK(unpacked.frames == frames.count_with_front());
    CHECK(unpacked.linked == 10 + 100 + 1 - 4);
    for (const auto& row : tree) {
      CAPTURE(row.first);
      const bool is_written = std::find(written.begin(), written.end(), row.first) != written.end();
      if (std::holds_alternative<File>(row.second)) CHECK(upgrade.is_linked(row.first) != is_written);
    }
  }
}

TEST_CASE("a damaged frame that is needed is refused, each of them") {
  const Tree old = many_files(11);
  Tree tree = old;
  std::get<File>(tree["large/3"]).content[30'000] ^= 1;
  for (const size_t i : Upgrade(old, tree).needed({"large/3"})) {
    CAPTURE(i);
    const Upgrade upgrade(old, tree);
    upgrade.frames().damage(i);
    CHECK(failure([&] { upgrade.unpack(); }) == Mentions{": damaged"});
  }
}

TEST_CASE("of a tree that is there no frame is read") {
  const Tree tree = many_files(12);
  const Upgrade upgrade(tree, tree);
  const TreeFrames frames = upgrade.frames();
  for (size_t i = 0; i < frames.count(); ++i) frames.damage(i);
  const auto unpacked = upgrade.unpack();
  CHECK(unpacked.skipped == frames.count());
  CHECK(unpacked.linked == 111);
  CHECK(upgrade.scene.unpacked_tree() == describe_tree(tree));
  CHECK(describe_tree(upgrade.old) == describe_tree(tree));
}

TEST_CASE("a lender of nothing lends nothing, and all that holds content is read") {
  const Tree tree = many_files(13);
  const Upgrade upgrade({}, tree);
  const auto unpacked = upgrade.unpack();
  CHECK(unpacked.linked == 0);
  CHECK(unpacked.skipped <= 1);  // the end of the stream alone
  CHECK(upgrade.scene.unpacked_tree() == describe_tree(tree));
}

TEST_CASE("a file that is not what the lender's manifest says is written from the archive") {
  const Tree tree = many_files(14);
  const struct {
    std::string what;
    std::function<void(const Dir&, const TreePath&)> change;
  } rows[] = {
      {"another content of that size and time",
       [](const Dir& dir, const TreePath& path) {
         std::string content = dir.read_file(path, 1 << 20);
         content.back() ^= 1;
         write_again(dir, path, content);
       }},
      {"longer",
       [](const Dir& dir, const TreePath& path) {
         const std::string content = dir.read_file(path, 1 << 20);
         write_again(dir, path, content + "x");
       }},
      {"another mode", [](const Dir& dir, const TreePath& path) { dir.set_mode(path, 0666); }},
      {"another time", [](const Dir& dir, const TreePath& path) { dir.set_mtime(path, some_time + 1); }},
      {"gone", [](const Dir& dir, const TreePath& path) { dir.remove_file(path); }},
      {"gone with its directory",
       [](const Dir& dir, const TreePath& path) { dir.remove_tree(path.parent()); }},
      {"a link",
       [](const Dir& dir, const TreePath& path) {
         dir.rename(path, TreePath::parse("elsewhere"));
         dir.make_symlink("../elsewhere", path);
       }},
      {"behind a link",
       [](const Dir& dir, const TreePath& path) {
         dir.rename(path.parent(), TreePath::parse("elsewhere"));
         dir.make_symlink("elsewhere", path.parent());
       }},
  };
  for (const auto& row : rows) {
    for (const std::string path : {"large/5", "small/150"}) {
      CAPTURE(row.what);
      CAPTURE(path);
      const Upgrade upgrade(tree, tree);
      row.change(upgrade.old, TreePath::parse(path));
      const auto unpacked = upgrade.unpack();
      CHECK_FALSE(upgrade.is_linked(path));
      CHECK(unpacked.linked <= 110);
      CHECK(upgrade.scene.unpacked_tree() == describe_tree(tree));
    }
  }
}

TEST_CASE("twins and lent files go together, whichever of them is lent") {
  Random random(15);
  const std::string content = random.bytes(50'000);
  const Tree tree{{"a", File{content}}, {"b", File{content}}, {"c", File{content}}, {"d", File{"small"}}};
  const struct {
    std::string lent;
    bool is_read;
  } rows[] = {{"a", false},  {"b", true},  {"c", true},   {"ab", false},
              {"ac", false}, {"bc", true}, {"abc", false}};
  for (const auto& row : rows) {
    CAPTURE(row.lent);
    Tree old;
    for (const char name : row.lent) old[std::string(1, name)] = File{content};
    const Upgrade upgrade(old, tree);
    const auto needed =
        upgrade.needed(row.is_read ? std::vector<std::string>{"a", "d"} : std::vector<std::string>{"d"});
    const auto unpacked = upgrade.unpack();
    CHECK(unpacked.linked == row.lent.size());
    CHECK(unpacked.skipped == upgrade.frames().count() - needed.size());
    CHECK(upgrade.scene.unpacked_tree() == describe_tree(tree));
    for (const char name : {'a', 'b', 'c'})
      CHECK(upgrade.is_linked(std::string(1, name)) == (row.lent.find(name) != row.lent.npos));
  }
}

TEST_CASE("what is wrong with the length of an archive is refused with a lender too") {
  const Tree tree{{"a", File{"content"}}, {"b", File{std::string(5000, 'b')}}};
  const struct {
    std::string what;
    std::function<void(std::vector<std::string>&)> change;
    std::string said;
  } rows[] = {
      {"one frame more", [](auto& frames) { frames.push_back("x"); }, "the archive goes on after its end"},
      {"more in the last frame", [](auto& frames) { frames.back() += "x"; },
       "the archive goes on after its end"},
      {"zeros", [](auto& frames) { frames.push_back(std::string(512, '\0')); },
       "the archive goes on after its end"},
      {"less", [](auto& frames) { frames.back().pop_back(); }, "the archive ends before its manifest does"},
      {"no tree", [](auto& frames) { frames.pop_back(); }, "the archive ends before its manifest does"},
  };
  for (const auto& row : rows) {
    for (const bool is_lent : {false, true}) {
      CAPTURE(row.what);
      CAPTURE(is_lent);
      Draft draft = draft_of(tree);
      draft.change_frames = row.change;
      const Scene scene(seal(draft, shop_key()));
      const Dir old = Dir::open_or_make(scene.path("old"));
      make_tree(old, tree);
      const tree::Manifest manifest = manifest_of(tree);
      const tree::Lender lender{old, manifest, share_all};
      UnpackOptions options;
      if (is_lent) options.lender = &lender;
      CHECK(failure([&] { scene.unpack_with(options); }) == Mentions{row.said});
    }
  }
}

}  // namespace unpack_test
