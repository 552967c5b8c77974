// Whole files on the host: read with a bound, written whole or not at all.
#pragma once

#include "base/dir.hh"
#include "base/fd.hh"

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <string_view>

#include <sys/types.h>

namespace bakehouse::base {

std::string read_file(const std::filesystem::path& path, uint64_t limit);
// nullopt when there is no such file.
std::optional<std::string> read_file_if_any(const std::filesystem::path& path, uint64_t limit);
Fd open_for_reading(const std::filesystem::path& path);

// A file that appears under its name whole and durable in `commit`, or never.
class AtomicFile {
 public:
  // `mode` is exact. Writes go to a temporary file beside `path`.
  AtomicFile(std::filesystem::path path, mode_t mode);
  AtomicFile(AtomicFile&&) = default;
  AtomicFile(const AtomicFile&) = delete;
  AtomicFile& operator=(const AtomicFile&) = delete;
  ~AtomicFile();

  const Fd& fd() const { return fd_; }
  void write(std::string_view bytes);
  // Replaces what has the name.
  void commit();
  // Fails, changing nothing, when something has the name.
  void commit_new();

 private:
  void make_durable();
  void finish();

  std::filesystem::path path_;
  std::filesystem::path temporary_;
  Fd fd_;
};

void write_file(const std::filesystem::path& path, std::string_view content, mode_t mode = 0644);

// To be appended to by a program: with the directory it is in, and not through a link.
Fd open_log(const std::filesystem::path& path);

// A private directory, removed with all it holds.
class TempDir {
 public:
  // Below `parent`, or where the environment wants temporary files.
  explicit TempDir(const std::filesystem::path& parent = std::filesystem::temp_directory_path());
  TempDir(TempDir&& other) noexcept : path_(std::exchange(other.path_, {})) {}
  TempDir(const TempDir&) = delete;
  TempDir& operator=(const TempDir&) = delete;
  ~TempDir();

  const std::filesystem::path& path() const { return path_; }

 private:
  std::filesystem::path path_;
};

}  // namespace bakehouse::base
