#include "base/in_order.hh"

#include "base/error.hh"
#include "ordinary_user.hh"

#include <doctest/doctest.h>

#include <algorithm>
#include <atomic>
#include <memory>
#include <numeric>
#include <stdexcept>
#include <string>
#include <vector>

#include <sys/resource.h>

namespace in_order_test {

using namespace bakehouse::base;

namespace {

// Held up until somebody opens it.
class Latch {
 public:
  void open() {
    const std::lock_guard lock(mutex_);
    is_open_ = true;
    changed_.notify_all();
  }
  void wait() {
    std::unique_lock lock(mutex_);
    changed_.wait(lock, [&] { return is_open_; });
  }

 private:
  std::mutex mutex_;
  std::condition_variable changed_;
  bool is_open_ = false;
};

// Counts those of its kind that exist.
class Counted {
 public:
  Counted(size_t number, std::atomic<int>& alive, std::atomic<int>& most) : number_(number), alive_(&alive) {
    const int now = ++alive;
    for (int seen = most; now > seen && !most.compare_exchange_weak(seen, now);) {
    }
  }
  Counted(Counted&& other) noexcept : number_(other.number_), alive_(std::exchange(other.alive_, nullptr)) {}
  Counted& operator=(Counted&& other) noexcept {
    std::swap(number_, other.number_);
    std::swap(alive_, other.alive_);
    return *this;
  }
  Counted(const Counted&) = delete;
  Counted& operator=(const Counted&) = delete;
  ~Counted() {
    if (alive_ != nullptr) --*alive_;
  }

  size_t number() const { return number_; }

 private:
  size_t number_;
  std::atomic<int>* alive_;
};

std::vector<size_t> first_numbers(size_t count) {
  std::vector<size_t> numbers(count);
  std::iota(numbers.begin(), numbers.end(), 0);
  return numbers;
}

// What comes out of run(), "" for nothing.
template <typename Thing>
std::string failure_of(InOrder<Thing>& order) {
  try {
    order.run();
  } catch (const std::runtime_error& error) {
    return error.what();
  }
  return "";
}

}  // namespace

TEST_CASE("everything is made once and taken once, in order") {
  for (const unsigned workers : {0U, 1U, 2U, 8U}) {
    for (const size_t count : {0, 1, 2, 7, 1000}) {
      CAPTURE(workers);
      CAPTURE(count);
      std::vector<std::atomic<int>> made(count);
      std::vector<size_t> taken;
      InOrder<std::unique_ptr<size_t>> order(
          count,
          [&](size_t i) {
            ++made[i];
            return std::make_unique<size_t>(i);
          },
          [&](size_t i, const std::unique_ptr<size_t>& thing) {
            CHECK(*thing == i);
            taken.push_back(i);
          },
          workers);
      order.run();
      CHECK(taken == first_numbers(count));
      CHECK(std::all_of(made.begin(), made.end(), [](const auto& times) { return times == 1; }));
    }
  }
}

TEST_CASE("one worker works in the caller's thread and keeps nothing waiting") {
  std::vector<std::string> story;
  const auto caller = std::this_thread::get_id();
  InOrder<int> order(
      3,
      [&](size_t i) {
        CHECK(std::this_thread::get_id() == caller);
        story.push_back("make " + std::to_string(i));
        return 0;
      },
      [&](size_t i, int) { story.push_back("take " + std::to_string(i)); }, 1);
  order.run();
  CHECK(story == std::vector<std::string>{"make 0", "take 0", "make 1", "take 1", "make 2", "take 2"});
}

TEST_CASE("as many are made at once as there are workers") {
  constexpr size_t workers = 4;
  std::atomic<size_t> inside = 0;
  Latch all_inside;
  InOrder<int> order(
      workers,
      [&](size_t) {
        if (++inside == workers) all_inside.open();
        all_inside.wait();
        return 0;
      },
      [](size_t, int) {}, workers);
  order.run();
  CHECK(inside == workers);
}

TEST_CASE("no two are taken at once, and none before those below it are made") {
  // The first is held up until others wait to be taken.
  constexpr size_t count = 200;
  for (const unsigned workers : {2U, 8U}) {
    CAPTURE(workers);
    Latch others_are_made;
    std::atomic<size_t> made = 0;
    std::atomic<int> taking = 0;
    std::vector<size_t> taken;
    InOrder<size_t> order(
        count,
        [&](size_t i) {
          if (i == 0) others_are_made.wait();
          if (++made == workers) others_are_made.open();
          return i;
        },
        [&](size_t i, size_t) {
          CHECK(++taking == 1);
          taken.push_back(i);
          --taking;
        },
        workers);
    order.run();
    CHECK(taken == first_numbers(count));
  }
}

TEST_CASE("no more things exist at a time than twice the workers") {
  for (const unsigned workers : {1U, 2U, 8U}) {
    CAPTURE(workers);
    std::atomic<int> alive = 0;
    std::atomic<int> most = 0;
    const size_t bound = size_t{2} * workers;
    std::atomic<size_t> made = 0;
    Latch all_others;
    InOrder<Counted> order(
        500,
        [&](size_t i) {
          // The first comes last of all that may exist, so that as many as possible wait for it.
          if (i == 0 && workers > 1) all_others.wait();
          Counted thing(i, alive, most);
          if (++made == bound - 1) all_others.open();
          return thing;
        },
        [&](size_t i, const Counted& thing) { CHECK(thing.number() == i); }, workers);
    order.run();
    CHECK(most == (workers == 1 ? 1 : static_cast<int>(bound)));
    CHECK(alive == 0);
  }
}

TEST_CASE("the failure of the lowest number is what is thrown, though a higher one failed before it") {
  for (const bool is_first_in_take : {false, true}) {
    CAPTURE(is_first_in_take);
    Latch higher_failed;
    std::vector<size_t> taken;
    InOrder<size_t> order(
        100,
        [&](size_t i) {
          if (i == 3) {
            higher_failed.open();
            throw std::runtime_error("making 3");
          }
          if (i == 1) {
            higher_failed.wait();
            if (!is_first_in_take) throw std::runtime_error("making 1");
          }
          return i;
        },
        [&](size_t i, size_t) {
          if (i == 1) throw std::runtime_error("taking 1");
          taken.push_back(i);
        },
        4);
    CHECK(failure_of(order) == (is_first_in_take ? "taking 1" : "making 1"));
    CHECK(taken == first_numbers(1));
  }
}

TEST_CASE(
    "whatever fails and whatever the threads do, it is the lowest number, and nothing above it is taken") {
  for (const unsigned workers : {1U, 2U, 8U}) {
    for (size_t lowest = 0; lowest < 40; ++lowest) {
      CAPTURE(workers);
      CAPTURE(lowest);
      const bool is_taking = lowest % 3 == 0;
      std::vector<size_t> taken;
      InOrder<size_t> order(
          60,
          [&](size_t i) {
            if (i > lowest || (i == lowest && !is_taking)) throw std::runtime_error(std::to_string(i));
            return i;
          },
          [&](size_t i, size_t) {
            if (i == lowest) throw std::runtime_error(std::to_string(i));
            taken.push_back(i);
          },
          workers);
      CHECK(failure_of(order) == std::to_string(lowest));
      CHECK(taken == first_numbers(lowest));
    }
  }
}

TEST_CASE("behind a failure nothing more is begun but what was") {
  std::atomic<size_t> begun = 0;
  InOrder<size_t> order(
      100'000,
      [&](size_t i) {
        ++begun;
        if (i == 0) throw std::runtime_error("at once");
        return i;
      },
      [](size_t, size_t) { CHECK(false); }, 2);
  CHECK(failure_of(order) == "at once");
  CHECK(begun <= 4);
}

TEST_CASE("what was made and is not taken is destroyed with the rest") {
  std::atomic<int> alive = 0;
  std::atomic<int> most = 0;
  {
    InOrder<Counted> order(
        50, [&](size_t i) { return Counted(i, alive, most); },
        [](size_t i, const Counted&) {
          if (i == 10) throw std::runtime_error("no more");
        },
        8);
    CHECK(failure_of(order) == "no more");
  }
  CHECK(alive == 0);
}

TEST_CASE("things in order come with the threads there are, even with none") {
  const std::string outcome = as_ordinary_user([] {
    for (rlim_t most = 0; most < 10; ++most) {
      rlimit limit{};
      ::getrlimit(RLIMIT_NPROC, &limit);
      limit.rlim_cur = most;
      if (::setrlimit(RLIMIT_NPROC, &limit) != 0) throw Error(Fault::internal, "cannot set the limit");
      std::vector<size_t> taken;
      InOrder<size_t> order(
          100, [](size_t i) { return i; }, [&](size_t i, size_t) { taken.push_back(i); }, 8);
      order.run();
      if (taken != first_numbers(100)) throw Error(Fault::internal, "things were lost");
    }
  });
  CHECK(outcome == "");
}

}  // namespace in_order_test
