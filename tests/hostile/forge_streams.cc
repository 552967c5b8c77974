// A tar stream that says something else than the manifest: threats 9 and 10. Every reader of tar has its own
// idea of these; ours has none, because it compares.
#include "hostile/forge.hh"

#include "artifact/tar.hh"

#include <fmt/format.h>

#include <string>
#include <utility>

namespace bakehouse::hostile {
namespace {

using support::Draft;
using support::File;

// In some_tree().
constexpr size_t place_of_file = 1;
constexpr size_t place_of_link = 3;
constexpr size_t place_of_second = 4;

// With its checksum made right again, so that other readers take it.
void set_field(std::string& member, size_t offset, std::string_view value) {
  constexpr size_t sum_offset = 148;
  constexpr std::string_view blanks = "        ";
  member.replace(offset, value.size(), value);
  member.replace(sum_offset, blanks.size(), blanks);
  uint64_t sum = 0;
  for (size_t i = 0; i < artifact::tar_block; ++i) sum += static_cast<unsigned char>(member[i]);
  member.replace(sum_offset, 7, fmt::format("{:06o}", sum) + '\0');
}

Forgery forge_field(const std::string& name, size_t offset, std::string value, size_t place = place_of_file) {
  return forge("header-with-" + name, [offset, place, value = std::move(value)](Draft& draft) {
    set_field(draft.members[place], offset, value);
  });
}

std::string extra_member(char type, std::string_view name, const std::string& content) {
  std::string header = artifact::tar_part("x", content.size(), support::some_time).header;
  set_field(header, 0, std::string(name) + std::string(100 - name.size(), '\0'));
  set_field(header, 156, std::string(1, type));
  return header + content + std::string(artifact::tar_padding(content.size()), '\0');
}

// A record of pax: its length, which counts itself, a word and a value.
std::string pax_record(const std::string& word, const std::string& value) {
  size_t length = word.size() + value.size() + 3;
  length += std::to_string(length + std::to_string(length).size()).size();
  return fmt::format("{} {}={}\n", length, word, value);
}

// Before the file, and in the place of the last entry, so that the stream has the length that it must have.
Forgery forge_before(const std::string& name, std::string member) {
  return forge("stream-with-" + name, [member = std::move(member)](Draft& draft) {
    draft.members[place_of_file].insert(0, member);
    draft.members.pop_back();
  });
}

Forgery forge_pax(const std::string& name, const std::string& word, const std::string& value) {
  return forge_before(name, extra_member('x', "./PaxHeaders/b", pax_record(word, value)));
}

Forgery forge_stream(const std::string& name, ChangeDraft change) {
  return forge("stream-" + name, std::move(change));
}

std::string another_file(const std::string& path) {
  return support::member_bytes(support::manifest_of({{path, File{"x"}}}).entries[0], std::nullopt, "x");
}

Forgeries forged_headers() {
  constexpr size_t mode = 100;
  constexpr size_t owner = 108;
  constexpr size_t group = 116;
  constexpr size_t size = 124;
  constexpr size_t time = 136;
  constexpr size_t type = 156;
  constexpr size_t link = 157;
  constexpr size_t magic = 257;
  constexpr size_t owner_name = 265;
  constexpr size_t device = 329;
  const std::string base_256("\x80\0\0\0\0\0\0\0\0\0\0\x08", 12);
  return {
      forge_field("another-name", 0, "../"),
      forge_field("an-absolute-name", 0, "/etc"),
      forge_field("another-mode", mode, "0004755"),
      forge_field("another-owner", owner, "0001750"),
      forge_field("another-group", group, "0001750"),
      forge_field("a-larger-size", size, "00000001000"),
      forge_field("a-smaller-size", size, "00000000000"),
      forge_field("a-base-256-size", size, base_256),
      forge_field("a-size-in-blanks", size, "         10 "),
      forge_field("another-time", time, "00000000000"),
      forge_field("a-hard-link", type, "1/etc/passwd"),
      forge_field("a-link", type, "2/etc/passwd"),
      forge_field("a-character-device", type, "3"),
      forge_field("a-block-device", type, "4"),
      forge_field("a-directory", type, "5"),
      forge_field("a-fifo", type, "6"),
      forge_field("a-contiguous-file", type, "7"),
      forge_field("an-old-type", type, std::string(1, '\0')),
      forge_field("a-sparse-file", type, "S"),
      forge_field("a-volume", type, "V"),
      forge_field("a-continued-file", type, "M"),
      forge_field("a-solaris-acl", type, "A"),
      forge_field("the-magic-of-posix", magic,
                  std::string("ustar\0"
                              "00",
                              8)),
      forge_field("no-magic", magic, std::string(8, '\0')),
      forge_field("names-of-owners", owner_name, "root"),
      forge_field("a-device-number", device, "0000001"),
      forge_field("a-prefix-of-its-name", 345, "../../victim"),
      forge_field("another-target", link, "../../victim", place_of_link),
      forge("header-with-a-wrong-checksum", [](Draft& draft) { draft.members[place_of_file][150] = '7'; }),
  };
}

Forgeries foreign_members() {
  const std::string long_name = "../../" + std::string(120, 'x') + '\0';
  return {
      forge_pax("a-pax-path", "path", "../../victim"),
      forge_pax("a-pax-link", "linkpath", "../../victim"),
      forge_pax("a-pax-size", "size", "0"),
      forge_pax("a-pax-owner", "uid", "0"),
      forge_pax("a-pax-attribute", "SCHILY.xattr.security.capability", "x"),
      forge_pax("a-pax-acl", "SCHILY.acl.access", "user::rwx,group::rwx,other::rwx"),
      forge_pax("a-pax-sparse-name", "GNU.sparse.name", "../../victim"),
      forge_before("a-pax-record-without-an-end", extra_member('x', "./PaxHeaders/b", "999 path=x")),
      forge_before("a-global-pax-header",
                   extra_member('g', "pax_global_header", pax_record("path", "../../victim"))),
      forge_before("a-long-name", extra_member('L', "././@LongLink", long_name)),
      forge_before("a-long-target", extra_member('K', "././@LongLink", long_name)),
      forge_before("a-file-more", another_file("a/a")),
      forge_before("blocks-of-zeros", std::string(1024, '\0')),
  };
}

Forgeries wrong_streams() {
  return {
      forge_stream("with-another-content", [](Draft& d) { d.members[place_of_file][512] = 'C'; }),
      forge_stream("with-dirty-padding", [](Draft& d) { d.members[place_of_file].back() = 'x'; }),
      forge_stream("with-dirty-padding-right-behind", [](Draft& d) { d.members[place_of_file][520] = 'x'; }),
      forge_stream("without-an-entry", [](Draft& d) { d.members.erase(d.members.begin() + place_of_link); }),
      forge_stream("without-the-last-entry", [](Draft& d) { d.members.pop_back(); }),
      forge_stream("without-entries", [](Draft& d) { d.members.clear(); }),
      forge_stream("with-an-entry-twice", [](Draft& d) { d.members.push_back(d.members.back()); }),
      forge_stream("with-an-entry-more", [](Draft& d) { d.members.push_back(another_file("z")); }),
      forge_stream("in-another-order",
                   [](Draft& d) { std::swap(d.members[place_of_link], d.members[place_of_second]); }),
      forge_stream("without-an-end", [](Draft& d) { d.end.clear(); }),
      forge_stream("with-half-an-end", [](Draft& d) { d.end.resize(512); }),
      forge_stream("with-a-dirty-end", [](Draft& d) { d.end[700] = 'x'; }),
      forge_stream("with-a-longer-end", [](Draft& d) { d.end.resize(10240); }),
      forge_stream(
          "with-an-entry-behind-its-end",
          [](Draft& d) { d.end += extra_member('0', "../../victim", "x") + std::string(1024, '\0'); }),
      forge_stream(
          "in-another-order-of-frames",
          [](Draft& d) { d.change_frames = [](auto& frames) { std::swap(frames.front(), frames.back()); }; }),
      forge_stream("with-another-manifest",
                   [](Draft& d) { d.change_frames = [](auto& frames) { frames[0][512 + 9] = 'x'; }; }),
      forge_stream("with-a-frame-more",
                   [](Draft& d) { d.change_frames = [](auto& frames) { frames.push_back("x"); }; }),
  };
}

}  // namespace

Forgeries forged_streams() {
  Forgeries all = forged_headers();
  for (Forgery& forgery : foreign_members()) all.push_back(std::move(forgery));
  for (Forgery& forgery : wrong_streams()) all.push_back(std::move(forgery));
  return all;
}

}  // namespace bakehouse::hostile
