#include "buildpack/procfile.hh"

#include "support/failure.hh"
#include "support/mentions.hh"

#include <doctest/doctest.h>

namespace procfile_test {

using namespace bakehouse::buildpack;
using bakehouse::support::failure;
using bakehouse::support::Mentions;
using bakehouse::support::MentionsAll;

namespace {

std::string read(const std::string& text) {
  std::string lines;
  for (const auto& [type, command] : parse_procfile(text, "Procfile")) lines += type + "=[" + command + "] ";
  return lines;
}

}  // namespace

TEST_CASE("a Procfile names a process a line, and lines that do not mean nothing") {
  struct Row {
    std::string text;
    std::string lines;
  };
  const Row rows[] = {
      {"", ""},
      {"web: ./server --port $PORT\nworker: ./work", "web=[./server --port $PORT] worker=[./work] "},
      {"web:./server\r\n", "web=[./server] "},
      {"a-b_9:\t x: y\n", "a-b_9=[x: y] "},
      {"web: trailing  \n", "web=[trailing  ] "},
      {"# web: comment\nno process\n web: indented\n: none\nweb:\nweb:   \nwe b: x\n\n", ""},
  };
  for (const Row& row : rows) {
    CAPTURE(row.text);
    CHECK(read(row.text) == row.lines);
  }
}

TEST_CASE("a Procfile is refused with the line that is wrong") {
  CHECK(failure([] { read("web: a\nworker: b\nweb: c\n"); }) ==
        MentionsAll{{"Procfile:3:1", "'web' stands there twice"}});
  CHECK(failure([] { read(std::string("web: a\0b\n", 9)); }) == Mentions{"Procfile"});
  CHECK(failure([] { read("web: \xff\n"); }) == Mentions{"Procfile"});
}

}  // namespace procfile_test
