#include "buildpack/order.hh"

#include "buildpack/platform_exit.hh"
#include "support/failure.hh"
#include "support/mentions.hh"

#include <doctest/doctest.h>

#include <string>
#include <vector>

namespace order_test {

using namespace bakehouse;
using namespace bakehouse::buildpack;
using support::failure;
using support::Mentions;

namespace {

// "a@1 b?": a member, its version, and whether it is optional.
Group group_of(const std::string& words) {
  Group group;
  for (size_t begin = 0; begin < words.size();) {
    size_t end = std::min(words.find(' ', begin), words.size());
    std::string word = words.substr(begin, end - begin);
    begin = end + 1;
    Reference& member = group.emplace_back();
    member.optional = word.ends_with('?');
    if (member.optional) word.pop_back();
    const size_t at = word.find('@');
    member.id = word.substr(0, at);
    if (at != std::string::npos) member.version = word.substr(at + 1);
  }
  return group;
}

Order order_of(const std::vector<std::string>& groups) {
  Order order;
  for (const std::string& group : groups) order.push_back(group_of(group));
  return order;
}

// Buildpacks without programs, and composites.
struct Shelf {
  Store store;

  Shelf& add(const std::string& names) {
    for (const Reference& name : group_of(names)) {
      Buildpack pack;
      pack.id = name.id;
      pack.version = name.version.empty() ? "1" : name.version;
      store.add(pack);
    }
    return *this;
  }
  Shelf& compose(const std::string& id, const std::vector<std::string>& groups) {
    Buildpack pack;
    pack.id = id;
    pack.version = "1";
    pack.directory = "/packs/" + id;
    pack.order = order_of(groups);
    store.add(pack);
    return *this;
  }
};

std::string describe(const Candidates& group) {
  std::string text;
  for (const Candidate& member : group) {
    if (!text.empty()) text += " ";
    text += member.pack->version == "1" ? member.pack->id : member.pack->describe();
    if (member.optional) text += "?";
  }
  return text;
}

struct Walked {
  std::vector<std::string> groups;
  std::vector<std::string> warnings;
  bool found = false;
};

// Until the group that is described as `accepted`.
Walked walk(const Shelf& shelf, const Order& order, const std::string& accepted = "none of them",
            const std::string& exec_env = "production") {
  Walked walked;
  OrderWalk steps;
  steps.exec_env = exec_env;
  steps.try_group = [&](const Candidates& group) {
    walked.groups.push_back(describe(group));
    return walked.groups.back() == accepted;
  };
  steps.warn = [&](const std::string& text) { walked.warnings.push_back(text); };
  walked.found = walk_order(order, shelf.store, steps);
  return walked;
}

using Groups = std::vector<std::string>;

}  // namespace

TEST_CASE("1.4 order: groups in their order, members from left to right, until one is accepted") {
  Shelf shelf;
  shelf.add("a b c d");
  const Order order = order_of({"b a?", "c", "d"});
  const Walked all = walk(shelf, order);
  CHECK(all.groups == Groups{"b a?", "c", "d"});
  CHECK_FALSE(all.found);
  const Walked until = walk(shelf, order, "c");
  CHECK(until.groups == Groups{"b a?", "c"});
  CHECK(until.found);
  CHECK_FALSE(walk(shelf, {}).found);
  CHECK(walk(shelf, order_of({""})).groups.empty());
}

TEST_CASE("1.4 composite: each of its groups with the rest of the outer one, depth first") {
  Shelf shelf;
  shelf.add("a b c d e f").compose("inner", {"c", "d e?"}).compose("outer", {"b inner", "f"});
  CHECK(walk(shelf, order_of({"a outer e"})).groups == Groups{"a b c e", "a b d e?", "a f e"});
  CHECK(walk(shelf, order_of({"inner outer"})).groups ==
        Groups{"c b", "c b d e?", "c f", "d e? b c", "d e? b", "d e? f"});
}

TEST_CASE("1.4 composite: an optional one that fails leaves the rest; the groups before it are tried first") {
  Shelf shelf;
  shelf.add("a b c d").compose("both", {"b", "c"});
  CHECK(walk(shelf, order_of({"a both? d"})).groups == Groups{"a b d", "a c d", "a d"});
  CHECK(walk(shelf, order_of({"a both d"})).groups == Groups{"a b d", "a c d"});
  // Nobody is left, so there is nothing to try.
  CHECK(walk(shelf, order_of({"both?"})).groups == Groups{"b", "c"});
}

TEST_CASE("1.4 composite: a composite contributes its members' own optional, not its own") {
  Shelf shelf;
  shelf.add("a b").compose("c", {"a b?"});
  CHECK(walk(shelf, order_of({"c?"})).groups == Groups{"a b?"});
}

TEST_CASE("1.4 order: what stands in a group already is dropped, another version with a warning") {
  Shelf shelf;
  shelf.add("a@1 a@2 b").compose("c", {"a@1 b"}).compose("d", {"a@2"});
  const Walked walked = walk(shelf, order_of({"a@2 b c d", "a@1 a a@1", "a@1 a@2 b"}));
  CHECK(walked.groups == Groups{"a@2 b", "a", "a b"});
  CHECK(walked.warnings ==
        std::vector<std::string>{"the buildpack a stands in one group as 2 and as 1: 2 is used",
                                 "the buildpack a stands in one group as 1 and as 2: 1 is used"});
}

TEST_CASE("1.4 order: a warning is told once, however many groups give cause for it") {
  Shelf shelf;
  shelf.add("a@1 a@2 b c").compose("d", {"b", "c"});
  CHECK(walk(shelf, order_of({"a@1 d a@2", "a@1 a@2"})).warnings.size() == 1);
}

TEST_CASE("1.4 order: without a version the newest, and whatever came first is not warned of") {
  Shelf shelf;
  shelf.add("a@1.9 a@1.10 b");
  const Walked walked = walk(shelf, order_of({"a b a"}));
  CHECK(walked.groups == Groups{"a@1.10 b"});
  CHECK(walked.warnings.empty());
}

TEST_CASE("1.4 pre and post stand at both ends of every group, unless the group has them") {
  const Order order =
      with_ends(order_of({"a b", "pre@1 c", "d post", ""}), group_of("pre@2? x"), group_of("post@3 y?"));
  std::vector<std::string> groups;
  for (const Group& group : order) {
    std::string& text = groups.emplace_back();
    for (const Reference& member : group) text += member.describe() + (member.optional ? "? " : " ");
  }
  CHECK(groups == Groups{"pre@2? x a b post@3 y? ", "x pre@1 c post@3 y? ", "pre@2? x d post y? ",
                         "pre@2? x post@3 y? "});
  CHECK(with_ends({}, group_of("a"), {}).empty());
}

TEST_CASE("1.3 exec-env: who is not meant for it is skipped as if absent") {
  Shelf shelf;
  Buildpack test_only;
  test_only.id = "t";
  test_only.version = "1";
  test_only.exec_envs = {"test"};
  shelf.store.add(test_only);
  Buildpack composite = test_only;
  composite.id = "tc";
  composite.order = order_of({"b"});
  shelf.store.add(composite);
  shelf.add("a b");
  Order order = order_of({"a t tc", "t"});
  CHECK(walk(shelf, order).groups == Groups{"a"});
  CHECK(walk(shelf, order, "", "test").groups == Groups{"a t b", "t"});
  order = order_of({"a b"});
  order[0][1].exec_envs = {"test", "dev"};
  CHECK(walk(shelf, order).groups == Groups{"a"});
  CHECK(walk(shelf, order, "", "dev").groups == Groups{"a b"});
  order[0][1].exec_envs = {"*"};
  CHECK(walk(shelf, order).groups == Groups{"a b"});
}

TEST_CASE("1.4 cycle: a composite that contains itself is refused with the way around") {
  Shelf shelf;
  shelf.add("x")
      .compose("self", {"x", "x self"})
      .compose("a", {"x b"})
      .compose("b", {"x", "c?"})
      .compose("c", {"a@1"})
      .compose("twice", {"d d", "d"})
      .compose("d", {"x"});
  CHECK(failure([&] {
          walk(shelf, order_of({"x", "self"}));
        }) == "input: the composite buildpack self@1 contains itself: self@1 -> self@1");
  CHECK(failure([&] { walk(shelf, order_of({"b"})); }) ==
        "input: the composite buildpack b@1 contains itself: b@1 -> c@1 -> a@1 -> b@1");
  CHECK(walk(shelf, order_of({"twice"})).groups == Groups{"x", "x"});
  try {
    walk(shelf, order_of({"self"}));
    FAIL("it was accepted");
  } catch (const PlatformFailure& failure) {
    CHECK(failure.exit() == PlatformExit::detect);
    CHECK(failure.hint() == "correct the order in '/packs/self/buildpack.toml'");
  }
}

TEST_CASE("1.2 order: a missing buildpack is an error when its turn comes, not before") {
  Shelf shelf;
  shelf.add("a").compose("c", {"a", "absent"});
  CHECK(walk(shelf, order_of({"c", "nowhere"}), "a").found);
  CHECK(failure([&] { walk(shelf, order_of({"c"})); }) == Mentions{"there is no buildpack 'absent'"});
  CHECK(failure([&] { walk(shelf, order_of({"a@2?"})); }) ==
        "input: there is no version '2' of the buildpack 'a'");
}

TEST_CASE("1.2 order: two ids that would share a directory of layers are refused") {
  Shelf shelf;
  shelf.add("a/b a_b c");
  CHECK(failure([&] { walk(shelf, order_of({"a/b c a_b"})); }) ==
        "input: the buildpacks a/b and a_b would share one directory of layers, 'a_b'");
  CHECK(walk(shelf, order_of({"a/b c", "a_b"})).groups == Groups{"a/b c", "a_b"});
}

TEST_CASE("1.4 order: a hostile order ends, with a message") {
  Shelf shelf;
  std::string many;
  for (int i = 0; i < 30; ++i) {
    const std::string name = std::to_string(i);
    shelf.add("a" + name + " b" + name).compose("c" + name, {"a" + name, "b" + name});
    many += (i == 0 ? "c" : " c") + name + "?";
  }
  CHECK(failure([&] { walk(shelf, order_of({many})); }) ==
        "input: the composite buildpacks make more than 20000 groups, and none of the first passed");
  std::string crowd = "a0";
  for (int i = 0; i < 600; ++i) crowd += " a0";
  CHECK(failure([&] { walk(shelf, order_of({crowd})); }) == "input: a group of more than 200 buildpacks");
}

}  // namespace order_test
