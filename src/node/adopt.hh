// A tree that somebody deployed by hand becomes the first state of a new root: as a deployment that nobody
// signed.
#pragma once

#include "config/layout.hh"
#include "config/root.hh"
#include "phase/transaction.hh"

#include <cstdint>
#include <filesystem>
#include <string>

namespace bakehouse::node {

struct Adoption {
  std::filesystem::path root;  // absent or empty
  std::string project;
  config::Layout layout;
  std::filesystem::path from;  // the tree; it stays as it is
  std::string version = "adopted";
};

struct Adopted {
  config::Root root;
  std::string deployment;
  uint64_t entries = 0;
  uint64_t bytes = 0;
};

// Makes the root with a copy of the tree in service. What no release may hold is an Error(input) that lists
// it; then nothing was made. Cut off anywhere it leaves no root, or a whole one.
Adopted adopt(const Adoption& adoption, const phase::Surroundings& around);

}  // namespace bakehouse::node
