#include "base/progress.hh"

#include <doctest/doctest.h>

#include <vector>

namespace progress_test {

namespace {

using namespace bakehouse;

std::vector<std::string> told_of(uint64_t total, uint64_t step) {
  std::vector<std::string> told;
  const base::Progress progress = base::tell_tenths(
      [&](const base::Event& event) {
        CHECK(event.kind == base::Event::Kind::progress);
        CHECK(event.phase == "pack");
        told.push_back(event.text);
      },
      "pack");
  for (uint64_t done = 0; done < total; done += step) progress(done, total);
  progress(total, total);
  return told;
}

}  // namespace

TEST_CASE("long work is told of at every tenth and at its end") {
  const auto told = told_of(400'000'000, 1'000'000);
  CHECK(told.size() == 10);
  CHECK(told.front() == "40 of 400 MB");
  CHECK(told.back() == "400 of 400 MB");
}

TEST_CASE("work in few steps is told of at each of them") {
  CHECK(told_of(300'000'000, 150'000'000) == std::vector<std::string>{"150 of 300 MB", "300 of 300 MB"});
}

TEST_CASE("short work is not told of") {
  CHECK(told_of(99'000'000, 1'000'000).empty());
  CHECK(told_of(0, 1).empty());
}

}  // namespace progress_test
