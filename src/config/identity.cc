#include "config/identity.hh"

#include "base/encoding.hh"
#include "base/error.hh"
#include "base/files.hh"

#include <fmt/format.h>

#include <optional>
#include <string_view>
#include <system_error>

namespace bakehouse::config {
namespace {

namespace fs = std::filesystem;
using crypto::AgeIdentity;
using crypto::Secret;

constexpr mode_t owner_only = 0600;

Secret format_for(const Root& root, const AgeIdentity& identity) {
  return crypto::format_age_identity(
      identity, fmt::format("the identity of {}: whoever has it reads its secrets", root.project));
}

Secret read_whole(const fs::path& path) {
  const base::Fd fd = base::open_for_reading(path);
  Secret file = Secret::with_room(base::stat_of(fd, path.native()).size);
  base::read_exactly(fd, file.room(), path.native());
  file.extend(file.room().size());
  return file;
}

}  // namespace

fs::path identity_file(const Root& root) { return root.state() / "identity"; }

crypto::AgeRecipient make_identity(const Root& root) {
  const AgeIdentity made = AgeIdentity::generate();
  base::AtomicFile file(identity_file(root), owner_only);
  file.write(format_for(root, made).text());
  file.commit_new();
  return made.recipient();
}

crypto::AgeRecipient add_identity(const Root& root) {
  std::error_code failure;
  const bool is_first = !fs::exists(fs::symlink_status(identity_file(root), failure));
  if (is_first) return make_identity(root);
  read_identities(root);  // what is to be kept must be whole
  const Secret before = read_whole(identity_file(root));
  const AgeIdentity made = AgeIdentity::generate();
  const Secret added = format_for(root, made);
  const std::string_view line_end = before.text().ends_with('\n') ? "" : "\n";
  if (before.text().size() + line_end.size() + added.text().size() > crypto::largest_key_file) {
    throw base::Error(base::Fault::input,
                      fmt::format("'{}' has no room for one more identity: it may have {} bytes",
                                  base::printable(identity_file(root).native()), crypto::largest_key_file),
                      "take the oldest out of it, those that nothing which is kept is sealed to, and put "
                      "them where you keep copies");
  }
  base::AtomicFile file(identity_file(root), owner_only);
  file.write(before.text());
  file.write(line_end);
  file.write(added.text());
  file.commit();
  return made.recipient();
}

std::vector<AgeIdentity> read_identities(const Root& root) {
  std::error_code failure;
  if (!fs::exists(fs::symlink_status(identity_file(root), failure))) return {};
  return crypto::read_age_identities(identity_file(root));
}

}  // namespace bakehouse::config
