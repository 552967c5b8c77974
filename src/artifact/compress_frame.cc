// How a frame is compressed, so that the same content gives the same bytes. Why so: docs/decisions/0017.
#include "artifact/frames.hh"
#include "base/error.hh"

#include <fmt/format.h>
#include <zstd.h>

#include <algorithm>
#include <array>
#include <bit>
#include <memory>
#include <optional>

namespace bakehouse::artifact {
namespace {

using base::Error;
using base::Fault;

struct Free {
  void operator()(ZSTD_CCtx* context) const { ZSTD_freeCCtx(context); }
};

// One for a thread: to make it anew for every frame costs more than a small frame does.
ZSTD_CCtx* compressor() {
  thread_local const std::unique_ptr<ZSTD_CCtx, Free> context(ZSTD_createCCtx());
  if (!context) throw Error(Fault::internal, "no memory to compress");
  return context.get();
}

size_t checked(size_t result) {
  if (ZSTD_isError(result) != 0U)
    throw Error(Fault::input, fmt::format("cannot compress a frame: {}", ZSTD_getErrorName(result)));
  return result;
}

void set(ZSTD_CCtx* context, ZSTD_cParameter parameter, int value) {
  checked(ZSTD_CCtx_setParameter(context, parameter, value));
}

// zstd's own tables are made for streams. For a frame, a quarter of them finds nearly as much and stays in
// the processor's cache. Levels that search by trees, and those below dfast, keep theirs.
std::optional<int> hash_log_for(size_t size, int level) {
  constexpr int largest = 19;
  constexpr int least = 12;
  if (level < 3 || level > 12) return std::nullopt;
  const int log = std::bit_width(size) - 1;
  if (level < 5) return std::clamp(log, least, 15);
  return std::clamp(log, least, largest);
}

// Whether no search would find anything: pictures, archives, what is encrypted. In some places of it all
// bytes are about equally frequent: the sum of squares of how often each occurs is n + n(n-1)/256 for chance
// alone, four times that for base64, sixteen times for text.
bool looks_random(std::string_view bytes) {
  constexpr size_t sample = 4096;
  constexpr size_t samples = 4;
  constexpr uint64_t by_chance = sample + sample * (sample - 1) / 256;
  if (bytes.size() < 16 * sample) return false;
  for (size_t i = 0; i < samples; ++i) {
    std::array<uint32_t, 256> counts{};
    for (const char byte : bytes.substr((bytes.size() - sample) / (samples - 1) * i, sample))
      ++counts[static_cast<unsigned char>(byte)];
    uint64_t sum = 0;
    for (const uint64_t count : counts) sum += count * count;
    if (sum > by_chance + by_chance / 10) return false;
  }
  return true;
}

}  // namespace

std::string compress_frame(std::string_view bytes, int level) {
  ZSTD_CCtx* const context = compressor();
  checked(ZSTD_CCtx_reset(context, ZSTD_reset_session_and_parameters));
  set(context, ZSTD_c_compressionLevel, looks_random(bytes) ? std::min(level, 1) : level);
  set(context, ZSTD_c_checksumFlag, 1);
  if (const auto hash_log = hash_log_for(bytes.size(), level)) set(context, ZSTD_c_hashLog, *hash_log);
  // Kept by the thread: a string of its own would be filled with zeros first, every time.
  thread_local std::string room;
  if (room.size() < ZSTD_compressBound(bytes.size())) room.resize(ZSTD_compressBound(bytes.size()));
  const size_t size = checked(ZSTD_compress2(context, room.data(), room.size(), bytes.data(), bytes.size()));
  return room.substr(0, size);
}

}  // namespace bakehouse::artifact
