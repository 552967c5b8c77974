#include "config/names.hh"

#include <doctest/doctest.h>

namespace names_test {

using namespace bakehouse::config;

TEST_CASE("each rule says what it wants") {
  struct Row {
    std::optional<std::string> (*rule)(std::string_view);
    std::string_view text;
    std::optional<std::string> expected;
  };
  for (const auto& row : std::initializer_list<Row>{
           {why_not_project_name, "a-b.c_1", {}},
           {why_not_project_name, "aB", "holds something other than a-z 0-9 . _ -"},
           {why_not_version, "1.0+b-2_C", {}},
           {why_not_version, "1.0~rc1", {}},
           {why_not_version, "1/0", "holds something other than A-Z a-z 0-9 . + _ ~ -"},
           {why_not_version, "~1", "does not begin with one of A-Z a-z 0-9"},
           {why_not_version, "+1", "does not begin with one of A-Z a-z 0-9"},
           {why_not_word, "Web-1", {}},
           {why_not_word, "", "is empty"},
           {why_not_word, "a+b", "holds something other than A-Z a-z 0-9 . _ -"},
           {why_not_environment_name, "_A1", {}},
           {why_not_environment_name, "1A", "does not begin with one of A-Z a-z _"},
           {why_not_environment_name, "A=B", "holds something other than A-Z a-z 0-9 _"},
           {why_not_environment_name, std::string_view("A\0", 2), "holds something other than A-Z a-z 0-9 _"},
       }) {
    const auto& rule = row.rule;
    const auto& text = row.text;
    const auto& expected = row.expected;
    CAPTURE(text);
    CHECK(rule(text) == expected);
  }
}

}  // namespace names_test
