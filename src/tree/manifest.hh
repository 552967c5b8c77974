// The manifest: every path of a tree with type, mode, size, time and SHA-256, as mtree(5).
#pragma once

#include "base/fd.hh"
#include "tree/entry_list.hh"

#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>

namespace bakehouse::tree {

struct Manifest {
  EntryList entries;  // byte order of paths; what holds an entry stands before it

  std::optional<Entry> find(std::string_view path) const;
  std::optional<Entry> find(const base::TreePath& path) const { return find(path.str()); }
  // The place of `path` in `entries`, or nullopt.
  std::optional<size_t> index_of(std::string_view path) const;
  uint64_t bytes() const;

  friend bool operator==(const Manifest&, const Manifest&) = default;
};

// What mtree has no word for is left out: attributes, hard links, and times of anything but files.
std::string format_manifest(const Manifest& manifest);
void write_manifest(const Manifest& manifest, const std::function<void(std::string_view)>& write);

// Accepts exactly what format_manifest writes; anything else is an Error(input) with its line.
Manifest parse_manifest(std::string_view text, std::string_view name);
Manifest read_manifest(const base::Fd& file, std::string_view name);

// The same an entry at a time, however long the text is.
class ManifestReader {
 public:
  // Fills a part of the buffer and says how much; 0 at the end.
  using Read = std::function<size_t(std::span<char>)>;

  ManifestReader(Read read, std::string_view name);
  ManifestReader(ManifestReader&&) noexcept;
  ~ManifestReader();

  std::optional<Entry> next();

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace bakehouse::tree
