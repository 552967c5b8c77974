#include "notify/outbox.hh"

#include "base/dir.hh"
#include "base/files.hh"
#include "telling.hh"

#include <doctest/doctest.h>

#include <filesystem>
#include <string>

#include <fmt/format.h>

namespace outbox_test {

using namespace bakehouse;
using namespace bakehouse::notify;

namespace {

struct Place {
  base::TempDir scratch;
  std::filesystem::path outbox = scratch.path() / "outbox";
  std::string warnings;
  base::EventSink events = [this](const base::Event& event) { warnings += event.text + "\n"; };

  void put(const Waiting& waiting) { notify::put(outbox, waiting, events); }
  std::vector<Waiting> all() { return read_outbox(outbox, events); }
};

Waiting waiting_of(const std::string& deployment, const std::string& receiver = "0123456789abcdef") {
  Waiting waiting{receiver, failure_message(), 100, 200, 3};
  waiting.message.deployment = deployment;
  return waiting;
}

}  // namespace

TEST_CASE("what was put in comes out, oldest first, and nobody else may read it") {
  Place place;
  CHECK(count_waiting(place.outbox) == 0);
  place.put(waiting_of("20260102T000000Z-b"));
  place.put(waiting_of("20260101T000000Z-a"));
  const auto all = place.all();
  REQUIRE(all.size() == 2);
  CHECK(all[0].message.deployment == "20260101T000000Z-a");
  CHECK(all[1].message.cause == failure_message().cause);
  CHECK(all[1].receiver == "0123456789abcdef");
  CHECK(all[1].queued == 100);
  CHECK(all[1].next == 200);
  CHECK(all[1].tries == 3);
  const auto modes = std::filesystem::status(place.outbox).permissions();
  CHECK(modes == std::filesystem::perms::owner_all);
  remove(place.outbox, all[0]);
  CHECK(count_waiting(place.outbox) == 1);
  CHECK(place.warnings.empty());
}

TEST_CASE("the same message to the same receiver waits once") {
  Place place;
  place.put(waiting_of("a"));
  place.put(waiting_of("a"));
  CHECK(count_waiting(place.outbox) == 1);
  place.put(waiting_of("a", "another"));
  CHECK(count_waiting(place.outbox) == 2);
}

TEST_CASE("when too many wait the oldest is given up, and that is told") {
  Place place;
  for (int i = 100; i < 205; ++i) place.put(waiting_of(fmt::format("{}", i)));
  const auto all = place.all();
  CHECK(all.size() == 100);
  CHECK(all.front().message.deployment == "105");
  CHECK(all.back().message.deployment == "204");
  CHECK(place.warnings.find("the oldest is given up, 104.reverted") != std::string::npos);
}

TEST_CASE("what is no message of ours does not stop the others") {
  Place place;
  place.put(waiting_of("a"));
  base::write_file(place.outbox / "half.json", "{\"receiver\":");
  base::write_file(place.outbox / "huge.json", std::string(100'000, ' '));
  base::write_file(place.outbox / "b.json",
                   base::read_file(place.outbox / "a.reverted.0123456789abcdef.json", 9999));
  std::filesystem::create_directory(place.outbox / "dir.json");
  std::filesystem::create_symlink("/etc/passwd", place.outbox / "link.json");
  const auto all = place.all();
  REQUIRE(all.size() == 1);
  CHECK(all[0].message.deployment == "a");
  CHECK(count_waiting(place.outbox) == 1);
  CHECK(std::filesystem::exists("/etc/passwd"));
  CHECK(place.warnings.find("b.json: is not what its name says") != std::string::npos);
}

TEST_CASE("a receiver is known again by what it is, and that is not to be read from it") {
  config::Receiver one;
  one.target = "https://bob:pa55@example.org/";
  config::Receiver other = one;
  other.on = {"failure"};
  CHECK(key_of(one) == key_of(other));
  other.target += "x";
  CHECK(key_of(one) != key_of(other));
  CHECK(key_of(one).size() == 16);
}

}  // namespace outbox_test
