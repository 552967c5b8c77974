// What a synchronisation does, written down before it begins. Private to this folder.
#pragma once

#include "base/dir.hh"
#include "tree/entry.hh"

#include <string>
#include <string_view>
#include <vector>

namespace bakehouse::tree {

// By which a thing on the log's file system is known again, and what a directory must have again, because
// a move may change it. (The number of a device is another one after the next start.)
struct Inode {
  uint64_t number = 0;
  uint32_t mode = 0;  // with S_IFDIR
  base::FileTime time;
};

// A path that one rename makes what it is to be.
struct Move {
  enum class Kind { add, replace, remove } kind;
  base::TreePath path;
  Inode old_inode;  // what stands there before; of no meaning for `add`
  Inode new_inode;  // what stands there afterwards; of no meaning for `remove`
};

// A path that stays and gets other metadata. Every directory that a move touches has one, for its time.
struct Adjustment {
  Entry before;
  Entry after;
  uint64_t inode = 0;  // whose metadata these are: nothing else that stands there gets them
};

struct SyncPlan {
  // Whether the file system can exchange two names at once.
  enum class Way { exchange, rename } way = Way::exchange;
  std::vector<Move> moves;
  std::vector<Adjustment> adjustments;  // what a directory holds before the directory
};

std::string encode_plan(const SyncPlan& plan);
// Accepts what encode_plan writes; anything else is an Error(needs_hands).
SyncPlan decode_plan(std::string_view text);

}  // namespace bakehouse::tree
