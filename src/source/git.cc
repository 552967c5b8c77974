#include "source/git.hh"

#include "base/encoding.hh"
#include "base/error.hh"
#include "source/git_library.hh"

#include <fmt/format.h>

namespace bakehouse::source {
namespace {

namespace fs = std::filesystem;
using base::Dir;
using base::Error;
using base::Fault;
using base::TreePath;

OwnedIndex open_index(git_repository* repository) {
  git_index* index = nullptr;
  check(git_repository_index(&index, repository), "read the index");
  return OwnedIndex(index);
}

}  // namespace

struct Repository::State {
  OwnedRepository repository;
  OwnedCommit head;

  bool is_bare() const { return git_repository_is_bare(repository.get()) != 0; }
  bool is_dirty() const {
    if (is_bare()) return false;
    git_status_options options{};
    check(git_status_options_init(&options, GIT_STATUS_OPTIONS_VERSION), "prepare a comparison");
    options.show = GIT_STATUS_SHOW_INDEX_AND_WORKDIR;
    options.flags = GIT_STATUS_OPT_INCLUDE_UNTRACKED | GIT_STATUS_OPT_EXCLUDE_SUBMODULES;
    git_status_list* raw = nullptr;
    check(git_status_list_new(&raw, repository.get(), &options), "compare the work tree with its commit");
    const OwnedStatus status(raw);
    return git_status_list_entrycount(status.get()) != 0;
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
  checkout.description = describe_commit(state_->head.get());
  return checkout;
}

void Repository::write_head(const Dir& to) const {
  // Whoever bakes his own work tree knows what is in it; what has none was pushed by others.
  Budget budget(state_->is_bare() ? source_limits : no_limits);
  write_tree(state_->repository.get(), git_commit_tree_id(state_->head.get()), to, TreePath(), budget);
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
  git_config* config = nullptr;
  check(git_repository_config(&config, raw), "open the settings of the repository");
  const COwned<git_config, git_config_free> settings(config);
  check(git_config_set_bool(settings.get(), "receive.advertisePushOptions", 1), "allow options of a push");
  // Else hooks that whoever pushes has for all repositories would take the place of ours.
  check(git_config_set_string(settings.get(), "core.hooksPath", "hooks"), "choose its own hooks");
}

}  // namespace bakehouse::source
