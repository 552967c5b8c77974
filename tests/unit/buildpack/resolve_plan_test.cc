#include "buildpack/plan.hh"

#include "support/failure.hh"

#include <doctest/doctest.h>

#include <random>
#include <string>
#include <vector>

namespace resolve_plan_test {

using namespace bakehouse;
using namespace bakehouse::buildpack;
using support::failure;

namespace {

// "+node -npm | -yarn": provides node and requires npm, or requires yarn.
BuildPlan plan_of(const std::string& words) {
  BuildPlan plan(1);
  for (size_t begin = 0; begin < words.size();) {
    const size_t end = std::min(words.find(' ', begin), words.size());
    const std::string word = words.substr(begin, end - begin);
    begin = end + 1;
    if (word == "|") plan.emplace_back();
    if (word[0] == '+') plan.back().provides.push_back(word.substr(1));
    if (word[0] == '-') plan.back().requirements.push_back({word.substr(1), {}});
  }
  return plan;
}

// A name that ends in '?' is optional.
struct Row {
  std::string name;
  std::string plan;
};

std::vector<PlanMember> members_of(const std::vector<Row>& rows) {
  std::vector<PlanMember> members;
  for (const Row& row : rows) {
    const bool optional = row.name.ends_with('?');
    members.push_back(
        {row.name.substr(0, row.name.size() - (optional ? 1 : 0)), optional, plan_of(row.plan)});
  }
  return members;
}

// "A B: dep<-A:1 (3)": members, dependencies with providers and the number of requirements, trials.
std::string resolved(const std::vector<Row>& rows) {
  const auto members = members_of(rows);
  const PlanResolution resolution = resolve_plan(members);
  std::string text;
  for (const size_t member : resolution.members) text += members[member].name + " ";
  for (const Dependency& dependency : resolution.dependencies) {
    text += dependency.name + "<-";
    for (const size_t provider : dependency.providers) text += members[provider].name;
    text += ":" + std::to_string(dependency.requirements.size()) + " ";
  }
  CHECK(resolution.resolved == !resolution.members.empty());
  if (!resolution.resolved) text = "fails ";
  return text + "(" + std::to_string(resolution.trials) + ")";
}

std::vector<std::string> reasons(const std::vector<Row>& rows) {
  return resolve_plan(members_of(rows)).reasons;
}

using Reasons = std::vector<std::string>;

// The rules of 1.5 as they are written, without any thought of speed: members of one trial that stay.
struct Naive {
  std::vector<PlanMember> members;
  std::vector<size_t> choice;
  std::string result = "fails";

  bool is_dropped(size_t member) const {
    return members[member].optional && choice[member] + 1 == members[member].plan.size();
  }
  const PlanOption& option(size_t member) const { return members[member].plan[choice[member]]; }
  bool is_required(const std::string& name, size_t from, const std::vector<bool>& stays) const {
    for (size_t i = from; i < members.size(); ++i) {
      for (const Requirement& requirement : option(i).requirements)
        if (stays[i] && requirement.name == name) return true;
    }
    return false;
  }
  bool is_provided(const std::string& name, size_t up_to, const std::vector<bool>& stays) const {
    for (size_t i = 0; i <= up_to; ++i) {
      for (const std::string& provided : option(i).provides)
        if (stays[i] && provided == name) return true;
    }
    return false;
  }
  bool lacks_something(size_t member, const std::vector<bool>& stays) const {
    for (const std::string& name : option(member).provides)
      if (!is_required(name, member, stays)) return true;
    for (const Requirement& requirement : option(member).requirements)
      if (!is_provided(requirement.name, member, stays)) return true;
    return false;
  }
  // One member at a time, from the last to the first: in whichever order they go, the same ones stay.
  bool try_choice() {
    std::vector<bool> stays(members.size(), true);
    for (size_t i = members.size(); i-- > 0;) {
      if (!stays[i] || !lacks_something(i, stays)) continue;
      if (!is_dropped(i)) return false;
      stays[i] = false;
      i = members.size();
    }
    std::string names;
    for (size_t i = 0; i < members.size(); ++i) names += stays[i] ? members[i].name + " " : "";
    if (!names.empty()) result = names;
    return !names.empty();
  }
  bool try_from(size_t member) {
    if (member == members.size()) return try_choice();
    for (choice[member] = 0; choice[member] < members[member].plan.size(); ++choice[member])
      if (try_from(member + 1)) return true;
    return false;
  }
};

std::string naive(const std::vector<PlanMember>& members) {
  Naive rules{members, std::vector<size_t>(members.size())};
  rules.try_from(0);
  return rules.result;
}

std::vector<PlanMember> random_members(std::mt19937& random) {
  const auto below = [&](uint32_t limit) { return random() % limit; };
  std::vector<PlanMember> members(1 + below(4));
  for (size_t i = 0; i < members.size(); ++i) {
    members[i].name = std::string(1, static_cast<char>('A' + i));
    members[i].optional = below(2) == 0;
    members[i].plan.resize(1 + below(3));
    for (PlanOption& option : members[i].plan) {
      for (uint32_t n = below(3); n > 0; --n) option.provides.push_back(std::string(1, "xyz"[below(3)]));
      for (uint32_t n = below(3); n > 0; --n)
        option.requirements.push_back({std::string(1, "xyz"[below(3)]), {}});
    }
  }
  return members;
}

}  // namespace

TEST_CASE("1.5 plan: random plans resolve as the rules say, read one by one") {
  std::mt19937 random(15);
  size_t resolved_plans = 0;
  for (int round = 0; round < 5000; ++round) {
    CAPTURE(round);
    const auto members = random_members(random);
    const PlanResolution resolution = resolve_plan(members);
    std::string names;
    for (const size_t member : resolution.members) names += members[member].name + " ";
    REQUIRE((names.empty() ? "fails" : names) == naive(members));
    if (resolution.resolved) ++resolved_plans;
  }
  // Neither all nor none: the plans are of a kind that says something.
  CHECK(resolved_plans > 1000);
  CHECK(resolved_plans < 4000);
}

TEST_CASE("1.5 plan: members without any plan all build; nobody at all fails") {
  CHECK(resolved({{"A", ""}, {"B?", ""}}) == "A B (1)");
  CHECK(resolved({}) == "fails (1)");
  CHECK(resolve_plan({{"A", false, {}}}).members == std::vector<size_t>{0});
}

TEST_CASE("1.5 plan: a requirement is met by an earlier member or by the same") {
  CHECK(resolved({{"A", "+x"}, {"B", "-x"}}) == "A B x<-A:1 (1)");
  CHECK(resolved({{"A", "-x +x"}}) == "A x<-A:1 (1)");
  CHECK(resolved({{"A", "-x"}, {"B", "+x"}}) == "fails (1)");
  CHECK(resolved({{"A", "-x"}, {"B", "+x -x"}}) == "fails (1)");
  CHECK(resolved({{"A", "-x"}}) == "fails (1)");
  CHECK(resolved({{"A", "+x"}}) == "fails (1)");
}

TEST_CASE("1.5 plan: one requirement uses all pending providers, and one that comes after it is unused") {
  CHECK(resolved({{"A", "+x"}, {"B", "+x"}, {"C", "-x"}}) == "A B C x<-AB:1 (1)");
  CHECK(resolved({{"A", "+x"}, {"B", "-x"}, {"C", "-x"}}) == "A B C x<-A:2 (1)");
  CHECK(resolved({{"A", "+x"}, {"B", "-x"}, {"C", "+x"}}) == "fails (1)");
  CHECK(resolved({{"A", "+x"}, {"B", "-x"}, {"C", "+x -x"}}) == "A B C x<-AC:2 (1)");
  CHECK(resolved({{"A", "+x"}, {"B", "-x"}, {"C?", "+x"}}) == "A B x<-A:1 (1)");
  CHECK(resolved({{"A", "+x +x -x -x"}}) == "A x<-A:2 (1)");
}

TEST_CASE("1.5 plan: dependencies are sorted by name, requirements stand in the order of the group") {
  CHECK(resolved({{"A", "+z +a"}, {"B", "-z +m"}, {"C", "-m -a -z"}}) == "A B C a<-A:1 m<-B:1 z<-A:2 (1)");
  std::vector<PlanMember> members = members_of({{"A", "+x -x"}, {"B", "-x"}});
  members[0].plan[0].requirements[0].metadata = text::Value::map({{"n", text::Value(1)}});
  members[1].plan[0].requirements[0].metadata = text::Value::map({{"n", text::Value(2)}});
  const PlanResolution resolution = resolve_plan(members);
  REQUIRE(resolution.dependencies.size() == 1);
  CHECK(resolution.dependencies[0].requirements[0].metadata.integer_at("n") == 1);
  CHECK(resolution.dependencies[0].requirements[1].metadata.integer_at("n") == 2);
}

TEST_CASE("1.5 plan: an optional member that lacks something is dropped, and the rest is judged anew") {
  CHECK(resolved({{"A?", "-x"}, {"B", ""}}) == "B (1)");
  CHECK(resolved({{"A?", "+x"}, {"B", ""}}) == "B (1)");
  // Without C nobody needs B, without B nobody needs A.
  CHECK(resolved({{"A?", "+a"}, {"B?", "+b -a"}, {"C?", "-b -none"}, {"D", ""}}) == "D (1)");
  // B goes with A, and B is needed.
  CHECK(resolved({{"A?", "+a -none"}, {"B", "-a"}}) == "fails (1)");
  CHECK(resolved({{"A?", "-x"}, {"B?", "+y"}}) == "fails (1)");
}

TEST_CASE("1.5 plan: the first combination that fits, the first member's options varying slowest") {
  CHECK(resolved({{"A", "-none | +x"}, {"B", "-x"}}) == "A B x<-A:1 (2)");
  CHECK(resolved({{"A", "+x | +y"}, {"B", "-y | -x"}}) == "A B x<-A:1 (2)");
  CHECK(resolved({{"A", "+x | +y"}, {"B", "-z | -y"}}) == "A B y<-A:1 (4)");
  CHECK(resolved({{"A", "+x | +y | +z"}, {"B", "-z | -none"}, {"C", " | -none"}}) == "A B C z<-A:1 (9)");
}

TEST_CASE("1.5 plan: an optional member may stay away only with the last of its options") {
  // The first option lacks x and counts as required; the second lacks y and is dropped.
  CHECK(resolved({{"A?", "-x | -y"}, {"B", ""}}) == "B (2)");
  CHECK(resolved({{"A?", "-x | "}, {"B", ""}}) == "A B (2)");
  // The trial with the first option of A is the one that resolves.
  CHECK(resolved({{"A?", "+x | +y"}, {"B", "-x"}}) == "A B x<-A:1 (1)");
}

TEST_CASE("1.5 plan: the example that ran: four members with alternatives, 16 trials") {
  CHECK(resolved({{"A?", "+dep2-missing | +dep1-present"},
                  {"B?", "-dep3-missing | -dep1-present"},
                  {"C", "+dep5-missing -dep4-missing | +dep6-present -dep6-present"},
                  {"D?", "+dep8-missing -dep7-missing | +dep10-missing -dep9-missing"}}) ==
        "A B C dep1-present<-A:1 dep6-present<-C:1 (16)");
}

TEST_CASE("1.5 plan: the sample that ran: one provides a world, two require it, one more only requires") {
  CHECK(resolved({{"world", "+some-world -some-world"}, {"moon", "-some-world"}, {"processes?", ""}}) ==
        "world moon processes some-world<-world:2 (1)");
}

TEST_CASE("1.5 plan: why it does not resolve, or who is left out, in words") {
  CHECK(reasons({{"a@1", "-node"}}) == Reasons{"a@1 requires 'node', which nobody up to it provides"});
  CHECK(reasons({{"a@1", "+node"}}) == Reasons{"a@1 provides 'node', which nobody from it on requires"});
  CHECK(reasons({{"a@1?", "-node"}, {"b@1", ""}}) ==
        Reasons{"a@1 requires 'node', which nobody up to it provides, and is left out"});
  CHECK(reasons({{"a@1", ""}}).empty());
  // Of a failure the first trial's, of a success its own.
  CHECK(reasons({{"a@1", "-x | -y"}}) == Reasons{"a@1 requires 'x', which nobody up to it provides"});
  CHECK(reasons({{"a@1", "-x | "}}).empty());
  CHECK(reasons({{"a", "-evil\nname"}}) ==
        Reasons{"a requires 'evil\\012name', which nobody up to it provides"});
  std::string many;
  for (int i = 0; i < 100; ++i) many += " -n" + std::to_string(i);
  CHECK(reasons({{"a", many.substr(1)}}).size() == 20);
}

TEST_CASE("1.5 plan: an absurd number of trials is refused") {
  std::vector<Row> rows;
  rows.reserve(41);
  for (int i = 0; i < 40; ++i) rows.push_back({"p" + std::to_string(i), "-a | -b"});
  CHECK(failure([&] { resolve_plan(members_of(rows)); }) ==
        "input: the build plans allow more combinations than can be tried, and none of the first fits");
  // As many combinations, and the first one fits.
  rows.insert(rows.begin(), {"first", "+a"});
  CHECK(resolve_plan(members_of(rows)).trials == 1);
}

}  // namespace resolve_plan_test
