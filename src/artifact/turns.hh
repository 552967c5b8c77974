// Large files, of which several threads have a piece each, digested in the order of their bytes.
// Private to this folder.
#pragma once

#include "crypto/digest.hh"

#include <condition_variable>
#include <cstdint>
#include <functional>
#include <limits>
#include <map>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>

namespace bakehouse::artifact {

class Turns {
 public:
  // A piece of a file that is `size` bytes long. Jobs have numbers, and those of one file's pieces
  // are begun in their order.
  struct Piece {
    size_t job;
    size_t file;
    uint64_t offset;
    uint64_t size;
    std::string_view bytes;
  };
  // Waits for the bytes before, and lets `see` have these with what it kept in `tail` the last time.
  // Returns the digest of the whole with its last piece.
  std::optional<crypto::Digest> take(const Piece& piece,
                                     const std::function<void(std::string& tail)>& see = {});
  // The job failed: those behind it that wait for it fail as well.
  void give_up(size_t job);

 private:
  struct File {
    crypto::Sha256 sha;
    uint64_t done = 0;
    std::string tail;
  };

  std::mutex mutex_;
  std::condition_variable changed_;
  std::map<size_t, File> files_;  // those under way
  size_t failed_ = std::numeric_limits<size_t>::max();
};

}  // namespace bakehouse::artifact
