// Damaged files, and files around the archive: threats 1 and 10. Each single byte is flipped by
// tests/unit/artifact/flip_test.cc; here it is one byte of each part of the file.
#include "hostile/forge.hh"

#include "artifact/tar.hh"

namespace bakehouse::hostile {
namespace {

using support::Draft;

void flip(std::string& archive, size_t place) { archive[place] = static_cast<char>(archive[place] ^ 1); }

size_t payload_offset(const std::string& archive) {
  return index_offset(archive) + artifact::skippable_header_size;
}

size_t body_offset(const std::string& archive) {
  const size_t begin = index_offset(archive);
  return payload_offset(archive) +
         *artifact::skippable_size(std::string_view(archive).substr(begin), artifact::index_magic);
}

Forgery forge_head(std::string name, const std::function<void(std::string&)>& change) {
  return forge(std::move(name), [change](Draft& draft) { draft.change_head = change; });
}

Forgery forge_head_frame(std::string name, const std::function<void(std::string&)>& change) {
  return forge(std::move(name), [change](Draft& draft) { draft.change_head_frame = change; });
}

Forgeries damaged() {
  return {
      forge_file("damaged-release-json", [](std::string& a) { flip(a, a.find("\"shop\"") + 1); }),
      // Another digit of base64, whatever the key gave: a flipped bit may give one or none.
      forge_file("damaged-signature",
                 [](std::string& a) {
                   char& digit = a[a.find("\nRU") + 40];
                   digit = digit == 'A' ? 'B' : 'A';
                 }),
      forge_file("damaged-index", [](std::string& a) { flip(a, payload_offset(a) + 20); }),
      forge_file("damaged-index-header", [](std::string& a) { flip(a, index_offset(a)); }),
      forge_file("damaged-manifest", [](std::string& a) { flip(a, body_offset(a) + 20); }),
      forge_file("damaged-tree", [](std::string& a) { flip(a, a.size() - 120); }),
      forge_file("damaged-seek-table-magic", [](std::string& a) { flip(a, a.rfind("\x5E\x2A\x4D\x18")); }),
      forge_file("cut-to-nothing", [](std::string& a) { a.clear(); }),
      forge_file("cut-in-frame-0", [](std::string& a) { a.resize(1000); }),
      forge_file("cut-behind-frame-0", [](std::string& a) { a.resize(index_offset(a)); }),
      forge_file("cut-in-the-index", [](std::string& a) { a.resize(payload_offset(a) + 30); }),
      forge_file("cut-in-the-tree", [](std::string& a) { a.resize(body_offset(a) + 900); }),
      forge_file("cut-in-the-seek-table", [](std::string& a) { a.resize(a.size() - 1); }),
      forge_file("longer-by-a-byte", [](std::string& a) { a += 'x'; }),
      forge_file("longer-by-an-archive", [](std::string& a) { a += a; }),
      forge_file("behind-a-skippable-frame",
                 [](std::string& a) { a.insert(0, artifact::skippable(0x184D2A50, "x")); }),
      forge_file("behind-another-head", [](std::string& a) { a.insert(0, a.substr(0, index_offset(a))); }),
      forge_file("no-archive", [](std::string& a) { a = "#!/bin/sh\necho owned\n"; }),
  };
}

Forgeries forged_heads() {
  return {
      forge_head("head-with-another-name", [](std::string& head) { head[0] = '/'; }),
      forge_head("head-with-another-mode", [](std::string& head) { head[100 + 3] = '4'; }),
      forge_head("head-of-a-link", [](std::string& head) { head[156] = '2'; }),
      forge_head("head-with-dirty-padding", [](std::string& head) { head.back() = 'x'; }),
      forge_head("head-with-a-member-more",
                 [](std::string& head) {
                   head += artifact::tar_part("../../victim", 0, support::some_time).header;
                 }),
      forge_head("head-with-the-end-of-a-tar", [](std::string& head) { head.append(1024, '\0'); }),
      forge_head("head-without-a-signature", [](std::string& head) { head.resize(1024); }),
      forge_head("head-with-a-size-beyond-it",
                 [](std::string& head) { head.replace(124, 11, "00003777777"); }),
      forge_head(
          "head-with-a-base-256-size",
          [](std::string& head) { head.replace(124, 12, std::string("\x80\0\0\0\0\0\0\0\0\0\2\0", 12)); }),
      forge_head("head-with-a-negative-size",
                 [](std::string& head) { head.replace(124, 11, "-0000000001"); }),
      forge_head_frame("head-compressed",
                       [](std::string& frame) {
                         const auto content =
                             artifact::read_stored_frame(frame, artifact::largest_head).content;
                         frame = artifact::compress_frame(content, 9);
                       }),
      forge_head_frame("head-in-blocks-of-another-size",
                       [](std::string& frame) {
                         // Two raw blocks in the place of one: the last one holds nothing.
                         frame[9] = static_cast<char>(frame[9] & ~1);
                         frame += std::string("\1\0\0", 3);
                       }),
      forge_head_frame("head-of-4-gib", [](std::string& frame) { frame.replace(5, 4, "\xFF\xFF\xFF\xFF"); }),
      forge_head_frame("head-over-1-mib",
                       [](std::string& frame) {
                         frame = artifact::stored_frame(std::string(artifact::largest_head + 1, '\0'));
                       }),
  };
}

}  // namespace

Forgeries forged_files() {
  Forgeries all = damaged();
  for (Forgery& forgery : forged_heads()) all.push_back(std::move(forgery));
  return all;
}

}  // namespace bakehouse::hostile
