// Where the files of a release go when it is unpacked. Private to this folder.
#pragma once

#include "artifact/body.hh"
#include "base/last_dir.hh"

#include <map>
#include <mutex>
#include <string_view>

namespace bakehouse::artifact {

// The entry's path for a message.
std::string shown(const tree::Entry& entry);

// Throws Error(input) that names the entry when it is not its content's.
void require_digest(const tree::Entry& entry, const crypto::Digest& found);

// Used by several threads at once. What is written is not durable, and on an Error not complete.
class Sink {
 public:
  Sink(const base::Dir& to, tree::StatIndex* index) : to_(to), index_(index) {}

  // `.bakehouse/`, all directories and all links.
  void begin(const Archive& archive, const Front& front) const;
  void write_whole(const tree::Entry& entry, std::string_view bytes, base::LastDir& dir) const;
  // Pieces of a file come in any order, and all of them before it is finished.
  void write_piece(const tree::Entry& entry, size_t member, uint64_t offset, std::string_view bytes);
  void finish_pieces(const tree::Entry& entry, size_t member);
  // Twins share their content in the archive only: on disk each is a file of its own.
  void write_twin(const tree::Entry& entry, const base::TreePath& first) const;

  const base::Dir& dir() const { return to_; }

 private:
  void write_part(const std::string& name, std::string_view content, base::Seconds time) const;
  void finish(base::Fd& file, const tree::Entry& entry) const;

  const base::Dir& to_;
  tree::StatIndex* const index_;
  std::mutex mutex_;
  std::map<size_t, base::Fd> open_;  // of files in several pieces
};

}  // namespace bakehouse::artifact
