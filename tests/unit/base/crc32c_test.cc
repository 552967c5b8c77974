#include "base/crc32c.hh"

#include <doctest/doctest.h>

#include <string>

namespace crc32c_test {

using namespace bakehouse::base;

TEST_CASE("the sums are those of RFC 3720") {
  std::string ascending;
  std::string descending;
  for (int i = 0; i < 32; ++i) {
    ascending += static_cast<char>(i);
    descending += static_cast<char>(31 - i);
  }
  CHECK(crc32c("") == 0);
  CHECK(crc32c("123456789") == 0xE3069283);
  CHECK(crc32c(std::string(32, '\0')) == 0x8A9136AA);
  CHECK(crc32c(std::string(32, '\xff')) == 0x62A8AB43);
  CHECK(crc32c(ascending) == 0x46DD794E);
  CHECK(crc32c(descending) == 0x113FDB5C);
}

TEST_CASE("every flipped bit is noticed") {
  const std::string record = "begin deploy 20260131T120000Z";
  for (size_t bit = 0; bit < record.size() * 8; ++bit) {
    std::string damaged = record;
    damaged[bit / 8] = static_cast<char>(damaged[bit / 8] ^ (1 << (bit % 8)));
    CAPTURE(bit);
    CHECK(crc32c(damaged) != crc32c(record));
  }
}

}  // namespace crc32c_test
