#include "crypto/digest.hh"

#include "base/encoding.hh"
#include "base/error.hh"

#include <openssl/evp.h>

#include <algorithm>
#include <vector>

namespace bakehouse::crypto {
namespace {

template <auto destroy>
struct Destroy {
  void operator()(auto* handle) const { destroy(handle); }
};
using Context = std::unique_ptr<EVP_MD_CTX, Destroy<EVP_MD_CTX_free>>;

void require(bool done) {
  if (!done) throw base::Error(base::Fault::internal, "libcrypto cannot compute SHA-256");
}

// Fetched once: EVP_sha256() would look the implementation up again for every digest.
const EVP_MD* method() {
  static const EVP_MD* const fetched = EVP_MD_fetch(nullptr, "SHA256", nullptr);
  require(fetched != nullptr);
  return fetched;
}

}  // namespace

std::string Digest::hex() const { return base::to_hex(view()); }

std::optional<Digest> Digest::parse(std::string_view hex) {
  Digest digest;
  const auto bytes = base::from_hex(hex);
  if (!bytes || bytes->size() != digest.bytes.size()) return std::nullopt;
  std::copy(bytes->begin(), bytes->end(), digest.bytes.begin());
  return digest;
}

struct Sha256::State {
  Context context{EVP_MD_CTX_new()};
};

Sha256::Sha256() : state_(std::make_unique<State>()) {
  require(state_->context != nullptr);
  require(EVP_DigestInit_ex2(state_->context.get(), method(), nullptr) == 1);
}

Sha256::Sha256(Sha256&&) noexcept = default;
Sha256& Sha256::operator=(Sha256&&) noexcept = default;
Sha256::~Sha256() = default;

void Sha256::update(std::string_view bytes) {
  require(EVP_DigestUpdate(state_->context.get(), bytes.data(), bytes.size()) == 1);
}

Digest Sha256::finish() {
  Digest digest;
  require(EVP_DigestFinal_ex(state_->context.get(), digest.bytes.data(), nullptr) == 1);
  return digest;
}

Digest sha256(std::string_view bytes) {
  Digest digest;
  require(EVP_Digest(bytes.data(), bytes.size(), digest.bytes.data(), nullptr, method(), nullptr) == 1);
  return digest;
}

Digest sha256_of(const base::Fd& fd, std::string_view name) {
  constexpr size_t buffer_size = 256 * 1024;
  Sha256 sum;
  std::vector<char> buffer(buffer_size);
  while (const size_t count = base::read_some(fd, buffer, name)) {
    sum.update({buffer.data(), count});
  }
  return sum.finish();
}

}  // namespace bakehouse::crypto
