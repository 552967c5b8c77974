#include "artifact/turns.hh"

#include "support/failure.hh"
#include "support/mentions.hh"
#include "support/random_tree.hh"

#include <doctest/doctest.h>

#include <algorithm>
#include <string>
#include <thread>
#include <vector>

namespace turns_test {

using namespace bakehouse;
using namespace bakehouse::support;
using artifact::Turns;

namespace {

std::vector<std::string> pieces_of(Random& random, const std::string& content) {
  std::vector<std::string> pieces;
  for (size_t at = 0; at < content.size(); at += pieces.back().size())
    pieces.push_back(content.substr(at, 1 + random.up_to(content.size() / 4)));
  return pieces;
}

// Threads that each hand in pieces in another order, as threads please.
struct Threads {
  Threads() = default;
  Threads(const Threads&) = delete;
  Threads& operator=(const Threads&) = delete;
  ~Threads() { join(); }

  void join() {
    for (auto& thread : all) thread.join();
    all.clear();
  }

  std::vector<std::thread> all;
};

}  // namespace

TEST_CASE("pieces give the digest of the whole with the last one, whatever order they come in") {
  Random random(1);
  for (int round = 0; round < 30; ++round) {
    CAPTURE(round);
    const std::string content = random.bytes(1 + random.up_to(100'000));
    const auto pieces = pieces_of(random, content);
    Turns turns;
    std::string seen;
    std::vector<std::optional<crypto::Digest>> digests(pieces.size());
    {
      Threads threads;
      std::vector<uint64_t> offsets{0};
      for (const auto& piece : pieces) offsets.push_back(offsets.back() + piece.size());
      // The last one first: each waits for all that come after it.
      for (size_t i = pieces.size(); i-- > 0;) {
        threads.all.emplace_back([&, i, at = offsets[i]] {
          digests[i] =
              turns.take({i, 7, at, content.size(), pieces[i]}, [&](std::string&) { seen += pieces[i]; });
        });
      }
    }
    CHECK(seen == content);
    CHECK(digests.back() == crypto::sha256(content));
    CHECK(std::count(digests.begin(), digests.end(), std::nullopt) ==
          static_cast<std::ptrdiff_t>(pieces.size()) - 1);
  }
}

TEST_CASE("files do not wait for each other, and a number may be used again") {
  Turns turns;
  CHECK_FALSE(turns.take({0, 1, 0, 4, "ab"}));
  CHECK(turns.take({1, 2, 0, 3, "xyz"}) == crypto::sha256("xyz"));
  CHECK_FALSE(turns.take({1, 3, 0, 2, "1"}));
  CHECK(turns.take({2, 1, 2, 4, "cd"}) == crypto::sha256("abcd"));
  CHECK(turns.take({3, 3, 1, 2, "2"}) == crypto::sha256("12"));
  CHECK(turns.take({4, 1, 0, 1, "x"}) == crypto::sha256("x"));
}

TEST_CASE("what is kept in the tail is there at the next piece, of each file its own") {
  Turns turns;
  std::string seen;
  const auto look = [&](std::string_view piece) {
    return [&seen, piece](std::string& tail) {
      tail += piece;
      seen += tail + "|";
      tail.erase(0, tail.size() - 1);
    };
  };
  turns.take({0, 1, 0, 6, "abc"}, look("abc"));
  turns.take({1, 2, 0, 2, "x"}, look("x"));
  turns.take({2, 1, 3, 6, "de"}, look("de"));
  turns.take({3, 2, 1, 2, "y"}, look("y"));
  turns.take({4, 1, 5, 6, "f"}, look("f"));
  CHECK(seen == "abc|x|cde|xy|ef|");
}

TEST_CASE("a job that fails releases those behind it that wait for it") {
  Turns turns;
  std::vector<std::string> said(4);
  {
    Threads threads;
    for (size_t i = 1; i < said.size(); ++i) {
      threads.all.emplace_back([&, i] {
        said[i] = failure([&] { turns.take({i, 0, i, 4, "x"}); });
        turns.give_up(i);
      });
    }
    turns.give_up(0);
  }
  for (size_t i = 1; i < said.size(); ++i)
    CHECK(said[i] == Mentions{"internal: what stands before it failed"});
}

TEST_CASE("a job that fails leaves those before it alone") {
  Turns turns;
  std::optional<crypto::Digest> digest;
  std::string said = "not yet";
  {
    Threads threads;
    // Waits for job 1; the failures of 3 and 5 are none of its business.
    threads.all.emplace_back([&] { said = failure([&] { digest = turns.take({2, 0, 1, 2, "b"}); }); });
    turns.give_up(5);
    turns.give_up(3);
    CHECK_FALSE(turns.take({1, 0, 0, 2, "a"}));
  }
  CHECK(said == "no failure");
  CHECK(digest == crypto::sha256("ab"));
}

TEST_CASE("the lowest failure counts, though a higher one comes after it") {
  Turns turns;
  turns.give_up(2);
  turns.give_up(9);
  CHECK(failure([&] { turns.take({3, 0, 1, 2, "b"}); }) == Mentions{"what stands before it failed"});
  // Nothing is missing for this one, so it may go on.
  CHECK(turns.take({4, 1, 0, 1, "b"}) == crypto::sha256("b"));
}

}  // namespace turns_test
