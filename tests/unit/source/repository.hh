// A git repository with a work tree, made by libgit2 alone: no git program, nothing of the caller's
// configuration, and objects that git itself would never make.
#pragma once

#include "base/error.hh"
#include "base/files.hh"
#include "support/tree_literal.hh"

#include <fmt/format.h>
#include <git2.h>

#include <filesystem>
#include <memory>
#include <string>
#include <string_view>

namespace bakehouse::source {

inline void check_git(int result) {
  if (result < 0) throw base::Error(base::Fault::internal, git_error_last()->message);
}

class TestRepository {
 public:
  TestRepository() : path_(scratch_.path() / "source") {
    git_libgit2_init();
    for (const int level : {GIT_CONFIG_LEVEL_GLOBAL, GIT_CONFIG_LEVEL_XDG, GIT_CONFIG_LEVEL_SYSTEM})
      check_git(git_libgit2_opts(GIT_OPT_SET_SEARCH_PATH, level, scratch_.path().c_str()));
    check_git(git_repository_init(&repository_, path_.c_str(), 0));
  }
  TestRepository(const TestRepository&) = delete;
  TestRepository& operator=(const TestRepository&) = delete;
  ~TestRepository() {
    git_repository_free(repository_);
    git_libgit2_shutdown();
  }

  const std::filesystem::path& path() const { return path_; }
  // Free for the test, beside the repository.
  std::filesystem::path beside(std::string_view name) const { return scratch_.path() / name; }

  void write(const support::Tree& tree) const { support::make_tree(base::Dir::open(path_), tree); }
  void change(const std::string& file, std::string_view content) const {
    base::write_file(path_ / file, content);
  }

  // Also what .gitignore names, as `git add --force` does.
  void add(const std::string& file) const {
    const auto index = open_index();
    check_git(git_index_add_bypath(index.get(), file.c_str()));
    check_git(git_index_write(index.get()));
  }
  // A path of the index that is the commit of another repository.
  void add_submodule(const std::string& name) const {
    const auto index = open_index();
    git_index_entry entry{};
    entry.mode = GIT_FILEMODE_COMMIT;
    entry.path = name.c_str();
    check_git(git_oid_fromstr(&entry.id, "1111111111111111111111111111111111111111"));
    check_git(git_index_add(index.get(), &entry));
    check_git(git_index_write(index.get()));
  }

  // The commit's digits.
  std::string commit() const {
    git_oid tree;
    const auto index = open_index();
    check_git(git_index_write_tree(&tree, index.get()));
    return commit_tree(tree);
  }
  std::string write_and_commit(const support::Tree& tree) const {
    write(tree);
    for (const auto& [file, node] : tree) add(file);
    return commit();
  }
  // A commit whose only entry has this name and mode ("40000", "100644"), checked by nobody.
  std::string commit_entry(std::string_view mode, std::string_view name) const {
    git_odb* odb = nullptr;
    check_git(git_repository_odb(&odb, repository_));
    const std::unique_ptr<git_odb, decltype(&git_odb_free)> owner(odb, git_odb_free);
    git_oid inner;
    const bool is_tree = mode == "40000";
    check_git(git_odb_write(&inner, odb, "", 0, is_tree ? GIT_OBJECT_TREE : GIT_OBJECT_BLOB));
    std::string bytes = fmt::format("{} {}", mode, name);
    bytes += '\0';
    bytes.append(reinterpret_cast<const char*>(inner.id), sizeof inner.id);
    git_oid tree;
    check_git(git_odb_write(&tree, odb, bytes.data(), bytes.size(), GIT_OBJECT_TREE));
    return commit_tree(tree);
  }

  // The same commits as a repository without a work tree.
  std::filesystem::path make_bare_copy() const {
    std::filesystem::path bare = beside("bare.git");
    std::filesystem::copy(path_ / ".git", bare, std::filesystem::copy_options::recursive);
    base::write_file(bare / "config", "[core]\n\trepositoryformatversion = 0\n\tbare = true\n");
    return bare;
  }

  std::string tree_of(const std::string& commit) const {
    git_object* tree = nullptr;
    check_git(git_revparse_single(&tree, repository_, (commit + "^{tree}").c_str()));
    std::string digits = git_oid_tostr_s(git_object_id(tree));
    git_object_free(tree);
    return digits;
  }
  // Of HEAD; the digits of the tag itself.
  std::string annotated_tag(const std::string& name) const {
    git_object* head = nullptr;
    check_git(git_revparse_single(&head, repository_, "HEAD"));
    char author[] = "A Test";
    char mail[] = "test@example.org";
    const git_signature tagger{author, mail, {support::some_time, 0, '+'}};
    git_oid id;
    const int result = git_tag_create(&id, repository_, name.c_str(), head, &tagger, "a tag", 0);
    git_object_free(head);
    check_git(result);
    return git_oid_tostr_s(&id);
  }
  void tag(const std::string& name) const {
    git_object* head = nullptr;
    check_git(git_revparse_single(&head, repository_, "HEAD"));
    git_oid id;
    const int result = git_tag_create_lightweight(&id, repository_, name.c_str(), head, 0);
    git_object_free(head);
    check_git(result);
  }

 private:
  using Index = std::unique_ptr<git_index, decltype(&git_index_free)>;

  Index open_index() const {
    git_index* index = nullptr;
    check_git(git_repository_index(&index, repository_));
    return {index, git_index_free};
  }

  std::string commit_tree(const git_oid& id) const {
    git_tree* tree = nullptr;
    check_git(git_tree_lookup(&tree, repository_, &id));
    git_oid parent_id;
    git_commit* parent = nullptr;
    const bool has_parent = git_reference_name_to_id(&parent_id, repository_, "HEAD") == 0;
    if (has_parent) check_git(git_commit_lookup(&parent, repository_, &parent_id));
    const git_commit* parents[] = {parent};
    char name[] = "A Test";
    char mail[] = "test@example.org";
    const git_signature author{name, mail, {support::some_time, 0, '+'}};
    git_oid made;
    const int result = git_commit_create(&made, repository_, "HEAD", &author, &author, nullptr, "a commit",
                                         tree, has_parent ? 1 : 0, parents);
    git_commit_free(parent);
    git_tree_free(tree);
    check_git(result);
    return git_oid_tostr_s(&made);
  }

  base::TempDir scratch_;
  std::filesystem::path path_;
  git_repository* repository_ = nullptr;
};

}  // namespace bakehouse::source
