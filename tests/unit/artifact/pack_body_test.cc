#include "support/failure.hh"
#include "support/mentions.hh"
#include "support/random_tree.hh"
#include "unit/artifact/packed.hh"

#include <doctest/doctest.h>

#include <algorithm>
#include <atomic>
#include <functional>
#include <map>
#include <mutex>
#include <set>
#include <string>
#include <vector>

#include <fcntl.h>

namespace pack_body_test {

using namespace bakehouse;
using namespace bakehouse::support;
using artifact::BodyRequest;
using base::Dir;
using base::TempDir;
using base::TreePath;

namespace {

// A tree on disk and how it is packed.
class Kitchen {
 public:
  explicit Kitchen(const Tree& tree) : dir_(Dir::open_or_make(temp_.path() / "tree")) {
    make_tree(dir_, tree);
    Dir::open_or_make(temp_.path() / "out");
  }

  const Dir& dir() const { return dir_; }

  // The archive's bytes; what was found out stands in `manifest`.
  std::string pack(tree::Manifest& manifest, const std::function<void(BodyRequest&)>& set = {}) const {
    BodyRequest request{dir_, manifest, some_parts(), some_release().created};
    request.level = 1;
    request.rule = small_rule;
    if (set) set(request);
    pack_as(request, temp_.path() / "out/x.tar.zst");
    return base::read_file(temp_.path() / "out/x.tar.zst", 1 << 30);
  }

  bool has_archive() const { return !describe_tree(temp_.path() / "out").empty(); }

 private:
  TempDir temp_{fast_place()};
  Dir dir_;
};

// The manifest with the digests of some files not known, of one in `n`.
tree::Manifest forgetting(tree::Manifest manifest, uint64_t n, Random& random) {
  for (size_t i = 0; i < manifest.entries.size(); ++i) {
    if (manifest.entries.type(i) == base::FileType::regular && random.one_in(n))
      manifest.entries.set_digest(i, crypto::Digest());
  }
  return manifest;
}

tree::Manifest forgetting_all(const tree::Manifest& manifest) {
  Random random(0);
  return forgetting(manifest, 1, random);
}

// Small files, empty ones, twins, and files that take several frames, equal ones among them.
Tree tree_with_large_files(Random& random) {
  Tree tree = random_tree(random, 25);
  const std::string large = random.bytes(60'000);
  tree["large/a"] = File{large};
  tree["large/b"] = File{random.bytes(16 << 10)};
  tree["large/twin of a"] = File{large};
  tree["large/no twin of a"] = File{large, 0755};
  tree["large/of the same size"] = File{random.bytes(60'000)};
  tree["twin of a"] = File{large};
  tree["empty"] = File{""};
  return tree;
}

// Writes over the first byte of a file.
void touch(const std::filesystem::path& path) {
  const base::Fd file(::open(path.c_str(), O_WRONLY | O_CLOEXEC));
  base::write_all(file, "x", path.native());
}

std::function<void(BodyRequest&)> with_workers(unsigned workers) {
  return [workers](BodyRequest& request) { request.workers = workers; };
}

}  // namespace

TEST_CASE("the same tree gives the same bytes, whatever the workers and whatever digests are known") {
  Random random(1);
  for (int round = 0; round < 6; ++round) {
    CAPTURE(round);
    const Tree tree = tree_with_large_files(random);
    const tree::Manifest known = manifest_of(tree);
    const Kitchen kitchen(tree);
    tree::Manifest all = known;
    const std::string archive = kitchen.pack(all, with_workers(1));
    CHECK(all == known);
    for (const unsigned workers : {1U, 2U, 8U}) {
      for (const uint64_t n : {1, 2, 10}) {
        CAPTURE(workers);
        CAPTURE(n);
        tree::Manifest some = forgetting(known, n, random);
        CHECK(kitchen.pack(some, with_workers(workers)) == archive);
        CHECK(some == known);
      }
      CHECK(kitchen.pack(all, with_workers(workers)) == archive);
    }
  }
}

TEST_CASE("the same bytes come from another directory, made the other way round") {
  Random random(2);
  const Tree tree = tree_with_large_files(random);
  const Kitchen one(tree);
  const Kitchen other({});
  for (auto row = tree.rbegin(); row != tree.rend(); ++row) {
    const TreePath path = TreePath::parse(row->first);
    other.dir().make_dirs(path.parent(), 0755);
    if (const auto* file = std::get_if<File>(&row->second)) {
      const base::Fd made = other.dir().create_file(path, file->mode);
      base::write_all(made, file->content, row->first);
      base::set_mtime(made, file->time, row->first);
    } else if (const auto* link = std::get_if<Link>(&row->second)) {
      other.dir().make_symlink(link->target, path);
    } else {
      other.dir().make_dirs(path, 0755);
      other.dir().set_mode(path, std::get<Folder>(row->second).mode);
    }
  }
  REQUIRE(describe_tree(one.dir()) == describe_tree(other.dir()));
  tree::Manifest manifest = forgetting_all(tree::scan(one.dir()).manifest);
  tree::Manifest again = tree::scan(other.dir()).manifest;
  CHECK(one.pack(manifest, with_workers(2)) == other.pack(again, with_workers(3)));
}

TEST_CASE("a twin is found without digests as with them, and only a real one") {
  Random random(3);
  const std::string content = random.bytes(50'000);
  std::string other = content;
  other.back() ^= 1;
  const std::string small(artifact::smallest_twin - 1, 's');
  const Tree tree{{"a", File{content}},
                  {"b", File{other}},
                  {"c", File{content}},
                  {"d", File{content, 0755}},
                  {"e", File{content, 0644, some_time - 1}},
                  {"f", File{content, 0755}},
                  {"small 1", File{small}},
                  {"small 2", File{small}}};
  const Kitchen kitchen(tree);
  tree::Manifest unknown = forgetting_all(manifest_of(tree));
  const std::string archive = kitchen.pack(unknown);
  CHECK(unknown == manifest_of(tree));
  // a, b, d and e are stored, c and f are not.
  CHECK(archive.size() > 4 * content.size());
  CHECK(archive.size() < 4 * content.size() + 10'000);
  const Scene scene(archive);
  scene.unpack();
  CHECK(scene.unpacked_tree() == describe_tree(tree));
}

TEST_CASE("a file that is not what the manifest says fails the pack with its name") {
  Random random(4);
  const std::string large = random.bytes(50'000);
  std::string other = large;
  other[40'000] ^= 1;
  enum class Digests { known, unknown, both };
  const struct {
    std::string what;
    Digests digests;
    File listed;
    Tree there;
  } rows[] = {
      {"longer", Digests::both, {"first"}, {{"dir/file", File{"first and more"}}}},
      {"shorter", Digests::both, {"first"}, {{"dir/file", File{"fir"}}}},
      {"empty", Digests::both, {"first"}, {{"dir/file", File{""}}}},
      {"empty no more", Digests::both, {""}, {{"dir/file", File{"first"}}}},
      {"gone", Digests::both, {"first"}, {{"dir", Folder{}}}},
      {"gone with its directory", Digests::both, {"first"}, {}},
      {"gone, an empty one", Digests::both, {""}, {{"dir", Folder{}}}},
      {"a link", Digests::both, {"first"}, {{"dir/file", Link{"other"}}, {"dir/other", File{"first"}}}},
      {"a link, an empty one", Digests::both, {""}, {{"dir/file", Link{"other"}}, {"dir/other", File{""}}}},
      {"a directory", Digests::both, {"first"}, {{"dir/file", Folder{}}}},
      {"behind a link", Digests::both, {"first"}, {{"dir", Link{"b"}}, {"b/file", File{"first"}}}},
      {"another content", Digests::known, {"first"}, {{"dir/file", File{"other"}}}},
      {"another content in a later frame", Digests::known, {large}, {{"dir/file", File{other}}}},
      {"a large one, longer", Digests::both, {large}, {{"dir/file", File{large + "x"}}}},
      {"a large one, shorter", Digests::both, {large}, {{"dir/file", File{large.substr(1)}}}},
  };
  for (const auto& row : rows) {
    for (const bool is_known : {true, false}) {
      if (row.digests != Digests::both && is_known != (row.digests == Digests::known)) continue;
      CAPTURE(row.what);
      CAPTURE(is_known);
      const Kitchen kitchen(row.there);
      tree::Manifest manifest = manifest_of({{"dir/file", row.listed}});
      if (!is_known) manifest = forgetting_all(manifest);
      const std::string said = failure([&] { kitchen.pack(manifest, with_workers(2)); });
      CHECK(said == Mentions{"/dir"});
      CHECK(said.starts_with("input: "));
      CHECK_FALSE(kitchen.has_archive());
    }
  }
}

TEST_CASE("a large file that is written to between its pieces fails the pack, though its size stays") {
  Random random(5);
  const Tree tree{{"large", File{random.bytes(700'000)}}};  // more frames than are begun at a time
  for (const unsigned workers : {1U, 2U, 8U}) {
    CAPTURE(workers);
    const Kitchen kitchen(tree);
    tree::Manifest manifest = forgetting_all(manifest_of(tree));
    int seen = 0;
    const std::string said = failure([&] {
      kitchen.pack(manifest, [&](BodyRequest& request) {
        request.workers = workers;
        request.inspect.look = [&](const tree::Entry&, std::string_view) {
          if (seen++ == 0) touch(kitchen.dir().path() / "large");
        };
      });
    });
    CHECK(said == Mentions{"large' changed while the release was packed"});
  }
}

TEST_CASE("of several files that changed the first is named, whatever the workers") {
  Random random(6);
  Tree tree;
  Tree changed;
  for (int i = 0; i < 60; ++i) {
    const std::string path = "file " + std::to_string(100 + i);
    const std::string content = random.bytes(i % 7 == 0 ? 50'000 : 3000);
    tree[path] = File{content};
    changed[path] = i < 20 || i % 2 == 0 ? File{content} : File{content + "x"};
  }
  const Kitchen kitchen(changed);
  for (const unsigned workers : {1U, 2U, 8U}) {
    for (int round = 0; round < 10; ++round) {
      CAPTURE(workers);
      tree::Manifest manifest = manifest_of(tree);
      CHECK(failure([&] { kitchen.pack(manifest, with_workers(workers)); }) ==
            Mentions{"file 121' changed while"});
    }
  }
}

namespace {

// What `Inspect` was shown, put together again.
class Witness {
 public:
  explicit Witness(size_t overlap) : overlap_(overlap) {}

  void look(const tree::Entry& file, std::string_view piece) {
    const std::string path = file.path.str();
    std::string* seen = nullptr;
    {
      const std::lock_guard lock(mutex_);
      CHECK(under_way_.insert(path).second);
      seen = &seen_[path];
    }
    const size_t known = std::min(overlap_, seen->size());
    CHECK(piece.size() > known);
    CHECK(seen->ends_with(piece.substr(0, known)));
    *seen += piece.substr(known);
    if (piece.find(word) != piece.npos) ++words_;
    const std::lock_guard lock(mutex_);
    under_way_.erase(path);
  }

  const std::map<std::string, std::string>& seen() const { return seen_; }
  int words() const { return words_; }

  static constexpr std::string_view word = "/srv/projects/shop";

 private:
  const size_t overlap_;
  std::mutex mutex_;
  std::set<std::string> under_way_;
  std::map<std::string, std::string> seen_;
  std::atomic<int> words_ = 0;
};

}  // namespace

TEST_CASE("every byte of every file is looked at, in order and with what stood before it") {
  Random random(7);
  const Tree tree = tree_with_large_files(random);
  const Kitchen kitchen(tree);
  for (const unsigned workers : {1U, 2U, 8U}) {
    for (const size_t overlap : {size_t{0}, size_t{1}, size_t{100}, size_t{40'000}}) {
      CAPTURE(workers);
      CAPTURE(overlap);
      Witness witness(overlap);
      tree::Manifest manifest = forgetting_all(manifest_of(tree));
      kitchen.pack(manifest, [&](BodyRequest& request) {
        request.workers = workers;
        request.inspect = {
            [&](const tree::Entry& file, std::string_view piece) { witness.look(file, piece); }, overlap};
      });
      std::set<crypto::Digest> digests;
      for (const auto& [path, content] : witness.seen()) {
        CHECK(std::get<File>(tree.at(path)).content == content);
        digests.insert(crypto::sha256(content));
      }
      // One of several equal files is enough, and there is nothing to see in an empty one.
      for (const tree::Entry& entry : manifest.entries) {
        if (entry.type == base::FileType::regular && entry.size > 0) CHECK(digests.contains(entry.digest));
      }
    }
  }
}

TEST_CASE("a word across the end of a frame is seen as one") {
  // At every place around the first two ends of frames within the file.
  for (const size_t frame_end : {(16 << 10) - 512, (32 << 10) - 512}) {
    for (size_t before = 0; before <= Witness::word.size(); ++before) {
      CAPTURE(frame_end);
      CAPTURE(before);
      std::string content(40'000, '.');
      content.replace(frame_end - before, Witness::word.size(), Witness::word);
      const Tree tree{{"large", File{content}}};
      const Kitchen kitchen(tree);
      Witness witness(Witness::word.size() - 1);
      tree::Manifest manifest = manifest_of(tree);
      kitchen.pack(manifest, [&](BodyRequest& request) {
        request.inspect = {
            [&](const tree::Entry& file, std::string_view piece) { witness.look(file, piece); },
            Witness::word.size() - 1};
      });
      CHECK(witness.words() == 1);
    }
  }
}

TEST_CASE("what a look throws is what the pack fails with, that of the first file") {
  Random random(8);
  const Tree tree = tree_with_large_files(random);
  const Kitchen kitchen(tree);
  for (const unsigned workers : {1U, 8U}) {
    CAPTURE(workers);
    tree::Manifest manifest = forgetting_all(manifest_of(tree));
    CHECK(failure([&] {
            kitchen.pack(manifest, [&](BodyRequest& request) {
              request.workers = workers;
              request.inspect.look = [](const tree::Entry& file, std::string_view) {
                if (file.path.str().starts_with("large/"))
                  throw base::Error(base::Fault::refused, "found in " + file.path.str());
              };
            });
          }) == "refused: found in large/a");
    CHECK_FALSE(kitchen.has_archive());
  }
}

TEST_CASE("progress ascends and ends at the total") {
  Random random(9);
  for (const Tree& tree : {Tree{}, Tree{{"a", File{"x"}}}, tree_with_large_files(random)}) {
    for (const unsigned workers : {1U, 2U, 8U}) {
      const Kitchen kitchen(tree);
      std::vector<uint64_t> done;
      std::set<uint64_t> totals;
      tree::Manifest manifest = manifest_of(tree);
      kitchen.pack(manifest, [&](BodyRequest& request) {
        request.workers = workers;
        request.progress = [&](uint64_t now, uint64_t total) {
          done.push_back(now);
          totals.insert(total);
        };
      });
      REQUIRE_FALSE(done.empty());
      CHECK(std::is_sorted(done.begin(), done.end()));
      CHECK(totals == std::set{done.back()});
    }
  }
}

TEST_CASE("a manifest longer than a frame is in several, and the archive is accepted") {
  tree::Manifest manifest;
  for (int i = 0; i < 60'000; ++i) {
    tree::Entry entry;
    entry.path = TreePath::parse(std::to_string(100'000 + i) + std::string(60, 'd'));
    entry.type = base::FileType::directory;
    entry.mode = 0755;
    manifest.entries.push_back(entry);
  }
  REQUIRE(tree::format_manifest(manifest).size() > 4 << 20);
  const Kitchen kitchen({});
  const Scene scene(
      kitchen.pack(manifest, [](BodyRequest& request) { request.rule = artifact::default_rule; }));
  CHECK(scene.check() == manifest);
}

TEST_CASE("a directory for the spool that is not there is named") {
  const TempDir temp;
  tree::Manifest nothing;
  CHECK(
      failure([&] {
        artifact::pack_body({Dir::open(temp.path()), nothing, some_parts(), some_time}, temp.path() / "none");
      }) == Mentions{"none'"});
}

}  // namespace pack_body_test
