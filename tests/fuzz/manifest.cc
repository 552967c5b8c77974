// The manifest: both readers agree, what they accept has one spelling, and the rules of a release can be
// asked of any.
#include "fuzz/manifest_readers.hh"

#include "artifact/rules.hh"
#include "artifact/tar.hh"

namespace bakehouse::fuzz {
namespace {

void require_sound(const tree::Manifest& manifest) {
  for (size_t i = 0; i < manifest.entries.size(); ++i) {
    const tree::Entry entry = manifest.entries[i];
    require(manifest.index_of(entry.path.str()) == i, "every entry is found by its path");
    require(!base::TreePath::why_not(entry.path.str()), "every path stays in the tree");
    require(entry.type != base::FileType::other, "a manifest lists no devices");
    require(i == 0 || manifest.entries[i - 1].path < entry.path, "paths rise");
    const auto parent = manifest.find(entry.path.parent());
    require(entry.path.parent().is_top() || (parent && parent->type == base::FileType::directory),
            "what holds an entry is a directory");
  }
}

void require_twins_before(const tree::Manifest& manifest) {
  const auto twins = artifact::find_twins(manifest);
  for (size_t i = 0; i < twins.size(); ++i) {
    const tree::Entry entry = manifest.entries[i];
    const tree::Entry twin = manifest.entries[twins[i]];
    require(
        twins[i] <= i && twin.digest == entry.digest && twin.mode == entry.mode && twin.type == entry.type,
        "a twin is an earlier entry of equal digest and mode");
  }
}

}  // namespace

void test_one(std::string_view input) {
  const auto manifest = require_agreement(input, 1 + input.size() % 97);
  if (!manifest) return;
  require_sound(*manifest);
  require_twins_before(*manifest);
  for (const std::string& fault : artifact::find_forbidden(*manifest)) {
    require(base::printable(fault) == fault, "a fault is safe to show");
  }
  accepted([&] {
    artifact::require_release_fields(*manifest);
    return 0;
  });
}

}  // namespace bakehouse::fuzz
