#include "crypto/bech32.hh"

#include <array>
#include <optional>
#include <string>

namespace bakehouse::crypto {
namespace {

constexpr std::string_view digits = "qpzry9x8gf2tvdw0s3jn54khce6mua7l";
constexpr size_t checksum_digits = 6;

// The remainder of the polynomial that a whole text leaves, five bits at a time.
class Checksum {
 public:
  explicit Checksum(std::string_view prefix) {
    for (const char c : prefix) add(static_cast<uint32_t>(static_cast<unsigned char>(c) >> 5));
    add(0);
    for (const char c : prefix) add(static_cast<uint32_t>(c) & 31);
  }
  void add(uint32_t digit) {
    constexpr std::array<uint32_t, 5> generator{0x3b6a57b2, 0x26508e6d, 0x1ea119fa, 0x3d4233dd, 0x2a1462b3};
    const uint32_t top = state_ >> 25;
    state_ = (state_ & 0x1ffffff) << 5 ^ digit;
    for (size_t bit = 0; bit < generator.size(); ++bit)
      if ((top >> bit & 1) != 0) state_ ^= generator[bit];
  }
  uint32_t state() const { return state_; }

 private:
  uint32_t state_ = 1;
};

char lower(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; }

bool has_one_case(std::string_view text) {
  bool has_lower = false;
  bool has_upper = false;
  for (const char c : text) {
    has_lower |= c >= 'a' && c <= 'z';
    has_upper |= c >= 'A' && c <= 'Z';
  }
  return !(has_lower && has_upper);
}

bool has_prefix(std::string_view text, std::string_view prefix) {
  if (text.size() < prefix.size() + 1 || text[prefix.size()] != '1') return false;
  for (size_t i = 0; i < prefix.size(); ++i)
    if (lower(text[i]) != prefix[i]) return false;
  return true;
}

// Collects five bits at a time into bytes.
class Bits {
 public:
  explicit Bits(std::span<uint8_t> bytes) : bytes_(bytes) {}
  bool add(uint32_t digit) {
    held_ = (held_ << 5 | digit) & 0xfff;
    count_ += 5;
    if (count_ < 8) return true;
    if (filled_ == bytes_.size()) return false;
    count_ -= 8;
    bytes_[filled_++] = static_cast<uint8_t>(held_ >> count_ & 0xff);
    return true;
  }
  // Whether it came out even: less than a digit is left over, and it is zero.
  bool is_whole() const {
    return filled_ == bytes_.size() && count_ < 5 && (held_ & ((1U << count_) - 1)) == 0;
  }

 private:
  std::span<uint8_t> bytes_;
  size_t filled_ = 0;
  uint32_t held_ = 0;
  unsigned count_ = 0;
};

class Digits {
 public:
  Digits(std::string_view prefix, size_t size)
      : text_(Secret::with_room(prefix.size() + 1 + (size * 8 + 4) / 5 + checksum_digits)), sum_(prefix) {
    text_.append(prefix);
    text_.append("1");
  }
  void add(uint32_t digit) {
    sum_.add(digit);
    text_.append(digits.substr(digit, 1));
  }
  Secret finish() {
    Checksum whole = sum_;
    for (size_t i = 0; i < checksum_digits; ++i) whole.add(0);
    const uint32_t sum = whole.state() ^ 1;
    for (size_t i = 0; i < checksum_digits; ++i) add(sum >> 5 * (checksum_digits - 1 - i) & 31);
    return std::move(text_);
  }

 private:
  Secret text_;
  Checksum sum_;
};

}  // namespace

Secret encode_bech32(std::string_view prefix, std::span<const uint8_t> bytes) {
  Digits out(prefix, bytes.size());
  uint32_t held = 0;
  unsigned count = 0;
  for (const uint8_t byte : bytes) {
    held = (held << 8 | byte) & 0xfff;
    for (count += 8; count >= 5;) {
      count -= 5;
      out.add(held >> count & 31);
    }
  }
  if (count > 0) out.add(held << (5 - count) & 31);
  return out.finish();
}

bool decode_bech32(std::string_view text, std::string_view prefix, std::span<uint8_t> bytes) {
  if (!has_one_case(text) || !has_prefix(text, prefix)) return false;
  std::string_view data = text.substr(prefix.size() + 1);
  if (data.size() < checksum_digits) return false;
  Checksum sum(prefix);
  Bits bits(bytes);
  for (size_t i = 0; i < data.size(); ++i) {
    const size_t digit = digits.find(lower(data[i]));
    if (digit == std::string_view::npos) return false;
    sum.add(static_cast<uint32_t>(digit));
    if (i < data.size() - checksum_digits && !bits.add(static_cast<uint32_t>(digit))) return false;
  }
  return sum.state() == 1 && bits.is_whole();
}

}  // namespace bakehouse::crypto
