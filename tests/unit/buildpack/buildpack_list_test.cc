#include "buildpack/buildpack_list.hh"

#include "support/failure.hh"
#include "support/mentions.hh"

#include <doctest/doctest.h>

namespace buildpack_list_test {

using namespace bakehouse::buildpack;
using bakehouse::support::failure;
using bakehouse::support::Mentions;
using bakehouse::support::MentionsAll;
using Names = std::vector<std::string>;

TEST_CASE("a line of .buildpacks names a repository, an archive, or a buildpack that a platform knows") {
  const std::string commit(40, 'a');
  struct Row {
    std::string line;
    std::string name;
  };
  const Row rows[] = {
      {"https://example.org/a/heroku-buildpack-c.git#" + commit,
       "git+https://example.org/a/heroku-buildpack-c.git#" + commit},
      {"https://example.org/a/heroku-buildpack-c", "git+https://example.org/a/heroku-buildpack-c"},
      {"file:///srv/c.git#main", "git+file:///srv/c.git#main"},
      {"https://example.org/c.tgz", "https://example.org/c.tgz"},
      {"https://example.org/c.tgz?x=1#sha256=0", "https://example.org/c.tgz?x=1#sha256=0"},
      {"file:///srv/c.tgz", "/srv/c.tgz"},
      {"urn:buildpack:heroku/ruby", "heroku/ruby"},
      {"heroku/ruby", "heroku/ruby"},
      {"./packs/own", "./packs/own"},
  };
  for (const Row& row : rows) {
    CAPTURE(row.line);
    CHECK(parse_buildpack_list(row.line, ".buildpacks") == Names{row.name});
  }
}

TEST_CASE(".buildpacks may hold comments, blank lines and lines that end as on Windows") {
  CHECK(parse_buildpack_list("", ".buildpacks").empty());
  CHECK(parse_buildpack_list("# first\n\n  a \r\n\t\nb\n#c", ".buildpacks") == Names{"a", "b"});
  CHECK(parse_buildpack_list("a", ".buildpacks") == Names{"a"});
  CHECK(failure([] { parse_buildpack_list("\xff", ".buildpacks"); }) == Mentions{".buildpacks"});
}

TEST_CASE("app.json names buildpacks in their order, or none") {
  CHECK(parse_app_json("{}", "app.json").empty());
  CHECK(parse_app_json(R"({"name": "shop", "buildpacks": [{"url": "heroku/ruby"}, {"url": "./own"}]})",
                       "app.json") == Names{"heroku/ruby", "./own"});
  CHECK(failure([] { parse_app_json(R"({"buildpacks": [{"name": "x"}]})", "app.json"); }) ==
        MentionsAll{{"app.json:1", "no 'url'"}});
  CHECK(failure([] { parse_app_json(R"({"buildpacks": "x"})", "app.json"); }) ==
        MentionsAll{{"app.json:1", "instead of a list"}});
  CHECK(failure([] { parse_app_json(R"({"buildpacks": [{"url": 3}]})", "app.json"); }) ==
        Mentions{"app.json:1"});
}

}  // namespace buildpack_list_test
