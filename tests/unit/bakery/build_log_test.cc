#include "bakery/build_log.hh"

#include "base/files.hh"

#include <doctest/doctest.h>

#include <set>

namespace build_log_test {

using namespace bakehouse;
using namespace bakehouse::bakery;
using base::Event;

namespace {

// It stands still unless it is moved.
struct FrozenClock {
  std::chrono::system_clock::time_point time{std::chrono::seconds(1700000000)};
  base::Clock clock() {
    base::Clock made = base::system_clock();
    made.now = [this] { return time; };
    return made;
  }
};

std::string content(const BuildLog& log) { return base::read_file(log.path(), 1 << 26); }

}  // namespace

TEST_CASE("a log shows events as a screen does, escaped, and how it ended") {
  const base::TempDir scratch;
  FrozenClock frozen;
  BuildLog log(scratch.path() / "logs", frozen.clock());
  log.take({Event::Kind::phase_started, "build", ""});
  log.take({Event::Kind::note, "build", "acme/a 1.0"});
  log.take({Event::Kind::output, "build", "red \033[31m"});
  log.take({Event::Kind::progress, "build", "50 %"});
  log.take({Event::Kind::warning, "build", "beware"});
  log.take({Event::Kind::phase_done, "build", ""});
  log.write("one\ntwo\n");
  log.end("good");
  CHECK(log.path() == scratch.path() / "logs/20231114T221320Z.log");
  CHECK(content(log) ==
        "2023-11-14T22:13:20Z build\n"
        "  acme/a 1.0\n"
        "  | red \\033[31m\n"
        "warning: beware\n"
        "one\ntwo\n"
        "2023-11-14T22:13:20Z good\n");
}

TEST_CASE("of what is printed without end the beginning and the last lines are kept") {
  const base::TempDir scratch;
  FrozenClock frozen;
  BuildLog log(scratch.path(), frozen.clock(), 1000);
  for (int i = 0; i < 10000; ++i) log.write(std::to_string(i));
  log.end("failed");
  const std::string text = content(log);
  CHECK(text.starts_with("0\n1\n2\n"));
  CHECK(text.find("\n275\n276\n9723 lines more were printed than this log has room for; the last of them:\n"
                  "  | 9800\n") != text.npos);
  CHECK(text.ends_with("  | 9999\n2023-11-14T22:13:20Z failed\n"));
}

TEST_CASE("logs of one second have names of their own, and only the newest are kept") {
  const base::TempDir scratch;
  FrozenClock frozen;
  std::set<std::filesystem::path> paths;
  for (int i = 0; i < 3; ++i) paths.insert(BuildLog(scratch.path(), frozen.clock()).path());
  CHECK(paths.size() == 3);
  base::write_file(scratch.path() / "notes.txt", "");
  for (size_t i = 0; i < 2 * most_logs; ++i) {
    frozen.time += std::chrono::seconds(1);
    const BuildLog log(scratch.path(), frozen.clock());
  }
  const auto names = base::Dir::open(scratch.path()).names();
  CHECK(names.size() == most_logs + 1);
  CHECK(names.front() == "20231114T221341Z.log");
  CHECK(names.back() == "notes.txt");
}

}  // namespace build_log_test
