#include "service/record.hh"

#include "base/error.hh"
#include "base/files.hh"

#include <doctest/doctest.h>

#include <string>

#include <unistd.h>

namespace record_test {

using namespace bakehouse;
using namespace bakehouse::service;

namespace {

Recorded example() {
  Recorded service;
  service.spec = {"web", {"sh", "-c", "x"}, {"A=b"}, "/", "/logs/web.log"};
  service.process = {4711, 12345};
  service.restarts = 3;
  return service;
}

}  // namespace

TEST_CASE("what was written down is read again, and only the owner can") {
  const base::TempDir place;
  const auto path = record_in(place.path());
  CHECK(read_record(path).empty());
  write_record(path, {example()});
  const auto read = read_record(path);
  REQUIRE(read.size() == 1);
  CHECK(read[0].spec == example().spec);
  CHECK(read[0].process.pid == 4711);
  CHECK(read[0].process.start_time == 12345);
  CHECK(read[0].restarts == 3);
  const auto stat = base::Dir::open(place.path()).stat(base::TreePath::parse("services.json"));
  CHECK(stat->mode == 0600);
  write_record(path, {});
  CHECK_FALSE(std::filesystem::exists(path));
}

TEST_CASE("a record of before the machine was started names nothing that lives") {
  const base::TempDir place;
  const auto path = record_in(place.path());
  base::write_file(path, "{\"boot\":\"another\",\"services\":[{\"pid\":1}]}\n");
  CHECK(read_record(path).empty());
  for (const std::string& left : {std::string(), std::string(100, '\0'), std::string("{\"boot\":\"x")}) {
    base::write_file(path, left);
    CHECK(read_record(path).empty());
  }
}

TEST_CASE("a record that makes no sense is for a person to look at") {
  const base::TempDir place;
  const auto path = record_in(place.path());
  const std::string boot = "\"boot\":\"" + base::boot_id() + "\"";
  for (const std::string& json : {std::string("{{}"), "{" + boot + "}",
                                  "{" + boot + ",\"services\":[{\"pid\":\"x\"}]}", std::string("{}")}) {
    CAPTURE(json);
    base::write_file(path, json + "\n");
    try {
      read_record(path);
      FAIL("accepted");
    } catch (const base::Error& error) {
      CHECK(error.fault() == base::Fault::needs_hands);
      CHECK(error.hint().find(path.native()) != std::string::npos);
    }
  }
}

TEST_CASE("a number that was given to another process is not taken for the service") {
  const auto self = base::identify_process(::getpid());
  REQUIRE(self);
  Recorded other = example();
  other.process = {self->pid, self->start_time + 1};
  const base::TempDir place;
  write_record(record_in(place.path()), {other});
  CHECK(read_record(record_in(place.path())).size() == 1);
  // This process would be gone otherwise.
  other.process.pid = ::getpgid(0);
  other.spec.environment = {"BAKEHOUSE_ROOT=/nowhere"};
  CHECK_NOTHROW(end_remains(other));
}

}  // namespace record_test
