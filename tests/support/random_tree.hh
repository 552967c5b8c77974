// Trees that nobody thought of, the same for the same seed on every machine.
#pragma once

#include "support/tree_literal.hh"

#include <cstdint>
#include <string>

namespace bakehouse::support {

// A generator of its own (splitmix64): the standard's distributions differ between libraries.
class Random {
 public:
  explicit Random(uint64_t seed) : state_(seed) {}

  uint64_t next();
  // From 0 to `most`, both included.
  uint64_t up_to(uint64_t most) { return next() % (most + 1); }
  bool one_in(uint64_t n) { return next() % n == 0; }
  std::string bytes(size_t count);

 private:
  uint64_t state_;
};

// A name of any bytes a file may have, sometimes as long as a name may be.
std::string random_name(Random& random);

// Up to `entries` files, folders and links as a release may hold them: names of any bytes at any
// depth, twins, empty files, links that stay inside, folders that their owner cannot write.
// Whoever makes it needs no privilege and may read all of it.
Tree random_tree(Random& random, size_t entries);

}  // namespace bakehouse::support
