#include "hostile/forge.hh"

#include "launch/launch_file.hh"

#include <utility>

#include <sys/utsname.h>

namespace bakehouse::hostile {

using support::Draft;
using support::File;
using support::Folder;
using support::Link;
using support::Tree;

crypto::SecretKey early_key() {
  constexpr uint8_t middle = 0x80;
  for (;;) {
    crypto::SecretKey key = crypto::SecretKey::generate();
    const auto id = key.public_key().id.bytes;
    if (id.front() < middle && id.back() < middle) return key;
  }
}

crypto::SecretKey key_after(const crypto::SecretKey& key) {
  const crypto::KeyId first = key.public_key().id;
  for (;;) {
    crypto::SecretKey other = crypto::SecretKey::generate();
    const crypto::KeyId id = other.public_key().id;
    if (first < id && first.text() < id.text()) return other;
  }
}

const Tree& some_tree() {
  static const Tree tree{{"a", Folder{}},
                         {"a/b", File{"content\n"}},
                         {"a/run", File{"#!/bin/sh\n", 0755}},
                         {"c", Link{"a/b"}},
                         {"d", File{std::string(5000, 'd')}},
                         {"e", File{std::string(5000, 'd')}},
                         {"f", File{std::string(512, 'f')}}};
  return tree;
}

Draft honest_draft(const Tree& tree) {
  Draft draft = support::draft_of(tree);
  utsname machine{};
  ::uname(&machine);
  draft.info.arch = machine.machine;
  draft.info.version = "8.0";
  draft.info.sequence = 8;
  draft.parts = {{"bake.yaml", "name: shop\n"}, {"launch.json", launch::format_launch({})}};
  return draft;
}

namespace {

Forgery release(std::string name, const Tree& tree, uint64_t sequence) {
  return {std::move(name), [=](const Forger& forger) {
            Draft draft = honest_draft(tree);
            draft.info.sequence = sequence;
            draft.info.version = std::to_string(sequence) + ".0";
            return support::seal(draft, forger.trusted);
          }};
}

}  // namespace

Forgeries honest_releases() {
  Tree other = some_tree();
  other["a/b"] = File{"Content\n"};
  Tree link = some_tree();
  link["x"] = Link{"a"};
  Tree through = some_tree();
  through["x/b"] = File{"written through a link\n"};
  return {
      release("first", {{"old", File{"first\n"}}}, 7),
      release("honest", some_tree(), 8),
      release("replay", other, 8),
      release("link", link, 9),
      release("through", through, 10),
  };
}

std::string signature_of_honest(const Forger& forger, const crypto::SecretKey& key) {
  Draft draft = honest_draft();
  std::string json;
  std::string comment;
  draft.change_json = [&](const std::string& signed_json) { json = signed_json; };
  draft.change_comment = [&](const std::string& signed_comment) { comment = signed_comment; };
  support::seal(draft, forger.trusted);
  return support::sign(key, json, comment);
}

Forgery forge(std::string name, ChangeDraft change) {
  return {std::move(name), [change = std::move(change)](const Forger& forger) {
            Draft draft = honest_draft();
            change(draft);
            return support::seal(draft, forger.trusted);
          }};
}

Forgery forge_file(std::string name, ChangeFile change) {
  return {std::move(name), [change = std::move(change)](const Forger& forger) {
            std::string archive = support::seal(honest_draft(), forger.trusted);
            change(archive);
            return archive;
          }};
}

Forgery forge_tree(std::string name, Tree tree) {
  return {std::move(name), [tree = std::move(tree)](const Forger& forger) {
            return support::seal(honest_draft(tree), forger.trusted);
          }};
}

Forgery forge_lines(std::string name, std::string lines) {
  return {std::move(name), [lines = std::move(lines)](const Forger& forger) {
            Draft draft = honest_draft({});
            draft.manifest += lines;
            draft.info.entries = 1;
            return support::seal(draft, forger.trusted);
          }};
}

std::string empty_file_words() {
  return " type=file mode=0644 size=0 time=0.0 sha256digest=" + crypto::sha256("").hex() + "\n";
}

size_t index_offset(const std::string& archive) {
  return artifact::read_stored_frame(archive, artifact::largest_head).size;
}

}  // namespace bakehouse::hostile
