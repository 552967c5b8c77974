#include "base/fd.hh"

#include "base/error.hh"
#include "base/files.hh"

#include <doctest/doctest.h>

#include <array>
#include <string>

#include <fcntl.h>
#include <unistd.h>

namespace fd_test {

using namespace bakehouse::base;

namespace {

bool is_open(int number) { return ::fcntl(number, F_GETFD) >= 0; }

Fd file_with(const TempDir& scratch, std::string_view content) {
  write_file(scratch.path() / "f", content);
  return open_for_reading(scratch.path() / "f");
}

}  // namespace

TEST_CASE("a descriptor is closed by its one owner") {
  Pipe pipe = make_pipe();
  const int number = pipe.read.get();
  {
    const Fd moved = std::move(pipe.read);
    CHECK_FALSE(pipe.read);  // NOLINT(bugprone-use-after-move): that is the question
    CHECK(moved.get() == number);
    CHECK(is_open(number));
  }
  CHECK_FALSE(is_open(number));
}

TEST_CASE("assignment closes what was held before") {
  Pipe one = make_pipe();
  Pipe two = make_pipe();
  const int replaced = one.read.get();
  const int kept = two.read.get();
  one.read = std::move(two.read);
  CHECK_FALSE(is_open(replaced));
  CHECK(one.read.get() == kept);
  CHECK(is_open(kept));
}

TEST_CASE("a released descriptor stays open") {
  Pipe pipe = make_pipe();
  const int number = pipe.read.release();
  CHECK_FALSE(pipe.read);
  pipe.read.reset();
  CHECK(is_open(number));
  ::close(number);
}

TEST_CASE("closing something that is not open is an error") {
  Pipe pipe = make_pipe();
  ::close(pipe.write.get());
  CHECK_THROWS_WITH_AS(pipe.write.close("the file"), "cannot close 'the file': Bad file descriptor", Error);
  CHECK_FALSE(pipe.write);
}

TEST_CASE("no pipe is inherited by a program") {
  const Pipe pipe = make_pipe();
  CHECK((::fcntl(pipe.read.get(), F_GETFD) & FD_CLOEXEC) != 0);
  CHECK((::fcntl(pipe.write.get(), F_GETFD) & FD_CLOEXEC) != 0);
}

TEST_CASE("read_all reads up to its limit and not a byte more") {
  const TempDir scratch;
  const std::string content(200'000, 'x');
  CHECK(read_all(file_with(scratch, content), 200'000, "f") == content);
  CHECK(read_all(file_with(scratch, ""), 0, "f").empty());
  const auto refused = [&] { read_all(file_with(scratch, content), 199'999, "f"); };
  CHECK_THROWS_WITH_AS(refused(), "'f' is larger than the 199999 bytes allowed", Error);
}

TEST_CASE("an endless file is refused as well") { CHECK_THROWS_AS(read_file("/dev/zero", 1'000'000), Error); }

TEST_CASE("read_exactly fills the buffer or says that the file is shorter") {
  const TempDir scratch;
  std::array<char, 4> buffer{};
  const Fd fd = file_with(scratch, "abcdef");
  read_exactly(fd, buffer, "f");
  CHECK(std::string(buffer.data(), 4) == "abcd");
  CHECK_THROWS_WITH_AS(read_exactly(fd, buffer, "f"), "'f' ends too early", Error);
  read_exactly_at(fd, buffer, 2, "f");
  CHECK(std::string(buffer.data(), 4) == "cdef");
  CHECK_THROWS_WITH_AS(read_exactly_at(fd, buffer, 3, "f"), "'f' ends too early", Error);
  CHECK(read_some_at(fd, buffer, 6, "f") == 0);
}

TEST_CASE("a pipe's reader gets everything, however it is cut") {
  Pipe pipe = make_pipe();
  write_all(pipe.write, "ab", "pipe");
  write_all(pipe.write, "", "pipe");
  write_all(pipe.write, "cd", "pipe");
  pipe.write.close("pipe");
  std::array<char, 4> buffer{};
  read_exactly(pipe.read, buffer, "pipe");
  CHECK(std::string(buffer.data(), 4) == "abcd");
  CHECK(read_some(pipe.read, buffer, "pipe") == 0);
}

TEST_CASE("errors name what was read or written, harmlessly") {
  const TempDir scratch;
  const Fd fd = file_with(scratch, "x");
  CHECK_THROWS_WITH_AS(write_all(fd, "y", "f"), "cannot write 'f': Bad file descriptor", Error);
  CHECK_THROWS_WITH_AS(read_all(fd, 0, "a\x1b"), "'a\\033' is larger than the 0 bytes allowed", Error);
  std::array<char, 4> buffer{};
  CHECK_THROWS_WITH_AS(read_exactly(fd, buffer, "a\x1b"), "'a\\033' ends too early", Error);
}

TEST_CASE("a file and its file system can be made durable, a pipe cannot") {
  const TempDir scratch;
  const Fd fd = file_with(scratch, "x");
  CHECK_NOTHROW(sync_file(fd, "f"));
  CHECK_NOTHROW(sync_filesystem(fd, "f"));
  const Pipe pipe = make_pipe();
  CHECK_THROWS_AS(sync_file(pipe.write, "pipe"), Error);
}

}  // namespace fd_test
