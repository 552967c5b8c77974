#include "crypto/digest.hh"

#include "base/files.hh"

#include <doctest/doctest.h>

#include <string>

namespace digest_test {

using namespace bakehouse;
using crypto::Digest;

TEST_CASE("SHA-256 gives the published digests") {
  struct Row {
    std::string message;
    std::string digest;
  };
  const Row rows[] = {
      {"", "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"},
      {"abc", "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"},
      {std::string(1000000, 'a'), "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0"},
  };
  for (const Row& row : rows) {
    CAPTURE(row.digest);
    CHECK(crypto::sha256(row.message).hex() == row.digest);
  }
}

TEST_CASE("a digest is the same however the bytes arrive") {
  const std::string message(100000, 'x');
  const Digest whole = crypto::sha256(message);
  for (const size_t piece : {1, 63, 64, 65, 4096, 99999}) {
    CAPTURE(piece);
    crypto::Sha256 sum;
    for (size_t at = 0; at < message.size(); at += piece) {
      sum.update(std::string_view(message).substr(at, piece));
    }
    crypto::Sha256 moved = std::move(sum);
    CHECK(moved.finish() == whole);
  }
}

TEST_CASE("a file is digested from its current position to its end") {
  const base::TempDir dir;
  const std::string content = std::string(600000, 'y') + "end";
  base::write_file(dir.path() / "file", content);
  const base::Fd fd = base::open_for_reading(dir.path() / "file");
  char skipped[10];
  base::read_exactly(fd, skipped, "file");
  CHECK(crypto::sha256_of(fd, "file") == crypto::sha256(content.substr(10)));
}

TEST_CASE("a digest is read back from what it prints, and from nothing else") {
  const Digest digest = crypto::sha256("abc");
  CHECK(Digest::parse(digest.hex()) == digest);
  const std::string good = digest.hex();
  for (const std::string& text : {std::string(), good.substr(1), good + "0", good.substr(2),
                                  "BA" + good.substr(2), " " + good.substr(1), "zz" + good.substr(2)}) {
    CAPTURE(text);
    CHECK_FALSE(Digest::parse(text).has_value());
  }
}

}  // namespace digest_test
