#include "artifact/tar_layout.hh"

#include "support/archive_draft.hh"
#include "support/random_tree.hh"

#include <doctest/doctest.h>

#include <algorithm>
#include <functional>
#include <string>

namespace tar_layout_test {

using namespace bakehouse;
using namespace bakehouse::support;
using artifact::Piece;
using artifact::TarLayout;

namespace {

TarLayout layout_of(const tree::Manifest& manifest) {
  return {manifest, artifact::find_twins(manifest), some_time};
}

// The stream made a member after the other.
std::string stream_of(const Tree& tree) {
  std::string stream;
  const Draft draft = draft_of(tree);
  for (const std::string& member : draft.members) stream += member;
  return stream + draft.end;
}

std::string content_at(const Tree& tree, const tree::Manifest& manifest, const Piece& piece) {
  const auto& file = std::get<File>(tree.at(std::string(manifest.entries.path(piece.member))));
  return file.content.substr(piece.offset, piece.bytes.size());
}

// A stretch of the stream made of its pieces.
std::string stretch(const TarLayout& layout, const Tree& tree, uint64_t begin, size_t size) {
  std::string bytes(size, '?');
  layout.each_piece(begin, bytes, [&](const Piece& piece) {
    CHECK_FALSE(piece.bytes.empty());
    std::string made(piece.bytes.size(), '\0');
    if (piece.kind == Piece::Kind::header) made = piece.expected;
    if (piece.kind == Piece::Kind::content) made = content_at(tree, layout.manifest(), piece);
    REQUIRE(made.size() == piece.bytes.size());
    std::copy(made.begin(), made.end(), piece.bytes.begin());
  });
  return bytes;
}

// All of it, in stretches as long as `next` says.
std::string in_stretches(const TarLayout& layout, const Tree& tree, const std::function<uint64_t()>& next) {
  std::string stream;
  while (stream.size() < layout.size()) {
    const uint64_t size = std::min<uint64_t>(next(), layout.size() - stream.size());
    stream += stretch(layout, tree, stream.size(), size);
  }
  return stream;
}

Tree tree_of(Random& random, int round) {
  Tree tree = random_tree(random, round == 0 ? 0 : 12);
  const std::string large = random.bytes(artifact::smallest_twin + 7);
  tree["twin/1"] = File{large};
  tree["twin/2"] = File{large};
  tree["twin/3"] = File{large, 0755};  // another mode, so no twin
  return tree;
}

const std::string hundred(100, 'n');

}  // namespace

TEST_CASE("pieces are the tar stream, however it is cut") {
  Random random(1);
  for (int round = 0; round < 12; ++round) {
    CAPTURE(round);
    const Tree tree = tree_of(random, round);
    const tree::Manifest manifest = manifest_of(tree);
    const TarLayout layout = layout_of(manifest);
    const std::string stream = stream_of(tree);
    REQUIRE(layout.size() == stream.size());
    for (const uint64_t size : {511, 512, 513, 4096, 1 << 30}) {
      CAPTURE(size);
      CHECK(in_stretches(layout, tree, [&] { return size; }) == stream);
    }
    CHECK(in_stretches(layout, tree, [&] { return 1 + random.up_to(3000); }) == stream);
  }
}

TEST_CASE("pieces of a byte are the tar stream, with every kind of member") {
  const Tree tree{{"a", File{"content"}},
                  {"empty", File{""}},
                  {"block", File{std::string(512, 'b')}},
                  {"dir/" + hundred, File{"x"}},
                  {"link", Link{"dir/" + hundred}},
                  {"s" + hundred, Link{"a"}},
                  {hundred + hundred, Folder{}},
                  {"twin 1", File{std::string(artifact::smallest_twin, 't')}},
                  {"twin 2", File{std::string(artifact::smallest_twin, 't')}}};
  const tree::Manifest manifest = manifest_of(tree);
  CHECK(in_stretches(layout_of(manifest), tree, [] { return 1; }) == stream_of(tree));
}

TEST_CASE("the tree of nothing is two blocks of zeros") {
  const tree::Manifest manifest;
  const TarLayout layout = layout_of(manifest);
  CHECK(layout.members() == 0);
  CHECK(layout.size() == 1024);
  CHECK(layout.member_at(0) == 0);
  CHECK(stretch(layout, {}, 0, 1024) == std::string(1024, '\0'));
}

TEST_CASE("where members begin, where they end and which holds a byte are one story") {
  Random random(2);
  const Tree tree = tree_of(random, 1);
  const tree::Manifest manifest = manifest_of(tree);
  const TarLayout layout = layout_of(manifest);
  REQUIRE(layout.members() == manifest.entries.size());
  uint64_t at = 0;
  const Draft draft = draft_of(tree);
  for (size_t i = 0; i < layout.members(); ++i) {
    CAPTURE(i);
    CHECK(layout.begin(i) == at);
    CHECK(layout.end(i) == at + draft.members[i].size());
    at = layout.end(i);
    CHECK(layout.member_at(layout.begin(i)) == i);
    CHECK(layout.member_at(layout.end(i) - 1) == i);
  }
  for (const uint64_t offset : {at, at + 1, at + 1023, at + 5000})
    CHECK(layout.member_at(offset) == layout.members());
}

TEST_CASE("a header is as long as it is reckoned, at every length of name and link") {
  for (const size_t length : {1, 98, 99, 100, 101, 102, 200, 255}) {
    CAPTURE(length);
    const std::string name(length, 'x');
    for (const Tree& tree : {Tree{{name, Folder{}}}, Tree{{name, File{""}}}, Tree{{name, Link{name}}},
                             Tree{{name, Link{"to/" + hundred + hundred + "/" + hundred}}}}) {
      const tree::Manifest manifest = manifest_of(tree);
      CHECK(layout_of(manifest).size() == stream_of(tree).size());
    }
  }
  // Of twins the path of the first counts, which may be as long as any.
  const Tree twins{{"a/" + hundred, File{std::string(5000, 't')}}, {"b", File{std::string(5000, 't')}}};
  const tree::Manifest manifest = manifest_of(twins);
  const TarLayout layout = layout_of(manifest);
  CHECK(layout.size() == stream_of(twins).size());
  CHECK(layout.twin(2) == "a/" + hundred);
  CHECK(layout.twin(1) == std::nullopt);
  CHECK(layout.content_size(1) == 5000);
  CHECK(layout.content_size(2) == 0);
}

TEST_CASE("what lies behind the end is told with how far behind it is") {
  const Tree tree{{"a", File{"content"}}};
  const tree::Manifest manifest = manifest_of(tree);
  const TarLayout layout = layout_of(manifest);
  std::string bytes(700, '?');
  std::vector<Piece> pieces;
  layout.each_piece(layout.size() - 500, bytes, [&](const Piece& piece) { pieces.push_back(piece); });
  REQUIRE(pieces.size() == 1);
  CHECK(pieces[0].kind == Piece::Kind::end);
  CHECK(pieces[0].offset == 524);
  CHECK(pieces[0].bytes.size() == 700);
}

TEST_CASE("files of any size have their place") {
  constexpr uint64_t most_digits = 8ULL << 30;  // from here on the size is no octal number
  tree::Manifest manifest;
  for (const auto& [name, size] :
       {std::pair{"a", most_digits - 1}, std::pair{"b", most_digits}, std::pair{"c", uint64_t{1} << 49}}) {
    tree::Entry entry;
    entry.path = base::TreePath::parse(name);
    entry.size = size;
    entry.digest = crypto::sha256(name);
    manifest.entries.push_back(entry);
  }
  const TarLayout layout = layout_of(manifest);
  CHECK(layout.begin(1) == 512 + most_digits);
  CHECK(layout.begin(2) == 2 * (512 + most_digits));
  CHECK(layout.size() == 3 * 512 + 2 * most_digits + (1ULL << 49) + 1024);
  CHECK(layout.member_at(layout.begin(2) - 1) == 1);
  // The end of one, the header of the next and the beginning of what it holds.
  std::string bytes(2000, '?');
  std::vector<Piece> pieces;
  std::string header;
  layout.each_piece(layout.begin(1) - 600, bytes, [&](const Piece& piece) {
    pieces.push_back(piece);
    if (piece.kind == Piece::Kind::header) header = piece.expected;
  });
  REQUIRE(pieces.size() == 4);
  CHECK(pieces[0].kind == Piece::Kind::content);
  CHECK(pieces[0].offset == most_digits - 600);
  CHECK(pieces[0].bytes.size() == 599);
  CHECK(pieces[1].kind == Piece::Kind::padding);
  CHECK(pieces[2].kind == Piece::Kind::header);
  CHECK(header == artifact::tar_entry(manifest.entries[1], std::nullopt, some_time).header);
  CHECK(pieces[3].kind == Piece::Kind::content);
  CHECK(pieces[3].member == 1);
  CHECK(pieces[3].offset == 0);
  CHECK(pieces[3].bytes.size() == 2000 - 600 - 512);
}

}  // namespace tar_layout_test
