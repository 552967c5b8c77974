#include "crypto/hkdf.hh"

#include "base/encoding.hh"

#include <doctest/doctest.h>

#include <string>

namespace hkdf_test {

using namespace bakehouse;

TEST_CASE("keys are derived as RFC 5869 says") {
  // Its first test case, whose output of 42 bytes begins with the block of 32; and its third, without salt.
  crypto::DerivedKey key;
  const std::string secret(22, '\x0b');
  crypto::derive_key(secret, base::from_hex("000102030405060708090a0b0c").value(),
                     base::from_hex("f0f1f2f3f4f5f6f7f8f9").value(), key);
  CHECK(base::to_hex(key.view()) == "3cb25f25faacd57a90434f64d0362f2a2d2d0a90cf1a5a4c5db02d56ecc4c5bf");
  crypto::derive_key(secret, "", "", key);
  CHECK(base::to_hex(key.view()) == "8da4e775a563c18f715f802a063c5a31b8a11f5c5ee1879ec3454e5f3c738d2d");
}

}  // namespace hkdf_test
