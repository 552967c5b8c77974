#include "base/tree_path.hh"

#include "base/error.hh"

#include <doctest/doctest.h>

#include <algorithm>
#include <string>

namespace tree_path_test {

using namespace bakehouse::base;
using namespace std::string_literals;

TEST_CASE("what could lead out of a tree is no TreePath, and the reason is said") {
  const struct {
    std::string text;
    const char* reason;
  } rows[] = {
      {"", "is empty"},
      {"/", "is absolute"},
      {"/etc/passwd", "is absolute"},
      {"..", "has the part '..'"},
      {"../x", "has the part '..'"},
      {"a/..", "has the part '..'"},
      {"a/../../x", "has the part '..'"},
      {".", "has the part '.'"},
      {"./a", "has the part '.'"},
      {"a/./b", "has the part '.'"},
      {"a//b", "has an empty part"},
      {"a/", "has an empty part"},
      {"a\0b"s, "contains a NUL byte"},
      {std::string(256, 'x'), "has a part of 256 bytes (at most 255)"},
      {"a/" + std::string(256, 'x') + "/b", "has a part of 256 bytes (at most 255)"},
  };
  for (const auto& row : rows) {
    CAPTURE(row.text);
    CHECK(TreePath::why_not(row.text) == row.reason);
    try {
      TreePath::parse(row.text);
      FAIL("accepted");
    } catch (const Error& error) {
      CHECK(error.fault() == Fault::input);
      CHECK(std::string(error.what()).find(row.reason) != std::string::npos);
    }
  }
}

TEST_CASE("every other byte is allowed") {
  for (const auto& text : {"a"s, "a/b/c"s, "..."s, "..a"s, "a.."s, ".hidden"s, " "s, "\\"s, "a\nb"s,
                           "\xff\xfe"s, "-rf"s, std::string(255, 'x'), "a:b*?[]"s}) {
    CAPTURE(text);
    CHECK_FALSE(TreePath::why_not(text));
    CHECK(TreePath::parse(text).str() == text);
  }
}

TEST_CASE("a path has at most 4095 bytes") {
  std::string text(255, 'x');
  for (int i = 0; i < 15; ++i) text += "/" + std::string(255, 'y');
  REQUIRE(text.size() == 4095);
  CHECK_FALSE(TreePath::why_not(text));
  CHECK(TreePath::why_not("z" + text));
}

TEST_CASE("an error shows a hostile path harmlessly and not at any length") {
  try {
    TreePath::parse("/\x1b[2J" + std::string(5000, 'x'));
    FAIL("accepted");
  } catch (const Error& error) {
    const std::string message = error.what();
    CHECK(message.find('\x1b') == std::string::npos);
    CHECK(message.size() < 300);
  }
}

TEST_CASE("a path is its parent and its name") {
  const auto path = TreePath::parse("a/b/c");
  CHECK(path.name() == "c");
  CHECK(path.parent().str() == "a/b");
  CHECK(path.parent().parent().parent().is_top());
  CHECK(TreePath().parent().is_top());
  CHECK(TreePath().name().empty());
  CHECK(path.parent() / path.name() == path);
  CHECK(TreePath() / "a" / "b/c" == path);
  CHECK(path.parts() == std::vector<std::string_view>{"a", "b", "c"});
  CHECK(TreePath().parts().empty());
}

TEST_CASE("what is appended is checked") {
  const auto path = TreePath::parse("a");
  for (const auto* part : {"", "..", "/etc", "b/../c", "."}) {
    CAPTURE(part);
    CHECK_THROWS_AS(path / part, Error);
    CHECK_THROWS_AS(TreePath() / part, Error);
  }
}

TEST_CASE("within means below or the same, by whole parts") {
  const struct {
    const char* path;
    const char* ancestor;
    bool within;
  } rows[] = {
      {"a", "a", true},    {"a/b", "a", true},    {"a/b/c", "a/b", true}, {"ab", "a", false},
      {"a", "a/b", false}, {"a-b/c", "a", false}, {"b/a", "a", false},
  };
  for (const auto& row : rows) {
    CAPTURE(row.path);
    CAPTURE(row.ancestor);
    CHECK(TreePath::parse(row.path).is_within(TreePath::parse(row.ancestor)) == row.within);
    CHECK(TreePath::parse(row.path).is_within(TreePath()));
    CHECK_FALSE(TreePath().is_within(TreePath::parse(row.ancestor)));
  }
}

TEST_CASE("paths sort by their bytes, and a directory stands before what it holds") {
  std::vector<TreePath> paths;
  for (const auto* text : {"b", "a/b", "a-b", "a", "a\xff", "a/a"}) paths.push_back(TreePath::parse(text));
  std::sort(paths.begin(), paths.end());
  std::vector<std::string> sorted;
  for (const auto& path : paths) sorted.push_back(path.str());
  CHECK(sorted == std::vector<std::string>{"a", "a-b", "a/a", "a/b", "a\xff", "b"});
}

}  // namespace tree_path_test
