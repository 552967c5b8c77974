#include "buildpack/store.hh"

#include <algorithm>
#include <compare>

namespace bakehouse::buildpack {
namespace {

bool is_digit(char c) { return c >= '0' && c <= '9'; }

// A run of digits, one other character, or the end. Compared by rank, then by number or byte.
struct Token {
  int rank = 0;
  size_t digits = 0;  // a longer number is the greater one, without leading zeros
  std::string_view text;

  friend std::weak_ordering operator<=>(const Token& one, const Token& other) {
    if (one.rank != other.rank) return one.rank <=> other.rank;
    if (one.digits != other.digits) return one.digits <=> other.digits;
    return one.text <=> other.text;
  }
};

constexpr int pre_release = 0;  // a '-' stands before the end: 1.0-rc1 is older than 1.0
constexpr int end_of_text = 1;
constexpr int character = 2;
constexpr int number = 3;

Token take_token(std::string_view& rest) {
  if (rest.empty()) return {end_of_text, 0, {}};
  if (!is_digit(rest.front())) {
    const std::string_view text = rest.substr(0, 1);
    rest.remove_prefix(1);
    return {text == "-" ? pre_release : character, 0, text};
  }
  const auto end = std::find_if_not(rest.begin(), rest.end(), is_digit);
  std::string_view digits = rest.substr(0, static_cast<size_t>(end - rest.begin()));
  rest.remove_prefix(digits.size());
  digits.remove_prefix(std::min(digits.find_first_not_of('0'), digits.size()));
  return {number, digits.size(), digits};
}

}  // namespace

bool is_older(std::string_view version, std::string_view than) {
  std::string_view rest = version;
  std::string_view other_rest = than;
  while (!rest.empty() || !other_rest.empty()) {
    const Token token = take_token(rest);
    const Token other = take_token(other_rest);
    if (const auto order = token <=> other; std::is_neq(order)) return std::is_lt(order);
  }
  return version < than;
}

}  // namespace bakehouse::buildpack
