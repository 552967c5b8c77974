#include "source/git.hh"

#include "base/encoding.hh"
#include "base/error.hh"

#include <fmt/format.h>
#include <git2.h>

#include <algorithm>

namespace bakehouse::source {
namespace {

namespace fs = std::filesystem;
using base::Dir;
using base::Error;
using base::Fault;
using base::TreePath;

template <auto destroy>
struct Destroy {
  void operator()(auto* handle) const { destroy(handle); }
};
template <typename T, auto destroy>
using COwned = std::unique_ptr<T, Destroy<destroy>>;
using OwnedRepository = COwned<git_repository, git_repository_free>;
using OwnedCommit = COwned<git_commit, git_commit_free>;
using OwnedTree = COwned<git_tree, git_tree_free>;
using OwnedBlob = COwned<git_blob, git_blob_free>;
using OwnedIndex = COwned<git_index, git_index_free>;
using OwnedStatus = COwned<git_status_list, git_status_list_free>;
using OwnedReference = COwned<git_reference, git_reference_free>;
using OwnedDescription = COwned<git_describe_result, git_describe_result_free>;

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

bool is_dot_git(std::string_view name) {
  std::string lower(name);
  std::transform(lower.begin(), lower.end(), lower.begin(),
                 [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; });
  return lower == ".git";
}

[[noreturn]] void refuse_submodule(std::string_view path) {
  throw Error(Fault::input, fmt::format("'{}' is a submodule, which is not built", base::printable(path)),
              "bring its files into the repository, or bake from a directory that holds them");
}

OwnedIndex open_index(git_repository* repository) {
  git_index* index = nullptr;
  check(git_repository_index(&index, repository), "read the index");
  return OwnedIndex(index);
}

void write_blob(git_repository* repository, const git_tree_entry* entry, const Dir& to,
                const TreePath& path) {
  git_blob* raw = nullptr;
  check(git_blob_lookup(&raw, repository, git_tree_entry_id(entry)), "read a file of the commit");
  const OwnedBlob blob(raw);
  const std::string_view content(static_cast<const char*>(git_blob_rawcontent(blob.get())),
                                 git_blob_rawsize(blob.get()));
  const git_filemode_t mode = git_tree_entry_filemode(entry);
  if (mode == GIT_FILEMODE_LINK) {
    to.make_symlink(std::string(content), path);
    return;
  }
  base::Fd file = to.create_file(path, mode == GIT_FILEMODE_BLOB_EXECUTABLE ? 0755 : 0644);
  base::write_all(file, content, path.str());
  file.close(path.str());
}

void write_tree(git_repository* repository, const git_oid* id, const Dir& to, const TreePath& path) {
  git_tree* raw = nullptr;
  check(git_tree_lookup(&raw, repository, id), "read a tree of the commit");
  const OwnedTree tree(raw);
  for (size_t i = 0; i < git_tree_entrycount(tree.get()); ++i) {
    const git_tree_entry* entry = git_tree_entry_byindex(tree.get(), i);
    const std::string name = git_tree_entry_name(entry);
    const TreePath inner = path / name;
    if (is_dot_git(name)) {
      throw Error(Fault::input, fmt::format("the commit holds '{}': git itself never makes such a file",
                                            base::printable(inner.str())));
    }
    switch (git_tree_entry_type(entry)) {
      case GIT_OBJECT_TREE:
        to.make_dir(inner, 0755);
        write_tree(repository, git_tree_entry_id(entry), to, inner);
        break;
      case GIT_OBJECT_BLOB: write_blob(repository, entry, to, inner); break;
      default: refuse_submodule(inner.str());
    }
  }
}

}  // namespace

struct Repository::State {
  OwnedRepository repository;
  OwnedCommit head;

  bool is_dirty() const {
    if (git_repository_is_bare(repository.get()) != 0) return false;
    git_status_options options{};
    check(git_status_options_init(&options, GIT_STATUS_OPTIONS_VERSION), "prepare a comparison");
    options.show = GIT_STATUS_SHOW_INDEX_AND_WORKDIR;
    options.flags = GIT_STATUS_OPT_INCLUDE_UNTRACKED | GIT_STATUS_OPT_EXCLUDE_SUBMODULES;
    git_status_list* raw = nullptr;
    check(git_status_list_new(&raw, repository.get(), &options), "compare the work tree with its commit");
    const OwnedStatus status(raw);
    return git_status_list_entrycount(status.get()) != 0;
  }

  std::string description() const {
    git_describe_options options{};
    check(git_describe_options_init(&options, GIT_DESCRIBE_OPTIONS_VERSION), "prepare a description");
    options.describe_strategy = GIT_DESCRIBE_TAGS;
    options.show_commit_oid_as_fallback = 1;
    git_describe_result* raw = nullptr;
    check(git_describe_commit(&raw, reinterpret_cast<git_object*>(head.get()), &options),
          "describe the commit");
    const OwnedDescription result(raw);
    git_buf text = GIT_BUF_INIT;
    check(git_describe_format(&text, result.get(), nullptr), "describe the commit");
    std::string description(text.ptr, text.size);
    git_buf_dispose(&text);
    return description;
  }
};

Repository::Repository(std::unique_ptr<State> state) : state_(std::move(state)) {}
Repository::Repository(Repository&&) noexcept = default;
Repository::~Repository() = default;

std::optional<Repository> Repository::open(const fs::path& path) {
  start_library();
  git_repository* raw = nullptr;
  const int result = git_repository_open_ext(&raw, path.c_str(), GIT_REPOSITORY_OPEN_NO_SEARCH, nullptr);
  if (result == GIT_ENOTFOUND) return std::nullopt;
  check(result, fmt::format("open the repository '{}'", base::printable(path.native())));
  auto state = std::make_unique<State>();
  state->repository.reset(raw);
  git_reference* head = nullptr;
  const int found = git_repository_head(&head, raw);
  if (found == GIT_EUNBORNBRANCH || found == GIT_ENOTFOUND) {
    throw Error(Fault::input,
                fmt::format("the repository '{}' has no commit", base::printable(path.native())),
                "commit something first");
  }
  check(found, "read HEAD");
  const OwnedReference reference(head);
  git_object* commit = nullptr;
  check(git_reference_peel(&commit, reference.get(), GIT_OBJECT_COMMIT), "read the commit of HEAD");
  state->head.reset(reinterpret_cast<git_commit*>(commit));
  return Repository(std::move(state));
}

Checkout Repository::describe() const {
  Checkout checkout;
  checkout.kind = "git";
  checkout.commit = git_oid_tostr_s(git_commit_id(state_->head.get()));
  checkout.time = git_commit_time(state_->head.get());
  checkout.dirty = state_->is_dirty();
  checkout.description = state_->description();
  return checkout;
}

void Repository::write_head(const Dir& to) const {
  write_tree(state_->repository.get(), git_commit_tree_id(state_->head.get()), to, TreePath());
}

void Repository::refuse_submodules() const {
  const OwnedIndex index = open_index(state_->repository.get());
  for (size_t i = 0; i < git_index_entrycount(index.get()); ++i) {
    const git_index_entry* entry = git_index_get_byindex(index.get(), i);
    if (entry->mode == GIT_FILEMODE_COMMIT) refuse_submodule(entry->path);
  }
}

bool Repository::ignores(const TreePath& path) const {
  int ignored = 0;
  check(git_ignore_path_is_ignored(&ignored, state_->repository.get(), path.str().c_str()),
        "read .gitignore");
  if (ignored == 0) return false;
  const OwnedIndex index = open_index(state_->repository.get());
  if (git_index_get_bypath(index.get(), path.str().c_str(), GIT_INDEX_STAGE_NORMAL) != nullptr) return false;
  // The index knows files only: of a directory it tells whether something below it is tracked.
  return git_index_find_prefix(nullptr, index.get(), (path.str() + "/").c_str()) == GIT_ENOTFOUND;
}

void make_bare_repository(const fs::path& path) {
  start_library();
  git_repository* raw = nullptr;
  git_repository_init_options options{};
  check(git_repository_init_options_init(&options, GIT_REPOSITORY_INIT_OPTIONS_VERSION),
        "prepare a repository");
  options.flags = GIT_REPOSITORY_INIT_BARE | GIT_REPOSITORY_INIT_MKPATH | GIT_REPOSITORY_INIT_NO_REINIT;
  options.initial_head = "master";
  check(git_repository_init_ext(&raw, path.c_str(), &options),
        fmt::format("make the repository '{}'", path.native()));
  const OwnedRepository repository(raw);
}

}  // namespace bakehouse::source
