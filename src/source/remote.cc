#include "source/remote.hh"

#include "base/encoding.hh"
#include "base/error.hh"
#include "source/git_library.hh"
#include "source/quarantine.hh"

#include <fmt/format.h>

#include <algorithm>

namespace bakehouse::source {
namespace {

namespace fs = std::filesystem;
using base::Dir;
using base::Error;
using base::Fault;
using base::printable;
using base::TreePath;

const std::string no_object(40, '0');

git_oid parse_id(const std::string& digits) {
  git_oid id;
  check(git_oid_fromstr(&id, digits.c_str()), fmt::format("read '{}' as a commit", printable(digits)));
  return id;
}

OwnedRepository open_bare(const fs::path& path) {
  start_library();
  git_repository* raw = nullptr;
  const unsigned flags = GIT_REPOSITORY_OPEN_NO_SEARCH | GIT_REPOSITORY_OPEN_NO_DOTGIT;
  check(git_repository_open_ext(&raw, path.c_str(), flags, nullptr),
        fmt::format("open the repository '{}'", printable(path.native())));
  return OwnedRepository(raw);
}

void read_also(git_repository* repository, const fs::path& objects) {
  git_odb* raw = nullptr;
  check(git_repository_odb(&raw, repository), "read the objects");
  const COwned<git_odb, git_odb_free> odb(raw);
  check(git_odb_add_disk_alternate(raw, objects.c_str()), "read the objects of the push");
}

}  // namespace

bool RefUpdate::creates() const { return before == no_object; }
bool RefUpdate::deletes() const { return after == no_object; }

bool is_object_id(std::string_view text) {
  return text.size() == no_object.size() &&
         std::ranges::all_of(text, [](char c) { return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f'); });
}

struct Remote::State {
  fs::path path;
  std::optional<fs::path> quarantine;
  OwnedRepository repository;
};

Remote::Remote(std::unique_ptr<State> state) : state_(std::move(state)) {}
Remote::Remote(Remote&&) noexcept = default;
Remote::~Remote() = default;

Remote Remote::open(const fs::path& path, const std::optional<fs::path>& quarantine) {
  auto state = std::make_unique<State>();
  state->path = path;
  state->quarantine = quarantine;
  state->repository = open_bare(path);
  if (quarantine) read_also(state->repository.get(), *quarantine);
  return Remote(std::move(state));
}

std::optional<std::string> Remote::commit_of(const std::string& ref) const {
  git_oid id;
  const int result = git_reference_name_to_id(&id, state_->repository.get(), ref.c_str());
  if (result == GIT_ENOTFOUND) return std::nullopt;
  check(result, fmt::format("read '{}'", printable(ref)));
  return peel(git_oid_tostr_s(&id));
}

std::optional<std::string> Remote::peel(const std::string& object) const {
  const git_oid id = parse_id(object);
  git_object* raw = nullptr;
  check(git_object_lookup(&raw, state_->repository.get(), &id, GIT_OBJECT_ANY),
        fmt::format("read the object {}", object));
  const OwnedObject found(raw);
  git_object* commit = nullptr;
  if (git_object_peel(&commit, raw, GIT_OBJECT_COMMIT) != 0) return std::nullopt;
  const OwnedObject owner(commit);
  return git_oid_tostr_s(git_object_id(commit));
}

bool Remote::has(const std::string& object) const {
  const git_oid id = parse_id(object);
  git_odb* raw = nullptr;
  check(git_repository_odb(&raw, state_->repository.get()), "read the objects");
  const COwned<git_odb, git_odb_free> odb(raw);
  return git_odb_exists(raw, &id) == 1;
}

bool Remote::holds(const std::string& commit, const std::string& earlier) const {
  if (commit == earlier) return true;
  const git_oid later = parse_id(commit);
  const git_oid before = parse_id(earlier);
  const int result = git_graph_descendant_of(state_->repository.get(), &later, &before);
  check(result, "compare two commits");
  return result == 1;
}

Checkout Remote::check_out(const std::string& commit, const Dir& to) const {
  const git_oid id = parse_id(commit);
  git_commit* raw = nullptr;
  check(git_commit_lookup(&raw, state_->repository.get(), &id), fmt::format("read the commit {}", commit));
  const OwnedCommit owner(raw);
  Budget budget(source_limits);
  base::with_context(fmt::format("commit {}", commit), [&] {
    write_tree(state_->repository.get(), git_commit_tree_id(raw), to, TreePath(), budget);
    refuse_outward_links(to);
  });
  return {"git", commit, false, git_commit_time(raw), describe_commit(raw), {}};
}

void Remote::keep_objects() const {
  if (state_->quarantine) link_objects(state_->path / "objects", *state_->quarantine);
}

bool Remote::move(const RefUpdate& update) const {
  const git_oid after = parse_id(update.after);
  const git_oid before = parse_id(update.before);
  git_reference* raw = nullptr;
  git_repository* const repository = state_->repository.get();
  const char* const why = "deployed by a push whose sender had gone";
  const int result =
      update.creates()
          ? git_reference_create(&raw, repository, update.ref.c_str(), &after, 0, why)
          : git_reference_create_matching(&raw, repository, update.ref.c_str(), &after, 1, &before, why);
  const OwnedReference owner(raw);
  if (result == GIT_EEXISTS || result == GIT_EMODIFIED || result == GIT_ENOTFOUND) return false;
  check(result, fmt::format("move '{}'", printable(update.ref)));
  return true;
}

void Remote::begin_with(const std::string& ref) const {
  const int unborn = git_repository_head_unborn(state_->repository.get());
  check(unborn, "read HEAD");
  if (unborn == 1) check(git_repository_set_head(state_->repository.get(), ref.c_str()), "point HEAD");
}

}  // namespace bakehouse::source
