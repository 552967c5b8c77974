// A directory as a literal, and a directory as text: a test says what is there and what must be
// there, and a failure is a readable difference.
#pragma once

#include "base/dir.hh"
#include "base/file_time.hh"
#include "support/xattrs.hh"

#include <cstdint>
#include <filesystem>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <variant>

namespace bakehouse::support {

constexpr base::Seconds some_time = 1'700'000'000;

struct Owner {
  uint32_t uid = 0;
  uint32_t gid = 0;
  friend bool operator==(const Owner&, const Owner&) = default;
};
using MaybeOwner = std::optional<Owner>;          // nullopt: whoever makes the tree
using MaybeTime = std::optional<base::FileTime>;  // nullopt: when it was made

enum class Storage { full, sparse };  // sparse: its blocks of zeros are holes

struct File {
  std::string content;
  uint32_t mode = 0644;
  base::FileTime time = some_time;
  Xattrs xattrs = {};
  MaybeOwner owner = {};
  Storage storage = Storage::full;
};
struct Folder {
  uint32_t mode = 0755;
  Xattrs xattrs = {};
  MaybeOwner owner = {};
  MaybeTime time = {};
};
struct Link {
  std::string target;
  MaybeOwner owner = {};
  MaybeTime time = {};
};
// One more name of the file or link at `first`, which stands before it in byte order.
struct HardLink {
  std::string first;
};
struct Special {
  enum class Kind { fifo, socket, device };
  Kind kind = Kind::fifo;
  uint32_t mode = 0600;
};
using Node = std::variant<File, Folder, Link, HardLink, Special>;
// What stands at each path. A folder that holds others needs no row, unless its attributes matter.
using Tree = std::map<std::string, Node>;

// Makes it inside `dir`; modes are exact, whatever the umask. A device is not made but an Error.
void make_tree(const base::Dir& dir, const Tree& tree);
// The same tree without the owners, xattrs and ACLs that we, or the file system of `dir`, cannot keep.
Tree what_fits(const Tree& tree, const base::Dir& dir);

// For many trees: memory, where it keeps all that a tree may hold, because on a disk that others use each
// of thousands of files may wait. TMPDIR says otherwise.
std::filesystem::path fast_place();

// Whose times are told: releases know those of files alone.
enum class Times { of_files, of_all };

// What is there, with a row for every folder. Nothing is followed. An owner stands where it is not us.
Tree read_tree(const base::Dir& dir, Times times = Times::of_files);

// One line an entry, in byte order of the paths, with all that a manifest could say of it:
//   bin/ 0755
//   bin/run 0755 1700000000 "#!/bin/sh\n"
//   bin/same = bin/run                                     another name of that file
//   dated/ 0755 1700000000                                 where a folder or a link has a time
//   full 0644 1700000000.000000001 33:33 user.k="v" ""     where there are nanoseconds, another owner, xattrs
//   link -> bin/run
//   pipe fifo 0600
// Long content is shown by its size and digest, and holes are zeros. Names outside of `dir` do not count.
std::string describe_tree(const base::Dir& dir, Times times = Times::of_files);
std::string describe_tree(const std::filesystem::path& dir, Times times = Times::of_files);
// The same text for a tree that exists only as a literal.
std::string describe_tree(const Tree& tree);

// The first few lines that only one of two descriptions has: "-expected", "+found". "" when they are equal.
std::string differing_lines(const std::string& expected, const std::string& found);

// What the text does not say: the bytes on the disk of all files, each file once.
uint64_t allocated_bytes(const base::Dir& dir);

// The same without HardLink, for whoever changes trees: the names of one file share its node. Every
// folder has a row.
using SharedTree = std::map<std::string, std::shared_ptr<Node>>;
SharedTree share_nodes(const Tree& tree);
Tree name_nodes(const SharedTree& tree);

}  // namespace bakehouse::support
