// release.json: what is read is what would be written, and what is made of it is safe to show.
#include "artifact/release_info.hh"

#include "fuzz/target.hh"

namespace bakehouse::fuzz {

void test_one(std::string_view input) {
  const auto info = accepted([&] { return artifact::decode_release(input); });
  if (!info) return;
  require(artifact::encode(*info) == input, "release.json has one spelling");
  const std::string comment = artifact::trusted_comment(*info, crypto::sha256(input));
  require(base::printable(comment) == comment, "a trusted comment is one printable line");
  require(artifact::archive_name(info->name, info->version).find('/') == std::string::npos,
          "name and version make the name of a file");
}

}  // namespace bakehouse::fuzz
