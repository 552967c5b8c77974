#include "tree/manifest.hh"

#include "support/archive_draft.hh"
#include "support/failure.hh"
#include "support/mentions.hh"
#include "support/random_tree.hh"

#include <doctest/doctest.h>

#include <algorithm>
#include <span>
#include <string>
#include <string_view>

namespace manifest_test {

using namespace bakehouse;
using namespace bakehouse::support;
using namespace std::string_literals;

namespace {

const std::string digest_of_hello = "5891b5b522d5df086d0ff0b110fbd9d21bb4fc7163af34d08286a2e846f6be03";

const std::string top = "#mtree\n. type=dir\n";

std::string file_line(const std::string& name) {
  return name + " type=file mode=0644 size=6 time=1700000000.0 sha256digest=" + digest_of_hello + "\n";
}

std::string parse_failure(const std::string& text) {
  return failure([&] { tree::parse_manifest(text, "manifest"); });
}

// Whatever a manifest can say of an entry, said at random.
tree::Entry changed_at_random(Random& random, tree::Entry entry) {
  if (random.one_in(2)) {
    entry.owner = {static_cast<uint32_t>(random.next() >> random.up_to(63)),
                   static_cast<uint32_t>(random.next() >> random.up_to(63))};
  }
  if (entry.type != base::FileType::symlink) entry.mode = static_cast<uint32_t>(random.up_to(07777));
  if (entry.type != base::FileType::regular) return entry;
  entry.size = random.next() >> random.up_to(63);
  entry.time.seconds = static_cast<base::Seconds>(random.next() >> (1 + random.up_to(62)));
  if (random.one_in(4)) entry.time.seconds = -entry.time.seconds;
  if (random.one_in(2)) entry.time.nanoseconds = static_cast<uint32_t>(random.up_to(999'999'999));
  return entry;
}

// Hands out `text` in pieces of `size` bytes.
tree::ManifestReader reader_of(std::string_view text, size_t size) {
  return {[text, size](std::span<char> room) mutable {
            const std::string_view piece = text.substr(0, std::min(size, room.size()));
            text.remove_prefix(piece.size());
            std::copy(piece.begin(), piece.end(), room.begin());
            return piece.size();
          },
          "manifest"};
}

}  // namespace

TEST_CASE("a manifest is mtree text, one line an entry, in the byte order of the paths") {
  const Tree tree{{"bin/run", File{"hello\n", 0755}},
                  {"bin-2", File{"", 0600, 0}},
                  {"data", Folder{01777}},
                  {"link", Link{"bin/run"}}};
  CHECK(tree::format_manifest(manifest_of(tree)) ==
        "#mtree\n"
        ". type=dir\n"
        "./bin type=dir mode=0755\n"
        "./bin-2 type=file mode=0600 size=0 time=0.0 "
        "sha256digest=e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855\n"
        "./bin/run type=file mode=0755 size=6 time=1700000000.0 sha256digest=" +
            digest_of_hello +
            "\n"
            "./data type=dir mode=01777\n"
            "./link type=link mode=0777 link=bin/run\n");
}

TEST_CASE("an empty tree has a manifest too") {
  CHECK(tree::format_manifest({}) == top);
  CHECK(tree::parse_manifest(top, "manifest").entries.empty());
}

TEST_CASE("what mtree reads as something else is written as octal digits") {
  const struct {
    std::string name;
    std::string written;
  } rows[] = {
      {" ", "\\040"},        {"a b", "a\\040b"}, {"\t", "\\011"},   {"\n", "\\012"},
      {"#", "\\043"},        {"\\", "\\134"},    {"*", "\\052"},    {"?", "\\077"},
      {"[x]", "\\133x]"},    {"\x7f", "\\177"},  {"\xff", "\\377"}, {"\x01", "\\001"},
      {"\\040", "\\134040"}, {"a=b", "a=b"},     {"...", "..."},    {"\xc3\xa9", "\\303\\251"},
  };
  for (const auto& row : rows) {
    CAPTURE(row.written);
    const auto manifest = manifest_of({{row.name, File{"hello\n"}}});
    CHECK(tree::format_manifest(manifest) == top + file_line("./"s + row.written));
    const auto link = tree::format_manifest(manifest_of({{"l", Link{row.name}}}));
    CHECK(link == top + "./l type=link mode=0777 link=" + row.written + "\n");
    CHECK(tree::parse_manifest(link, "manifest").entries.front().link == row.name);
  }
}

TEST_CASE("every manifest that can be written reads back as it was, and has one spelling") {
  Random random(20240501);
  for (int round = 0; round < 200; ++round) {
    CAPTURE(round);
    tree::Manifest manifest = manifest_of(random_tree(random, random.up_to(60)));
    for (size_t i = 0; i < manifest.entries.size(); ++i)
      manifest.entries.set(i, changed_at_random(random, manifest.entries[i]));
    const std::string text = tree::format_manifest(manifest);
    const tree::Manifest again = tree::parse_manifest(text, "manifest");
    CHECK(again.entries == manifest.entries);
    CHECK(tree::format_manifest(again) == text);
  }
}

TEST_CASE("whatever one changes in a manifest, it is refused or says something else") {
  const std::string text = tree::format_manifest(
      manifest_of({{"a b/run", File{"hello\n", 0755}}, {"a b/x", Link{"run"}}, {"c", Folder{0700}}}));
  Random random(7);
  for (size_t position = 0; position < text.size(); ++position) {
    for (int flip = 0; flip < 12; ++flip) {
      std::string changed = text;
      changed[position] = static_cast<char>(changed[position] ^ static_cast<char>(1 + random.up_to(254)));
      CAPTURE(changed);
      try {
        // One spelling for one tree: what is accepted is written exactly as it was read.
        const tree::Manifest read = tree::parse_manifest(changed, "manifest");
        CHECK(tree::format_manifest(read) == changed);
      } catch (const base::Error& error) {
        CHECK(error.fault() == base::Fault::input);
        CHECK(std::string(error.what()) == Mentions{"manifest: "});
      }
    }
  }
}

TEST_CASE("a malformed line is refused with its number") {
  const std::string good = file_line("./a");
  const std::string digest = " sha256digest=" + digest_of_hello;
  const std::string long_name(256, 'x');
  const struct {
    std::string line;  // with its end
    std::string reason;
  } rows[] = {
      // paths
      {file_line("b"), "a path begins with './'"},
      {file_line("/b"), "a path begins with './'"},
      {file_line("../b"), "a path begins with './'"},
      {file_line("./"), "is empty"},
      {file_line(".//b"), "is absolute"},
      {file_line("./../b"), "has the part '..'"},
      {file_line("./b/../../c"), "has the part '..'"},
      {file_line("././b"), "has the part '.'"},
      {file_line("./b/"), "has an empty part"},
      {file_line("./" + long_name), "has a part of 256 bytes"},
      {file_line("./b\\000"), "contains a NUL byte"},
      {file_line("./..\\057b"), "is badly escaped"},  // a slash has its own spelling
      {file_line("./b\\04"), "is badly escaped"},
      {file_line("./b\\"), "is badly escaped"},
      {file_line("./b\\048"), "is badly escaped"},
      {file_line("./b\\400"), "is badly escaped"},
      {file_line("./b\\-40"), "is badly escaped"},
      {file_line("./b\\141"), "is badly escaped"},  // 'a'
      {file_line("./b\\sc"), "is badly escaped"},   // vis(3) of other writers
      {file_line("./b*"), "is badly escaped"},
      {file_line("./b\tc"), "is badly escaped"},
      {file_line("./b\xff"), "is badly escaped"},
      {file_line("./b#c"), "is badly escaped"},
      // order
      {file_line("./a"), "out of order or twice"},
      {file_line("./Z"), "out of order or twice"},
      {file_line("./b/c"), "the directory that holds it is not listed before"},
      {file_line("./a/c"), "the directory that holds it is not listed before"},  // "a" is a file
      // words
      {"\n", "a path begins with './'"},
      {"# a comment\n", "a path begins with './'"},
      {"/set type=file\n", "a path begins with './'"},
      {"./b\n", "a word is missing"},
      {"./b type=dir\n", "a word is missing"},
      {"./b  type=dir mode=0755\n", "expected 'type='"},
      {" ./b type=dir mode=0755\n", "a path begins with './'"},
      {"./b mode=0755 type=dir\n", "expected 'type='"},
      {"./b type=dir mode=0755 \n", "is too much"},
      {"./b type=dir mode=0755 nlink=2\n", "'nlink=2' is too much"},
      {"./b type=dir mode=0755\r\n", "is no mode"},
      {"./b type=dir mode=0755 optional\n", "is too much"},
      {"./b type=block mode=0644 device=native,1,1\n", "unknown type 'block'"},
      {"./b type=fifo mode=0644\n", "unknown type 'fifo'"},
      {"./b type=socket mode=0644\n", "unknown type 'socket'"},
      {"./b type= mode=0644\n", "unknown type ''"},
      // owners
      {"./b type=file mode=0644 uid=0 size=6 time=1.0" + digest + "\n", "expected 'gid=', found 'size=6'"},
      {"./b type=file mode=0644 gid=0 size=6 time=1.0" + digest + "\n", "expected 'size=', found 'gid=0'"},
      {"./b type=dir mode=0755 gid=0 uid=0\n", "'gid=0 uid=0' is too much"},
      {"./b type=dir uid=0 gid=0 mode=0755\n", "expected 'mode=', found 'uid=0'"},
      {"./b type=dir mode=0755 uid=4294967296 gid=0\n", "is no uid"},
      {"./b type=dir mode=0755 uid=0 gid=-1\n", "is no gid"},
      {"./b type=dir mode=0755 uid=root gid=root\n", "is no uid"},
      {"./b type=dir mode=0755 uid= gid=0\n", "is no uid"},
      {"./b type=dir mode=0755 uid=00 gid=0\n", "not the canonical spelling"},
      {"./b type=dir mode=0755 uid=0 gid=0 uid=0\n", "'uid=0' is too much"},
      {"./l type=link mode=0777 link=a uid=0 gid=0\n", "is too much"},
      // numbers
      {"./b type=dir mode=755\n", "not the canonical spelling"},
      {"./b type=dir mode=00755\n", "not the canonical spelling"},
      {"./b type=dir mode=010000\n", "more than twelve bits"},
      {"./b type=dir mode=0777777777777\n", "is no mode"},
      {"./b type=dir mode=0788\n", "is no mode"},
      {"./b type=dir mode=-755\n", "is no mode"},
      {"./b type=dir mode=\n", "is no mode"},
      {"./b type=dir mode=u=rwx\n", "is no mode"},
      {"./b type=file mode=0644 size=06 time=1.0" + digest + "\n", "not the canonical spelling"},
      {"./b type=file mode=0644 size=+6 time=1.0" + digest + "\n", "is no size"},
      {"./b type=file mode=0644 size=-6 time=1.0" + digest + "\n", "is no size"},
      {"./b type=file mode=0644 size=0x6 time=1.0" + digest + "\n", "is no size"},
      {"./b type=file mode=0644 size=18446744073709551616 time=1.0" + digest + "\n", "is no size"},
      {"./b type=file mode=0644 size=6 time=1" + digest + "\n", "is no time"},
      {"./b type=file mode=0644 size=6 time=1.1000000000" + digest + "\n", "is no time"},
      {"./b type=file mode=0644 size=6 time=1.-1" + digest + "\n", "is no time"},
      {"./b type=file mode=0644 size=6 time=1." + digest + "\n", "is no time"},
      {"./b type=file mode=0644 size=6 time=1.5.0" + digest + "\n", "is no time"},
      {"./b type=file mode=0644 size=6 time=1.05" + digest + "\n", "not the canonical spelling"},
      {"./b type=file mode=0644 size=6 time=1.00" + digest + "\n", "not the canonical spelling"},
      {"./b type=file mode=0644 size=6 time=01.0" + digest + "\n", "not the canonical spelling"},
      {"./b type=file mode=0644 size=6 time=.0" + digest + "\n", "is no time"},
      {"./b type=file mode=0644 size=6 time=-0.0" + digest + "\n", "not the canonical spelling"},
      {"./b type=file mode=0644 size=6 time=9223372036854775808.0" + digest + "\n", "is no time"},
      // digests and links
      {"./b type=file mode=0644 size=6 time=1.0 sha256digest=\n", "not 64 hexadecimal digits"},
      {"./b type=file mode=0644 size=6 time=1.0 sha256digest=" + digest_of_hello.substr(1) + "\n",
       "not 64 hexadecimal digits"},
      {"./b type=file mode=0644 size=6 time=1.0 sha256digest=" + std::string(64, 'F') + "\n",
       "not 64 hexadecimal digits"},
      {"./b type=file mode=0644 size=6 time=1.0 sha256=" + digest_of_hello + "\n",
       "expected 'sha256digest='"},
      {"./b type=link mode=0777 link=\n", "bad link target"},
      {"./b type=link mode=0777 link=a\\000b\n", "bad link target"},
      {"./b type=link mode=0755 link=a\n", "not the canonical spelling"},
      {"./b type=link mode=0777\n", "a word is missing"},
      {"./b type=dir mode=0755", "the line has no end"},
      {"./b type=dir mode=0755\0\n"s, "is no mode"},
  };
  for (const auto& row : rows) {
    CAPTURE(row.line);
    const std::string found = parse_failure(top + good + row.line);
    CHECK(found == Mentions{"input: manifest: line 4: "});
    CHECK(found == Mentions{row.reason});
  }
}

TEST_CASE("what does not begin as every manifest does is none") {
  const std::string entry = "./a type=dir mode=0755\n";
  for (const auto& text :
       {""s, "#mtree\n"s, "#MTREE\n. type=dir\n"s, "#mtree 2.0\n. type=dir\n"s, "\n" + top, entry,
        ". type=dir\n" + entry, "#mtree\n" + entry, "#mtree\n. type=dir mode=0755\n" + entry,
        "\xef\xbb\xbf" + top, "#mtree\r\n. type=dir\r\n"s}) {
    CAPTURE(text);
    CHECK(parse_failure(text) ==
          "input: manifest: a manifest begins with the lines '#mtree' and '. type=dir'");
  }
  for (const auto& text : {"#mtree"s, "#mtree\n. type=dir"s}) {
    CAPTURE(text);
    CHECK(parse_failure(text) == "input: manifest: the line has no end");
  }
  CHECK(parse_failure(top + ". type=dir\n") == Mentions{"line 3: a path begins with './'"});
}

TEST_CASE("an error shows a hostile name harmlessly") {
  const std::string found =
      parse_failure(top + "./\x1b[2J" + std::string(5000, 'x') + " type=dir mode=0755\n");
  CHECK(found.find('\x1b') == std::string::npos);
  CHECK(found.size() < 300);
}

TEST_CASE("entries are found by their path, and sizes add up") {
  const auto manifest =
      manifest_of({{"a", Folder{}}, {"a-b", File{"12"}}, {"a/b", File{"123"}}, {"z", Link{"a"}}});
  for (size_t i = 0; i < manifest.entries.size(); ++i) {
    CHECK(manifest.find(manifest.entries[i].path) == manifest.entries[i]);
    CHECK(manifest.index_of(manifest.entries.path(i)) == i);
  }
  for (const auto* absent : {"A", "a/", "a/a", "a/b/c", "zz", "0"}) {
    CAPTURE(absent);
    CHECK(manifest.find(absent) == std::nullopt);
    CHECK(manifest.index_of(absent) == std::nullopt);
  }
  CHECK(manifest.bytes() == 5);
  CHECK(tree::Manifest{}.find("a") == std::nullopt);
}

TEST_CASE("owners stand behind the mode, and a time has its nanoseconds behind the point") {
  tree::Manifest manifest = manifest_of({{"d", Folder{0700}}, {"f", File{"hello\n"}}, {"l", Link{"f"}}});
  for (size_t i = 0; i < manifest.entries.size(); ++i) {
    tree::Entry entry = manifest.entries[i];
    entry.owner = {0, 4294967295};
    if (entry.path.str() == "f") entry.time = {-5, 25};
    manifest.entries.set(i, entry);
  }
  const std::string text = tree::format_manifest(manifest);
  CHECK(text ==
        "#mtree\n"
        ". type=dir\n"
        "./d type=dir mode=0700 uid=0 gid=4294967295\n"
        "./f type=file mode=0644 uid=0 gid=4294967295 size=6 time=-5.25 sha256digest=" +
            digest_of_hello +
            "\n"
            "./l type=link mode=0777 uid=0 gid=4294967295 link=f\n");
  CHECK(tree::parse_manifest(text, "manifest") == manifest);
}

TEST_CASE("attributes, hard links and the times of directories and links are not written") {
  tree::Manifest manifest =
      manifest_of({{"a", File{"hello\n"}}, {"b", File{"hello\n"}}, {"d", Folder{}}, {"l", Link{"a"}}});
  const std::string text = tree::format_manifest(manifest);
  for (size_t i = 0; i < manifest.entries.size(); ++i) {
    tree::Entry entry = manifest.entries[i];
    entry.attributes["user.origin"] = "x";
    if (entry.path.str() == "b") entry.same_file = base::TreePath::parse("a");
    if (entry.type != base::FileType::regular) entry.time = some_time;
    manifest.entries.set(i, entry);
  }
  CHECK(tree::format_manifest(manifest) == text);
}

TEST_CASE("a special file has no line") {
  tree::Manifest manifest;
  tree::Entry entry;
  entry.path = base::TreePath::parse("dev/null");
  entry.type = base::FileType::other;
  manifest.entries.push_back(entry);
  CHECK(failure([&] { tree::format_manifest(manifest); }) ==
        "internal: 'dev/null' is of a kind that no manifest lists");
}

TEST_CASE("a manifest is the same in whatever pieces it is read and written") {
  Random random(5);
  const tree::Manifest manifest = manifest_of(random_tree(random, 400));
  std::string text;
  size_t pieces = 0;
  tree::write_manifest(manifest, [&](std::string_view piece) {
    text += piece;
    ++pieces;
  });
  CHECK(pieces > 1);
  CHECK(text == tree::format_manifest(manifest));
  for (const size_t size : {size_t{1}, size_t{2}, size_t{7}, size_t{4096}, size_t{1} << 20}) {
    CAPTURE(size);
    tree::ManifestReader reader = reader_of(text, size);
    tree::Manifest read;
    while (const auto entry = reader.next()) read.entries.push_back(*entry);
    CHECK(read == manifest);
    CHECK(reader.next() == std::nullopt);
  }
}

TEST_CASE("a reader gives what stands before a bad line, and names the line whatever its pieces") {
  const std::string text = top + file_line("./a") + file_line("./b") + "./c type=dir\n" + file_line("./d");
  for (const size_t size : {1, 3, 1000}) {
    CAPTURE(size);
    tree::ManifestReader reader = reader_of(text, size);
    CHECK(reader.next()->path.str() == "a");
    CHECK(reader.next()->path.str() == "b");
    CHECK(failure([&] { reader.next(); }) == "input: manifest: line 5: a word is missing");
  }
}

TEST_CASE("the number of any malformed line is told") {
  std::string text = top;
  for (int line = 3; line < 60; ++line) {
    CAPTURE(line);
    CHECK(parse_failure(text + "?\n") ==
          "input: manifest: line " + std::to_string(line) + ": a path begins with './'");
    text += file_line("./" + std::string(1, static_cast<char>('A' + line - 3)));
    if (line == 3 + 'Z' - 'A') break;
  }
}

TEST_CASE("the longest names fit into a line, and a line that never ends is not read for ever") {
  std::string path(255, '\n');
  for (int i = 0; i < 14; ++i) path += "/" + std::string(255, '\n');
  const Tree tree{{path, Link{std::string(4095, ' ')}}};
  const tree::Manifest manifest = manifest_of(tree);
  CHECK(tree::parse_manifest(tree::format_manifest(manifest), "manifest") == manifest);

  uint64_t given = 0;
  tree::ManifestReader endless(
      [&](std::span<char> room) {
        if (given == 0) {
          std::copy(top.begin(), top.end(), room.begin());
          given = top.size();
          return top.size();
        }
        std::fill(room.begin(), room.end(), 'x');
        given += room.size();
        return room.size();
      },
      "manifest");
  CHECK(failure([&] { endless.next(); }) == "input: manifest: line 3: the line is too long");
  CHECK(given < 1 << 20);
}

TEST_CASE("a long manifest is what it is line by line, and a bad line far down is named") {
  std::string text(top);
  std::vector<size_t> begins;
  for (int i = 10'000; i < 20'000; ++i) {
    begins.push_back(text.size());
    text += file_line("./" + std::to_string(i));
  }
  CHECK(tree::format_manifest(tree::parse_manifest(text, "manifest")) == text);
  for (const size_t line : {size_t{0}, size_t{1}, size_t{4'999}, size_t{5'000}, size_t{9'999}}) {
    CAPTURE(line);
    std::string bad = text;
    bad[begins[line]] = '?';
    CHECK(parse_failure(bad) == fmt::format("input: manifest: line {}: a path begins with './'", line + 3));
    // Out of order only with what another worker reads.
    std::string twice = text;
    twice.insert(begins[line], file_line("./19999"));
    CHECK(parse_failure(twice) ==
          fmt::format("input: manifest: line {}: the path stands out of order or twice", line + 4));
  }
}

}  // namespace manifest_test
