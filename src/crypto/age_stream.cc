#include "crypto/age_stream.hh"

#include "base/encoding.hh"
#include "base/error.hh"

#include <sodium.h>

#include <algorithm>
#include <array>
#include <cstdint>

namespace bakehouse::crypto {
namespace {

using base::Error;
using base::Fault;

constexpr size_t piece_size = size_t{1} << 16;
constexpr size_t tag_size = crypto_aead_chacha20poly1305_IETF_ABYTES;
constexpr size_t sealed_piece_size = piece_size + tag_size;

// A number, big-endian, and whether it is the last.
struct PieceNonce {
  std::array<uint8_t, crypto_aead_chacha20poly1305_IETF_NPUBBYTES> bytes{};

  PieceNonce(uint64_t number, bool is_last) {
    for (size_t i = 0; i < 8; ++i) bytes[10 - i] = static_cast<uint8_t>(number >> 8 * i & 0xff);
    bytes[11] = is_last ? 1 : 0;
  }
};

const unsigned char* data_of(std::string_view text) {
  return reinterpret_cast<const unsigned char*>(text.data());
}

bool open_piece(std::string_view piece, const PieceNonce& nonce, const DerivedKey& key, Secret& content) {
  unsigned long long length = 0;
  auto* const room = reinterpret_cast<unsigned char*>(content.room().data());
  const bool is_open =
      crypto_aead_chacha20poly1305_ietf_decrypt(room, &length, nullptr, data_of(piece), piece.size(), nullptr,
                                                0, nonce.bytes.data(), key.bytes.data()) == 0;
  if (is_open) content.extend(static_cast<size_t>(length));
  return is_open;
}

}  // namespace

void append_age_stream(std::string_view content, const DerivedKey& key, std::string& out) {
  uint64_t number = 0;
  bool is_last = false;
  while (!is_last) {
    const std::string_view piece = content.substr(0, piece_size);
    content.remove_prefix(piece.size());
    is_last = content.empty();
    const size_t at = out.size();
    out.resize(at + piece.size() + tag_size);
    const PieceNonce nonce(number++, is_last);
    crypto_aead_chacha20poly1305_ietf_encrypt(reinterpret_cast<unsigned char*>(out.data() + at), nullptr,
                                              data_of(piece), piece.size(), nullptr, 0, nullptr,
                                              nonce.bytes.data(), key.bytes.data());
  }
}

Secret open_age_stream(std::string_view stream, const DerivedKey& key, std::string_view name) {
  Secret content = Secret::with_room(stream.size());
  uint64_t number = 0;
  bool is_last = false;
  while (!is_last) {
    const std::string_view piece = stream.substr(0, sealed_piece_size);
    stream.remove_prefix(piece.size());
    is_last = stream.empty();
    // Only content of nothing ends in a piece of nothing: there is one way to cut each content.
    const bool may_be = piece.size() > tag_size || (piece.size() == tag_size && number == 0);
    if (!may_be || !open_piece(piece, PieceNonce(number, is_last), key, content)) {
      throw Error(Fault::trust,
                  fmt::format("{}: its content was changed or is not whole (piece {})", base::printable(name),
                              number + 1),
                  "take it from where it came from again");
    }
    ++number;
  }
  return content;
}

}  // namespace bakehouse::crypto
