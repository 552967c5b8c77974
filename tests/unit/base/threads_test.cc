#include "base/threads.hh"

#include "base/error.hh"
#include "ordinary_user.hh"

#include <doctest/doctest.h>

#include <atomic>
#include <future>
#include <memory>
#include <stdexcept>
#include <string>

#include <sys/resource.h>

using namespace bakehouse::base;

TEST_CASE("every job has run when finish returns") {
  for (const unsigned threads : {0U, 1U, 2U, 8U}) {
    for (const size_t room : {size_t{1}, size_t{3}, size_t{1024}}) {
      CAPTURE(threads);
      CAPTURE(room);
      Pool pool(threads, room);
      std::atomic<int> sum = 0;
      for (int i = 1; i <= 500; ++i) pool.submit([&sum, i] { sum += i; });
      pool.finish();
      CHECK(sum == 500 * 501 / 2);
    }
  }
}

TEST_CASE("a pool can be used again after finish, and finishing nothing is fine") {
  Pool pool(2);
  std::atomic<int> count = 0;
  pool.finish();
  for (int round = 0; round < 50; ++round) {
    pool.submit([&] { ++count; });
    pool.finish();
  }
  CHECK(count == 50);
}

TEST_CASE("the first exception of a job comes out of finish, once") {
  Pool pool(2);
  pool.submit([] { throw std::runtime_error("broken"); });
  CHECK_THROWS_WITH_AS(pool.finish(), "broken", std::runtime_error);
  CHECK_NOTHROW(pool.finish());
  std::atomic<bool> ran = false;
  pool.submit([&] { ran = true; });
  pool.finish();
  CHECK(ran);
}

TEST_CASE("a producer that waits for room is not left waiting by a failure") {
  for (int round = 0; round < 50; ++round) {
    Pool pool(2, 1);
    for (int i = 0; i < 100; ++i) {
      pool.submit([i] {
        if (i == 3) throw std::runtime_error("broken");
      });
    }
    CHECK_THROWS_AS(pool.finish(), std::runtime_error);
  }
}

TEST_CASE("jobs submitted after a failure are dropped") {
  Pool pool(1);
  std::promise<void> failed;
  pool.submit([&] {
    failed.set_value();
    throw std::runtime_error("broken");
  });
  failed.get_future().wait();
  // With one thread, whatever this pool accepts now stands behind the failing job.
  std::atomic<int> ran = 0;
  for (int i = 0; i < 100; ++i) pool.submit([&] { ++ran; });
  CHECK_THROWS_AS(pool.finish(), std::runtime_error);
  CHECK(ran == 0);
}

TEST_CASE("a pool that is thrown away abandons what has not begun") {
  std::atomic<int> ran = 0;
  std::promise<void> begun;
  std::promise<void> abandoned;
  {
    Pool pool(1);
    pool.submit([&] {
      begun.set_value();
      abandoned.get_future().wait();
      ++ran;
    });
    begun.get_future().wait();
    // The first job goes on when the second is destroyed, which only the destructor does.
    const auto last_words = [&](const int* token) {
      delete token;
      abandoned.set_value();
    };
    pool.submit([&, token = std::shared_ptr<int>(new int(0), last_words)] { ++ran; });
  }
  CHECK(ran == 1);
}

TEST_CASE("as many jobs run at once as there are threads") {
  constexpr int threads = 4;
  Pool pool(threads);
  std::atomic<int> inside = 0;
  std::promise<void> all_inside;
  auto together = all_inside.get_future().share();
  for (int i = 0; i < threads; ++i) {
    pool.submit([&, together] {
      if (++inside == threads) all_inside.set_value();
      together.wait();
    });
  }
  pool.finish();
  CHECK(inside == threads);
}

namespace {

// What comes of a pool for eight where this user may have `most` threads in all.
std::string work_within(rlim_t most) {
  rlimit limit{};
  ::getrlimit(RLIMIT_NPROC, &limit);
  limit.rlim_cur = most;
  if (::setrlimit(RLIMIT_NPROC, &limit) != 0) throw Error(Fault::internal, "cannot set the limit");
  std::atomic<int> count = 0;
  try {
    Pool pool(8);
    for (int i = 0; i < 100; ++i) pool.submit([&] { ++count; });
    pool.finish();
  } catch (const Error& error) {
    if (error.fault() != Fault::internal || error.hint().empty()) throw;
    return "refused";
  }
  if (count != 100) throw Error(Fault::internal, "jobs were lost");
  return "done";
}

}  // namespace

TEST_CASE("a pool makes do with the threads it gets, and says so when it gets none") {
  const std::string outcome = as_ordinary_user([] {
    if (work_within(0) != "refused") throw Error(Fault::internal, "a pool of nobody was made");
    // The user may have other threads; by one more each time, every part of a pool is met.
    rlim_t most = 1;
    while (work_within(most) == "refused") ++most;
    for (const rlim_t enough = most + 8; most < enough; ++most) work_within(most);
  });
  CHECK(outcome == "");
}
