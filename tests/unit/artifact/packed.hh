// A release packed and opened as the programs do it.
#pragma once

#include "support/archive_draft.hh"

#include "artifact/read.hh"
#include "artifact/write.hh"
#include "base/files.hh"
#include "tree/scan.hh"

#include <filesystem>
#include <fstream>
#include <map>
#include <string>
#include <string_view>
#include <vector>

namespace bakehouse::support {

// One key for a whole run: making one costs more than most tests.
inline const crypto::SecretKey& shop_key() {
  static const crypto::SecretKey key = crypto::SecretKey::generate();
  return key;
}

inline const std::map<std::string, std::string>& some_parts() {
  static const std::map<std::string, std::string> parts{{"bake.yaml", "name: shop\n"}, {"launch.json", "{}"}};
  return parts;
}

inline artifact::ReleaseInfo pack_as(const artifact::BodyRequest& request,
                                     const std::filesystem::path& archive) {
  return artifact::write_archive(
      artifact::pack_body(request, archive.parent_path()), some_release(),
      [](const std::string& json, const std::string& comment) { return sign(shop_key(), json, comment); },
      archive);
}

inline artifact::ReleaseInfo pack_directory(const std::filesystem::path& tree, const tree::Manifest& manifest,
                                            const std::filesystem::path& archive) {
  const base::Dir dir = base::Dir::open(tree);
  tree::Manifest known = manifest;
  return pack_as({dir, known, some_parts(), some_release().created}, archive);
}

inline artifact::ReleaseInfo pack_directory(const std::filesystem::path& tree,
                                            const std::filesystem::path& archive) {
  return pack_directory(tree, tree::scan(base::Dir::open(tree)).manifest, archive);
}

inline std::string packed(const Tree& tree) {
  const base::TempDir temp(fast_place());
  make_tree(base::Dir::open_or_make(temp.path() / "tree"), tree);
  pack_directory(temp.path() / "tree", temp.path() / "x.tar.zst");
  return base::read_file(temp.path() / "x.tar.zst", 1 << 30);
}

// So small that a tree of a few files has many frames, and a file of some size several.
constexpr artifact::CutRule small_rule{4 << 10, 8 << 10, 16 << 10};

inline std::string packed_small(const Tree& tree) {
  const base::TempDir temp(fast_place());
  const base::Dir dir = base::Dir::open_or_make(temp.path() / "tree");
  make_tree(dir, tree);
  tree::Manifest manifest = manifest_of(tree);
  artifact::BodyRequest request{dir, manifest, some_parts(), some_release().created};
  request.level = 1;
  request.rule = small_rule;
  pack_as(request, temp.path() / "x.tar.zst");
  return base::read_file(temp.path() / "x.tar.zst", 1 << 30);
}

// A directory in which an archive is unpacked, and what is there afterwards.
class Scene {
 public:
  explicit Scene(const std::string& archive) {
    base::Dir::open_or_make(path("around/to"));
    base::write_file(path("around/x.tar.zst"), archive);
  }

  std::filesystem::path path(const std::string& below) const { return temp_.path() / below; }
  std::filesystem::path archive() const { return path("around/x.tar.zst"); }

  tree::Manifest unpack(const crypto::TrustPolicy& policy = trust(shop_key())) const {
    return artifact::unpack(artifact::open_archive(archive(), policy), base::Dir::open(path("around/to")))
        .manifest;
  }
  artifact::Unpacked unpack_with(const artifact::UnpackOptions& options) const {
    return artifact::unpack(artifact::open_archive(archive(), trust(shop_key())),
                            base::Dir::open(path("around/to")), options);
  }
  tree::Manifest check(const crypto::TrustPolicy& policy = trust(shop_key())) const {
    return artifact::check(artifact::open_archive(archive(), policy));
  }

  // What was unpacked, with `.bakehouse/`.
  std::string unpacked() const { return describe_tree(path("around/to")); }
  // What was unpacked, without it.
  std::string unpacked_tree() const {
    const base::Dir to = base::Dir::open(path("around/to"));
    to.remove_tree(base::TreePath::parse(".bakehouse"));
    return describe_tree(to);
  }
  // All there is but what was unpacked: nothing may ever change it.
  std::string surroundings() const {
    const base::Dir around = base::Dir::open(path("around"));
    around.remove_tree(base::TreePath::parse("to"));
    return describe_tree(temp_.path());
  }

 private:
  base::TempDir temp_{fast_place()};
};

// The frames of an archive that packed_small gave, by what of the tree they hold.
class TreeFrames {
 public:
  TreeFrames(const std::filesystem::path& archive, const Tree& tree)
      : manifest_(manifest_of(tree)),
        layout_(manifest_, artifact::find_twins(manifest_), some_release().created),
        archive_(archive) {
    const auto opened = artifact::open_archive(archive, trust(shop_key()));
    std::string index(opened.info.index.size, '\0');
    const uint64_t index_offset = opened.body_offset + artifact::skippable_header_size;
    base::read_exactly_at(opened.file, index, index_offset, "index");
    const size_t front = 1 + opened.info.parts.size();
    uint64_t offset = index_offset + index.size();
    uint64_t begin = 0;
    for (const auto& frame : artifact::parse_index(index)) {
      const bool is_tree = all_++ >= front;
      if (is_tree) frames_.push_back({offset, begin, begin + frame.size});
      if (is_tree) begin += frame.size;
      offset += frame.compressed_size;
    }
  }

  size_t count() const { return frames_.size(); }
  size_t count_with_front() const { return all_; }
  // Those that hold any byte of this entry's member, be it a header.
  std::vector<size_t> holding(std::string_view path) const {
    const size_t member = *manifest_.index_of(path);
    std::vector<size_t> found;
    for (size_t i = 0; i < frames_.size(); ++i) {
      if (frames_[i].begin < layout_.end(member) && layout_.begin(member) < frames_[i].end)
        found.push_back(i);
    }
    return found;
  }
  // So that its digest in the index differs.
  void damage(size_t i) const {
    std::fstream file(archive_, std::ios::in | std::ios::out | std::ios::binary);
    const auto place = static_cast<std::streamoff>(frames_[i].offset) + 8;
    const int byte = file.seekg(place).get();
    file.seekp(place).put(static_cast<char>(byte ^ 1));
  }

 private:
  struct Frame {
    uint64_t offset;  // in the file
    uint64_t begin;   // in the stream of the tree
    uint64_t end;
  };
  tree::Manifest manifest_;
  artifact::TarLayout layout_;
  std::filesystem::path archive_;
  std::vector<Frame> frames_;
  size_t all_ = 0;
};

}  // namespace bakehouse::support
