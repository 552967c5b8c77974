#include "cli/common/arguments.hh"

#include "base/error.hh"

#include <doctest/doctest.h>
#include <fmt/format.h>
#include <fmt/ranges.h>

#include <string>
#include <vector>

namespace arguments_test {

using namespace bakehouse;
using cli::apply_grammar;
using cli::take_foreign_words;

namespace {

using Words = std::vector<std::string>;

const cli::Grammar with_implied{
    "bake", {"cook", "init", "config", "key"}, "cook", {"--root", "--key", "--set"}};
const cli::Grammar without{"release", {"apply", "status", "rollback"}, "", {"--root"}};

// The arguments with the command in place, or the error: "usage: message | hint".
std::string parse(const cli::Grammar& grammar, const Words& arguments) {
  try {
    return fmt::format("{}", fmt::join(apply_grammar(grammar, arguments), " "));
  } catch (const base::Error& error) {
    CHECK(error.fault() == base::Fault::usage);
    return fmt::format("{} | {}", error.what(), error.hint());
  }
}

struct Row {
  Words arguments;
  std::string expected;
};

}  // namespace

TEST_CASE("no word, or a path as the first word, means the implied command") {
  const Row rows[] = {
      {{}, "cook"},
      {{"."}, "cook ."},
      {{".."}, "cook .."},
      {{"./source"}, "cook ./source"},
      {{"../source"}, "cook ../source"},
      {{"/srv/source"}, "cook /srv/source"},
      {{"source/"}, "cook source/"},
      {{"a/b"}, "cook a/b"},
      {{"./init"}, "cook ./init"},
      {{"--json"}, "cook --json"},
      {{"--json", "./source"}, "cook --json ./source"},
      {{"./source", "--json"}, "cook ./source --json"},
      {{"--", "./source"}, "cook -- ./source"},
      {{"--"}, "cook --"},
  };
  for (const Row& row : rows) {
    CAPTURE(row.expected);
    CHECK(parse(with_implied, row.arguments) == row.expected);
  }
}

TEST_CASE("the value of an option is no word, whatever it looks like") {
  const Row rows[] = {
      {{"--root", "staging"}, "cook --root staging"},
      {{"--root", "init"}, "cook --root init"},
      {{"--root", "init", "./source"}, "cook --root init ./source"},
      {{"--root", "./staging", "init", "shop"}, "--root ./staging init shop"},
      {{"--key", "a/b", "config"}, "--key a/b config"},
      {{"--set", "name=x/y"}, "cook --set name=x/y"},
      {{"--root=./staging", "init"}, "--root=./staging init"},
      {{"--root=init"}, "cook --root=init"},
      {{"--root"}, "cook --root"},
  };
  for (const Row& row : rows) {
    CAPTURE(row.expected);
    CHECK(parse(with_implied, row.arguments) == row.expected);
  }
}

TEST_CASE("a command stays where it stands, and what follows is its own") {
  const Row rows[] = {
      {{"cook"}, "cook"},
      {{"cook", "source"}, "cook source"},
      {{"init", "./shop"}, "init ./shop"},
      {{"--json", "config", "."}, "--json config ."},
      {{"key", "new", "a.key"}, "key new a.key"},
  };
  for (const Row& row : rows) {
    CAPTURE(row.expected);
    CHECK(parse(with_implied, row.arguments) == row.expected);
  }
  CHECK(parse(without, {"--root", "status", "apply", "a/b"}) == "--root status apply a/b");
}

TEST_CASE("any other first word is an unknown command, and the nearest is named") {
  const Row rows[] = {
      {{"confg"},
       "unknown command 'confg' | did you mean `bake config`? A path to cook holds a '/': ./confg"},
      {{"source"},
       "unknown command 'source' | `bake --help` lists the commands. A path to cook holds a '/': ./source"},
      {{"Cook"}, "unknown command 'Cook' | did you mean `bake cook`? A path to cook holds a '/': ./Cook"},
      {{"source", "init"},
       "unknown command 'source' | `bake --help` lists the commands. A path to cook holds a '/': ./source"},
      {{"--json", "kye"},
       "unknown command 'kye' | did you mean `bake key`? A path to cook holds a '/': ./kye"},
      {{"--", "kye"}, "unknown command 'kye' | did you mean `bake key`? A path to cook holds a '/': ./kye"},
      {{"..."},
       "unknown command '...' | `bake --help` lists the commands. A path to cook holds a '/': ./..."},
      {{""}, "unknown command '' | `bake --help` lists the commands. A path to cook holds a '/': ./"},
      {{"a\x1b[2J"},
       "unknown command 'a\\033[2J' | `bake --help` lists the commands. A path to cook holds a '/': "
       "./a\\033[2J"},
  };
  for (const Row& row : rows) {
    CAPTURE(row.expected);
    CHECK(parse(with_implied, row.arguments) == row.expected);
  }
}

TEST_CASE("a program without an implied command takes no path and no silence") {
  const Row rows[] = {
      {{}, "no command | `release --help` lists the commands"},
      {{"--json"}, "no command | `release --help` lists the commands"},
      {{"--root", "apply"}, "no command | `release --help` lists the commands"},
      {{"./archive"}, "unknown command './archive' | `release --help` lists the commands"},
      {{"."}, "unknown command '.' | `release --help` lists the commands"},
      {{"statsu"}, "unknown command 'statsu' | did you mean `release status`?"},
      {{"plan"}, "unknown command 'plan' | `release --help` lists the commands"},
  };
  for (const Row& row : rows) {
    CAPTURE(row.expected);
    CHECK(parse(without, row.arguments) == row.expected);
  }
}

TEST_CASE("a question about the program implies nothing") {
  for (const std::string question : {"--help", "-h", "--version"}) {
    CAPTURE(question);
    CHECK(parse(with_implied, {question}) == question);
    CHECK(parse(without, {question}) == question);
    CHECK(parse(with_implied, {"--json", question}) == "--json " + question);
  }
  CHECK(parse(with_implied, {"--help", "confg"}) ==
        "unknown command 'confg' | did you mean `bake config`? A path to cook holds a '/': ./confg");
  CHECK(parse(with_implied, {"./source", "--help"}) == "cook ./source --help");
}

TEST_CASE("what a command passes on is cut off before any parser sees it") {
  cli::Grammar grammar = without;
  grammar.passing_on = {"exec"};
  grammar.commands.emplace_back("exec");
  const struct {
    Words arguments;
    std::string kept;
    std::string passed_on;
  } rows[] = {
      {{"exec", "web"}, "exec", "web"},
      {{"exec", "web", "--root", "x", "--help"}, "exec", "web --root x --help"},
      {{"--root", "exec", "exec", "--root", "x", "--quiet", "web", "-v"},
       "--root exec exec --root x --quiet",
       "web -v"},
      {{"exec", "--", "ls", "--", "-l"}, "exec", "-- ls -- -l"},
      {{"exec", "--quiet", "--", "--json"}, "exec --quiet", "-- --json"},
      {{"exec", "--help"}, "exec --help", ""},
      {{"exec", "--root=x", ""}, "exec --root=x", ""},
      {{"exec"}, "exec", ""},
      {{"exec", "--root"}, "exec --root", ""},
      {{"status", "exec", "x"}, "status exec x", ""},
      {{"--", "exec", "x"}, "-- exec x", ""},
      {{"--root", "exec"}, "--root exec", ""},
      {{}, "", ""},
  };
  for (const auto& row : rows) {
    CAPTURE(row.kept);
    Words arguments = row.arguments;
    CHECK(fmt::format("{}", fmt::join(take_foreign_words(grammar, arguments), " ")) == row.passed_on);
    CHECK(fmt::format("{}", fmt::join(arguments, " ")) == row.kept);
  }
}

}  // namespace arguments_test
