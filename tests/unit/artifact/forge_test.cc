// Archives that a trusted key signed and that lie all the same: a stolen key, a broken packer, a
// packer of somebody else's. The three views of the tree (manifest, index, tar) must agree.

#include "artifact/read.hh"

#include "support/failure.hh"
#include "support/mentions.hh"
#include "unit/artifact/packed.hh"

#include "artifact/tar.hh"

#include <doctest/doctest.h>

#include <string>

#include <sys/resource.h>

namespace forge_test {

using namespace bakehouse;
using namespace bakehouse::support;
using namespace std::string_literals;
using artifact::Frame;

namespace {

// Long enough to be stored once for all its equals.
const std::string content(artifact::smallest_twin + 8, 'c');
const Tree some_tree{{"a", Folder{}},
                     {"a/b", File{content}},
                     {"c", Link{"a/b"}},
                     {"d", File{content}},
                     {"e", File{std::string(512, 'e')}}};

// Refused by check and by unpack with the same words; nothing appears but inside the target.
std::string refusal(const Draft& draft) {
  const Scene scene(seal(draft, shop_key()));
  std::string checked = failure([&] { scene.check(); });
  const std::string unpacked = failure([&] { scene.unpack(); });
  if (checked != unpacked) return "check: " + checked + "\nunpack: " + unpacked;
  const std::string around = scene.surroundings();
  if (around.find('\n') != around.rfind('\n', around.size() - 2))
    return "something appeared outside:\n" + around;
  return checked;
}

// A draft whose manifest is text of the test's own; `members` hold what the draft of `tree` holds.
Draft draft_with_lines(const std::string& lines, uint64_t entries, uint64_t bytes = 0) {
  Draft draft = draft_of({});
  draft.manifest = "#mtree\n. type=dir\n" + lines;
  draft.info.entries = entries;
  draft.info.bytes = bytes;
  return draft;
}

size_t peak_kilobytes() {
  rusage usage{};
  ::getrusage(RUSAGE_SELF, &usage);
  return static_cast<size_t>(usage.ru_maxrss);
}

}  // namespace

TEST_CASE("an honest draft unpacks") {
  const Scene scene(seal(draft_of(some_tree), shop_key()));
  scene.unpack();
  CHECK(scene.unpacked_tree() == describe_tree(some_tree));
}

TEST_CASE("a tar stream that differs from the manifest is refused at the first difference") {
  const auto byte = [](size_t member, size_t offset, char value) {
    return [=](Draft& draft) { draft.members[member][offset] = value; };
  };
  const struct {
    std::string what;
    std::function<void(Draft&)> change;
    std::string said;
  } rows[] = {
      {"another name", byte(1, 0, 'x'), "the header of 'a/b' is not what the manifest says"},
      {"another mode", byte(1, 105, '7'), "the header of 'a/b'"},
      {"another owner", byte(1, 114, '1'), "the header of 'a/b'"},
      {"another group", byte(1, 122, '1'), "the header of 'a/b'"},
      {"a larger size", byte(1, 134, '7'), "the header of 'a/b'"},
      {"another time", byte(1, 140, '7'), "the header of 'a/b'"},
      {"another checksum", byte(1, 150, '7'), "the header of 'a/b'"},
      {"another type", byte(1, 156, '2'), "the header of 'a/b'"},
      {"a device", byte(1, 156, '3'), "the header of 'a/b'"},
      {"a FIFO", byte(1, 156, '6'), "the header of 'a/b'"},
      {"another target", byte(2, 157, 'x'), "the header of 'c'"},
      {"POSIX instead of GNU", byte(1, 262, '\0'), "the header of 'a/b'"},
      {"a user's name", byte(1, 265, 'r'), "the header of 'a/b'"},
      {"a device number", byte(1, 329, '1'), "the header of 'a/b'"},
      {"something in the header's unused end", byte(1, 511, 'x'), "the header of 'a/b'"},
      {"another content", byte(1, 512, 'C'), "'a/b': its digest differs"},
      {"padding that is not zero", byte(1, 512 + 9 * 512 - 1, 'x'), "the padding of 'a/b'"},
      {"padding that is not zero, right after the content", byte(1, 512 + content.size(), 'x'),
       "the padding of 'a/b'"},
      {"a twin of another", byte(3, 157, 'e'), "the header of 'd'"},
      {"a twin of a later entry",
       [](Draft& d) {
         const auto m = manifest_of(some_tree);
         d.members[1] = member_bytes(m.entries[1], m.entries[3].path.str(), "");
       },
       "the header of 'a/b'"},
      {"a twin stored whole",
       [](Draft& d) {
         d.members[3] = member_bytes(manifest_of(some_tree).entries[3], std::nullopt, content);
       },
       "the header of 'd'"},
      {"an entry missing", [](Draft& d) { d.members.erase(d.members.begin() + 2); }, "the header of 'c'"},
      {"the last entry missing", [](Draft& d) { d.members.pop_back(); }, "the header of 'e'"},
      {"no entries at all", [](Draft& d) { d.members.clear(); }, "the header of 'a'"},
      {"an entry twice", [](Draft& d) { d.members.push_back(d.members.back()); }, "the end of the archive"},
      {"an entry more",
       [](Draft& d) {
         d.members.push_back(member_bytes(manifest_of({{"z", File{"x"}}}).entries[0], std::nullopt, "x"));
       },
       "the end of the archive"},
      {"entries in another order", [](Draft& d) { std::swap(d.members[2], d.members[4]); },
       "the header of 'c'"},
      {"a pax header before an entry",
       [](Draft& d) {
         std::string record = "19 path=/etc/passwd\n";
         std::string header = artifact::tar_part("x", record.size(), some_time).header;
         header[156] = 'x';
         d.members[1] = header + record + std::string(512 - record.size(), '\0') + d.members[1];
       },
       "the header of 'a/b'"},
      {"a long name before an entry",
       [](Draft& d) {
         const std::string evil = "../../" + std::string(120, 'x');
         d.members[1] =
             member_bytes(manifest_of({{std::string(120, 'x'), File{"x"}}}).entries[0], std::nullopt, "x")
                 .substr(0, 1024) +
             d.members[1];
       },
       "the header of 'a/b'"},
      {"no end", [](Draft& d) { d.end.clear(); }, "ends before its manifest does"},
      {"half an end", [](Draft& d) { d.end.resize(512); }, "ends before its manifest does"},
      {"an end that is not zero", [](Draft& d) { d.end[700] = 'x'; }, "the end of the archive"},
      {"zeros after the end", [](Draft& d) { d.end.resize(1536); }, "goes on after its end"},
      {"an end of 10 KiB, as GNU tar writes it", [](Draft& d) { d.end.resize(10240); },
       "goes on after its end"},
      {"a frame after the end",
       [](Draft& d) { d.change_frames = [](auto& frames) { frames.push_back("x"); }; },
       "goes on after its end"},
      {"a second tar after the end",
       [](Draft& d) {
         d.end += member_bytes(manifest_of({{"z", File{"x"}}}).entries[0], std::nullopt, "x") +
                  std::string(1024, '\0');
       },
       "goes on after its end"},
      {"the tree before the manifest",
       [](Draft& d) { d.change_frames = [](auto& frames) { std::swap(frames.front(), frames.back()); }; },
       "the header of manifest is not what release.json says"},
      {"a manifest that is another",
       [](Draft& d) { d.change_frames = [](auto& frames) { frames[0][512 + 9] = 'x'; }; },
       "manifest: its digest differs"},
      {"padding of the manifest",
       [](Draft& d) { d.change_frames = [](auto& frames) { frames[0].back() = 'x'; }; },
       "the padding of manifest is not what release.json says"},
  };
  for (const auto& row : rows) {
    CAPTURE(row.what);
    Draft draft = draft_of(some_tree);
    row.change(draft);
    const std::string said = refusal(draft);
    CHECK(said == Mentions{row.said});
    CHECK(said.starts_with("input: the archive '"));
  }
}

TEST_CASE("a manifest that lists more or less than the body holds is refused") {
  const struct {
    std::string what;
    Tree listed;
    std::string said;
  } rows[] = {
      {"a file more", {{"z", File{"x"}}}, "is not what the manifest says"},
      {"an empty file more", {{"z", File{""}}}, "is not what the manifest says"},
      {"a folder more", {{"z", Folder{}}}, "is not what the manifest says"},
      {"a twin more", {{"z", File{content}}}, "is not what the manifest says"},
  };
  for (const auto& row : rows) {
    CAPTURE(row.what);
    Tree more = some_tree;
    more.insert(row.listed.begin(), row.listed.end());
    Draft draft = draft_of(more);
    draft.members = draft_of(some_tree).members;
    CHECK(refusal(draft) == Mentions{row.said});
    Draft less = draft_of(some_tree);
    less.members = draft_of(more).members;
    CHECK(refusal(less) == Mentions{"the end of the archive is not"});
  }
}

TEST_CASE("counts that were signed must be those of the manifest") {
  const struct {
    std::string what;
    std::function<void(artifact::ReleaseInfo&)> change;
    std::string said;
  } rows[] = {
      {"entries", [](auto& info) { info.entries += 1; }, "another number of entries or bytes"},
      {"bytes", [](auto& info) { info.bytes -= 1; }, "another number of entries or bytes"},
      {"tar", [](auto& info) { info.tar_size += 512; }, "the frames do not add up"},
      {"manifest's size", [](auto& info) { info.manifest.size += 1; },
       "the header of manifest is not what release.json says"},
      {"manifest's digest", [](auto& info) { info.manifest.digest = crypto::sha256("x"); }, "digest differs"},
      {"index's size", [](auto& info) { info.index.size += 1; }, "the index is not where it must be"},
      {"index's digest", [](auto& info) { info.index.digest = crypto::sha256("x"); }, "the index is damaged"},
      {"created", [](auto& info) { info.created += 1; },
       "the header of manifest is not what release.json says"},
      {"a part too many",
       [](auto& info) {
         info.parts["sbom"] = {1, crypto::sha256("x")};
       },
       "the header of sbom is not what release.json says"},
  };
  for (const auto& row : rows) {
    CAPTURE(row.what);
    Draft draft = draft_of(some_tree);
    draft.change_info = row.change;
    CHECK(refusal(draft) == Mentions{row.said});
  }
  Draft draft = draft_of(some_tree);
  draft.parts = {{"bake.yaml", "name: shop\n"}};
  draft.change_info = [](auto& info) { info.parts.clear(); };
  CHECK(refusal(draft) == Mentions{"the header of 'a' is not"});
  draft.change_info = [](auto& info) { info.parts["bake.yaml"].digest = crypto::sha256("x"); };
  CHECK(refusal(draft) == Mentions{"bake.yaml: its digest differs"});
}

TEST_CASE("an index that lies about a frame is refused") {
  const struct {
    std::string what;
    std::function<void(std::vector<Frame>&)> change;
    std::string said;
  } rows[] = {
      {"digest of the content", [](auto& index) { index[1].content_hash = {}; },
       "frame 2: damaged: the hash of its content differs"},
      {"digest of the frame", [](auto& index) { index[1].compressed_digest = crypto::sha256("x"); },
       "frame 2: damaged: its digest differs"},
      {"a shorter frame", [](auto& index) { index[0].compressed_size -= 1; }, "frame 1: damaged: its digest"},
      {"a longer frame", [](auto& index) { index[0].compressed_size += 1; }, "frame 1: damaged: its digest"},
      {"a frame beyond the file", [](auto& index) { index[1].compressed_size = 60 << 20; }, "input: "},
      {"less content",
       [](auto& index) {
         index[0].size -= 512;
         index[1].size += 512;
       },
       "frame 1: a frame holds another number of bytes than the index says"},
      {"fewer frames", [](auto& index) { index.pop_back(); }, "the frames do not add up"},
      {"more frames", [](auto& index) { index.push_back(index.back()); }, "the frames do not add up"},
      {"frames swapped", [](auto& index) { std::swap(index[0], index[1]); }, "frame 1: damaged"},
      {"no frames", [](auto& index) { index.clear(); }, "the frames do not add up"},
  };
  for (const auto& row : rows) {
    CAPTURE(row.what);
    Draft draft = draft_of(some_tree);
    draft.change_index = row.change;
    CHECK(refusal(draft) == Mentions{row.said});
  }
  const struct {
    std::string what;
    std::function<void(std::string&)> change;
    std::string said;
  } payloads[] = {
      {"magic", [](auto& bytes) { bytes[0] = 'X'; }, "the index has no head"},
      {"version", [](auto& bytes) { bytes[4] = 2; }, "the index has version 2"},
      {"count", [](auto& bytes) { bytes[8] = 3; }, "not as long as its count"},
      {"4 GiB of frames", [](auto& bytes) { bytes.replace(8, 4, "\xFF\xFF\xFF\xFF"); },
       "not as long as its count"},
      {"empty", [](auto& bytes) { bytes.clear(); }, "the index has no head"},
      {"longer", [](auto& bytes) { bytes += "x"; }, "not as long as its count"},
  };
  for (const auto& row : payloads) {
    CAPTURE(row.what);
    Draft draft = draft_of(some_tree);
    draft.change_index_bytes = row.change;
    CHECK(refusal(draft) == Mentions{row.said});
  }
}

TEST_CASE("a frame may not stop short of, or go beyond, what its index says") {
  const struct {
    std::string what;
    std::function<void(std::string&)> change;
  } rows[] = {
      {"two frames in the place of one", [](auto& frame) { frame += artifact::compress_frame("x", 3); }},
      {"bytes after the frame", [](auto& frame) { frame += "x"; }},
      {"a skippable frame behind", [](auto& frame) { frame += artifact::skippable(0x184D2A50, "x"); }},
      {"a skippable frame before", [](auto& frame) { frame = artifact::skippable(0x184D2A50, "x") + frame; }},
      {"no zstd", [](auto& frame) { frame = std::string(frame.size(), 'x'); }},
      {"nothing", [](auto& frame) { frame.clear(); }},
  };
  for (const auto& row : rows) {
    CAPTURE(row.what);
    Draft draft = draft_of(some_tree);
    draft.change_compressed = [&](auto& frames) { row.change(frames[1]); };
    CHECK(refusal(draft).starts_with("input: the archive '"));
  }
}

TEST_CASE("bombs are refused before they are unpacked") {
  const size_t before = peak_kilobytes();
  // A frame of 1 GiB in some 32 KiB, announced as it is: no index may announce it.
  Draft announced = draft_of(some_tree);
  const std::string huge = artifact::compress_frame(std::string(65 << 20, '\0'), 9);
  const size_t made = peak_kilobytes();
  announced.change_compressed = [&](auto& frames) { frames[1] = huge; };
  announced.change_index = [](auto& index) { index[1].size = 65 << 20; };
  announced.change_info = [](auto& info) { info.tar_size += (65 << 20); };
  CHECK(refusal(announced) == Mentions{"frame 2 has no legal size"});
  // The same, announced as small.
  Draft hidden = draft_of(some_tree);
  hidden.change_compressed = [&](auto& frames) { frames[1] = huge; };
  CHECK(refusal(hidden) == Mentions{"frame 2: a frame holds another number of bytes than the index says"});
  CHECK(peak_kilobytes() - made < 32 << 10);
  CHECK(before <= made);
}

TEST_CASE("a signed manifest can promise more than any disk holds, and gets nothing for it") {
  // 1 TiB in one file: the body ends long before.
  const std::string digest = crypto::sha256("").hex();
  Draft draft = draft_with_lines(
      "./a type=file mode=0644 size=1099511627776 time=0.0 sha256digest=" + digest + "\n", 1, 1ULL << 40);
  tree::Entry entry = manifest_of({{"a", File{"", 0644, 0}}}).entries[0];
  entry.size = 1ULL << 40;
  draft.members = {artifact::tar_entry(entry, std::nullopt, some_time).header};
  CHECK(refusal(draft) == Mentions{"ends before its manifest does"});
}

TEST_CASE("sizes that overflow when they are added do not fool the counts") {
  const std::string digest = crypto::sha256("x").hex();
  Draft draft =
      draft_with_lines("./a type=file mode=0644 size=18446744073709551615 time=0.0 sha256digest=" + digest +
                           "\n./b type=file mode=0644 size=2 time=0.0 sha256digest=" + digest + "\n",
                       2, 1);
  CHECK(refusal(draft).starts_with("input: the archive '"));
}

TEST_CASE("an archive whose manifest names owners or fractions of a second is refused") {
  const std::string digest = crypto::sha256("").hex();
  for (const std::string& line :
       {"./a type=dir mode=0755 uid=0 gid=0\n"s, "./a type=link mode=0777 uid=5 gid=5 link=b\n"s,
        "./a type=file mode=0644 size=0 time=1.1 sha256digest=" + digest + "\n"}) {
    CAPTURE(line);
    CHECK(refusal(draft_with_lines(line, 1)) ==
          Mentions{"'a': a release names no owners and knows whole seconds only"});
  }
}

TEST_CASE("what no release may hold is refused in archives that arrive, too") {
  const struct {
    Tree tree;
    std::string said;
  } rows[] = {
      {{{"a", Link{"/etc"}}, {"b", File{"x"}}}, "the link leads out of the tree"},
      {{{"a", Link{".."}}}, "the link leads out of the tree"},
      {{{"a", File{"x", 04755}}}, "set-user-id"},
      {{{"a", Folder{01755}}}, "the sticky bit"},
      {{{"a", File{"x", 0646}}}, "others than its owner may write it (mode 0646)"},
      {{{"a", Folder{0775}}}, "others than its owner may write it (mode 0775)"},
      {{{".bakehouse/deployment", File{"x"}}}, "belongs to the release itself"},
      {{{".bakehouse", Link{"x"}}}, "belongs to the release itself"},
      {{{".wh.a", File{"x"}}}, "as deletions"},
      {{{"A", File{"x"}}, {"a", File{"x"}}}, "clashes"},
  };
  for (const auto& row : rows) {
    CAPTURE(row.said);
    CHECK(refusal(draft_of(row.tree)) == Mentions{row.said});
  }
}

TEST_CASE("hostile names and entries of every kind stay out of the manifest") {
  const std::string digest = " size=0 time=0.0 sha256digest=" + crypto::sha256("").hex() + "\n";
  std::string deep;
  for (int i = 0; i < 3000; ++i) deep += "/d";
  const std::string lines[] = {
      "./../x type=file mode=0644" + digest,
      "./a/../../x type=file mode=0644" + digest,
      ".//etc/passwd type=file mode=0644" + digest,
      "./. type=dir mode=0755\n",
      ". type=dir mode=0755\n",
      "./a\\000b type=file mode=0644" + digest,
      "./a type=char mode=0644\n",
      "./a type=block mode=0644\n",
      "./a type=fifo mode=0644\n",
      "./a type=socket mode=0644\n",
      "./a type=file mode=0644" + digest + "./a type=file mode=0644" + digest,
      "./a type=link mode=0777 link=b\n./a/x type=file mode=0644" + digest,  // through a link
      "./a type=file mode=0644" + digest + "./a/x type=file mode=0644" + digest,
      "./a/x type=file mode=0644" + digest,
      "./" + std::string(256, 'x') + " type=dir mode=0755\n",
      "." + deep + " type=dir mode=0755\n",
      "/set type=file\n",
      "",
  };
  for (const std::string& line : lines) {
    CAPTURE(line);
    CHECK(refusal(draft_with_lines(line, line.empty() ? 1 : 2)).starts_with("input: the archive '"));
  }
}

TEST_CASE("the seek table is never believed") {
  const struct {
    std::string what;
    std::function<void(std::string&)> change;
    std::string said;
  } rows[] = {
      {"other numbers", [](auto& table) { table.replace(8, 8, "\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF"); },
       "no failure"},
      {"another length",
       [](auto& table) { table = artifact::skippable(artifact::seek_table_magic, "anything"); },
       "no failure"},
      {"none", [](auto& table) { table.clear(); }, "input: "},
      {"another magic", [](auto& table) { table = artifact::skippable(0x184D2A50, "x"); },
       "something else than a seek table"},
      {"two", [](auto& table) { table += table; }, "something else than a seek table"},
      {"a length beyond the file", [](auto& table) { table[4] = static_cast<char>(table[4] + 1); },
       "something else than a seek table"},
  };
  for (const auto& row : rows) {
    CAPTURE(row.what);
    Draft draft = draft_of(some_tree);
    draft.change_seek_table = row.change;
    CHECK(refusal(draft) == Mentions{row.said});
  }
}

TEST_CASE("a target that is not empty is never written over") {
  for (const Tree& there : {Tree{{"a", File{"mine"}}}, Tree{{"a", Link{"../elsewhere"}}},
                            Tree{{"c", Folder{}}}, Tree{{".bakehouse", Link{"../elsewhere"}}}}) {
    const Scene scene(seal(draft_of(some_tree), shop_key()));
    make_tree(base::Dir::open(scene.path("around")), {{"elsewhere", Folder{}}});
    make_tree(base::Dir::open(scene.path("around/to")), there);
    CHECK(failure([&] { scene.unpack(); }) != "no failure");
    CHECK(describe_tree(scene.path("around/elsewhere")).empty());
  }
}

}  // namespace forge_test
