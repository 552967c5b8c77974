#include "tree/stat_index.hh"

#include "support/failure.hh"
#include "support/mentions.hh"
#include "unit/tree/some_trees.hh"

#include "base/files.hh"
#include "base/threads.hh"

#include <doctest/doctest.h>

#include <chrono>
#include <filesystem>
#include <limits>
#include <string>
#include <utility>
#include <vector>

#include <sys/stat.h>
#include <unistd.h>

namespace stat_index_test {

using namespace bakehouse;
using namespace bakehouse::support;
using base::Dir;
using base::TempDir;
using base::TreePath;
using tree::Identity;
using tree::StatIndex;

namespace {

constexpr uint64_t largest_index = 1 << 20;

Identity file_number(uint64_t number) { return {1, number, 10 * number, {1000, 5}, {2000, 7}}; }
crypto::Digest digest_number(uint64_t number) { return crypto::sha256(std::to_string(number)); }

StatIndex index_of(uint64_t files) {
  StatIndex index;
  for (uint64_t i = 0; i < files; ++i) index.add(file_number(i), digest_number(i));
  return index;
}

struct Saved {
  TempDir temp{fast_place()};
  std::filesystem::path file = temp.path() / "index";

  explicit Saved(uint64_t files) { index_of(files).save(file); }
  StatIndex load() const { return StatIndex::load(file); }
  std::string bytes() const { return base::read_file(file, largest_index); }
  void put(const std::string& bytes) const { base::write_file(file, bytes); }
};

// How many of the first files it knows; what it says of one must be right.
uint64_t known(const StatIndex& index, uint64_t files) {
  uint64_t count = 0;
  for (uint64_t i = 0; i < files; ++i) {
    const auto digest = index.find(file_number(i));
    if (!digest) continue;
    CHECK(*digest == digest_number(i));
    ++count;
  }
  return count;
}

}  // namespace

TEST_CASE("an index knows what it was told, and nothing else") {
  const StatIndex index = index_of(5000);
  CHECK(index.size() == 5000);
  CHECK(known(index, 6000) == 5000);
}

TEST_CASE("a file that differs in anything is another file") {
  const struct {
    std::string what;
    void (*change)(Identity&);
  } rows[] = {
      {"device", [](Identity& f) { f.device = 2; }},
      {"a device beyond 32 bits", [](Identity& f) { f.device += 1ULL << 32; }},
      {"inode", [](Identity& f) { f.inode = 4; }},
      {"size", [](Identity& f) { ++f.size; }},
      {"mtime", [](Identity& f) { ++f.mtime.seconds; }},
      {"fraction of mtime", [](Identity& f) { ++f.mtime.nanoseconds; }},
      {"ctime", [](Identity& f) { --f.ctime.seconds; }},
      {"fraction of ctime", [](Identity& f) { ++f.ctime.nanoseconds; }},
  };
  StatIndex index;
  index.add(file_number(3), digest_number(3));
  for (const auto& row : rows) {
    CAPTURE(row.what);
    Identity other = file_number(3);
    row.change(other);
    CHECK_FALSE(index.find(other));
  }
  CHECK(index.find(file_number(3)));
}

TEST_CASE("an inode that was given to another file replaces what was known of it") {
  StatIndex index = index_of(3);
  Identity reused = file_number(1);
  reused.ctime.seconds = 9999;
  index.add(reused, crypto::sha256("reused"));
  CHECK(index.size() == 3);
  CHECK_FALSE(index.find(file_number(1)));
  CHECK(index.find(reused) == crypto::sha256("reused"));
  CHECK(known(index, 3) == 2);
}

TEST_CASE("a device that no record holds is forgotten and not mistaken for another") {
  StatIndex index;
  Identity far = file_number(1);
  far.device = (1ULL << 32) + 1;
  index.add(far, digest_number(1));
  CHECK(index.size() == 0);
  CHECK_FALSE(index.find(file_number(1)));
}

TEST_CASE("what was saved is loaded, times before 1970 and the largest numbers included") {
  const TempDir temp;
  StatIndex index = index_of(9000);
  constexpr uint64_t most = std::numeric_limits<uint64_t>::max();
  const Identity odd{std::numeric_limits<uint32_t>::max(), most, most, {-1, 999'999'999}, {-(1LL << 62), 0}};
  index.add(odd, crypto::sha256("odd"));
  index.save(temp.path() / "index");
  const StatIndex loaded = StatIndex::load(temp.path() / "index");
  CHECK(loaded.damage().empty());
  CHECK(loaded.size() == 9001);
  CHECK(known(loaded, 9000) == 9000);
  CHECK(loaded.find(odd) == crypto::sha256("odd"));
  CHECK(Dir::open(temp.path()).names() == std::vector<std::string>{"index"});
  CHECK(Dir::open(temp.path()).stat(TreePath::parse("index"))->mode == 0600);
}

TEST_CASE("an index that is missing, or no file, is empty") {
  const TempDir temp;
  CHECK(StatIndex::load(temp.path() / "none").size() == 0);
  CHECK(StatIndex::load(temp.path() / "none").damage().empty());
  REQUIRE(::mkfifo((temp.path() / "fifo").c_str(), 0600) == 0);  // it must not wait for a writer
  CHECK(StatIndex::load(temp.path() / "fifo").size() == 0);
  CHECK(StatIndex::load(temp.path()).size() == 0);
}

TEST_CASE("an index is not written through a link, nor read through one") {
  const Saved saved(3);
  std::filesystem::create_symlink(saved.file, saved.temp.path() / "link");
  CHECK(StatIndex::load(saved.temp.path() / "link").size() == 0);
  index_of(1).save(saved.temp.path() / "link");  // replaced, not followed
  CHECK(saved.load().size() == 3);
  CHECK(StatIndex::load(saved.temp.path() / "link").size() == 1);
}

TEST_CASE("an index that was cut off anywhere is of no use, and says so") {
  const Saved saved(3);
  const std::string whole = saved.bytes();
  for (size_t size = 0; size < whole.size(); ++size) {
    CAPTURE(size);
    saved.put(whole.substr(0, size));
    const StatIndex loaded = saved.load();
    CHECK(loaded.size() == 0);
    CHECK(loaded.damage() == Mentions{"index' is of no use: it"});
  }
  saved.put(whole + "x");
  CHECK(saved.load().damage() == Mentions{"its size is wrong"});
  saved.put(whole + whole.substr(whole.size() - 80));
  CHECK(saved.load().damage() == Mentions{"its size is wrong"});
}

TEST_CASE("an index with a flipped bit anywhere says nothing wrong") {
  const Saved saved(3);
  const std::string whole = saved.bytes();
  for (size_t bit = 0; bit < 8 * whole.size(); ++bit) {
    CAPTURE(bit);
    std::string changed = whole;
    changed[bit / 8] = static_cast<char>(changed[bit / 8] ^ (1 << bit % 8));
    saved.put(changed);
    const StatIndex loaded = saved.load();
    CHECK(loaded.size() == 0);
    CHECK(loaded.damage() != "");
    CHECK(known(loaded, 3) == 0);
  }
}

TEST_CASE("a damaged index says what is wrong with it, and is replaced by the next save") {
  const struct {
    std::string what;
    void (*damage)(std::string&);
    std::string said;
  } rows[] = {
      {"nothing in it", [](std::string& b) { b.clear(); }, "it is too short"},
      {"another magic", [](std::string& b) { b[0] = 'X'; }, "it is of another kind"},
      {"another order of bytes", [](std::string& b) { std::swap(b[4], b[7]); }, "it is of another kind"},
      {"other records", [](std::string& b) { ++b[8]; }, "it is of another kind"},
      {"too many counted", [](std::string& b) { ++b[16]; }, "its size is wrong"},
      {"more than any memory", [](std::string& b) { b.replace(16, 8, 8, '\xff'); }, "its size is wrong"},
      {"none counted", [](std::string& b) { b.replace(16, 8, 8, '\0'); }, "its size is wrong"},
      {"another record", [](std::string& b) { ++b[40]; }, "its content is not what was written"},
      {"text", [](std::string& b) { b = std::string(500, 'x'); }, "it is of another kind"},
  };
  for (const auto& row : rows) {
    CAPTURE(row.what);
    const Saved saved(3);
    std::string bytes = saved.bytes();
    row.damage(bytes);
    saved.put(bytes);
    StatIndex index = saved.load();
    CHECK(index.damage() == Mentions{row.said});
    index.add(file_number(7), digest_number(7));
    index.save(saved.file);
    CHECK(saved.load().damage().empty());
    CHECK(saved.load().size() == 1);
  }
}

TEST_CASE("a save without news writes nothing") {
  const Saved saved(3);
  base::write_file(saved.file, "untouched");
  StatIndex().save(saved.file);
  CHECK(saved.bytes() == "untouched");
  StatIndex index = index_of(3);
  index.save(saved.file);
  base::write_file(saved.file, "untouched");
  index.save(saved.file);
  CHECK(saved.bytes() == "untouched");
}

TEST_CASE("a save that cannot be is an error that names the file") {
  const TempDir temp;
  StatIndex index = index_of(1);
  CHECK(failure([&] { index.save(temp.path() / "none/index"); }) == Mentions{"none/index"});
}

TEST_CASE("what was not met in the last sixteen saves is forgotten with the next") {
  const TempDir temp;
  const auto file = temp.path() / "index";
  index_of(2).save(file);
  for (int save = 1; save <= 17; ++save) {
    CAPTURE(save);
    StatIndex index = StatIndex::load(file);
    CHECK(index.find(file_number(0)));
    index.add(file_number(100 + static_cast<uint64_t>(save)), digest_number(0));  // so that there is news
    index.save(file);
    const bool is_kept = StatIndex::load(file).find(file_number(1)).has_value();
    CHECK(is_kept == (save < 17));
  }
  CHECK(StatIndex::load(file).find(file_number(0)));
}

TEST_CASE("many threads add and find at once") {
  StatIndex index = index_of(100);
  base::Crew crew(4);
  for (uint64_t part = 0; part < 8; ++part) {
    crew.add([&, part] {
      for (uint64_t i = 0; i < 2000; ++i) {
        index.add(file_number(100 + 2000 * part + i), digest_number(100 + 2000 * part + i));
        if (index.find(file_number(i % 100)) != digest_number(i % 100))
          throw base::Error(base::Fault::internal, "lost");
      }
    });
  }
  crew.finish();
  CHECK(index.size() == 16100);
  CHECK(known(index, 16100) == 16100);
}

TEST_CASE("a file is settled when its ctime lies further back than the clock's grain") {
  constexpr int64_t tenth = 100'000'000;
  const struct {
    std::string what;
    base::FileTime ctime;
    base::FileTime now;
    bool settled;
  } rows[] = {
      {"the same moment", {100, 5}, {100, 5}, false},
      {"within the grain", {100, 5}, {100, 5 + tenth}, false},
      {"just beyond it", {100, 5}, {100, 6 + tenth}, true},
      {"within it, in the next second", {100, 999'999'999}, {101, 1}, false},
      {"beyond it, in the next second", {100, 950'000'000}, {101, 100'000'000}, true},
      {"a coarse file system, a second later", {100, 0}, {101, 999'999'999}, false},
      {"a coarse file system, two seconds later", {100, 0}, {102, 0}, false},
      {"a coarse file system, more than two seconds later", {100, 0}, {102, 1}, true},
      {"long ago", {100, 0}, {1'000'000'000, 0}, true},
      {"before 1970", {-10, 5}, {-9, 5}, true},
      {"in the future", {101, 5}, {100, 5}, false},
      {"far in the future", {1LL << 40, 5}, {100, 5}, false},
  };
  for (const auto& row : rows) {
    CAPTURE(row.what);
    CHECK(tree::is_settled(row.ctime, row.now) == row.settled);
  }
}

TEST_CASE("a file made now is not settled by its own clock, and soon is") {
  const TempDir temp;
  const Dir dir = Dir::open(temp.path());
  make_tree(dir, {{"a", File{"x"}}});
  const auto ctime = dir.stat(TreePath::parse("a"))->ctime;
  CHECK_FALSE(tree::is_settled(ctime, tree::file_clock()));
  const auto limit = std::chrono::steady_clock::now() + std::chrono::seconds(5);
  while (!tree::is_settled(ctime, tree::file_clock()) && std::chrono::steady_clock::now() < limit)
    ::usleep(1000);
  CHECK(tree::is_settled(ctime, tree::file_clock()));
}

TEST_CASE("the identity of a file is what stat says of it") {
  const TempDir temp;
  const Dir dir = Dir::open(temp.path());
  make_tree(dir, {{"a", File{"content", 0644, {some_time, 123}}}});
  const auto stat = *dir.stat(TreePath::parse("a"));
  const Identity identity = tree::identity_of(stat);
  CHECK(identity == Identity{stat.device, stat.inode, 7, {some_time, 123}, stat.ctime});
  CHECK(tree::identity_of(*dir.stat(TreePath::parse("a"))) == identity);
  dir.set_mode(TreePath::parse("a"), 0600);
  CHECK_FALSE(tree::identity_of(*dir.stat(TreePath::parse("a"))) == identity);
}

}  // namespace stat_index_test
