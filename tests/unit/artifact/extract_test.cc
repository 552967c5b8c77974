#include "support/failure.hh"
#include "support/mentions.hh"
#include "support/random_tree.hh"
#include "unit/artifact/packed.hh"
#include "unit/base/ordinary_user.hh"

#include <doctest/doctest.h>

#include <algorithm>
#include <set>
#include <string>
#include <vector>

#include <sys/stat.h>

namespace extract_test {

using namespace bakehouse;
using namespace bakehouse::support;
using base::Dir;
using base::TreePath;

namespace {

uint64_t extract(const Scene& scene, const std::vector<std::string>& paths) {
  std::vector<TreePath> parsed;
  parsed.reserve(paths.size());
  for (const auto& path : paths) parsed.push_back(TreePath::parse(path));
  const auto archive = artifact::open_archive(scene.archive(), trust(shop_key()));
  return artifact::extract(archive, parsed, Dir::open(scene.path("around/to")));
}

// One archive for all tests, packed once.
struct Shelf {
  Shelf() : archive(packed_small(tree())) {}

  static Tree tree() {
    Random random(1);
    const std::string large = random.bytes(60'000);
    Tree all{{"a-b", File{"beside"}},
             {"a.b/in", File{"beside, too"}},
             {"a/empty", File{"", 0600}},
             {"a/large", File{large, 0755, some_time - 9}},
             {"a/link", Link{"large"}},
             {"a/sub/deep/file", File{"deep", 0444}},
             {"a/sub/deep", Folder{0555}},
             {"a/sub", Folder{0700}},
             {"a0", File{"beside as well"}},
             {"twin/first", File{random.bytes(30'000)}},
             {"twin/large", File{large, 0755, some_time - 9}},
             {"z/last", File{random.bytes(40'000)}}};
    for (int i = 0; i < 100; ++i) all["m/" + std::to_string(i)] = File{random.bytes(1000)};
    return all;
  }

  std::string archive;
};

const Shelf& shelf() {
  static const Shelf all;
  return all;
}

// The part of the tree at these paths, which hold one another or do not, and the folders on the way.
Tree part_of(const std::vector<std::string>& paths) {
  Tree part;
  for (const auto& [path, node] : Shelf::tree()) {
    for (const auto& wanted : paths) {
      if (TreePath::parse(path).is_within(TreePath::parse(wanted))) part[path] = node;
    }
  }
  return part;
}

}  // namespace

TEST_CASE("the entries of a path come out, with all below it and nothing beside it") {
  const struct {
    std::vector<std::string> paths;
    uint64_t count;
  } rows[] = {
      {{"a-b"}, 1},
      {{"a"}, 7},
      {{"a/large"}, 1},
      {{"a/empty"}, 1},
      {{"a/sub"}, 3},
      {{"a/link"}, 1},
      {{"a.b"}, 2},
      {{"a0"}, 1},
      {{"twin/large"}, 1},
      {{"twin"}, 3},
      {{"m"}, 101},
      {{"z/last", "a/large", "m/5"}, 3},
      {{"a/sub/deep", "a-b"}, 3},
      {{}, 0},
  };
  for (const auto& row : rows) {
    const std::string first = row.paths.empty() ? "" : row.paths[0];
    CAPTURE(first);
    const Scene scene(shelf().archive);
    CHECK(extract(scene, row.paths) == row.count);
    CHECK(scene.unpacked() == describe_tree(part_of(row.paths)));
  }
}

TEST_CASE("what several paths ask for comes out once") {
  for (const std::vector<std::string>& paths : {std::vector<std::string>{"a", "a/sub/deep/file"},
                                                {"a/sub/deep/file", "a"},
                                                {"a/sub", "a"},
                                                {"a", "a"}}) {
    const Scene scene(shelf().archive);
    CHECK(extract(scene, paths) == 7);
    CHECK(scene.unpacked() == describe_tree(part_of({"a"})));
  }
}

TEST_CASE("a random part of a random tree comes out as it was") {
  Random random(2);
  for (int round = 0; round < 15; ++round) {
    CAPTURE(round);
    const Tree tree = random_tree(random, 30);
    if (tree.empty()) continue;
    const Scene scene(packed_small(tree));
    const auto chosen = std::next(tree.begin(), static_cast<std::ptrdiff_t>(random.up_to(tree.size() - 1)));
    Tree part;
    for (const auto& row : tree) {
      if (TreePath::parse(row.first).is_within(TreePath::parse(chosen->first))) part.insert(row);
    }
    CHECK(extract(scene, {chosen->first}) ==
          manifest_of(part).entries.size() -
              static_cast<size_t>(std::count(chosen->first.begin(), chosen->first.end(), '/')));
    // Folders on the way are made as folders are.
    CHECK(scene.unpacked() == describe_tree(part));
  }
}

TEST_CASE("nothing is read but the frames that hold what is asked for") {
  const struct {
    std::string path;
    std::string holder;
  } rows[] = {{"a-b", "a-b"},   {"a/large", "a/large"}, {"a/empty", "a/empty"}, {"twin/large", "a/large"},
              {"m/77", "m/77"}, {"z/last", "z/last"}};
  for (const auto& row : rows) {
    CAPTURE(row.path);
    const Scene scene(shelf().archive);
    const TreeFrames frames(scene.archive(), Shelf::tree());
    const auto holding = frames.holding(row.holder);
    for (size_t i = 0; i < frames.count(); ++i) {
      if (std::find(holding.begin(), holding.end(), i) == holding.end()) frames.damage(i);
    }
    CHECK(failure([&] { extract(scene, {row.path}); }) == "no failure");
    CHECK(scene.unpacked() == describe_tree(part_of({row.path})));
    for (const size_t i : holding) {
      const Scene damaged(shelf().archive);
      TreeFrames(damaged.archive(), Shelf::tree()).damage(i);
      CHECK(failure([&] { extract(damaged, {row.path}); }) == Mentions{": damaged"});
    }
  }
}

TEST_CASE("for links and directories no frame is read") {
  const Scene scene(packed_small({{"dir/in", Folder{0700}}, {"link", Link{"dir"}}, {"x", File{"x"}}}));
  TreeFrames(scene.archive(), {{"dir/in", Folder{0700}}, {"link", Link{"dir"}}, {"x", File{"x"}}}).damage(0);
  CHECK(extract(scene, {"dir", "link"}) == 3);
  CHECK(scene.unpacked() == describe_tree(Tree{{"dir/in", Folder{0700}}, {"link", Link{"dir"}}}));
}

TEST_CASE("a path that the archive does not list is named, and nothing is written") {
  for (const std::string path :
       {"b", "a/larg", "a/large/x", "a/sub/deep/file2", ".bakehouse/manifest", "A"}) {
    CAPTURE(path);
    const Scene scene(shelf().archive);
    const std::string said = failure([&] { extract(scene, {"a/large", path}); });
    CHECK(said == Mentions{"it holds no '" + path + "'"});
    CHECK(said.starts_with("input: the archive '"));
    CHECK(scene.unpacked().empty());
  }
}

TEST_CASE("extracting writes over nothing that is there") {
  const struct {
    std::string path;
    Tree there;
  } rows[] = {
      {"a-b", {{"a-b", File{"mine"}}}},
      {"a-b", {{"a-b", Link{"other"}}, {"other", File{"mine"}}}},
      {"a-b", {{"a-b", Folder{}}}},
      {"a/link", {{"a/link", File{"mine"}}}},
      {"a", {{"a", Folder{}}}},
      {"a/large", {{"a", File{"mine"}}}},
      {"a/large", {{"a", Link{"b"}}, {"b", Folder{}}}},
  };
  for (const auto& row : rows) {
    CAPTURE(row.path);
    const Scene scene(shelf().archive);
    make_tree(Dir::open(scene.path("around/to")), row.there);
    CHECK(failure([&] { extract(scene, {row.path}); }) != "no failure");
    CHECK(scene.unpacked() == describe_tree(row.there));
  }
}

TEST_CASE("what is extracted stands beside what is there") {
  const Scene scene(shelf().archive);
  make_tree(Dir::open(scene.path("around/to")), {{"a/mine", File{"mine"}}, {"a", Folder{0711}}});
  CHECK(extract(scene, {"a/sub"}) == 3);
  Tree expected = part_of({"a/sub"});
  expected["a/mine"] = File{"mine"};
  expected["a"] = Folder{0711};
  CHECK(scene.unpacked() == describe_tree(expected));
}

TEST_CASE("an ordinary user extracts directories that nobody may write") {
  const Scene scene(shelf().archive);
  for (const char* path : {"", "around", "around/to"}) ::chmod(scene.path(path).c_str(), 0777);
  CHECK(base::as_ordinary_user([&] { extract(scene, {"a"}); }) == "");
  const Dir made = Dir::open(scene.path("around/to/a/sub"));
  CHECK(made.stat(TreePath::parse("deep"))->mode == 0555);
  CHECK(made.read_file(TreePath::parse("deep/file"), 100) == "deep");
}

TEST_CASE("a file that is wrong is named when it is extracted, whichever frame holds it") {
  const Tree tree{{"a", File{"content"}}, {"b", File{"right"}}};
  Draft draft = draft_of(tree);
  const tree::Manifest manifest = manifest_of(tree);
  draft.members[0] = member_bytes(manifest.entries[0], std::nullopt, "another");
  const Scene scene(seal(draft, shop_key()));
  CHECK(failure([&] { extract(scene, {"a"}); }) == Mentions{"'a': its digest differs"});
  CHECK(extract(scene, {"b"}) == 1);
  draft.members[1][0] = 'x';
  const Scene other(seal(draft, shop_key()));
  CHECK(failure([&] { extract(other, {"b"}); }) ==
        Mentions{"the header of 'b' is not what the manifest says"});
}

TEST_CASE("frames that end anywhere are extracted from, too") {
  Random random(3);
  const Tree tree{{"a", File{random.bytes(3000)}}, {"b", File{random.bytes(700)}}, {"c", File{""}}};
  Draft draft = draft_of(tree);
  draft.change_frames = [&](std::vector<std::string>& frames) {
    std::string stream;
    for (const auto& frame : frames) stream += frame;
    frames.clear();
    while (!stream.empty()) {
      frames.push_back(stream.substr(0, 1 + random.up_to(300)));
      stream.erase(0, frames.back().size());
    }
  };
  const Scene scene(seal(draft, shop_key()));
  CHECK(extract(scene, {"c", "b", "a"}) == 3);
  CHECK(scene.unpacked() == describe_tree(tree));
}

}  // namespace extract_test
