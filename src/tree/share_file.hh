// One file lent by another tree. Private to this folder.
#pragma once

#include "tree/make.hh"

#include <cstdint>
#include <mutex>
#include <set>
#include <utility>

namespace bakehouse::tree {

// Whether the manifests allow it: the lender's entry is the wanted one.
bool is_lendable(const Entry& wanted, const Entry& lent, Lender::Times times);

// What was lent so far. A lender can have one file under two names that are to be two files, and not
// every manifest knows.
class Loans {
 public:
  // False for a file that was lent under another name. May be called by several threads at once.
  bool take(const base::FileStat& file);

 private:
  std::mutex mutex_;
  std::set<std::pair<uint64_t, uint64_t>> lent_;  // device and inode
};

// Links `name` of `from`, a directory of the lender, as `name` of `to`. False, with nothing made,
// when the file there is not the wanted one, may not be shared, was lent already, or takes no more links.
bool share_file(const base::Dir& from, const base::TreePath& name, const base::Dir& to, const Entry& wanted,
                const Lender& lender, Loans& loans, StatIndex* index);

}  // namespace bakehouse::tree
