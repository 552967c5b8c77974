#include "support/tree_literal.hh"

#include "base/files.hh"

#include <doctest/doctest.h>

#include <sys/stat.h>
#include <unistd.h>

namespace tree_literal_test {

using namespace bakehouse;
using namespace bakehouse::support;
using base::Dir;
using base::TempDir;
using base::TreePath;

namespace {

// What comes back from a directory that was made from it.
std::string made(const Tree& tree) {
  const TempDir temp;
  const Dir dir = Dir::open(temp.path());
  make_tree(dir, tree);
  return describe_tree(dir);
}

}  // namespace

TEST_CASE("a description is one line an entry, and says of a directory what it says of its literal") {
  const Tree tree{
      {"bin/run", File{"#!/bin/sh\n", 0755}},       {"bin/same", HardLink{"bin/run"}},
      {"bin-2", File{"", 04711, {-1, 5}}},          {"link", Link{"bin/run"}},
      {"pipe", Special{Special::Kind::fifo, 0622}}, {"socket", Special{Special::Kind::socket, 0777}},
      {"twin", File{"#!/bin/sh\n", 0755}},          {"zeros", File{std::string(5000, '\0'), 0400}}};
  CHECK(describe_tree(tree) ==
        "bin/ 0755\n"
        "bin-2 4711 -1.000000005 \"\"\n"
        "bin/run 0755 1700000000 \"#!/bin/sh\\012\"\n"
        "bin/same = bin/run\n"
        "link -> bin/run\n"
        "pipe fifo 0622\n"
        "socket socket 0777\n"
        "twin 0755 1700000000 \"#!/bin/sh\\012\"\n"
        "zeros 0400 1700000000 5000 bytes 7ca5bd879f39\n");
  CHECK(made(tree) == describe_tree(tree));
}

TEST_CASE("owners, attributes and access lists are kept where they can be") {
  const TempDir temp;
  const Dir dir = Dir::open(temp.path());
  const Xattrs list{{access_list, posix_acl(0640, 1234, 6)}, {"user.k", "v\n"}};
  const Xattrs lists{{access_list, posix_acl(01750, 1234, 5)}, {default_list, posix_acl(0600, 1, 7)}};
  const Tree tree{{"folder/file", File{"x", 0640, some_time, list, Owner{1000, 1001}}},
                  {"folder", Folder{01750, lists}},
                  {"folder/link", Link{"file", Owner{1002, 1003}}},
                  {"setid", File{"x", 06755, some_time, {}, Owner{1000, 1001}}}};
  CHECK(describe_tree(Tree{{"a", File{"x", 0640, some_time, {{"user.k", "v\n"}}, Owner{1000, 1001}}}}) ==
        "a 0640 1700000000 1000:1001 user.k=\"v\\012\" \"x\"\n");
  CHECK(describe_tree(Tree{{"a", Link{"b", Owner{1000, 1001}}}}) == "a 1000:1001 -> b\n");
  const Tree fitting = what_fits(tree, dir);
  CHECK(dir.names().empty());
  make_tree(dir, fitting);
  CHECK(describe_tree(dir) == describe_tree(fitting));
  if (::geteuid() != 0) {
    MESSAGE("skipped: only root gives files away");
    return;
  }
  CHECK(describe_tree(fitting).find("setid 6755 1700000000 1000:1001") != std::string::npos);
  CHECK(dir.stat(TreePath::parse("folder/link"))->gid == 1003);
}

TEST_CASE("our own owner and whole seconds are not mentioned") {
  CHECK(describe_tree(Tree{{"a", File{"", 0600, {7, 0}, {}, Owner{::geteuid(), ::getegid()}}}}) ==
        "a 0600 7 \"\"\n");
}

TEST_CASE("times of folders and links are told when asked for") {
  const TempDir temp;
  const Dir dir = Dir::open(temp.path());
  const Tree tree{{"d/inner/link", Link{"..", {}, {{5, 6}}}},
                  {"d/inner", Folder{0555, {}, {}, {{3, 0}}}},
                  {"d", Folder{0700, {}, {}, {{-4, 1}}}}};
  make_tree(dir, tree);
  CHECK(describe_tree(tree) == "d/ 0700 -4.000000001\nd/inner/ 0555 3\nd/inner/link 5.000000006 -> ..\n");
  CHECK(describe_tree(dir, Times::of_all) == describe_tree(tree));
  CHECK(describe_tree(dir) == "d/ 0700\nd/inner/ 0555\nd/inner/link -> ..\n");
}

TEST_CASE("a name outside of the directory does not count") {
  const TempDir temp;
  const Dir dir = Dir::open(temp.path());
  make_tree(dir, {{"one/a", File{"x"}}, {"one/b", HardLink{"one/a"}}, {"other/c", HardLink{"one/a"}}});
  CHECK(describe_tree(temp.path() / "other") == "c 0644 1700000000 \"x\"\n");
  CHECK(describe_tree(temp.path() / "one") == "a 0644 1700000000 \"x\"\nb = a\n");
}

TEST_CASE("of two descriptions the differing lines are shown, as many as one can read") {
  CHECK(differing_lines("a\nb\nc\n", "a\nb\nc\n") == "");
  CHECK(differing_lines("a\nb\nc\n", "a\nc\nd\n") == "-b\n+d\n");
  CHECK(differing_lines("", "a\n") == "+a\n");
  std::string many;
  for (char c = 'a'; c < 'a' + 13; ++c) many += std::string(1, c) + "\n";
  const std::string shown = differing_lines(many, "");
  CHECK(shown.starts_with("-a\n-b\n"));
  CHECK(shown.ends_with("-j\nand 3 more\n"));
}

TEST_CASE("a sparse file has holes where its content is zeros, and the same description") {
  const std::string content = "head" + std::string(1 << 20, '\0') + "tail" + std::string(1 << 20, '\0');
  const Tree sparse{{"a", File{content, 0644, some_time, {}, {}, Storage::sparse}}};
  const Tree full{{"a", File{content}}};
  CHECK(describe_tree(sparse) == describe_tree(full));
  const TempDir one;
  const TempDir other;
  make_tree(Dir::open(one.path()), sparse);
  make_tree(Dir::open(other.path()), full);
  CHECK(describe_tree(one.path()) == describe_tree(sparse));
  CHECK(describe_tree(other.path()) == describe_tree(sparse));
  CHECK(allocated_bytes(Dir::open(one.path())) < (1 << 20));
  CHECK(allocated_bytes(Dir::open(other.path())) > (2 << 20));
}

TEST_CASE("names of one file count once as bytes on the disk") {
  const TempDir temp;
  const Dir dir = Dir::open(temp.path());
  make_tree(dir, {{"a", File{std::string(1 << 20, 'x')}}, {"b", HardLink{"a"}}, {"link", Link{"a"}}});
  CHECK(allocated_bytes(dir) < (3 << 19));
}

TEST_CASE("names of one file share a node, and the first in byte order is the file") {
  SharedTree shared = share_nodes({{"d/a", File{"x"}}, {"d/b", HardLink{"d/a"}}, {"e", HardLink{"d/a"}}});
  CHECK(shared.contains("d"));
  CHECK(shared.at("d/a") == shared.at("e"));
  shared["c"] = shared.at("e");
  shared.erase("d/a");
  CHECK(describe_tree(name_nodes(shared)) == "c 0644 1700000000 \"x\"\nd/ 0755\nd/b = c\ne = c\n");
}

TEST_CASE("a link to what does not stand before it is no tree") {
  CHECK_THROWS(share_nodes({{"a", HardLink{"b"}}, {"b", File{"x"}}}));
}

}  // namespace tree_literal_test
