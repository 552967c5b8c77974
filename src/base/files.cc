#include "base/files.hh"

#include "base/dir.hh"
#include "base/error.hh"

#include <cerrno>
#include <cstdlib>
#include <vector>

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

namespace bakehouse::base {
namespace fs = std::filesystem;

Fd open_for_reading(const fs::path& path) {
  Fd fd(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NOCTTY));
  if (!fd) fail_os("open", path.native());
  return fd;
}

std::string read_file(const fs::path& path, uint64_t limit) {
  return read_all(open_for_reading(path), limit, path.native());
}

std::optional<std::string> read_file_if_any(const fs::path& path, uint64_t limit) {
  const Fd fd(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NOCTTY));
  if (fd) return read_all(fd, limit, path.native());
  if (errno == ENOENT || errno == ENOTDIR) return std::nullopt;
  fail_os("open", path.native());
}

namespace {

fs::path directory_of(const fs::path& path) {
  return path.has_parent_path() ? path.parent_path() : fs::path(".");
}

}  // namespace

AtomicFile::AtomicFile(fs::path path, mode_t mode) : path_(std::move(path)) {
  std::string pattern = (directory_of(path_) / fmt::format(".{}.XXXXXX", path_.filename().native())).native();
  fd_ = Fd(::mkostemp(pattern.data(), O_CLOEXEC));
  if (!fd_) fail_os("create a file beside", path_.native());
  temporary_ = pattern;
  if (::fchmod(fd_.get(), mode) != 0) fail_os("set the mode of", temporary_.native());
}

AtomicFile::~AtomicFile() {
  if (fd_) ::unlink(temporary_.c_str());
}

void AtomicFile::write(std::string_view bytes) { write_all(fd_, bytes, path_.native()); }

void AtomicFile::make_durable() { sync_file(fd_, path_.native()); }

void AtomicFile::finish() {
  fd_.reset();  // durable already: nothing is left that a close could report
  Dir::open(directory_of(path_)).sync();
}

void AtomicFile::commit() {
  make_durable();
  if (::rename(temporary_.c_str(), path_.c_str()) != 0) fail_os("replace", path_.native());
  finish();
}

void AtomicFile::commit_new() {
  make_durable();
  if (::renameat2(AT_FDCWD, temporary_.c_str(), AT_FDCWD, path_.c_str(), RENAME_NOREPLACE) != 0) {
    fail_os("create", path_.native());
  }
  finish();
}

void write_file(const fs::path& path, std::string_view content, mode_t mode) {
  AtomicFile file(path, mode);
  file.write(content);
  file.commit();
}

TempDir::TempDir(const fs::path& parent) {
  std::string pattern = (parent / "bakehouse-XXXXXX").native();
  if (::mkdtemp(pattern.data()) == nullptr) fail_os("make a directory in", parent.native());
  path_ = pattern;
}

TempDir::~TempDir() {
  if (path_.empty()) return;
  try {
    Dir::open(directory_of(path_)).remove_tree(TreePath::parse(path_.filename().native()));
  } catch (const Error&) {  // NOLINT(bugprone-empty-catch): a left-over is no reason to end the program
  }
}

Fd open_log(const fs::path& path) {
  if (path.has_parent_path()) Dir::open_or_make(path.parent_path(), 0750);
  Fd log(::open(path.c_str(), O_WRONLY | O_APPEND | O_CREAT | O_NOFOLLOW | O_NOCTTY | O_CLOEXEC, 0640));
  if (!log) fail_os("open the log", path.native());
  return log;
}

}  // namespace bakehouse::base
