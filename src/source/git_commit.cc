#include "source/git_commit.hh"

#include "base/encoding.hh"
#include "base/error.hh"
#include "source/git_library.hh"

#include <fmt/format.h>

namespace bakehouse::source {
namespace {

namespace fs = std::filesystem;
using base::Error;
using base::Fault;
using base::printable;
using base::TreePath;

bool is_remote(const std::string& from) { return from.find("://") != std::string::npos; }

// Where a work tree keeps its repository, or the repository itself. What leads elsewhere is not followed: it
// would be another repository than the one that was named.
fs::path git_directory(const fs::path& path) {
  std::error_code unreadable;
  const fs::path inner = path / ".git";
  const bool is_work_tree = fs::exists(fs::symlink_status(inner, unreadable));
  const fs::path& found = is_work_tree ? inner : path;
  const auto type = fs::symlink_status(found, unreadable).type();
  if (type == fs::file_type::directory) return found;
  if (found.filename() != ".git" && fs::is_directory(found, unreadable)) return found;
  if (type == fs::file_type::not_found || type == fs::file_type::none)
    throw Error(Fault::input, fmt::format("there is no repository '{}'", printable(path.native())));
  throw Error(
      Fault::input,
      fmt::format("'{}' is no directory, and leads to a repository elsewhere", printable(found.native())),
      "name the repository itself");
}

OwnedRepository open_local(const std::string& path) {
  git_repository* raw = nullptr;
  const unsigned flags = GIT_REPOSITORY_OPEN_NO_SEARCH | GIT_REPOSITORY_OPEN_NO_DOTGIT;
  check(git_repository_open_ext(&raw, git_directory(path).c_str(), flags, nullptr),
        fmt::format("open the repository '{}'", printable(path)));
  return OwnedRepository(raw);
}

struct Download {
  const CommitRequest& request;
  bool is_too_much = false;

  // Called by C code: nothing may be thrown through it.
  static int progress(const git_indexer_progress* state, void* context) noexcept {
    auto& download = *static_cast<Download*>(context);
    download.is_too_much = state->received_bytes > download.request.download;
    return download.is_too_much || download.request.cancelled() ? -1 : 0;
  }
};

OwnedRepository fetch(const CommitRequest& request, const fs::path& scratch) {
  git_repository* raw = nullptr;
  check(git_repository_init(&raw, scratch.c_str(), 1), "prepare a repository");
  OwnedRepository repository(raw);
  git_remote* remote = nullptr;
  check(git_remote_create_anonymous(&remote, raw, request.from.c_str()), "prepare the fetch");
  const OwnedRemote owner(remote);
  git_fetch_options options{};
  check(git_fetch_options_init(&options, GIT_FETCH_OPTIONS_VERSION), "prepare the fetch");
  Download download{request};
  options.callbacks.transfer_progress = &Download::progress;
  options.callbacks.payload = &download;
  options.download_tags = GIT_REMOTE_DOWNLOAD_TAGS_ALL;
  options.proxy_opts.type = GIT_PROXY_AUTO;
  char branches[] = "+refs/heads/*:refs/heads/*";
  char* wanted[] = {branches};
  const git_strarray refspecs{wanted, 1};
  const int result = git_remote_fetch(remote, &refspecs, &options, nullptr);
  if (download.is_too_much)
    throw Error(Fault::input, fmt::format("it is larger than {} bytes", request.download));
  check(result, "fetch it");
  return repository;
}

[[noreturn]] void fail_missing(const CommitRequest& request) {
  throw Error(
      Fault::input,
      fmt::format("the repository '{}' has no commit {}", printable(request.from), request.commit),
      fmt::format("`git ls-remote {}` lists the commits of its branches and tags", printable(request.from)));
}

OwnedCommit find_commit(git_repository* repository, const CommitRequest& request) {
  git_oid id;
  check(git_oid_fromstr(&id, request.commit.c_str()), "read the commit's digits");
  git_object* raw = nullptr;
  const int result = git_object_lookup(&raw, repository, &id, GIT_OBJECT_ANY);
  if (result == GIT_ENOTFOUND) fail_missing(request);
  check(result, fmt::format("read the commit {}", request.commit));
  OwnedObject object(raw);
  const git_object_t type = git_object_type(raw);
  if (type == GIT_OBJECT_COMMIT) return OwnedCommit(reinterpret_cast<git_commit*>(object.release()));
  throw Error(Fault::input,
              fmt::format("{} is a {}, no commit", request.commit, git_object_type2string(type)),
              type == GIT_OBJECT_TAG
                  ? fmt::format("`git rev-parse '{}^{{commit}}'` prints the commit", request.commit)
                  : "`git log` lists commits");
}

void write_commit(git_repository* repository, const CommitRequest& request, const base::Dir& to) {
  const OwnedCommit commit = find_commit(repository, request);
  Budget budget(request.limits);
  base::with_context(fmt::format("commit {}", request.commit), [&] {
    write_tree(repository, git_commit_tree_id(commit.get()), to, TreePath(), budget);
    refuse_outward_links(to);
  });
}

}  // namespace

void check_out_commit(const CommitRequest& request, const base::Dir& to, const fs::path& scratch) {
  start_library();
  if (!is_remote(request.from)) {
    const OwnedRepository repository = open_local(request.from);
    return write_commit(repository.get(), request, to);
  }
  const OwnedRepository repository = base::with_context(fmt::format("'{}'", printable(request.from)),
                                                        [&] { return fetch(request, scratch); });
  write_commit(repository.get(), request, to);
}

}  // namespace bakehouse::source
