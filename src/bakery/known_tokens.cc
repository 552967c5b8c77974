#include "bakery/known_tokens.hh"

#include <algorithm>

namespace bakehouse::bakery {
namespace {

using std::string_view;

constexpr string_view upper_and_digits = "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789";
constexpr string_view alphanumeric = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789";
constexpr string_view url_safe = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_-";
constexpr string_view base64 = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/=";

size_t count_of(string_view text, string_view letters) {
  return std::min(text.find_first_not_of(letters), text.size());
}

bool ends_in_letter(string_view text) {
  return !text.empty() && alphanumeric.find(text.back()) != string_view::npos;
}

// So many letters behind a word of its own: a name that begins like a token is shorter.
KnownToken token(std::string what, std::string prefix, size_t least, string_view letters) {
  return {std::move(what), std::move(prefix), [least, letters](string_view before, string_view behind) {
            return !ends_in_letter(before) && count_of(behind, letters) >= least;
          }};
}

// "-----BEGIN ... PRIVATE KEY-----" stands in every library that reads keys; a key has one more line behind
// it, whose end is written as two letters in JSON.
bool is_pem(string_view before, string_view behind) {
  constexpr size_t longest_begin = 40;
  constexpr size_t least = 32;
  const string_view line = before.substr(before.size() - std::min(before.size(), longest_begin));
  const size_t begin = line.rfind("-----BEGIN ");
  if (begin == string_view::npos || line.find('\n', begin) != string_view::npos) return false;
  if (!behind.starts_with("----")) return false;
  behind.remove_prefix(4);
  if (behind.starts_with('\r')) behind.remove_prefix(1);
  if (behind.starts_with("\\n"))
    behind.remove_prefix(2);
  else if (behind.starts_with('\n'))
    behind.remove_prefix(1);
  else
    return false;
  const size_t text = behind.find_first_not_of(" \t");  // as a block of YAML indents it
  if (text == string_view::npos) return false;
  behind.remove_prefix(text);
  return behind.starts_with("Proc-Type:") || count_of(behind, base64) >= least;
}

// What follows `prefix` of AWS is of exactly this length.
bool is_aws(string_view before, string_view behind) {
  constexpr size_t length = 16;
  if (ends_in_letter(before) || count_of(behind, upper_and_digits) != length) return false;
  return behind.size() == length || alphanumeric.find(behind[length]) == string_view::npos;
}

std::vector<KnownToken> make_known() {
  std::vector<KnownToken> known;
  known.push_back({"a private key (PEM)", "PRIVATE KEY-", is_pem});
  known.push_back(token("a private key (PuTTY)", "PuTTY-User-Key-File-", 1, "23"));
  known.push_back(token("an identity of age", "AGE-SECRET-KEY-1", 58, upper_and_digits));
  known.push_back(token("an identity of age", "AGE-SECRET-KEY-PQ-1", 58, upper_and_digits));
  // Line 2 of a secret key of minisign, as it is and with a pass phrase.
  for (const char* start : {"RWQAAEIy", "RWRTY0Iy"})
    known.push_back(token("a secret key of minisign", start, 200, base64));
  for (const char* prefix : {"ghp_", "gho_", "ghu_", "ghs_", "ghr_"})
    known.push_back(token("a token of GitHub", prefix, 36, alphanumeric));
  known.push_back(token("a token of GitHub", "github_pat_", 60, url_safe));
  known.push_back(token("a token of GitLab", "glpat-", 20, url_safe));
  for (const char* prefix : {"AKIA", "ASIA"}) known.push_back({"an access key of AWS", prefix, is_aws});
  for (const char* prefix : {"xoxb-", "xoxp-", "xoxa-", "xoxr-", "xoxs-"})
    known.push_back(token("a token of Slack", prefix, 20, url_safe));
  for (const char* prefix : {"sk_live_", "rk_live_"})
    known.push_back(token("a secret key of Stripe", prefix, 24, alphanumeric));
  known.push_back(token("an API key of Google", "AIza", 35, url_safe));
  known.push_back(token("a token of npm", "npm_", 36, alphanumeric));
  known.push_back(token("a token of PyPI", "pypi-AgEIcHlwaS5vcmc", 50, url_safe));
  known.push_back(token("a token of DigitalOcean", "dop_v1_", 64, alphanumeric));
  return known;
}

}  // namespace

const std::vector<KnownToken>& known_tokens() {
  static const std::vector<KnownToken> known = make_known();
  return known;
}

}  // namespace bakehouse::bakery
