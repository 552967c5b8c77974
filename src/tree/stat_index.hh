// What files held when they were last read: a later look at a file that the kernel says is unchanged
// costs one stat and no reading.
//
// An entry speaks of one inode at one ctime. The kernel sets the ctime at every change of a file,
// its mode, owner, attributes and number of names, and lets nobody choose it; so equal means
// unchanged, except within the grain of its clock. It is evidence only where nobody hostile can
// write the file: such files are to be read.
#pragma once

#include "base/dir.hh"
#include "crypto/digest.hh"

#include <filesystem>
#include <memory>
#include <optional>
#include <string>

namespace bakehouse::tree {

// A file as stat sees it.
struct Identity {
  uint64_t device = 0;
  uint64_t inode = 0;
  uint64_t size = 0;
  base::FileTime mtime;
  base::FileTime ctime;

  friend bool operator==(const Identity&, const Identity&) = default;
};
Identity identity_of(const base::FileStat& stat);

// The kernel's clock for file times, which is behind the exact one.
base::FileTime file_clock();
// Whether whatever happens to the file from `now` on must give it another ctime.
bool is_settled(const base::FileTime& ctime, const base::FileTime& now);

// May be used by several threads at once.
class StatIndex {
 public:
  StatIndex();
  // A file that is missing or damaged is as good as empty: all it costs is reading again.
  static StatIndex load(const std::filesystem::path& file);
  StatIndex(StatIndex&&) noexcept;
  StatIndex& operator=(StatIndex&&) noexcept;
  ~StatIndex();

  // Why what was loaded could not be used; empty when it could.
  const std::string& damage() const;

  std::optional<crypto::Digest> find(const Identity& file) const;
  // Replaces what was known of the inode. Whoever adds vouches that the content had this digest
  // while the file was this one, and that it was settled or nobody else could write it.
  void add(const Identity& file, const crypto::Digest& digest);
  size_t size() const;

  // Writes it when there is something new. What was not met in the last `most_unmet` saves is left out: its
  // inode is gone, or it costs one reading.
  static constexpr uint32_t usually_unmet = 16;
  void save(const std::filesystem::path& file, uint32_t most_unmet = usually_unmet);

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace bakehouse::tree
