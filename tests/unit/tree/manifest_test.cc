#include "tree/manifest.hh"

#include "support/archive_draft.hh"
#include "support/failure.hh"
#include "support/mentions.hh"
#include "support/random_tree.hh"

#include <doctest/doctest.h>

#include <string>

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
    CHECK(tree::parse_manifest(link, "manifest").entries.at(0).link == row.name);
  }
}

TEST_CASE("every manifest that can be written reads back as it was, and has one spelling") {
  Random random(20240501);
  for (int round = 0; round < 200; ++round) {
    CAPTURE(round);
    tree::Manifest manifest = manifest_of(random_tree(random, random.up_to(60)));
    for (tree::Entry& entry : manifest.entries) {
      if (entry.type != base::FileType::symlink) entry.mode = static_cast<uint32_t>(random.up_to(07777));
      if (entry.type != base::FileType::regular) continue;
      entry.size = random.next() >> random.up_to(63);
      entry.time = static_cast<base::Seconds>(random.next() >> (1 + random.up_to(62)));
      if (random.one_in(4)) entry.time = -entry.time;
    }
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
      {"./b type=file mode=0644 uid=0 size=6 time=1.0" + digest + "\n", "expected 'size=', found 'uid=0'"},
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
      {"./b type=file mode=0644 size=6 time=1.5" + digest + "\n", "is no time"},
      {"./b type=file mode=0644 size=6 time=1.00" + digest + "\n", "is no time"},
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
       {""s, "#mtree"s, "#mtree\n"s, "#mtree\n. type=dir"s, "#MTREE\n. type=dir\n"s,
        "#mtree 2.0\n. type=dir\n"s, "\n" + top, entry, ". type=dir\n" + entry, "#mtree\n" + entry,
        "#mtree\n. type=dir mode=0755\n" + entry, "\xef\xbb\xbf" + top, "#mtree\r\n. type=dir\r\n"s}) {
    CAPTURE(text);
    CHECK(parse_failure(text) ==
          "input: manifest: a manifest begins with the lines '#mtree' and '. type=dir'");
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
  for (const auto& entry : manifest.entries) CHECK(manifest.find(entry.path) == &entry);
  for (const auto* absent : {"A", "a/", "a/a", "a/b/c", "zz", "0"}) {
    CAPTURE(absent);
    if (!base::TreePath::why_not(absent)) CHECK(manifest.find(base::TreePath::parse(absent)) == nullptr);
  }
  CHECK(manifest.bytes() == 5);
  CHECK(tree::Manifest{}.find(base::TreePath::parse("a")) == nullptr);
}
