// A release packed and opened as the programs do it.
#pragma once

#include "support/archive_draft.hh"

#include "artifact/read.hh"
#include "artifact/write.hh"
#include "base/files.hh"
#include "tree/scan.hh"

#include <filesystem>
#include <map>
#include <string>

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

inline artifact::ReleaseInfo pack_directory(const std::filesystem::path& tree, const tree::Manifest& manifest,
                                            const std::filesystem::path& archive) {
  const base::Dir dir = base::Dir::open(tree);
  const artifact::PackRequest request{
      dir,
      manifest,
      some_parts(),
      some_release(),
      9,
      [](const std::string& json, const std::string& comment) { return sign(shop_key(), json, comment); }};
  return artifact::pack(request, archive);
}

inline artifact::ReleaseInfo pack_directory(const std::filesystem::path& tree,
                                            const std::filesystem::path& archive) {
  return pack_directory(tree, tree::scan(base::Dir::open(tree)).manifest, archive);
}

inline std::string packed(const Tree& tree) {
  const base::TempDir temp;
  make_tree(base::Dir::open_or_make(temp.path() / "tree"), tree);
  pack_directory(temp.path() / "tree", temp.path() / "x.tar.zst");
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
    return artifact::unpack(artifact::open_archive(archive(), policy), base::Dir::open(path("around/to")));
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
  base::TempDir temp_;
};

}  // namespace bakehouse::support
