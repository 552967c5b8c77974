#include "tree/fast_hash.hh"

#include "base/error.hh"

#include <xxhash.h>

#include <algorithm>

namespace bakehouse::tree {
namespace {

Hash128 canonical(XXH128_hash_t number) {
  XXH128_canonical_t bytes;
  XXH128_canonicalFromHash(&bytes, number);
  Hash128 hash;
  std::copy_n(bytes.digest, hash.size(), hash.begin());
  return hash;
}

}  // namespace

uint64_t hash64(std::string_view bytes) { return XXH3_64bits(bytes.data(), bytes.size()); }

Hash128 hash128(std::string_view bytes) { return canonical(XXH3_128bits(bytes.data(), bytes.size())); }

struct Hasher128::State {
  std::unique_ptr<XXH3_state_t, decltype([](XXH3_state_t* state) { XXH3_freeState(state); })> xxh{
      XXH3_createState()};
};

Hasher128::Hasher128() : state_(std::make_unique<State>()) {
  if (!state_->xxh) throw base::Error(base::Fault::internal, "no memory to hash");
  XXH3_128bits_reset(state_->xxh.get());
}
Hasher128::Hasher128(Hasher128&&) noexcept = default;
Hasher128::~Hasher128() = default;

void Hasher128::update(std::string_view bytes) {
  XXH3_128bits_update(state_->xxh.get(), bytes.data(), bytes.size());
}

Hash128 Hasher128::finish() const { return canonical(XXH3_128bits_digest(state_->xxh.get())); }

}  // namespace bakehouse::tree
