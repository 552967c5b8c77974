// The text form of a file of age: base64 in lines of 64 digits between two marks.
#include "crypto/age.hh"

#include "base/encoding.hh"
#include "base/error.hh"
#include "crypto/age_header.hh"
#include "crypto/minisign_format.hh"

#include <algorithm>

namespace bakehouse::crypto {
namespace {

using base::Error;
using base::Fault;

constexpr std::string_view first_line = "-----BEGIN AGE ENCRYPTED FILE-----";
constexpr std::string_view last_line = "-----END AGE ENCRYPTED FILE-----";
constexpr size_t columns = 64;
constexpr std::string_view white_space = " \t\r\n";

std::string_view trim(std::string_view text) {
  const size_t begin = std::min(text.find_first_not_of(white_space), text.size());
  return text.substr(begin, text.find_last_not_of(white_space) + 1 - begin);
}

class ArmorReader {
 public:
  ArmorReader(std::string_view text, std::string_view name) : rest_(trim(text)), name_(name) {}

  std::string read() {
    if (next_line() != first_line) fail(fmt::format("it does not begin with '{}'", first_line));
    std::string bytes;
    bytes.reserve(rest_.size() * 3 / 4);
    bool is_last = false;
    for (std::string_view line = next_line(); line != last_line; line = next_line()) {
      if (is_last || line.empty() || line.size() > columns) fail("a line has not 64 digits");
      is_last = line.size() < columns || line.ends_with('=');
      append(line, bytes);
    }
    if (!rest_.empty() || !has_ended_) fail("something follows its last line");
    return bytes;
  }

 private:
  [[noreturn]] void fail(std::string_view what) const {
    throw Error(
        Fault::input,
        fmt::format("{}: is no file of age: its armor is malformed: {}", base::printable(name_), what),
        "copy it anew, with both marks, or seal it anew");
  }

  std::string_view next_line() {
    if (has_ended_) fail(fmt::format("it does not end with '{}'", last_line));
    const size_t end = std::min(rest_.find('\n'), rest_.size());
    has_ended_ = end == rest_.size();
    std::string_view line = rest_.substr(0, end);
    rest_.remove_prefix(has_ended_ ? end : end + 1);
    if (line.ends_with('\r') && !has_ended_) line.remove_suffix(1);
    return line;
  }

  void append(std::string_view line, std::string& bytes) const {
    size_t padding = line.size() - (line.find_last_not_of('=') + 1);
    std::string piece;
    if (line.size() % 4 != 0 || padding > 2 ||
        !decode_age_base64(line.substr(0, line.size() - padding), piece))
      fail("a line is not canonical base64");
    bytes += piece;
  }

  std::string_view rest_;
  std::string_view name_;
  bool has_ended_ = false;
};

}  // namespace

std::string armor_age(std::string_view bytes) {
  const std::string digits = encode_base64({reinterpret_cast<const uint8_t*>(bytes.data()), bytes.size()});
  std::string text = fmt::format("{}\n", first_line);
  for (size_t at = 0; at < digits.size(); at += columns) text.append(digits, at, columns).append("\n");
  return text.append(last_line).append("\n");
}

std::string dearmor_age(std::string_view text, std::string_view name) {
  return ArmorReader(text, name).read();
}

}  // namespace bakehouse::crypto
