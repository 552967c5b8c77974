#include "config/url.hh"

#include <doctest/doctest.h>

#include <string>
#include <utility>

namespace url_test {

using namespace bakehouse::config;

TEST_CASE("of an URL only what is no secret is shown") {
  for (const auto& row : std::initializer_list<std::pair<std::string, std::string>>{
           {"https://example.org", "https://example.org"},
           {"https://example.org/", "https://example.org"},
           {"https://example.org:8443/services/T0/secret", "https://example.org:8443/..."},
           {"http://bob:pa55@example.org/x?token=1", "http://example.org/..."},
           {"http://bob:p@ss@[::1]:80#x", "http://[::1]:80/..."},
       }) {
    const std::string& url = row.first;
    const std::string& shown = row.second;
    CAPTURE(url);
    CHECK(is_url_with_user(url));
    CHECK(public_part(url) == shown);
  }
}

TEST_CASE("what is no URL is none, with a user or without") {
  for (const char* text : {"", "example.org", "ftp://example.org", "https://", "https://bob@", "http://a b/",
                           "http://a\n/", "http://:80/", "http://a:0/", "http://a:99999/", "https:/a"}) {
    CAPTURE(text);
    CHECK_FALSE(is_url(text));
    CHECK_FALSE(is_url_with_user(text));
  }
  CHECK(is_url("http://example.org/x"));
  CHECK_FALSE(is_url("http://bob@example.org/x"));
}

TEST_CASE("passwords in URLs do not leave a text, and nothing else of it is lost") {
  for (const auto& row : std::initializer_list<std::pair<std::string, std::string>>{
           {"", ""},
           {"no URL", "no URL"},
           {"postgres://shop:pa55@db/shop is down", "postgres://***@db/shop is down"},
           {"'https://a:b@c', https://d:e@f", "'https://***@c', https://***@f"},
           {"http://a:b@c@d/", "http://***@d/"},
           {"https://example.org/@user", "https://***@user"},
           {"postgres://u:pa/ss@db/x", "postgres://***@db/x"},
           {"see https://example.org or write to a@b", "see https://example.org or write to a@b"},
           {"ends in ://", "ends in ://"},
       }) {
    CHECK(without_passwords(row.first) == row.second);
  }
}

}  // namespace url_test
