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

// release: what a release may hold: names of any bytes at any depth, twins, empty files, links that stay
//          inside, folders that their owner cannot write.
// all:     what a directory may hold: also names of one file, holes, nanoseconds, times of folders and
//          links, attributes, access lists, owners, set-id bits, links to anywhere, names that clash in
//          case, 40 folders on the way to a file, paths of 3,000 bytes. Pass it through `what_fits`
//          before making it.
enum class Richness { release, all, all_and_specials };

// Up to `entries` of them, beside folders on the way. Whoever makes it needs no privilege and may read
// all of it.
Tree random_tree(Random& random, size_t entries, Richness richness = Richness::release);

// The tree some time later: content (also where size and time tell nothing), times, modes, attributes,
// owners and targets changed; entries added, removed, moved, exchanged and of another type; names of
// one file joined and parted.
Tree mutate_tree(Random& random, const Tree& tree);

}  // namespace bakehouse::support
