#include "base/uuid.hh"

#include "base/encoding.hh"
#include "base/error.hh"

#include <sys/random.h>

namespace bakehouse::base {

std::string make_uuid7(uint64_t milliseconds_since_epoch) {
  char bytes[16];
  // Sixteen bytes are never delivered in part (getrandom(2)).
  if (::getrandom(bytes, sizeof bytes, 0) != sizeof bytes) fail_os("read", "random bytes");
  for (int i = 0; i < 6; ++i) bytes[i] = static_cast<char>(milliseconds_since_epoch >> (8 * (5 - i)));
  bytes[6] = static_cast<char>(0x70 | (bytes[6] & 0x0F));
  bytes[8] = static_cast<char>(0x80 | (bytes[8] & 0x3F));
  const std::string hex = to_hex({bytes, sizeof bytes});
  return hex.substr(0, 8) + '-' + hex.substr(8, 4) + '-' + hex.substr(12, 4) + '-' + hex.substr(16, 4) + '-' +
         hex.substr(20);
}

}  // namespace bakehouse::base
