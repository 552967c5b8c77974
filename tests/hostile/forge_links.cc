// Links that lead out, and twins that are none: threat 7.
#include "hostile/forge.hh"

#include "artifact/tar.hh"

#include <fmt/format.h>

#include <algorithm>
#include <string>

namespace bakehouse::hostile {
namespace {

using support::Draft;
using support::File;
using support::Folder;
using support::Link;
using support::Tree;

// To where the victim is, by its absolute path.
Forgery forge_absolute(std::string name) {
  return {std::move(name), [](const Forger& forger) {
            return support::seal(honest_draft({{"a", Link{forger.victim}}}), forger.trusted);
          }};
}

// Directories so long of name that a realpath() of them all ends at PATH_MAX, and a short way down to the
// deepest through a link each: what is resolved as text seems to end inside (CVE-2025-4517).
Tree over_long_chain() {
  constexpr size_t levels = 16;
  const std::string part(240, 'd');
  Tree tree;
  std::string place;
  std::string way;
  std::string up;
  for (size_t i = 0; i < levels; ++i) {
    const std::string link(1, static_cast<char>('e' + i));
    tree.insert({place + link, Link{part}});
    tree.insert({place + part, Folder{}});
    place += part + "/";
    way += link + "/";
    up += "../";
  }
  tree.insert({place + "top", Link{up}});
  tree.insert({"zz", Link{way + "top/../victim"}});
  return tree;
}

Tree long_chain() {
  constexpr int links = 50;
  Tree tree{{"link-50", Link{"../victim"}}};
  for (int i = 10; i < links; ++i)
    tree.insert({fmt::format("link-{}", i), Link{fmt::format("link-{}", i + 1)}});
  return tree;
}

Forgeries outward_links() {
  return {
      forge_absolute("link-absolute"),
      forge_tree("link-above", {{"a", Link{"../victim"}}}),
      forge_tree("link-above-from-below", {{"a/b", Link{"../../victim"}}}),
      forge_tree("link-above-and-back", {{"a", Link{"../root/run"}}}),
      forge_tree("link-with-dots-between", {{"a/b", Link{"./.././//../victim"}}}),
      // Read as text it stays inside: a/up/.. is a. But a/up is the top.
      forge_tree("link-through-a-link", {{"a/up", Link{".."}}, {"b", Link{"a/up/../victim"}}}),
      forge_tree("link-through-two-links",
                 {{"a/b/c", Link{"../.."}}, {"d", Link{"a/b/c"}}, {"e", Link{"d/../victim"}}}),
      forge_tree("link-through-what-is-not-there", {{"a", Link{"nothing/../../victim"}}}),
      forge_tree("link-through-a-file", {{"a", File{"x"}}, {"b", Link{"a/../../victim"}}}),
      forge_tree("link-through-50-links", long_chain()),
      forge_tree("link-through-an-over-long-path", over_long_chain()),
      forge_tree("link-into-proc", {{"a", Link{"/proc/self/root"}}}),
  };
}

Forgeries wrong_links() {
  const std::string link = "./a type=link mode=0777 link=";
  return {
      forge_lines("link-to-nothing", link + "\n"),
      forge_lines("link-with-a-nul", link + "b\\000c\n"),
      forge_lines("link-of-4096-bytes", link + std::string(4096, 'x') + "\n"),
      forge_lines("link-of-another-mode", "./a type=link mode=0644 link=b\n"),
      forge_lines("link-and-content", link + "b size=0 time=0.0\n"),
      forge_lines("file-below-a-link", link + "b\n./a/x" + empty_file_words()),
      forge_lines("file-below-a-file", "./a" + empty_file_words() + "./a/x" + empty_file_words()),
      forge_lines("file-below-nothing", "./a/x" + empty_file_words()),
      forge_lines("directory-and-link-of-one-name", "./a type=dir mode=0755\n" + link + "b\n"),
      forge_lines("directory-and-then-a-link-in-its-place",
                  "./a type=dir mode=0755\n./a/x" + empty_file_words() + link + "b\n"),
  };
}

size_t place_of(const Tree& tree, const std::string& path) {
  return static_cast<size_t>(std::distance(tree.begin(), tree.find(path)));
}

// The member of 'e', which is a twin of 'd', says that it is one of another entry.
Forgery forge_twin(std::string name, std::string target) {
  return forge(std::move(name), [target = std::move(target)](Draft& draft) {
    const size_t i = place_of(some_tree(), "e");
    draft.members[i] = support::member_bytes(support::manifest_of(some_tree()).entries[i], target, "");
  });
}

Forgeries wrong_twins() {
  return {
      forge_twin("twin-outside", "../../victim"),
      forge_twin("twin-absolute", "/etc/passwd"),
      forge_twin("twin-of-a-link", "c"),
      forge_twin("twin-of-a-directory", "a"),
      forge_twin("twin-of-itself", "e"),
      forge_twin("twin-of-another-mode", "a/run"),
      forge_twin("twin-of-another-content", "f"),
      forge_twin("twin-of-nothing", "nothing"),
      forge_twin("twin-of-our-own", ".bakehouse/release.json"),
      forge("twin-of-a-later-entry",
            [](Draft& draft) {
              const size_t i = place_of(some_tree(), "d");
              draft.members[i] = support::member_bytes(support::manifest_of(some_tree()).entries[i], "e", "");
            }),
      forge("twin-stored-whole",
            [](Draft& draft) {
              const size_t i = place_of(some_tree(), "e");
              draft.members[i] = support::member_bytes(support::manifest_of(some_tree()).entries[i],
                                                       std::nullopt, std::string(5000, 'd'));
            }),
  };
}

}  // namespace

Forgeries forged_links() {
  Forgeries all = outward_links();
  for (Forgery& forgery : wrong_links()) all.push_back(std::move(forgery));
  for (Forgery& forgery : wrong_twins()) all.push_back(std::move(forgery));
  return all;
}

}  // namespace bakehouse::hostile
