// Writes one archive for each reason to refuse one.
//
//   forge_archives DIRECTORY VICTIM
//
// DIRECTORY/NAME.tar.zst for each; beside them shop.pub, whose key signs nearly all, and nobody.pub, whose
// key signs nothing; NAME.release in which nothing is wrong; honest.release.sigs/ with one signature more by
// a key that has signed already, and one by a stranger. VICTIM is an absolute path that archives try to
// reach.
#include "hostile/forge.hh"

#include "base/error.hh"
#include "base/files.hh"

#include <cstdio>
#include <filesystem>

using namespace bakehouse;
using namespace bakehouse::hostile;
namespace fs = std::filesystem;

namespace {

void write_new(const fs::path& file, const std::string& content) {
  if (fs::exists(file)) throw base::Error(base::Fault::internal, file.native() + " is written twice");
  base::write_file(file, content);
}

void write_forgeries(const fs::path& directory, const Forger& forger) {
  for (const auto& table :
       {forged_signatures(), forged_files(), forged_releases(), forged_frames(), forged_indexes(),
        forged_names(), forged_links(), forged_kinds(), forged_streams()}) {
    for (const Forgery& forgery : table)
      write_new(directory / (forgery.name + ".tar.zst"), forgery.make(forger));
  }
}

void write_honest(const fs::path& directory, const Forger& forger) {
  write_new(directory / "shop.pub", crypto::format_public_key(forger.trusted.public_key()));
  write_new(directory / "nobody.pub", crypto::format_public_key(crypto::SecretKey::generate().public_key()));
  for (const Forgery& release : honest_releases())
    write_new(directory / (release.name + ".release"), release.make(forger));
  const fs::path beside = directory / "honest.release.sigs";
  fs::create_directory(beside);
  for (const auto* key : {&forger.trusted, &forger.stranger}) {
    write_new(beside / (key->public_key().id.text() + ".minisig"), signature_of_honest(forger, *key));
  }
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 3) {
    std::fprintf(stderr, "usage: forge_archives DIRECTORY VICTIM\n");
    return 2;
  }
  try {
    Forger forger;
    forger.victim = argv[2];
    write_honest(argv[1], forger);
    write_forgeries(argv[1], forger);
  } catch (const std::exception& error) {
    std::fprintf(stderr, "forge_archives: %s\n", error.what());
    return 1;
  }
  return 0;
}
