#include "phase/journal.hh"

#include "base/crc32c.hh"
#include "base/error.hh"
#include "base/process.hh"
#include "scene.hh"

#include <doctest/doctest.h>

#include <csignal>
#include <string>
#include <vector>

#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

namespace journal_test {

using namespace bakehouse;
using namespace bakehouse::phase;
using Kind = Record::Kind;
using text::Value;

namespace {

const std::string head = "bakehouse journal 1\n";

std::string little_endian(uint32_t number) {
  std::string bytes;
  for (int i = 0; i < 4; ++i) bytes += static_cast<char>(number >> (8 * i));
  return bytes;
}

std::string framed(const std::string& payload) {
  return little_endian(static_cast<uint32_t>(payload.size())) + little_endian(base::crc32c(payload)) +
         payload;
}

const std::string open_payload = R"({"facts":{"what":"a test"},"record":"open","time":1000})";
const std::string begin_payload = R"({"facts":{"made":["a"]},"record":"begin","step":"stage","time":1001})";
const std::string done_payload = R"({"record":"done","step":"stage","time":1002})";

const std::string three_records = head + framed(open_payload) + framed(begin_payload) + framed(done_payload);
// Where each record ends.
const size_t ends[] = {head.size() + 8 + open_payload.size(),
                       head.size() + 16 + open_payload.size() + begin_payload.size(), three_records.size()};

size_t whole_records_in(size_t size) {
  size_t count = 0;
  for (const size_t end : ends) count += size >= end ? 1 : 0;
  return count;
}

void write_three_records(const Scene& scene) {
  Journal journal = scene.new_journal();
  journal.append({Kind::begin, "stage", Value::map({{"made", Value::list({"a"})}}), 1001});
  journal.append({Kind::done, "stage", Value::map(), 1002});
}

std::string error_of(const std::string& bytes) {
  const Scene scene;
  scene.put_journal(bytes);
  const std::string when_opened = thrown_by([&] { Journal::open(scene.journal_path()); });
  CHECK(thrown_by([&] { Journal::read(scene.journal_path()); }) == when_opened);
  CHECK(scene.journal_bytes() == bytes);  // what nobody understands is left as it is
  return when_opened;
}

}  // namespace

TEST_CASE("the journal on disk is the one that is documented") {
  const Scene scene;
  write_three_records(scene);
  CHECK(scene.journal_bytes() == three_records);
  struct stat found {};
  REQUIRE(::stat(scene.journal_path().c_str(), &found) == 0);
  CHECK((found.st_mode & 07777) == 0600);
}

TEST_CASE("what is written is read again") {
  const Scene scene;
  write_three_records(scene);
  const auto journal = Journal::open(scene.journal_path());
  REQUIRE(journal);
  CHECK(describe(journal->records()) == "open, begin stage, done stage");
  CHECK(describe(Journal::read(scene.journal_path())) == "open, begin stage, done stage");
  CHECK(journal->facts().string_at("what") == "a test");
  CHECK(journal->records()[1].facts.at("made").items().at(0).text() == "a");
  CHECK(journal->records()[1].time == 1001);
  CHECK(journal->has(Kind::begin));
  CHECK(journal->has(Kind::begin, "stage"));
  CHECK_FALSE(journal->has(Kind::begin, "stop"));
  CHECK_FALSE(journal->has(Kind::commit));
  CHECK_FALSE(journal->is_closed());
}

TEST_CASE("every kind of record is read again") {
  const Scene scene;
  Journal journal = scene.new_journal();
  for (const Kind kind :
       {Kind::begin, Kind::process, Kind::done, Kind::failed, Kind::undo, Kind::undone, Kind::undo_failed})
    journal.append({kind, "step", Value::map({{"fact", 1}}), 1001});
  for (const Kind kind : {Kind::commit, Kind::reverted, Kind::closed})
    journal.append({kind, "", Value::map(), 1002});
  const auto read = Journal::open(scene.journal_path());
  REQUIRE(read);
  CHECK(describe(read->records()) == describe(journal.records()));
  CHECK(describe(read->records()) ==
        "open, begin step, process step, done step, failed step, undo step, undone step, undo-failed step, "
        "commit, reverted, closed");
  CHECK(read->is_closed());
}

TEST_CASE("without a file there is no journal") {
  const Scene scene;
  CHECK_FALSE(Journal::open(scene.journal_path()));
  CHECK(Journal::read(scene.journal_path()).empty());
}

TEST_CASE("a new journal takes the place of the last one") {
  const Scene scene;
  write_three_records(scene);
  scene.new_journal();
  CHECK(describe(Journal::read(scene.journal_path())) == "open");
}

TEST_CASE("a last record torn at any byte is cut off, and the rest goes on") {
  const Scene scene;
  for (size_t size = ends[0]; size <= three_records.size(); ++size) {
    CAPTURE(size);
    const size_t whole = whole_records_in(size);
    scene.put_journal(three_records.substr(0, size));
    CHECK(Journal::read(scene.journal_path()).size() == whole);
    CHECK(scene.journal_bytes().size() == size);  // looking cuts nothing
    auto journal = Journal::open(scene.journal_path());
    REQUIRE(journal);
    CHECK(journal->records().size() == whole);
    CHECK(scene.journal_bytes() == three_records.substr(0, ends[whole - 1]));
    journal->append({Kind::commit, "", Value::map(), 1003});
    const auto records = Journal::read(scene.journal_path());
    REQUIRE(records.size() == whole + 1);
    CHECK(records.back().kind == Kind::commit);
  }
}

TEST_CASE("a last record of which the file system kept the length but not the content is cut off") {
  // ext4 and XFS may make a file longer before what was written to it is on the disk.
  const Scene scene;
  for (size_t size = ends[1]; size < three_records.size(); ++size) {
    CAPTURE(size);
    std::string bytes = three_records.substr(0, size);
    bytes.resize(three_records.size(), '\0');
    scene.put_journal(bytes);
    const auto journal = Journal::open(scene.journal_path());
    REQUIRE(journal);
    CHECK(describe(journal->records()) == "open, begin stage");
    CHECK(scene.journal_bytes() == three_records.substr(0, ends[1]));
  }
}

TEST_CASE("a flipped bit before the last record is for a person to judge") {
  // Whatever it makes of a record: of a length, too, which could otherwise swallow all that follows.
  for (size_t at = head.size(); at < ends[1]; ++at) {
    for (int bit = 0; bit < 8; ++bit) {
      CAPTURE(at);
      CAPTURE(bit);
      std::string bytes = three_records;
      bytes[at] = static_cast<char>(bytes[at] ^ (1 << bit));
      const size_t record = at < ends[0] ? head.size() : ends[0];
      CHECK(error_of(bytes) == "7: the journal is damaged at byte " + std::to_string(record));
    }
  }
}

TEST_CASE("records that are missing from the middle are noticed where they leave a part") {
  std::string bytes = three_records;
  bytes.erase(ends[0] + 3, 20);
  CHECK(error_of(bytes) == "7: the journal is damaged at byte " + std::to_string(ends[0]));
}

TEST_CASE("a file that is no journal is refused") {
  struct Row {
    std::string bytes;
    std::string error;
  };
  const Row rows[] = {
      {"", "7: the journal does not begin as a journal does"},
      {"bakehouse journal", "7: the journal does not begin as a journal does"},
      {"bakehouse journal 2\n" + framed(open_payload), "7: the journal does not begin as a journal does"},
      {three_records.substr(1), "7: the journal does not begin as a journal does"},
  };
  for (const Row& row : rows) {
    CAPTURE(row.bytes);
    CHECK(error_of(row.bytes) == row.error);
  }
  const Scene scene;
  scene.put_journal(head);
  CHECK(thrown_by([&] { Journal::open(scene.journal_path()); }) == "7: the journal holds no record");
}

TEST_CASE("a record that a later version wrote stops this one") {
  CHECK(error_of(head + framed(open_payload) + framed(R"({"record":"pause","time":1})")) ==
        "7: the journal holds a record 'pause', which this program does not know");
  // Whole, so not torn, but nothing that this program ever writes.
  for (const std::string payload :
       {"{}", "[]", "not JSON", R"({"record":1,"time":1})", R"({"record":"done"})"}) {
    CAPTURE(payload);
    CHECK(error_of(head + framed(open_payload) + framed(payload)).substr(0, 3) == "7: ");
  }
}

TEST_CASE("after an append for which there was no room the journal is whole, and goes on when there is") {
  const Scene scene;
  // In a child, because the limit of a file's size holds for the whole process.
  const pid_t child = ::fork();
  if (child == 0) {
    ::signal(SIGXFSZ, SIG_IGN);
    Journal journal = scene.new_journal();
    rlimit limit{scene.journal_bytes().size() + 20, RLIM_INFINITY};
    ::setrlimit(RLIMIT_FSIZE, &limit);
    const std::string error = thrown_by([&] {
                                journal.append({Kind::begin, "stage", Value::map(), 1001});
                              }).substr(0, 9);
    limit.rlim_cur = RLIM_INFINITY;
    ::setrlimit(RLIMIT_FSIZE, &limit);
    journal.append({Kind::failed, "stage", Value::map(), 1002});
    ::_exit(error == "7: cannot" ? 0 : 1);
  }
  int status = 0;
  REQUIRE(::waitpid(child, &status, 0) == child);
  CHECK(status == 0);
  CHECK(describe(Journal::read(scene.journal_path())) == "open, failed stage");
}

}  // namespace journal_test
