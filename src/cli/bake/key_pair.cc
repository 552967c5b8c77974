#include "cli/bake/key_pair.hh"

#include "base/encoding.hh"
#include "base/error.hh"
#include "base/files.hh"

#include <fmt/format.h>

#include <string_view>

namespace bakehouse::cli {
namespace {

namespace fs = std::filesystem;
using base::Error;
using base::Fault;

void refuse_existing(const fs::path& file) {
  if (fs::exists(fs::symlink_status(file))) {
    throw Error(Fault::input, fmt::format("'{}' exists", base::printable(file.native())),
                "choose another name: keys are never overwritten");
  }
}

void write_new(const fs::path& path, std::string_view content, mode_t mode) {
  base::AtomicFile file(path, mode);
  file.write(content);
  file.commit_new();
}

}  // namespace

fs::path public_file_of(const fs::path& secret) {
  fs::path file = secret;
  if (file.extension() == ".key") return file.replace_extension(".pub");
  return file += ".pub";
}

crypto::PublicKey make_key_pair(const fs::path& secret,
                                const std::function<crypto::Secret(const crypto::SecretKey&)>& format) {
  const fs::path public_file = public_file_of(secret);
  refuse_existing(secret);
  refuse_existing(public_file);
  const crypto::SecretKey key = crypto::SecretKey::generate();
  write_new(secret, format(key).text(), 0600);
  write_new(public_file, crypto::format_public_key(key.public_key()), 0644);
  return key.public_key();
}

}  // namespace bakehouse::cli
