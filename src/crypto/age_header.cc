#include "crypto/age_header.hh"

#include "base/encoding.hh"
#include "crypto/minisign_format.hh"

#include <sodium.h>

#include <algorithm>

namespace bakehouse::crypto {
namespace {

using base::Error;
using base::Fault;

constexpr std::string_view version_line = "age-encryption.org/v1";
constexpr std::string_view stanza_start = "-> ";
constexpr std::string_view mac_start = "---";
constexpr size_t body_columns = 64;
constexpr size_t mac_size = 32;
// No header of ours is longer than a few hundred recipients make it.
constexpr size_t largest_header = size_t{1} << 20;
constexpr size_t most_stanzas = 1000;

bool is_word(std::string_view word) {
  return !word.empty() && std::all_of(word.begin(), word.end(), [](char c) { return c >= 33 && c <= 126; });
}

class HeaderReader {
 public:
  HeaderReader(std::string_view file, std::string_view name) : file_(file), name_(name) {}

  ParsedAge read() {
    if (!file_.starts_with("age-encryption.org/")) fail("it does not begin with 'age-encryption.org/v1'");
    if (next_line() != version_line) fail("it is of another version of age");
    ParsedAge parsed;
    std::string_view line = next_line();
    while (!line.starts_with(mac_start)) {
      if (parsed.header.stanzas.size() == most_stanzas) fail("it has more than 1000 recipients");
      parsed.header.stanzas.push_back(read_stanza(line));
      line = next_line();
    }
    if (parsed.header.stanzas.empty()) fail("it has no recipient");
    parsed.header.mac = read_mac(line);
    const auto behind_line = static_cast<size_t>(line.data() - file_.data());
    parsed.header.signed_part = file_.substr(0, behind_line + mac_start.size());
    if (file_.size() - at_ < age_nonce_size) fail("the file ends within it");
    parsed.nonce = file_.substr(at_, age_nonce_size);
    parsed.payload = file_.substr(at_ + age_nonce_size);
    return parsed;
  }

 private:
  [[noreturn]] void fail(std::string_view what) const { throw malformed_age_header(name_, what); }

  std::string_view next_line() {
    const size_t end = file_.substr(0, largest_header).find('\n', at_);
    if (end == std::string_view::npos) fail("the file ends within it");
    const std::string_view line = file_.substr(at_, end - at_);
    at_ = end + 1;
    return line;
  }

  AgeStanza read_stanza(std::string_view line) {
    if (!line.starts_with(stanza_start)) fail("a line is neither the beginning of a recipient nor the MAC");
    AgeStanza stanza;
    line.remove_prefix(stanza_start.size());
    while (true) {
      const size_t end = std::min(line.find(' '), line.size());
      if (!is_word(line.substr(0, end)))
        fail("the words of a recipient are not printable ASCII with single spaces");
      stanza.words.emplace_back(line.substr(0, end));
      if (end == line.size()) break;
      line.remove_prefix(end + 1);
    }
    stanza.body = read_body();
    return stanza;
  }

  std::string read_body() {
    std::string body;
    std::string piece;
    while (true) {
      const std::string_view line = next_line();
      if (line.size() > body_columns || !decode_age_base64(line, piece))
        fail("the body of a recipient is not base64 in lines of 64 digits");
      body += piece;
      if (line.size() < body_columns) return body;
    }
  }

  std::string read_mac(std::string_view line) const {
    std::string mac;
    line.remove_prefix(mac_start.size());
    const bool is_mac =
        line.starts_with(' ') && decode_age_base64(line.substr(1), mac) && mac.size() == mac_size;
    if (!is_mac) fail("its last line is not '--- ' and the base64 of a MAC");
    return mac;
  }

  std::string_view file_;
  std::string_view name_;
  size_t at_ = 0;
};

std::string format_body(std::string_view bytes) {
  const std::string digits = encode_age_base64(bytes);
  std::string lines;
  for (size_t at = 0; at < digits.size(); at += body_columns) lines += digits.substr(at, body_columns) + "\n";
  // The last line is shorter than the others, and so tells that it is the last.
  if (digits.size() % body_columns == 0) lines += "\n";
  return lines;
}

}  // namespace

Error malformed_age_header(std::string_view name, std::string_view what) {
  return Error(Fault::input,
               fmt::format("{}: is no file of age: its header is malformed: {}", base::printable(name), what),
               "seal it anew, with `bake secret set` or `age`");
}

ParsedAge parse_age(std::string_view file, std::string_view name) { return HeaderReader(file, name).read(); }

std::string format_age_stanzas(const std::vector<AgeStanza>& stanzas) {
  std::string text = fmt::format("{}\n", version_line);
  for (const AgeStanza& stanza : stanzas)
    text += fmt::format("{}{}\n{}", stanza_start, fmt::join(stanza.words, " "), format_body(stanza.body));
  return text.append(mac_start);
}

std::string format_age_mac(std::string_view mac) { return fmt::format(" {}\n", encode_age_base64(mac)); }

std::string encode_age_base64(std::string_view bytes) {
  std::string text = encode_base64({reinterpret_cast<const uint8_t*>(bytes.data()), bytes.size()});
  while (text.ends_with('=')) text.pop_back();
  return text;
}

bool decode_age_base64(std::string_view text, std::string& bytes) {
  bytes.resize(text.size() * 3 / 4);
  size_t length = 0;
  const int result =
      sodium_base642bin(reinterpret_cast<unsigned char*>(bytes.data()), bytes.size(), text.data(),
                        text.size(), nullptr, &length, nullptr, sodium_base64_VARIANT_ORIGINAL_NO_PADDING);
  bytes.resize(result == 0 ? length : 0);
  // libsodium 1.0.18 takes some bytes above 0x7F for the digits they resemble.
  return result == 0 && encode_age_base64(bytes) == text;
}

}  // namespace bakehouse::crypto
