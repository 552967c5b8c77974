#include "artifact/hooks.hh"

#include "support/archive_draft.hh"
#include "support/failure.hh"
#include "support/mentions.hh"

#include "base/files.hh"

#include <doctest/doctest.h>

#include <string>
#include <vector>

namespace hooks_test {

using namespace bakehouse;
using namespace bakehouse::support;
using base::Dir;
using base::TempDir;

namespace {

const File script{"#!/bin/sh\n", 0755};

std::string complaint(const Tree& tree) {
  return failure([&] { artifact::check_hooks(manifest_of(tree)); });
}

std::vector<std::string> names(const std::vector<artifact::HookFile>& hooks) {
  std::vector<std::string> all;
  for (const auto& hook : hooks) all.push_back(hook.name);
  return all;
}

}  // namespace

TEST_CASE("every phase that runs a hook may have one file or several in a directory") {
  for (const std::string phase :
       {"pre_install", "post_build", "dump", "restore", "post_deploy", "upgrade", "post_install"}) {
    CAPTURE(phase);
    const std::string path = ".bake/hooks/" + phase;
    CHECK(complaint({{path, script}}) == "no failure");
    CHECK(complaint({{path + ".d/10-first", script}, {path + ".d/20-second_B.sh", File{"", 0100}}}) ==
          "no failure");
    CHECK(complaint({{path + ".d", Folder{}}}) == "no failure");
  }
  CHECK(complaint({}) == "no failure");
  CHECK(complaint({{".bake/other", File{""}}, {".bake/hooks-old/x", File{""}}, {"hooks/x", File{""}}}) ==
        "no failure");
}

TEST_CASE("a file among the hooks that is none is refused by its name") {
  const struct {
    Tree tree;
    std::string said;
  } rows[] = {
      {{{".bake/hooks/post_deploy", File{"", 0644}}}, "'.bake/hooks/post_deploy': it is not executable"},
      {{{".bake/hooks/post_deploy", Link{"../x"}}}, "'.bake/hooks/post_deploy': it is not a regular file"},
      {{{".bake/hooks/post_deploy.d/a", Link{"../x"}}}, "it is not a regular file"},
      {{{".bake/hooks/post_deploy.d/a", File{"", 0644}}}, "it is not executable"},
      {{{".bake/hooks/post_deplo", script}}, "no phase has that name (did you mean 'post_deploy'?)"},
      {{{".bake/hooks/README.md", File{""}}}, "no phase has that name"},
      {{{".bake/hooks/deploy", script}}, "no phase has that name"},  // a phase, but without a hook
      {{{".bake/hooks/post_deploy.d", script}}, "no phase has that name"},
      {{{".bake/hooks/post_deploy.sh", script}}, "no phase has that name"},
      {{{".bake/hooks/post_deploy/run", script}}, "no phase has that name"},
      {{{".bake/hooks/post_deploy/a/b", script}}, "no phase has that name"},
      {{{".bake/hooks/post_deploy.d/a/b", script}}, "no phase has that name"},
      {{{".bake/hooks/x.d/a", script}}, "no phase has that name"},
      {{{".bake/hooks/post_deploy.d/a b", script}}, "its name holds something other than A-Z a-z 0-9 . _ -"},
      {{{".bake/hooks/post_deploy.d/\xff", script}},
       "'.bake/hooks/post_deploy.d/\\377': its name holds something other than"},
      {{{".bake/hooks/post_deploy.d/\xc3\xa9", script}}, "its name holds something other than"},
      {{{".bake/hooks/post_deploy.d/a\nb", script}}, "its name holds something other than"},
      {{{".bake/hooks", Link{"../elsewhere"}}}, "'.bake/hooks': it is not a directory"},
      {{{".bake/hooks", script}}, "'.bake/hooks': it is not a directory"},
      {{{".bake", Link{"config"}}}, "'.bake': it is not a directory"},
  };
  for (const auto& row : rows) {
    CAPTURE(row.said);
    CHECK(complaint(row.tree) == Mentions{row.said});
    CHECK(complaint(row.tree).starts_with("input: not every file of .bake/hooks is a hook:"));
  }
}

TEST_CASE("all files that are no hooks are told at once") {
  const std::string said =
      complaint({{".bake/hooks/a", script}, {".bake/hooks/b", script}, {".bake/hooks/dump", script}});
  CHECK(said == Mentions{"'.bake/hooks/a'"});
  CHECK(said == Mentions{"'.bake/hooks/b'"});
  CHECK(said.find("dump'") == std::string::npos);
}

TEST_CASE("the hooks of a phase open in the order in which they run, at their beginning") {
  const TempDir temp;
  const Dir dir = Dir::open(temp.path());
  const Tree tree{{".bake/hooks/dump", File{"one", 0755}},
                  {".bake/hooks/dump.d/2", File{"three", 0755}},
                  {".bake/hooks/dump.d/10", File{"two", 0755}},
                  {".bake/hooks/restore", File{"four", 0755}},
                  {"dump", File{"no hook", 0755}}};
  make_tree(dir, tree);
  const auto hooks = artifact::open_hooks(dir, manifest_of(tree), "dump");
  CHECK(names(hooks) == std::vector<std::string>{"dump", "dump.d/10", "dump.d/2"});
  CHECK(base::read_all(hooks[0].file, 100, "hook") == "one");
  CHECK(base::read_all(hooks[1].file, 100, "hook") == "two");
  CHECK(artifact::open_hooks(dir, manifest_of(tree), "post_deploy").empty());
}

TEST_CASE("a hook that is not what the manifest says is refused") {
  const Tree signed_tree{{".bake/hooks/dump", File{"#!/bin/sh\ntrue\n", 0755}}};
  for (const Tree& there :
       {Tree{{".bake/hooks/dump", File{"#!/bin/sh\nfalse\n", 0755}}},
        Tree{{".bake/hooks/dump", Link{"../../x"}}},
        Tree{{".bake/hooks", Link{"../evil"}}, {"evil/dump", File{"#!/bin/sh\ntrue\n", 0755}}}, Tree{}}) {
    CAPTURE(describe_tree(there));
    const TempDir temp;
    make_tree(Dir::open(temp.path()), there);
    CHECK(failure([&] { artifact::open_hooks(Dir::open(temp.path()), manifest_of(signed_tree), "dump"); }) !=
          "no failure");
  }
}

}  // namespace hooks_test
