#include "base/threads.hh"

#include "base/error.hh"
#include "ordinary_user.hh"

#include <doctest/doctest.h>

#include <atomic>
#include <future>
#include <memory>
#include <stdexcept>
#include <string>
#include <vector>

#include <sys/resource.h>

namespace threads_test {

using namespace bakehouse::base;

TEST_CASE("every job has run when finish returns") {
  for (const unsigned workers : {0U, 1U, 2U, 8U}) {
    CAPTURE(workers);
    Crew crew(workers);
    std::atomic<int> sum = 0;
    for (int i = 1; i <= 500; ++i) crew.add([&sum, i] { sum += i; });
    crew.finish();
    CHECK(sum == 500 * 501 / 2);
  }
}

namespace {

void branch(Crew& crew, std::atomic<int>& leaves, int depth) {
  if (depth == 0) {
    ++leaves;
    return;
  }
  for (int i = 0; i < 3; ++i) crew.add([&crew, &leaves, depth] { branch(crew, leaves, depth - 1); });
}

}  // namespace

TEST_CASE("jobs may add jobs, and finish waits for those too") {
  for (const unsigned workers : {1U, 2U, 5U}) {
    CAPTURE(workers);
    Crew crew(workers);
    std::atomic<int> leaves = 0;
    crew.add([&] { branch(crew, leaves, 7); });
    crew.finish();
    CHECK(leaves == 3 * 3 * 3 * 3 * 3 * 3 * 3);
  }
}

TEST_CASE("a crew of one works in the caller's thread, the newest job first") {
  Crew crew(1);
  std::vector<int> order;
  const auto caller = std::this_thread::get_id();
  crew.add([&] { order.push_back(1); });
  crew.add([&] {
    CHECK(std::this_thread::get_id() == caller);
    order.push_back(2);
    crew.add([&] { order.push_back(3); });
  });
  crew.finish();
  CHECK(order == std::vector<int>{2, 3, 1});
}

TEST_CASE("a crew can be used again after finish, and finishing nothing is fine") {
  Crew crew(2);
  std::atomic<int> count = 0;
  crew.finish();
  for (int round = 0; round < 50; ++round) {
    crew.add([&] { ++count; });
    crew.finish();
  }
  CHECK(count == 50);
}

TEST_CASE("the first exception of a job comes out of finish, once") {
  for (const unsigned workers : {1U, 2U}) {
    CAPTURE(workers);
    Crew crew(workers);
    crew.add([] { throw std::runtime_error("broken"); });
    CHECK_THROWS_WITH_AS(crew.finish(), "broken", std::runtime_error);
    CHECK_NOTHROW(crew.finish());
    std::atomic<bool> ran = false;
    crew.add([&] { ran = true; });
    crew.finish();
    CHECK(ran);
  }
}

TEST_CASE("jobs behind a failure are dropped") {
  Crew crew(1);
  std::atomic<int> ran = 0;
  for (int i = 0; i < 100; ++i) crew.add([&] { ++ran; });
  crew.add([] { throw std::runtime_error("broken"); });  // the newest, so the first
  CHECK_THROWS_AS(crew.finish(), std::runtime_error);
  CHECK(ran == 0);
}

TEST_CASE("a crew that is thrown away abandons what has not begun") {
  std::atomic<int> ran = 0;
  {
    Crew crew(1);
    for (int i = 0; i < 3; ++i) crew.add([&] { ++ran; });
  }
  CHECK(ran == 0);
}

TEST_CASE("as many jobs run at once as there are workers") {
  constexpr int workers = 4;
  Crew crew(workers);
  std::atomic<int> inside = 0;
  std::promise<void> all_inside;
  auto together = all_inside.get_future().share();
  for (int i = 0; i < workers; ++i) {
    crew.add([&, together] {
      if (++inside == workers) all_inside.set_value();
      together.wait();
    });
  }
  crew.finish();
  CHECK(inside == workers);
}

TEST_CASE("a crew makes do with the threads it gets, even with none") {
  const std::string outcome = as_ordinary_user([] {
    for (rlim_t most = 0; most < 10; ++most) {
      rlimit limit{};
      ::getrlimit(RLIMIT_NPROC, &limit);
      limit.rlim_cur = most;
      if (::setrlimit(RLIMIT_NPROC, &limit) != 0) throw Error(Fault::internal, "cannot set the limit");
      std::atomic<int> count = 0;
      Crew crew(8);
      for (int i = 0; i < 100; ++i) crew.add([&] { ++count; });
      crew.finish();
      if (count != 100) throw Error(Fault::internal, "jobs were lost");
    }
  });
  CHECK(outcome == "");
}

}  // namespace threads_test
