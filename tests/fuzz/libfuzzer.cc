// A target with libFuzzer's own main: see run.sh.
#include "fuzz/target.hh"

#include <cstddef>
#include <cstdint>

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  bakehouse::fuzz::test_one({reinterpret_cast<const char*>(data), size});
  return 0;
}
