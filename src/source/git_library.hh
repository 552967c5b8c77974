// What the files of this folder that use libgit2 share. Private to this folder.
#pragma once

#include "base/c_owned.hh"
#include "base/dir.hh"
#include "source/foreign_tree.hh"

#include <git2.h>

#include <memory>
#include <string>
#include <string_view>

namespace bakehouse::source {

using base::COwned;
using OwnedRepository = COwned<git_repository, git_repository_free>;
using OwnedCommit = COwned<git_commit, git_commit_free>;
using OwnedTree = COwned<git_tree, git_tree_free>;
using OwnedBlob = COwned<git_blob, git_blob_free>;
using OwnedIndex = COwned<git_index, git_index_free>;
using OwnedStatus = COwned<git_status_list, git_status_list_free>;
using OwnedReference = COwned<git_reference, git_reference_free>;
using OwnedRemote = COwned<git_remote, git_remote_free>;
using OwnedObject = COwned<git_object, git_object_free>;
using OwnedDescription = COwned<git_describe_result, git_describe_result_free>;

void start_library();

// Throws the library's own reason for a failure.
void check(int result, std::string_view doing);

[[noreturn]] void refuse_submodule(std::string_view path);

// As `git describe --tags --always`.
std::string describe_commit(git_commit* commit);

// Writes the files of a commit's tree, or of a directory in it, into `to` at `path`.
void write_tree(git_repository* repository, const git_oid* id, const base::Dir& to,
                const base::TreePath& path, Budget& budget);

}  // namespace bakehouse::source
