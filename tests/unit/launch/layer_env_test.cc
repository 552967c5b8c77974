#include "launch/layer_env.hh"

#include "base/error.hh"
#include "base/files.hh"
#include "support/failure.hh"
#include "support/tree_literal.hh"

#include <doctest/doctest.h>

#include <string>

namespace layer_env_test {

using namespace bakehouse;
using base::TreePath;
using launch::Environment;
using launch::Phase;
using launch::Unsuffixed;
using support::File;
using support::Folder;
using support::Link;
using support::Special;
using support::Tree;

namespace {

// Where programs are to see the tree; nothing lies there.
const std::string app = "/srv/shop/run";

struct Site {
  explicit Site(const Tree& files) { support::make_tree(dir, files); }
  launch::LayerTree tree() const { return {dir, app}; }

  base::TempDir scratch;
  base::Dir dir = base::Dir::open(scratch.path());
};

Environment with_variables(const Tree& files, Environment environment = {},
                           Unsuffixed unsuffixed = Unsuffixed::replaces) {
  const Site site(files);
  apply_variables(site.tree(), TreePath::parse("env"), unsuffixed, environment);
  return environment;
}

Environment with_layers(const Site& site, const std::vector<std::string>& layers, Phase phase,
                        const std::string& type, Environment environment) {
  std::vector<TreePath> paths;
  paths.reserve(layers.size());
  for (const auto& layer : layers) paths.push_back(TreePath::parse(layer));
  apply_layers(site.tree(), paths, phase, type, environment);
  return environment;
}

}  // namespace

TEST_CASE("1.6 file rules: suffixes") {
  const struct {
    const char* name;
    const char* value;
    Environment before;
    Environment after;
  } rows[] = {
      {"A", "x", {}, {{"A", "x"}}},
      {"A", "x", {{"A", "old"}}, {{"A", "x"}}},
      {"A.override", "x", {{"A", "old"}}, {{"A", "x"}}},
      {"A.append", "x", {{"A", "old"}}, {{"A", "oldx"}}},
      {"A.append", "x", {}, {{"A", "x"}}},
      {"A.prepend", "x", {{"A", "old"}}, {{"A", "xold"}}},
      {"A.default", "x", {{"A", "old"}}, {{"A", "old"}}},
      {"A.default", "x", {{"A", ""}}, {{"A", "x"}}},
      {"A.default", "x", {}, {{"A", "x"}}},
      {"A.delim", "x", {{"A", "old"}}, {{"A", "old"}}},
      {"A.delim", "x", {}, {}},
      {"A.unknown", "x", {{"A", "old"}}, {{"A", "old"}}},
      {"A.append.bak", "x", {}, {}},
      {".gitkeep", "x", {}, {}},
      {"A", "", {}, {{"A", ""}}},
      {"a-b", "x", {}, {{"a-b", "x"}}},
  };
  for (const auto& row : rows) {
    CAPTURE(row.name);
    CHECK(with_variables({{std::string("env/") + row.name, File{row.value}}}, row.before) == row.after);
  }
}

TEST_CASE("1.6 file rules: a delimiter counts in its own directory, and only between two values") {
  const Tree both{{"env/A.append", File{"x"}}, {"env/A.delim", File{":"}}};
  CHECK(with_variables(both, {{"A", "old"}}) == Environment{{"A", "old:x"}});
  CHECK(with_variables(both) == Environment{{"A", "x"}});
  CHECK(with_variables(both, {{"A", ""}}) == Environment{{"A", "x"}});
  CHECK(with_variables({{"env/A.delim", File{", "}}, {"env/A.prepend", File{"x"}}}, {{"A", "old"}}) ==
        Environment{{"A", "x, old"}});
  // As the reference implementation does, whatever the specification says (1.13).
  const Site site({{"l/env/A.delim", File{":"}}, {"l/env.launch/A.append", File{"x"}}});
  CHECK(with_layers(site, {"l"}, Phase::launch, "", {{"A", "old"}}) == Environment{{"A", "oldx"}});
}

TEST_CASE("1.6 file rules: the files of a directory follow each other in byte order") {
  CHECK(with_variables({{"env/A", File{"set"}}, {"env/A.append", File{"x"}}, {"env/A.prepend", File{"y"}}}) ==
        Environment{{"A", "ysetx"}});
  CHECK(with_variables({{"env/A.append", File{"x"}}, {"env/A.override", File{"set"}}}) ==
        Environment{{"A", "set"}});
  CHECK(with_variables({{"env/A.append", File{"x"}}, {"env/A.default", File{"set"}}}) ==
        Environment{{"A", "x"}});
}

TEST_CASE("1.6 file rules: the content is taken as it is, with its last line feed") {
  CHECK(with_variables({{"env/A", File{"/opt/java\n"}}, {"env/B", File{" \t\xff\n\n"}}}) ==
        Environment{{"A", "/opt/java\n"}, {"B", " \t\xff\n\n"}});
}

TEST_CASE("1.6 file rules: directories are passed over, links to files are followed") {
  const Environment found = with_variables({{"env/A", Folder{}},
                                            {"env/A/B", File{"inner"}},
                                            {"env/C", Link{"../other/c"}},
                                            {"env/D", Link{app + "/other/c"}},
                                            {"env/E", Link{"../other"}},
                                            {"env/F", Link{"C"}},
                                            {"other/c", File{"c"}}});
  CHECK(found == Environment{{"C", "c"}, {"D", "c"}, {"F", "c"}});
  CHECK(with_variables({{"env", Link{"elsewhere"}}, {"elsewhere/A", File{"x"}}}) == Environment{{"A", "x"}});
}

TEST_CASE("1.4 operator: what has no suffix may be a default") {
  const Tree files{{"env/A", File{"x"}}, {"env/B", File{"x"}}, {"env/C.override", File{"x"}}};
  CHECK(with_variables(files, {{"A", "a"}, {"C", "c"}}, Unsuffixed::is_default) ==
        Environment{{"A", "a"}, {"B", "x"}, {"C", "x"}});
}

TEST_CASE("a directory that is missing changes nothing") {
  CHECK(with_variables({}, {{"A", "a"}}) == Environment{{"A", "a"}});
  CHECK(with_variables({{"env", File{"no directory"}}}) == Environment{});
}

TEST_CASE("a file that no variable can come from is named with the reason") {
  const base::TempDir outside;
  base::write_file(outside.path() / "secret", "secret");
  const std::string far = (outside.path() / "secret").native();
  const std::string most(128 * 1024, 'x');
  const struct {
    Tree files;
    const char* name;
    const char* reason;
  } rows[] = {
      {{{"env/A", Link{far}}}, "env/A", "the link leads out of the application"},
      {{{"env/A", Link{"../../../../../etc/passwd"}}}, "env/A", "the link leads out of the application"},
      {{{"env/A", Link{"b"}}, {"env/b", Link{far}}}, "env/A", "the link leads out of the application"},
      {{{"env/A", Link{app + "more/x"}}}, "env/A", "the link leads out of the application"},
      {{{"env/A", Link{"nothing"}}}, "env/A", "the link leads nowhere"},
      {{{"env/A", Link{"A"}}}, "env/A", "the link leads nowhere"},
      {{{"env/A", Link{"B/x"}}, {"env/B", File{""}}}, "env/A", "the link leads nowhere"},
      {{{"env/A", Special{}}}, "env/A", "is not a regular file"},
      {{{"env/A", Link{"../pipe"}}, {"pipe", Special{}}}, "env/A", "is not a regular file"},
      {{{"env/A", File{std::string("x\0y", 3)}}}, "env/A", "it contains a NUL byte"},
      {{{"env/A=B", File{"x"}}}, "env/A=B", "a variable's name cannot contain '='"},
      {{{"env/A", File{most}}}, "env/A", "the value of A would be longer than a program can be given"},
      {{{"env/A", File{most + "x"}}}, "env/A", "131072"},
      {{{"env/A", File{most.substr(10)}}, {"env/A.append", File{most.substr(10)}}},
       "env/A.append",
       "the value of A would be longer than a program can be given"},
      {{{"env", Link{outside.path().native()}}}, "env", "leads out of the application"},
  };
  for (const auto& row : rows) {
    CAPTURE(row.reason);
    const std::string message = support::failure([&] { with_variables(row.files); });
    CAPTURE(message);
    CHECK(message.starts_with("input: "));
    CHECK(message.find(row.name) != std::string::npos);
    CHECK(message.find(row.reason) != std::string::npos);
  }
}

TEST_CASE("1.6 build: directories and files layer by layer") {
  const Site site({{"a/x/bin/p", File{""}},
                   {"a/x/env/PATH.prepend", File{"ppx:"}},
                   {"a/x/env/V.append", File{"ex"}},
                   {"a/x/env.build/V.append", File{"bx"}},
                   {"a/x/env.launch/V.append", File{"never"}},
                   {"a/y/bin/p", File{""}},
                   {"a/y/env/PATH.prepend", File{"ppy:"}},
                   {"a/y/env/V.append", File{"ey"}},
                   {"a/y/env.build/V.append", File{"by"}}});
  CHECK(with_layers(site, {"a/x", "a/y"}, Phase::build, "web", {{"PATH", "/usr/bin:/bin"}}) ==
        Environment{{"PATH", "ppy:" + app + "/a/y/bin:ppx:" + app + "/a/x/bin:/usr/bin:/bin"},
                    {"V", "exbxeyby"}});
}

TEST_CASE("1.6 build: the five directories, where they are directories") {
  const Site site({{"l/bin", Folder{}},
                   {"l/lib", Link{"lib64"}},
                   {"l/lib64", Folder{}},
                   {"l/include", Folder{}},
                   {"l/pkgconfig", Folder{}},
                   {"m/bin", File{""}},
                   {"m/lib", Link{"nowhere"}},
                   {"m/include", Link{"/usr/include"}}});
  CHECK(with_layers(site, {"l"}, Phase::build, "", {{"LIBRARY_PATH", "/l"}, {"CPATH", ""}}) ==
        Environment{{"PATH", app + "/l/bin"},
                    {"LD_LIBRARY_PATH", app + "/l/lib"},
                    {"LIBRARY_PATH", app + "/l/lib:/l"},
                    {"CPATH", app + "/l/include"},
                    {"PKG_CONFIG_PATH", app + "/l/pkgconfig"}});
  CHECK(with_layers(site, {"l"}, Phase::launch, "", {}) ==
        Environment{{"PATH", app + "/l/bin"}, {"LD_LIBRARY_PATH", app + "/l/lib"}});
  CHECK(with_layers(site, {"m"}, Phase::build, "", {}) == Environment{{"CPATH", app + "/m/include"}});
}

TEST_CASE("1.9 environment: the directories of all layers come before the files of the first") {
  const Site site({{"a/bin", Folder{}},
                   {"a/env/PATH.prepend", File{"pa:"}},
                   {"b/bin", Folder{}},
                   {"b/env/PATH.prepend", File{"pb:"}}});
  CHECK(with_layers(site, {"a", "b"}, Phase::launch, "", {{"PATH", "/bin"}}) ==
        Environment{{"PATH", "pb:pa:" + app + "/b/bin:" + app + "/a/bin:/bin"}});
}

TEST_CASE("1.9 environment: env, env.launch and that of the process's type, layer by layer") {
  const Site site({{"a/env/V.append", File{"1"}},
                   {"a/env.build/V.append", File{"never"}},
                   {"a/env.launch/V.append", File{"2"}},
                   {"a/env.launch/web/V.append", File{"3"}},
                   {"a/env.launch/worker/V.append", File{"w"}},
                   {"b/env/V.append", File{"4"}},
                   {"b/env.launch/web/V.append", File{"5"}}});
  CHECK(with_layers(site, {"a", "b"}, Phase::launch, "web", {}) == Environment{{"V", "12345"}});
  CHECK(with_layers(site, {"a", "b"}, Phase::launch, "worker", {}) == Environment{{"V", "12w4"}});
  CHECK(with_layers(site, {"a", "b"}, Phase::launch, "", {}) == Environment{{"V", "124"}});
}

TEST_CASE("1.9 environment: a buildpack's override beats the user's value") {
  const Site site({{"l/env.launch/A.override", File{"ours"}}, {"l/env.launch/B.default", File{"ours"}}});
  CHECK(with_layers(site, {"l"}, Phase::launch, "web", {{"A", "user"}, {"B", "user"}}) ==
        Environment{{"A", "ours"}, {"B", "user"}});
}

TEST_CASE("a layer that is missing, or a link, is refused") {
  const Site site({{"real", Folder{}}, {"link", Link{"real"}}});
  for (const char* name : {"none", "link"}) {
    CAPTURE(name);
    CHECK(support::failure([&] { with_layers(site, {name}, Phase::build, "", {}); }).find(name) !=
          std::string::npos);
  }
}

TEST_CASE("an environment is read from a list and written as one") {
  const char* const list[] = {"B=2", "A=", "C", "=x", "B=3", "D=a=b", nullptr};
  const Environment environment = launch::to_environment(list);
  CHECK(environment == Environment{{"A", ""}, {"B", "2"}, {"D", "a=b"}});
  CHECK(launch::to_list(environment) == std::vector<std::string>{"A=", "B=2", "D=a=b"});
}

}  // namespace layer_env_test
