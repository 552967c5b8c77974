#include "base/error.hh"

#include <doctest/doctest.h>

#include <cerrno>
#include <string>

namespace error_test {

using namespace bakehouse::base;

TEST_CASE("each fault is its documented exit code") {
  const struct {
    Fault fault;
    int code;
  } rows[] = {
      {Fault::internal, 1}, {Fault::usage, 2},    {Fault::input, 3},       {Fault::trust, 4},
      {Fault::build, 5},    {Fault::reverted, 6}, {Fault::needs_hands, 7}, {Fault::locked, 8},
      {Fault::differs, 9},  {Fault::refused, 10},
  };
  for (const auto& row : rows) {
    CAPTURE(row.code);
    CHECK(exit_code(row.fault) == row.code);
  }
}

TEST_CASE("context stands before the message and keeps everything else") {
  const Error error = os_error(ENOENT, "open", "x").with_hint("make it").within("line 3").within("bake.yaml");
  CHECK(std::string(error.what()) == "bake.yaml: line 3: cannot open 'x': No such file or directory");
  CHECK(error.fault() == Fault::input);
  CHECK(error.hint() == "make it");
  CHECK(error.os_error() == ENOENT);
}

TEST_CASE("with_context wraps Errors, hands on results and leaves other exceptions alone") {
  CHECK(with_context("outer", [] { return 7; }) == 7);
  int number = 1;
  with_context("outer", [&]() -> int& { return number; }) = 2;
  CHECK(number == 2);
  const auto fails = [] { with_context("outer", [] { throw Error(Fault::trust, "inner", "hint"); }); };
  CHECK_THROWS_WITH_AS(fails(), "outer: inner", Error);
  const auto breaks = [] { with_context("outer", [] { throw std::runtime_error("bug"); }); };
  CHECK_THROWS_WITH_AS(breaks(), "bug", std::runtime_error);
}

TEST_CASE("changing the fault or the hint leaves the rest, and the original, as it was") {
  const Error original(Fault::input, "message", "hint");
  CHECK(original.as(Fault::refused).fault() == Fault::refused);
  CHECK(original.as(Fault::refused).hint() == "hint");
  CHECK(std::string(original.with_hint("other").what()) == "message");
  CHECK(original.fault() == Fault::input);
  CHECK(original.hint() == "hint");
  CHECK(original.os_error() == 0);
}

TEST_CASE("what an argument can cause is bad input, the rest is internal") {
  for (const int code : {ENOENT, EACCES, EPERM, ENOTDIR, EISDIR, EEXIST, ENAMETOOLONG, ELOOP, EROFS}) {
    CAPTURE(code);
    CHECK(os_error(code, "open", "x").fault() == Fault::input);
  }
  for (const int code : {EIO, ENOSPC, ENOMEM, EMFILE, EBADF, EINVAL}) {
    CAPTURE(code);
    CHECK(os_error(code, "open", "x").fault() == Fault::internal);
  }
}

TEST_CASE("a hostile name in an error cannot move the cursor") {
  CHECK(std::string(os_error(EIO, "read", "a\x1b[2Jb\n").what()) ==
        "cannot read 'a\\033[2Jb\\012': Input/output error");
}

}  // namespace error_test
