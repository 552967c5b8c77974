#include "launch/variables.hh"

#include "base/files.hh"
#include "base/process.hh"
#include "support/failure.hh"

#include <doctest/doctest.h>

#include <string>
#include <vector>

namespace variables_test {

using namespace bakehouse;
using namespace bakehouse::launch;
using support::failure;

namespace {

const Environment awkward{{"A", ""},
                          {"B", "it's \"5 $HOME `date` \\ \\n"},
                          {"C", " two\nlines\t\n"},
                          {"D", "=\"\nE=\"x"},
                          {"_1", "größe # no comment"}};

}  // namespace

TEST_CASE("what was written is read again, whatever it is") {
  CHECK(parse_variables(format_variables(awkward)) == awkward);
  CHECK(parse_variables(format_variables({})).empty());
}

TEST_CASE("a shell reads the same") {
  const base::TempDir scratch;
  base::write_file(scratch.path() / "env", format_variables(awkward));
  base::Command command;
  command.argv = {"/bin/sh", "-c", ". ./env; printf '<%s>' \"$A\" \"$B\" \"$C\" \"$D\" \"$_1\""};
  command.directory = scratch.path();
  std::string said;
  base::run(command, {}, [&](std::string_view line) { said.append(line).append("\n"); });
  std::string expected;
  for (const auto& [name, value] : awkward) expected += "<" + value + ">";
  CHECK(said == expected + "\n");
}

TEST_CASE("anything else is refused with its line") {
  const std::string end = " is no variable as Bakehouse writes them";
  const struct {
    const char* text;
    const char* line;
  } rows[] = {{"A=x\n", "line 1"},
              {"=\"x\"\n", "line 1"},
              {"A=\"x", "line 1"},
              {"A=\"x\\", "line 1"},
              {"A=\"x\"", "line 1"},
              {"A=\"x\" \n", "line 1"},
              {"A=\"x\"\n\nB=\"y\"\n", "line 2"},
              {"A=\"1\n2\"\n#\n", "line 3"}};
  for (const auto& row : rows) {
    CAPTURE(row.text);
    CHECK(failure([&] { parse_variables(row.text); }) == "input: " + (row.line + end));
  }
}

TEST_CASE("what no unit could hand over is no value") {
  for (const auto& [name, value] : awkward) CHECK_FALSE(why_not_variable(name, value));
  CHECK(why_not_variable("A", std::string_view("a\0b", 3)) == "holds a control character");
  CHECK(why_not_variable("A", "a\r\n") == "holds a control character");
  CHECK(why_not_variable("A", "\xff") == "holds bytes that are no text");
  const std::string fits(largest_variable - 3, 'x');
  CHECK_FALSE(why_not_variable("A", fits));
  CHECK(why_not_variable("A", fits + "x") == "is larger than the 128 KiB that a program can be given");
}

}  // namespace variables_test
