#include "service/log_keeper.hh"

#include "base/error.hh"
#include "base/files.hh"

#include <doctest/doctest.h>
#include <fmt/format.h>

#include <atomic>
#include <functional>
#include <string>
#include <thread>

#include <fcntl.h>
#include <poll.h>
#include <sys/file.h>

namespace log_keeper_test {

using namespace bakehouse;
using namespace bakehouse::service;
namespace fs = std::filesystem;

namespace {

struct Place {
  base::TempDir scratch;
  fs::path log = scratch.path() / "web.log";

  // From the oldest to the newest.
  std::string whole() const {
    std::string text;
    for (int number = 1000; number >= 0; --number) {
      const fs::path part = number == 0 ? log : fs::path(fmt::format("{}.{}", log.native(), number));
      if (const auto read = base::read_file_if_any(part, 1 << 28)) text += *read;
    }
    return text;
  }
  fs::path part(int number) const { return fmt::format("{}.{}", log.native(), number); }
};

// Where heads cannot be taken off there is nothing to test.
bool can_rotate() {
  const Place place;
  base::write_file(place.log, std::string(10000, 'x'));
  return rotate_log(place.log, 1);
}

std::string lines(int from, int to) {
  std::string text;
  for (int i = from; i < to; ++i) text += fmt::format("line {:08}\n", i);
  return text;
}

}  // namespace

TEST_CASE("a log is cut once it is larger than it may be, and not by two at once" *
          doctest::skip(!can_rotate())) {
  const Place place;
  const LogLimits limits{8192, 3};
  CHECK(keep_short(place.log, limits));  // there is none yet
  base::write_file(place.log, std::string(8192, 'x'));
  CHECK(keep_short(place.log, limits));
  CHECK_FALSE(fs::exists(place.part(1)));
  base::write_file(place.log, std::string(10000, 'x'));
  {
    const auto lock = place.log.parent_path() / ".cut.lock";
    const base::Fd other(::open(lock.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600));
    REQUIRE(::flock(other.get(), LOCK_EX) == 0);
    CHECK(keep_short(place.log, limits));
    CHECK_FALSE(fs::exists(place.part(1)));
  }
  CHECK(keep_short(place.log, limits));
  CHECK(fs::exists(place.part(1)));
  CHECK(place.whole() == std::string(10000, 'x'));
}

TEST_CASE("a log that is rotated stays the same file, and nothing of it is lost" *
          doctest::skip(!can_rotate())) {
  const Place place;
  const base::Fd program = base::open_log(place.log);
  std::string expected;
  for (int round = 0; round < 3; ++round) {
    const std::string text = lines(round * 2000, round * 2000 + 2000);
    base::write_all(program, text, "log");
    expected += text;
    CHECK(rotate_log(place.log, 5));
    CHECK(fs::file_size(place.log) <= 4096);
  }
  CHECK(place.whole() == expected);
  CHECK(fs::exists(place.part(3)));
  CHECK_FALSE(fs::exists(place.part(4)));
}

TEST_CASE("as many logs of the past are kept as is said" * doctest::skip(!can_rotate())) {
  for (const int keep : {0, 1, 3}) {
    CAPTURE(keep);
    const Place place;
    const base::Fd program = base::open_log(place.log);
    for (int round = 0; round < 5; ++round) {
      base::write_all(program, std::string(8192, static_cast<char>('a' + round)), "log");
      CHECK(rotate_log(place.log, keep));
    }
    for (int number = 1; number <= 5; ++number) CHECK(fs::exists(place.part(number)) == (number <= keep));
  }
}

TEST_CASE("a small log is left alone") {
  const Place place;
  base::write_file(place.log, "hello\n");
  CHECK(rotate_log(place.log, 3));
  CHECK(place.whole() == "hello\n");
  CHECK_FALSE(fs::exists(place.part(1)));
}

TEST_CASE("a link is not followed") {
  const Place place;
  fs::create_symlink("/etc/passwd", place.log);
  CHECK_THROWS_AS(rotate_log(place.log, 3), base::Error);
}

TEST_CASE("a program that goes on writing loses no line" * doctest::skip(!can_rotate())) {
  const Place place;
  constexpr int count = 50'000;
  std::atomic<bool> done = false;
  base::open_log(place.log);
  std::thread program([&] {
    const base::Fd log = base::open_log(place.log);
    for (int i = 0; i < count; ++i) base::write_all(log, fmt::format("line {:08}\n", i), "log");
    done = true;
  });
  while (!done) rotate_log(place.log, 1000);
  program.join();
  CHECK(place.whole() == lines(0, count));
}

TEST_CASE("a keeper sleeps while nobody writes, and keeps what is written short" *
          doctest::skip(!can_rotate())) {
  const Place place;
  auto time = std::chrono::steady_clock::time_point(std::chrono::hours(1));
  base::Clock clock = base::system_clock();
  clock.steady = [&] { return time; };
  LogKeeper keeper([](const base::Event& event) { FAIL(event.text); }, clock);
  const base::Fd program = base::open_log(place.log);
  keeper.mind(place.log, {10'000, 2});
  keeper.tend();
  CHECK(keeper.next_wake() == std::chrono::hours(1));
  pollfd news{keeper.descriptor(), POLLIN, 0};
  CHECK(::poll(&news, 1, 0) == 0);

  base::write_all(program, std::string(20'000, 'x'), "log");
  CHECK(::poll(&news, 1, 60'000) == 1);
  keeper.tend();
  CHECK(fs::file_size(place.log) == 20'000);  // it was looked at a moment ago
  CHECK(keeper.next_wake() <= std::chrono::seconds(2));
  time += std::chrono::seconds(2);
  keeper.tend();
  CHECK(fs::file_size(place.log) <= 4096);
  CHECK(place.whole() == std::string(20'000, 'x'));
}

}  // namespace log_keeper_test
