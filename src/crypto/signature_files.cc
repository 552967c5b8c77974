#include "crypto/signature_files.hh"

#include "base/dir.hh"
#include "base/encoding.hh"
#include "base/error.hh"

#include <algorithm>
#include <cerrno>
#include <memory>
#include <optional>

#include <dirent.h>
#include <fcntl.h>
#include <unistd.h>

namespace bakehouse::crypto {
namespace {

namespace fs = std::filesystem;
using base::Error;
using base::Fault;
using base::Fd;
using base::printable;
using base::TreePath;

constexpr std::string_view directory_suffix = ".sigs";
constexpr std::string_view file_suffix = ".minisig";
// Two comments of minisign's longest, and two lines of base64.
constexpr uint64_t largest_file = 16 << 10;
constexpr size_t most_names = 1000;

// A link in its place could lead anywhere.
Fd open_directory(const fs::path& directory, int access) {
  return Fd(::open(directory.c_str(), access | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC));
}

Signature read_one(const Fd& file, const KeyId& key, const std::string& name) {
  if (base::stat_of(file, name).type != base::FileType::regular) {
    throw Error(Fault::trust, fmt::format("{}: is no regular file", name));
  }
  Signature signature = parse_signature(base::read_all(file, largest_file, name), name);
  if (signature.key != key) {
    throw Error(Fault::trust, fmt::format("{}: is a signature of key {}", name, signature.key.text()));
  }
  return signature;
}

// nullopt when there is no file of that name.
std::optional<Signature> read_if_any(const Fd& directory, const KeyId& key) {
  const std::string name = signature_file_name(key);
  const Fd file(
      ::openat(directory.get(), name.c_str(), O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC));
  if (!file && errno == ENOENT) return std::nullopt;
  if (!file && errno == ELOOP) throw Error(Fault::trust, fmt::format("{}: is a link", name));
  if (!file) base::fail_os("open", name);
  return read_one(file, key, name);
}

void sort_name(std::string_view name, SignatureNames& names) {
  if (name.starts_with('.')) return;
  if (name.ends_with(file_suffix)) {
    try {
      names.keys.insert(KeyId::parse(name.substr(0, name.size() - file_suffix.size())));
      return;
    } catch (const Error&) {  // NOLINT(bugprone-empty-catch): it is one of the others
    }
  }
  names.others.emplace_back(name);
}

bool holds(const base::Dir& directory, const TreePath& name, const std::string& content) {
  try {
    return directory.read_file(name, largest_file) == content;
  } catch (const Error&) {
    return false;  // whatever it is, it is not that
  }
}

base::Dir open_or_make(const fs::path& directory) {
  const base::Dir parent = base::Dir::open(directory.has_parent_path() ? directory.parent_path() : ".");
  const TreePath name = TreePath::parse(directory.filename().native());
  if (!parent.exists(name)) {
    parent.make_dir(name, 0755);
    parent.sync();
  }
  return parent.open_dir(name);
}

}  // namespace

fs::path signatures_of(const fs::path& file) { return file.native() + std::string(directory_suffix); }

std::string signature_file_name(const KeyId& key) { return key.text() + std::string(file_suffix); }

FoundSignatures read_signatures(const fs::path& directory, const std::set<KeyId>& keys) {
  FoundSignatures found;
  const Fd opened = open_directory(directory, O_PATH);
  if (!opened) {
    if (errno == ENOENT) return found;
    const bool is_other = errno == ENOTDIR || errno == ELOOP;
    const auto reason = base::os_error(errno, "open the directory", directory.native());
    found.reasons.push_back(is_other ? fmt::format("'{}' is no directory", printable(directory.native()))
                                     : reason.what());
    return found;
  }
  for (const KeyId& key : keys) {
    try {
      if (auto signature = read_if_any(opened, key)) found.signatures.push_back(*std::move(signature));
    } catch (const Error& error) {
      found.reasons.emplace_back(error.what());
    }
  }
  return found;
}

SignatureNames list_signatures(const fs::path& directory) {
  SignatureNames names;
  Fd opened = open_directory(directory, O_RDONLY);
  if (!opened) return names;
  struct Close {
    void operator()(DIR* stream) const { ::closedir(stream); }
  };
  const std::unique_ptr<DIR, Close> stream(::fdopendir(opened.get()));
  if (!stream) return names;
  static_cast<void>(opened.release());  // the stream's now
  size_t count = 0;
  // NOLINTNEXTLINE(concurrency-mt-unsafe): nobody else has the stream
  while (const dirent* const entry = ::readdir(stream.get())) {
    if (++count > most_names) {
      names.is_all = false;
      break;
    }
    sort_name(entry->d_name, names);
  }
  std::sort(names.others.begin(), names.others.end());
  return names;
}

Added add_signature(const fs::path& directory, const Signature& signature,
                    std::string_view untrusted_comment) {
  const std::string content = format_signature(signature, untrusted_comment);
  const base::Dir opened = open_or_make(directory);
  const TreePath name = TreePath::parse(signature_file_name(signature.key));
  if (holds(opened, name, content)) return Added::before;
  // Relative to the handle: what has the name of the directory may change meanwhile.
  const TreePath temporary = TreePath::parse(fmt::format(".{}.new", name.str()));
  if (opened.exists(temporary)) opened.remove_file(temporary);
  Fd file = opened.create_file(temporary, 0644);
  base::write_all(file, content, name.str());
  base::sync_file(file, name.str());
  file.close(name.str());
  opened.rename(temporary, name);
  opened.sync();
  return Added::now;
}

}  // namespace bakehouse::crypto
