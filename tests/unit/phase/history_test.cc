#include "phase/history.hh"

#include "scene.hh"

#include <doctest/doctest.h>

#include <string>

namespace history_test {

using namespace bakehouse;
using namespace bakehouse::phase;
using text::Value;

namespace {

HistoryEntry entry(const std::string& id, const std::string& outcome = "good") {
  HistoryEntry entry;
  entry.deployment = id;
  entry.kind = "apply";
  entry.outcome = outcome;
  entry.version = "1.0";
  entry.sequence = 18446744073709551615ULL;
  entry.manifest = "ab";
  entry.parent = "before";
  entry.step = "health";
  entry.cause = "it said \"no\"\nand more";
  entry.who = "anna on web1";
  entry.began = 1000;
  entry.ended = 1009;
  entry.durations = Value::map({{"stage", 2}, {"stop", 0}});
  return entry;
}

std::string ids(const std::vector<HistoryEntry>& history) {
  std::string text;
  for (const auto& each : history) text += each.deployment + " ";
  return text;
}

}  // namespace

TEST_CASE("a history is read in the order in which it was written") {
  const Scene scene;
  const auto path = scene.path() / "history.jsonl";
  CHECK(read_history(path).empty());
  for (const char* id : {"one", "two", "three"}) append_history(path, entry(id));
  CHECK(ids(read_history(path)) == "one two three ");
  CHECK(encode(read_history(path)[1]).members().size() == encode(entry("two")).members().size());
}

TEST_CASE("every member of an entry is read as it was written") {
  const Scene scene;
  const auto path = scene.path() / "history.jsonl";
  append_history(path, entry("one"));
  const HistoryEntry read = read_history(path).at(0);
  const HistoryEntry written = entry("one");
  CHECK(read.deployment == written.deployment);
  CHECK(read.kind == written.kind);
  CHECK(read.outcome == written.outcome);
  CHECK(read.version == written.version);
  CHECK(read.sequence == written.sequence);
  CHECK(read.manifest == written.manifest);
  CHECK(read.parent == written.parent);
  CHECK(read.step == written.step);
  CHECK(read.cause == written.cause);
  CHECK(read.who == written.who);
  CHECK(read.began == written.began);
  CHECK(read.ended == written.ended);
  CHECK(read.durations.integer_at("stage") == 2);
}

TEST_CASE("an entry is one line of JSON, whatever its cause") {
  const Scene scene;
  const auto path = scene.path() / "history.jsonl";
  append_history(path, entry("one"));
  CHECK(base::read_file(path, largest_test_file) ==
        R"({"began":1000,"cause":"it said \"no\"\nand more","deployment":"one",)"
        R"("durations":{"stage":2,"stop":0},"ended":1009,"kind":"apply","manifest":"ab","outcome":"good",)"
        R"("parent":"before","sequence":18446744073709551615,"step":"health","version":"1.0",)"
        R"("who":"anna on web1"})"
        "\n");
}

TEST_CASE("the same deployment is entered once, as it was first") {
  const Scene scene;
  const auto path = scene.path() / "history.jsonl";
  append_history(path, entry("one"));
  const std::string before = base::read_file(path, largest_test_file);
  append_history(path, entry("one", "reverted"));
  CHECK(base::read_file(path, largest_test_file) == before);
}

TEST_CASE("a last line torn at any byte is passed over, and swallows nothing") {
  const Scene scene;
  const auto path = scene.path() / "history.jsonl";
  append_history(path, entry("one"));
  const size_t first = base::read_file(path, largest_test_file).size();
  append_history(path, entry("two"));
  const std::string whole = base::read_file(path, largest_test_file);
  for (size_t size = first; size < whole.size(); ++size) {
    CAPTURE(size);
    base::write_file(path, whole.substr(0, size));
    CHECK(ids(read_history(path)) == "one ");
    append_history(path, entry("three"));
    CHECK(ids(read_history(path)) == "one three ");
  }
}

TEST_CASE("a line that cannot be read is named") {
  const Scene scene;
  const auto path = scene.path() / "history.jsonl";
  append_history(path, entry("one"));
  base::write_file(path, base::read_file(path, largest_test_file) + "{\"deployment\":\n");
  const std::string error = thrown_by([&] { read_history(path); });
  CHECK(error.find("history.jsonl: line 2: ") != std::string::npos);
}

TEST_CASE("the newest good entry is found, and any by its name") {
  const std::vector<HistoryEntry> history{entry("one"), entry("two"), entry("three", "reverted"),
                                          entry("four", "failed")};
  REQUIRE(last_good(history) != nullptr);
  CHECK(last_good(history)->deployment == "two");
  CHECK(last_good({entry("one", "failed")}) == nullptr);
  CHECK(last_good({}) == nullptr);
  REQUIRE(find_deployment(history, "three") != nullptr);
  CHECK(find_deployment(history, "three")->outcome == "reverted");
  CHECK(find_deployment(history, "five") == nullptr);
}

}  // namespace history_test
