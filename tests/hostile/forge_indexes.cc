// An index that lies, and a seek table that is none: threat 5.
#include "hostile/forge.hh"

#include <utility>

namespace bakehouse::hostile {
namespace {

using artifact::Frame;
using support::Draft;

Forgery forge_index(std::string name, std::function<void(std::vector<Frame>&)> change) {
  return forge(std::move(name), [change = std::move(change)](Draft& draft) { draft.change_index = change; });
}

Forgery forge_payload(std::string name, std::function<void(std::string&)> change) {
  return forge(std::move(name),
               [change = std::move(change)](Draft& draft) { draft.change_index_bytes = change; });
}

Forgery forge_signed(std::string name, std::function<void(artifact::ReleaseInfo&)> change) {
  return forge(std::move(name), [change = std::move(change)](Draft& draft) { draft.change_info = change; });
}

Forgery forge_seek_table(std::string name, std::function<void(std::string&)> change) {
  return forge(std::move(name),
               [change = std::move(change)](Draft& draft) { draft.change_seek_table = change; });
}

Forgeries lying_indexes() {
  return {
      forge_index("index-with-another-digest", [](auto& index) { index.back().compressed_digest = {}; }),
      forge_index("index-with-another-hash", [](auto& index) { index.back().content_hash = {}; }),
      forge_index("index-with-a-shorter-frame", [](auto& index) { --index.back().compressed_size; }),
      forge_index("index-with-a-longer-frame", [](auto& index) { ++index.front().compressed_size; }),
      forge_index("index-with-a-frame-beyond-the-file",
                  [](auto& index) { index.back().compressed_size = 60 << 20; }),
      forge_index("index-with-a-frame-of-65-mib",
                  [](auto& index) { index.back().compressed_size = 65 << 20; }),
      forge_index("index-with-a-frame-of-nothing", [](auto& index) { index.back().size = 0; }),
      forge_index("index-with-content-moved",
                  [](auto& index) {
                    index[0].size -= 512;
                    index[1].size += 512;
                  }),
      forge_index("index-with-a-frame-fewer", [](auto& index) { index.pop_back(); }),
      forge_index("index-with-a-frame-more", [](auto& index) { index.push_back(index.back()); }),
      forge_index("index-in-another-order", [](auto& index) { std::swap(index[0], index[1]); }),
      forge_index("index-of-no-frames", [](auto& index) { index.clear(); }),
      forge_payload("index-of-another-name", [](auto& bytes) { bytes[0] = 'X'; }),
      forge_payload("index-of-another-version", [](auto& bytes) { bytes[4] = 9; }),
      forge_payload("index-with-a-count-of-all",
                    [](auto& bytes) { bytes.replace(8, 4, "\xFF\xFF\xFF\xFF"); }),
      // As many as fit 32 bits of size, however they are multiplied.
      forge_payload("index-with-a-count-that-overflows",
                    [](auto& bytes) { bytes.replace(8, 4, std::string("\x00\x00\x00\x80", 4)); }),
      forge_payload("index-and-a-byte", [](auto& bytes) { bytes += 'x'; }),
      forge_payload("index-of-nothing", [](auto& bytes) { bytes.clear(); }),
      forge_signed("index-of-4-gib", [](auto& info) { info.index.size = 4ULL << 30; }),
      forge_signed("index-of-256-mib", [](auto& info) { info.index.size = 256ULL << 20; }),
      forge_signed("index-of-another-size", [](auto& info) { ++info.index.size; }),
      forge_signed("index-of-another-content", [](auto& info) { info.index.digest = {}; }),
      forge_signed("frames-that-add-up-to-more", [](auto& info) { --info.tar_size; }),
      forge_signed("frames-that-add-up-to-less", [](auto& info) { info.tar_size = 1ULL << 50; }),
  };
}

Forgeries wrong_seek_tables() {
  return {
      forge_seek_table("seek-table-missing", [](auto& table) { table.clear(); }),
      forge_seek_table("seek-table-twice", [](auto& table) { table += table; }),
      forge_seek_table("seek-table-of-another-kind",
                       [](auto& table) { table = artifact::skippable(0x184D2A50, "x"); }),
      forge_seek_table("seek-table-beyond-the-file",
                       [](auto& table) { table[4] = static_cast<char>(table[4] + 1); }),
      forge_seek_table("seek-table-of-4-gib", [](auto& table) { table.replace(4, 4, "\xFF\xFF\xFF\xFF"); }),
      forge_seek_table("frame-that-nobody-signed",
                       [](auto& table) { table.insert(0, artifact::compress_frame("x", 3)); }),
  };
}

}  // namespace

Forgeries forged_indexes() {
  Forgeries all = lying_indexes();
  for (Forgery& forgery : wrong_seek_tables()) all.push_back(std::move(forgery));
  return all;
}

}  // namespace bakehouse::hostile
