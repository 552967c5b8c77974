#include "base/uuid.hh"

#include <doctest/doctest.h>

#include <set>
#include <string>

namespace uuid_test {

using namespace bakehouse::base;

TEST_CASE("a UUID has the form, version and variant of RFC 9562") {
  for (int i = 0; i < 200; ++i) {
    const std::string uuid = make_uuid7(1767225599987);
    CAPTURE(uuid);
    REQUIRE(uuid.size() == 36);
    for (size_t at = 0; at < uuid.size(); ++at) {
      const bool dash = at == 8 || at == 13 || at == 18 || at == 23;
      CHECK((dash ? uuid[at] == '-' : std::string("0123456789abcdef").find(uuid[at]) != std::string::npos));
    }
    CHECK(uuid[14] == '7');
    CHECK(std::string("89ab").find(uuid[19]) != std::string::npos);
  }
}

TEST_CASE("a UUID begins with its time, so that names sort by it") {
  CHECK(make_uuid7(0).substr(0, 13) == "00000000-0000");
  CHECK(make_uuid7(0x0123456789AB).substr(0, 13) == "01234567-89ab");
  CHECK(make_uuid7(0xFFFFFFFFFFFF).substr(0, 13) == "ffffffff-ffff");
  CHECK(make_uuid7(1767225599987) < make_uuid7(1767225599988));
}

TEST_CASE("two of the same millisecond differ") {
  std::set<std::string> seen;
  for (int i = 0; i < 1000; ++i) seen.insert(make_uuid7(1));
  CHECK(seen.size() == 1000);
}

}  // namespace uuid_test
