#include "crypto/secret.hh"

#include "base/error.hh"
#include "base/files.hh"
#include "crypto/minisign_format.hh"
#include "crypto/secret_key.hh"

#include <doctest/doctest.h>

#include <algorithm>
#include <cstdio>
#include <fstream>
#include <string>
#include <utility>
#include <vector>

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/prctl.h>

namespace secret_test {

using namespace bakehouse;
using crypto::Secret;

namespace {

// Bytes that the test knows without holding them: what it holds differs in every byte.
class Hidden {
 public:
  explicit Hidden(std::string_view text) {
    for (const char c : text) veiled_.push_back(static_cast<char>(c ^ veil));
  }
  Secret unveil() const {
    Secret text = Secret::with_room(veiled_.size());
    for (const char c : veiled_) {
      const char plain = static_cast<char>(c ^ veil);
      text.append({&plain, 1});
    }
    return text;
  }
  // Looks for the second half: the heap writes its books over the beginning of what was freed.
  bool is_in(std::string_view memory) const {
    const std::string_view half = std::string_view(veiled_.data(), veiled_.size()).substr(veiled_.size() / 2);
    return std::search(memory.begin(), memory.end(), half.begin(), half.end(), [](char there, char veiled) {
             return there == static_cast<char>(veiled ^ veil);
           }) != memory.end();
  }

 private:
  static constexpr char veil = 0x55;
  std::vector<char> veiled_;
};

struct Region {
  uint64_t begin;
  uint64_t end;
};

// What this process can write; without the huge regions that a sanitizer keeps its books in.
std::vector<Region> writable_memory() {
  constexpr uint64_t huge = 1ULL << 28;
  std::vector<Region> regions;
  std::ifstream maps("/proc/self/maps");
  for (std::string line; std::getline(maps, line);) {
    Region region{};
    char modes[5] = {};
    if (std::sscanf(line.c_str(), "%lx-%lx %4s", &region.begin, &region.end, modes) != 3) continue;
    if (modes[0] == 'r' && modes[1] == 'w' && region.end - region.begin < huge) regions.push_back(region);
  }
  return regions;
}

bool is_in_memory(const Hidden& hidden) {
  const base::Fd memory = base::open_for_reading("/proc/self/mem");
  bool is_found = false;
  for (const Region& region : writable_memory()) {
    // As secret as what it may hold: the next search must not find this one's copy.
    Secret content = Secret::with_room(region.end - region.begin);
    const ssize_t count =
        ::pread(memory.get(), content.room().data(), content.room().size(), static_cast<off_t>(region.begin));
    if (count > 0) content.extend(static_cast<size_t>(count));
    is_found = is_found || hidden.is_in(content.text());
  }
  return is_found;
}

// "VmLck" of this process, in kilobytes.
long locked_memory() {
  std::ifstream status("/proc/self/status");
  for (std::string line; std::getline(status, line);) {
    long kilobytes = 0;
    if (std::sscanf(line.c_str(), "VmLck: %ld", &kilobytes) == 1) return kilobytes;
  }
  return 0;
}

// With sanitizers mlock says that all is well and does nothing.
bool does_lock() {
  const long before = locked_memory();
  std::vector<char> page(64 << 10);
  if (::mlock(page.data(), page.size()) != 0) return false;
  const bool has_grown = locked_memory() > before;
  ::munlock(page.data(), page.size());
  return has_grown;
}

// The reading end of a pipe that holds these bytes and ends behind them.
base::Fd pipe_with(const std::string& bytes) {
  base::Pipe pipe = base::make_pipe();
  base::write_all(pipe.write, bytes, "pipe");
  return std::move(pipe.read);
}

std::vector<std::string> lines_of(const base::Fd& fd, size_t longest = 100) {
  std::vector<std::string> lines;
  while (const auto line = crypto::read_secret_line(fd, longest, "pipe")) lines.emplace_back(line->text());
  return lines;
}

using Lines = std::vector<std::string>;

}  // namespace

TEST_CASE("a secret is locked in memory where the limit of the process allows it") {
  if (!does_lock()) {
    MESSAGE("not tried: memory cannot be locked here");
    return;
  }
  const long before = locked_memory();
  const Secret secret("a pass phrase");
  CHECK(locked_memory() > before);
}

TEST_CASE("a secret is filled, cut and moved") {
  Secret secret = Secret::with_room(8);
  CHECK(secret.text().empty());
  CHECK(secret.room().size() == 8);
  secret.append("abc");
  secret.room()[0] = 'd';
  secret.extend(1);
  CHECK(secret.text() == "abcd");
  secret.truncate(2);
  CHECK(secret.text() == "ab");
  CHECK(secret.room()[0] == '\0');  // wiped
  Secret moved = std::move(secret);
  CHECK(moved.text() == "ab");
  moved = Secret("other");
  CHECK(moved.text() == "other");
  CHECK(Secret("").text().empty());
}

TEST_CASE("secrets are read a line at a time") {
  const struct {
    std::string bytes;
    Lines lines;
  } rows[] = {
      {"", {}},
      {"\n", {""}},
      {"one", {"one"}},
      {"one\n", {"one"}},
      {"one\r\n", {"one"}},
      {"one\r", {"one"}},
      {"a\rb\n", {"a\rb"}},
      {"one\ntwo\n", {"one", "two"}},
      {"one\r\n\ntwo", {"one", "", "two"}},
      {" blanks stay \n", {" blanks stay "}},
      {std::string("n\0l\n", 4), {std::string("n\0l", 3)}},
  };
  for (const auto& row : rows) {
    CAPTURE(row.bytes);
    CHECK(lines_of(pipe_with(row.bytes)) == row.lines);
  }
}

TEST_CASE("a line is read up to its limit and not beyond") {
  CHECK(lines_of(pipe_with("1234\n12345\r\n"), 5) == Lines{"1234", "12345"});
  CHECK_THROWS_WITH_AS(lines_of(pipe_with("123456\n"), 5),
                       "'pipe' has a line of more than the 5 bytes allowed", base::Error);
  CHECK_THROWS_AS(lines_of(pipe_with(std::string(5000, 'x')), 5), base::Error);
}

TEST_CASE("what stands behind the line stays in the file") {
  const base::Fd fd = pipe_with("first\nsecond\n");
  CHECK(crypto::read_secret_line(fd, 100, "pipe")->text() == "first");
  CHECK(base::read_all(fd, 100, "pipe") == "second\n");
}

TEST_CASE("the search through this memory finds what is there") {
  const Hidden hidden("neighbours of the lighthouse");
  CHECK_FALSE(is_in_memory(hidden));
  const Secret there = hidden.unveil();
  CHECK(is_in_memory(hidden));
}

TEST_CASE("no copy of a pass phrase is left in memory") {
  const Hidden hidden("seven bicycles under the bridge, and one on it");
  const base::TempDir dir;
  const auto file = dir.path() / "phrase";
  base::write_file(file, hidden.unveil().text());
  {
    const auto line = crypto::read_secret_line(base::open_for_reading(file), 4096, "phrase");
    REQUIRE(line->text() == hidden.unveil().text());
  }
  CHECK_FALSE(is_in_memory(hidden));
}

TEST_CASE("no copy of a key is left in memory, neither as it signs nor as it is written") {
  const base::TempDir dir;
  const auto file = dir.path() / "shop.key";
  constexpr size_t record_size = crypto::secret_record_size;
  constexpr size_t seed_at = 62;
  constexpr size_t seed_size = 32;
  const auto made = [&] {
    const Secret content = crypto::SecretKey::generate().format();
    base::write_file(file, content.text(), 0600);
    const std::string_view digits = content.text().substr(content.text().find('\n') + 1);
    Secret record = Secret::with_room(record_size);
    crypto::decode_base64(digits.substr(0, digits.size() - 1),
                          {reinterpret_cast<uint8_t*>(record.room().data()), record_size}, "test");
    record.extend(record_size);
    return std::pair(Hidden(record.text().substr(seed_at, seed_size)), Hidden(digits.substr(84, 40)));
  }();
  CHECK_FALSE(is_in_memory(made.first));
  CHECK_FALSE(is_in_memory(made.second));
  {
    const auto key = crypto::SecretKey::read(file, nullptr);
    CHECK(is_in_memory(made.first));
    key.sign(crypto::message_hash("a message"), "a comment");
  }
  CHECK_FALSE(is_in_memory(made.first));
  CHECK_FALSE(is_in_memory(made.second));
}

TEST_CASE("while secrets are open the process cannot be dumped, and afterwards it is as before") {
  REQUIRE(::prctl(PR_GET_DUMPABLE) == 1);
  {
    const crypto::NoDumps outer;
    {
      const crypto::NoDumps inner;
      CHECK(::prctl(PR_GET_DUMPABLE) == 0);
    }
    CHECK(::prctl(PR_GET_DUMPABLE) == 0);
  }
  CHECK(::prctl(PR_GET_DUMPABLE) == 1);
}

}  // namespace secret_test
