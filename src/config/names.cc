#include "config/names.hh"

#include <fmt/format.h>

namespace bakehouse::config {
namespace {

bool is_lower_or_digit(char c) { return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9'); }
bool is_letter(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'); }
bool is_alphanumeric(char c) { return is_lower_or_digit(c) || (c >= 'A' && c <= 'Z'); }

struct Rule {
  bool (*first)(char);
  bool (*rest)(char);
  std::string_view further;  // characters allowed after the first beside `rest`
  std::string_view begin;    // what it must begin with, in words
  std::string_view alphabet;
  size_t longest;
};

std::optional<std::string> why_not(std::string_view text, const Rule& rule) {
  if (text.empty()) return "is empty";
  if (text.size() > rule.longest) return fmt::format("is longer than {} bytes", rule.longest);
  if (!rule.first(text[0])) return fmt::format("does not begin with {}", rule.begin);
  for (const char c : text.substr(1)) {
    if (!rule.rest(c) && rule.further.find(c) == std::string_view::npos) {
      return fmt::format("holds something other than {}", rule.alphabet);
    }
  }
  return std::nullopt;
}

}  // namespace

std::optional<std::string> why_not_project_name(std::string_view name) {
  return why_not(name, {is_lower_or_digit, is_lower_or_digit, "._-", "one of a-z 0-9", "a-z 0-9 . _ -", 64});
}

std::optional<std::string> why_not_version(std::string_view version) {
  return why_not(version, {is_alphanumeric, is_alphanumeric, ".+_~-", "one of A-Z a-z 0-9",
                           "A-Z a-z 0-9 . + _ ~ -", 128});
}

std::optional<std::string> why_not_word(std::string_view word) {
  return why_not(word,
                 {is_alphanumeric, is_alphanumeric, "._-", "one of A-Z a-z 0-9", "A-Z a-z 0-9 . _ -", 64});
}

std::optional<std::string> why_not_environment_name(std::string_view name) {
  const auto first = [](char c) { return is_letter(c) || c == '_'; };
  return why_not(name, {first, is_alphanumeric, "_", "one of A-Z a-z _", "A-Z a-z 0-9 _", 128});
}

}  // namespace bakehouse::config
