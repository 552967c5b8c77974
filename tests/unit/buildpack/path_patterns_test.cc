#include "buildpack/path_patterns.hh"

#include <doctest/doctest.h>

namespace path_patterns_test {

using namespace bakehouse;
using namespace bakehouse::buildpack;

namespace {

using Is = PathPatterns::Is;

bool match(const std::vector<std::string>& lines, const char* path, Is what = Is::other) {
  return PathPatterns(lines).match(base::TreePath::parse(path), what);
}

}  // namespace

TEST_CASE("1.11 patterns: what git ignores by a pattern, and what not") {
  struct Row {
    const char* pattern;
    std::vector<const char*> matched;
    std::vector<const char*> other;
  };
  const Row rows[] = {
      {"*.md", {"a.md", "x/a.md", ".md"}, {"a.mdx", "md"}},
      {"/a", {"a"}, {"x/a"}},
      {"x/a", {"x/a"}, {"a", "y/x/a"}},
      {"x/*", {"x/a", "x/.b"}, {"x", "x/a/b"}},
      {"**/a", {"a", "x/a", "x/y/a"}, {"ab"}},
      {"x/**", {"x/a", "x/y/a"}, {"x", "y/x/a"}},
      {"x/**/a", {"x/a", "x/y/a", "x/y/z/a"}, {"a", "x/ab"}},
      {"x/**/**/**/a", {"x/a", "x/y/z/a"}, {"y/a"}},
      {"a?", {"ab"}, {"a", "abc", "a/b"}},
      {"[a-c]x", {"ax", "z/cx"}, {"dx"}},
      {"[!a]x", {"bx"}, {"ax"}},
      {"\\!a", {"!a"}, {"a"}},
      {"\\#a", {"#a"}, {"a"}},
      {"a  ", {"a"}, {"a  "}},
      {"a\\ ", {"a "}, {"a"}},
      {"a\r", {"a"}, {}},
      {"# a", {}, {"a", "# a"}},
      {"", {}, {"a"}},
      {"/", {}, {"a"}},
      {"!", {}, {"a"}},
  };
  for (const Row& row : rows) {
    CAPTURE(row.pattern);
    for (const char* path : row.matched) {
      CAPTURE(path);
      CHECK(match({row.pattern}, path));
    }
    for (const char* path : row.other) {
      CAPTURE(path);
      CHECK_FALSE(match({row.pattern}, path));
    }
  }
}

TEST_CASE("1.11 patterns: one with a slash at its end is for directories") {
  CHECK(match({"a/"}, "x/a", Is::directory));
  CHECK_FALSE(match({"a/"}, "x/a"));
  CHECK(match({"x/a/"}, "x/a", Is::directory));
  CHECK_FALSE(match({"x/a/"}, "y/x/a", Is::directory));
}

TEST_CASE("1.11 patterns: the last one that fits decides") {
  CHECK_FALSE(match({"*.md", "!README.md"}, "README.md"));
  CHECK(match({"!README.md", "*.md"}, "README.md"));
  CHECK(match({"*.md", "!README.md", "/README.md"}, "README.md"));
}

TEST_CASE("1.11 patterns: many that could fit in many ways take no time") {
  std::string pattern;
  std::string path;
  for (int i = 0; i < 12; ++i) pattern += "**/a*/";
  for (int i = 0; i < 24; ++i) path += "a/";
  CHECK_FALSE(match({pattern + "b"}, (path + "c").c_str()));
}

}  // namespace path_patterns_test
