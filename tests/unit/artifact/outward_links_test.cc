#include "artifact/outward_links.hh"

#include "support/archive_draft.hh"
#include "support/random_tree.hh"

#include <doctest/doctest.h>

#include <fmt/format.h>

#include <set>
#include <sstream>
#include <string>

namespace outward_links_test {

using namespace bakehouse;
using namespace bakehouse::support;

namespace {

std::set<std::string> outward(const tree::Manifest& manifest) {
  std::set<std::string> paths;
  for (const size_t i : artifact::find_outward_links(manifest)) paths.emplace(manifest.entries.path(i));
  return paths;
}
std::set<std::string> outward(const Tree& tree) { return outward(manifest_of(tree)); }

std::vector<std::string> parts_of(const std::string& path) {
  std::vector<std::string> parts;
  std::istringstream stream(path);
  for (std::string part; std::getline(stream, part, '/');) parts.push_back(part);
  return parts;
}

// By the rule itself, a part after the other, with no memory of what was found before.
bool leads_out(const Tree& tree, const std::string& link) {
  constexpr int long_enough = 2000;
  std::vector<std::string> place = parts_of(link);
  std::vector<std::string> ahead;  // the next one last
  const Link* followed = &std::get<Link>(tree.at(link));
  for (int count = 0; followed != nullptr && count < long_enough; ++count) {
    if (followed->target.starts_with("/")) return true;
    place.pop_back();
    const auto parts = parts_of(followed->target);
    ahead.insert(ahead.end(), parts.rbegin(), parts.rend());
    for (followed = nullptr; followed == nullptr && !ahead.empty(); ahead.pop_back()) {
      if (ahead.back().empty() || ahead.back() == ".") continue;
      if (ahead.back() == ".." && place.empty()) return true;
      if (ahead.back() == "..") {
        place.pop_back();
        continue;
      }
      place.push_back(ahead.back());
      const auto found = tree.find(fmt::format("{}", fmt::join(place, "/")));
      if (found != tree.end()) followed = std::get_if<Link>(&found->second);
    }
  }
  return false;
}

Tree random_links(Random& random) {
  static const std::string folders[] = {"", "a/", "a/b/", "a-/"};
  static const std::string targets[] = {"..", "..", "..", ".", "", "a", "b", "l", "m", "n", "a-"};
  Tree tree{{"a", Folder{}}, {"a/b", Folder{}}, {"a-", Folder{}}, {"a!", File{""}}, {"a/file", File{""}}};
  for (const auto& folder : folders) {
    for (const auto* name : {"l", "m", "n"}) {
      if (random.one_in(3)) continue;
      std::string target = "a";
      if (random.one_in(2)) target = "..";
      for (uint64_t parts = random.up_to(4); parts > 0; --parts)
        target += "/" + targets[random.up_to(std::size(targets) - 1)];
      tree[folder + name] = Link{target};
    }
  }
  return tree;
}

}  // namespace

TEST_CASE("a link leads out exactly when following it part by part does") {
  Random random(1);
  size_t inside = 0;
  size_t outside = 0;
  for (int round = 0; round < 400; ++round) {
    CAPTURE(round);
    const Tree tree = random_links(random);
    const auto found = outward(tree);
    for (const auto& row : tree) {
      if (!std::holds_alternative<Link>(row.second)) continue;
      CAPTURE(row.first);
      CAPTURE(std::get<Link>(row.second).target);
      CHECK(found.contains(row.first) == leads_out(tree, row.first));
      ++(found.contains(row.first) ? outside : inside);
    }
  }
  CHECK(inside > 500);
  CHECK(outside > 500);
}

TEST_CASE("a name is found among those of its directory, whatever sorts between") {
  const Tree tree{{"a", Folder{}},       {"a!", Link{"."}},      {"a-b", Link{"a/l"}},
                  {"a/l", Link{".."}},   {"a/l!", Folder{}},     {"a0", Link{"a/l/.."}},
                  {"ab", Link{"a/l/a"}}, {"b", Link{"a/l!/.."}}, {"c", Link{"a!/.."}}};
  CHECK(outward(tree) == std::set<std::string>{"a0", "c"});
}

TEST_CASE("what the tree does not hold, and what is below a file, counts as a directory") {
  const Tree tree{{"f", File{"x"}},         {"a", Link{"no/where/../.."}}, {"b", Link{"no/where/../../.."}},
                  {"c", Link{"f/x/../.."}}, {"d", Link{"f/x/../../.."}},   {"e", Link{"a/no/f/../.."}}};
  CHECK(outward(tree) == std::set<std::string>{"b", "d"});
}

TEST_CASE("a chain of links that no kernel would follow to its end is followed all the same") {
  Tree tree{{"a", Link{"l100/../x"}}, {"b", Link{"l100/x"}}, {"l199", Link{"."}}};
  for (int i = 100; i < 199; ++i) tree[fmt::format("l{}", i)] = Link{fmt::format("l{}", i + 1)};
  CHECK(outward(tree) == std::set<std::string>{"a"});
}

// Followed anew from each, each of these would take as many steps as there are links, or twice the steps of
// the one before; entered one in the other, they would take the stack.
TEST_CASE("very many links through one another are each read once") {
  tree::Manifest chain;
  tree::Manifest doubling;
  constexpr int count = 200'000;
  tree::Entry entry;
  entry.type = base::FileType::symlink;
  entry.mode = 0777;
  for (int i = 0; i < count; ++i) {
    entry.path = base::TreePath::parse(fmt::format("l{:06}", i));
    entry.link = i + 1 < count ? fmt::format("l{:06}", i + 1) : "..";
    chain.entries.push_back(entry);
    entry.link = i > 0 ? fmt::format("l{:06}/l{:06}", i - 1, i - 1) : ".";
    doubling.entries.push_back(entry);
  }
  CHECK(artifact::find_outward_links(chain).size() == count);
  CHECK(artifact::find_outward_links(doubling).empty());
}

}  // namespace outward_links_test
