#include "phase/deadline.hh"

#include <doctest/doctest.h>

#include <chrono>

namespace deadline_test {

using namespace bakehouse;
using namespace bakehouse::phase;
using std::chrono::milliseconds;

namespace {

struct Hands {
  milliseconds since_boot{1000};
  base::Seconds wall = 1'800'000'000;

  base::Clock clock() {
    base::Clock made = base::system_clock();
    made.since_boot = [this] { return since_boot; };
    made.now = [this] { return std::chrono::system_clock::time_point(std::chrono::seconds(wall)); };
    return made;
  }
};

}  // namespace

TEST_CASE("while the machine runs the wall clock has no say") {
  Hands hands;
  const Deadline deadline = deadline_after(std::chrono::minutes(10), hands.clock());
  hands.wall += 86400;
  CHECK_FALSE(is_past(deadline, hands.clock()));
  hands.since_boot += milliseconds(599'999);
  CHECK_FALSE(is_past(deadline, hands.clock()));
  hands.since_boot += milliseconds(1);
  hands.wall -= 2 * 86400;
  CHECK(is_past(deadline, hands.clock()));
}

TEST_CASE("after a restart the wall clock decides, and one that was set back is not believed") {
  Hands hands;
  Deadline deadline = deadline_after(std::chrono::minutes(10), hands.clock());
  deadline.boot = "another boot";
  hands.since_boot = milliseconds(99'999'999);
  CHECK_FALSE(is_past(deadline, hands.clock()));
  hands.wall += 600;
  CHECK(is_past(deadline, hands.clock()));
  hands.wall -= 601;
  CHECK(is_past(deadline, hands.clock()));
}

TEST_CASE("a deadline survives being written and read") {
  Hands hands;
  const Deadline deadline = deadline_after(std::chrono::hours(2), hands.clock());
  const Deadline read = decode_deadline(encode(deadline));
  CHECK(read.boot == deadline.boot);
  CHECK(read.since_boot == deadline.since_boot);
  CHECK(read.set == deadline.set);
  CHECK(read.wall == deadline.wall);
}

}  // namespace deadline_test
