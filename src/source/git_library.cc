#include "source/git_library.hh"

#include "base/encoding.hh"
#include "base/error.hh"

#include <fmt/format.h>

#include <algorithm>
#include <string>

namespace bakehouse::source {
namespace {

using base::Dir;
using base::Error;
using base::Fault;
using base::TreePath;

bool is_dot_git(std::string_view name) {
  std::string lower(name);
  std::transform(lower.begin(), lower.end(), lower.begin(),
                 [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; });
  return lower == ".git";
}

std::string shown(const TreePath& path) { return fmt::format("'{}'", base::printable(path.str())); }

// Without reading what is in it.
uint64_t size_of(git_repository* repository, const git_oid* id) {
  git_odb* raw = nullptr;
  check(git_repository_odb(&raw, repository), "read the objects");
  const COwned<git_odb, git_odb_free> odb(raw);
  size_t size = 0;
  git_object_t type = GIT_OBJECT_INVALID;
  check(git_odb_read_header(&size, &type, raw, id), "read a file of the commit");
  return size;
}

void write_blob(git_repository* repository, const git_tree_entry* entry, const Dir& to, const TreePath& path,
                Budget& budget) {
  // A small pack may hold what would fill the memory.
  const uint64_t size = size_of(repository, git_tree_entry_id(entry));
  base::with_context(shown(path), [&] { budget.take_bytes(size); });
  git_blob* raw = nullptr;
  check(git_blob_lookup(&raw, repository, git_tree_entry_id(entry)), "read a file of the commit");
  const OwnedBlob blob(raw);
  const std::string_view content(static_cast<const char*>(git_blob_rawcontent(blob.get())),
                                 git_blob_rawsize(blob.get()));
  const git_filemode_t mode = git_tree_entry_filemode(entry);
  if (mode == GIT_FILEMODE_LINK) {
    base::with_context(shown(path), [&] { check_link_target(content); });
    to.make_symlink(std::string(content), path);
    return;
  }
  if (is_lfs_pointer(content.size(), content)) refuse_lfs_pointer(path);
  base::Fd file = to.create_file(path, mode == GIT_FILEMODE_BLOB_EXECUTABLE ? 0755 : 0644);
  base::write_all(file, content, path.str());
  file.close(path.str());
}

}  // namespace

void start_library() {
  static const int started = git_libgit2_init();
  if (started < 0) throw Error(Fault::internal, "cannot start libgit2");
}

void check(int result, std::string_view doing) {
  if (result >= 0) return;
  const git_error* last = git_error_last();
  throw Error(Fault::input,
              fmt::format("cannot {}: {}", doing, last != nullptr ? last->message : "no reason given"));
}

void refuse_submodule(std::string_view path) {
  throw Error(Fault::input, fmt::format("'{}' is a submodule, which is not built", base::printable(path)),
              "bring its files into the repository, or bake from a directory that holds them");
}

std::string describe_commit(git_commit* commit) {
  git_describe_options options{};
  check(git_describe_options_init(&options, GIT_DESCRIBE_OPTIONS_VERSION), "prepare a description");
  options.describe_strategy = GIT_DESCRIBE_TAGS;
  options.show_commit_oid_as_fallback = 1;
  git_describe_result* raw = nullptr;
  check(git_describe_commit(&raw, reinterpret_cast<git_object*>(commit), &options), "describe the commit");
  const OwnedDescription result(raw);
  git_buf text = GIT_BUF_INIT;
  check(git_describe_format(&text, result.get(), nullptr), "describe the commit");
  std::string description(text.ptr, text.size);
  git_buf_dispose(&text);
  return description;
}

// In a repository one small tree may stand in another many times, and so on: what it unpacks to is bounded.
void write_tree(git_repository* repository, const git_oid* id, const Dir& to, const TreePath& path,
                Budget& budget) {
  git_tree* raw = nullptr;
  check(git_tree_lookup(&raw, repository, id), "read a tree of the commit");
  const OwnedTree tree(raw);
  for (size_t i = 0; i < git_tree_entrycount(tree.get()); ++i) {
    const git_tree_entry* entry = git_tree_entry_byindex(tree.get(), i);
    const std::string name = git_tree_entry_name(entry);
    const TreePath inner = path / name;
    base::with_context(shown(inner), [&] { budget.take_entry(inner); });
    if (is_dot_git(name)) {
      throw Error(Fault::input, fmt::format("the commit holds '{}': git itself never makes such a file",
                                            base::printable(inner.str())));
    }
    switch (git_tree_entry_type(entry)) {
      case GIT_OBJECT_TREE:
        to.make_dir(inner, 0755);
        write_tree(repository, git_tree_entry_id(entry), to, inner, budget);
        break;
      case GIT_OBJECT_BLOB: write_blob(repository, entry, to, inner, budget); break;
      default: refuse_submodule(inner.str());
    }
  }
}

}  // namespace bakehouse::source
