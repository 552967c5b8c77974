#include "tree/attributes.hh"

#include "support/failure.hh"
#include "support/mentions.hh"
#include "unit/tree/some_trees.hh"

#include <doctest/doctest.h>

#include <string>

#include <sys/xattr.h>

namespace attributes_test {

using namespace bakehouse;
using namespace bakehouse::support;
using base::Dir;
using base::TreePath;
using tree::Attributes;

namespace {

const TreePath name = TreePath::parse("name");

bool set_raw(const Dir& dir, const std::string& attribute, const std::string& value) {
  const std::string path = (dir.path() / name.str()).native();
  return ::lsetxattr(path.c_str(), attribute.c_str(), value.data(), value.size(), 0) == 0;
}

// What the file system below takes of the attributes, asked from the tests' own hand.
Attributes what_fits(const Attributes& attributes, const Dir& dir) {
  const Tree fitting = support::what_fits({{"name", Folder{0755, attributes}}}, dir);
  return std::get<Folder>(fitting.at("name")).xattrs;
}

}  // namespace

TEST_CASE("attributes are read as they were written, of files and of directories") {
  const Attributes rows[] = {
      {},
      {{"user.a", "1"}},
      {{"user.empty", ""}, {"user.zeros", std::string(3, '\0')}, {"user.\xff odd=\"name\"\n", "\xff\x01"}},
      {{"user.large", std::string(3000, 'x')}},
      {{access_list, posix_acl(0750, 1000, 5)}},
      {{access_list, posix_acl(0750, 1000, 5)}, {"user.b", "2"}},
  };
  for (const Node& node : {Node(File{"x", 0750}), Node(Folder{0750})}) {
    for (const Attributes& row : rows) {
      CAPTURE(row.size());
      const Place place;
      const Dir dir = place.with("dir", {{"name", node}});
      const Attributes wanted = what_fits(row, dir);
      tree::write_attributes(dir, name, wanted);
      CHECK(tree::read_attributes(dir, name) == wanted);
    }
  }
}

TEST_CASE("a directory has a default access list, too") {
  const Place place;
  const Dir dir = place.with("dir", {{"name", Folder{0755}}});
  const Attributes wanted =
      what_fits({{access_list, posix_acl(0755, 1000, 7)}, {default_list, posix_acl(0750, 1000, 5)}}, dir);
  tree::write_attributes(dir, name, wanted);
  CHECK(tree::read_attributes(dir, name) == wanted);
  tree::write_attributes(dir, name, {});
  CHECK(tree::read_attributes(dir, name).empty());
  CHECK(dir.stat(name)->mode == 0755);
}

TEST_CASE("many names are read as well as few") {
  const Place place;
  const Dir dir = place.with("dir", {{"name", File{"x"}}});
  Attributes many;
  for (int i = 0; i < 40; ++i) many["user." + std::string(60, 'n') + std::to_string(i)] = "v";
  const Attributes wanted = what_fits(many, dir);
  tree::write_attributes(dir, name, wanted);
  CHECK(tree::read_attributes(dir, name) == wanted);
}

TEST_CASE("what is not wanted is removed, and what is right is left alone") {
  const Place place;
  const Dir dir = place.with("dir", {{"name", File{"x"}}});
  const Attributes before = what_fits({{"user.keep", "1"}, {"user.change", "2"}, {"user.go", "3"}}, dir);
  tree::write_attributes(dir, name, before);
  const Attributes after = what_fits({{"user.keep", "1"}, {"user.change", "two"}, {"user.new", ""}}, dir);
  tree::write_attributes(dir, name, after);
  CHECK(tree::read_attributes(dir, name) == after);

  // Nothing to do is nothing done: the ctime tells.
  const auto ctime = dir.stat(name)->ctime;
  tree::write_attributes(dir, name, after);
  CHECK(dir.stat(name)->ctime == ctime);
}

TEST_CASE("what belongs to the host and not to the tree is neither read nor removed") {
  const Place place;
  const Dir dir = place.with("dir", {{"name", File{"x"}}});
  if (!set_raw(dir, "trusted.host", "1")) {
    MESSAGE("skipped: only root gives a file such attributes");
    return;
  }
  CHECK(tree::read_attributes(dir, name).empty());
  tree::write_attributes(dir, name, {});
  char value = 0;
  CHECK(::lgetxattr((dir.path() / "name").c_str(), "trusted.host", &value, 1) == 1);
}

TEST_CASE("a link has none, and those of what it points to are not its own") {
  const Place place;
  const Dir dir = place.with("dir", {{"target", File{"x"}}, {"name", Link{"target"}}});
  tree::write_attributes(dir, TreePath::parse("target"), what_fits({{"user.a", "1"}}, dir));
  CHECK(tree::read_attributes(dir, name).empty());
  tree::write_attributes(dir, name, {});
}

TEST_CASE("a file that is not there is named") {
  const Place place;
  const Dir dir = place.empty("dir");
  const std::string shown = "'" + (dir.path() / "name").native() + "'";
  CHECK(failure([&] { tree::read_attributes(dir, name); }) == Mentions{shown});
  CHECK(failure([&] { tree::write_attributes(dir, name, {{"user.a", "1"}}); }) == Mentions{shown});
}

}  // namespace attributes_test
