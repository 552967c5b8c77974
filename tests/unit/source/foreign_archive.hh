// Tar archives as strangers make them: any name, type and mode, packed by libarchive itself, which checks
// none of it.
#pragma once

#include <archive.h>
#include <archive_entry.h>

#include <memory>
#include <stdexcept>
#include <string>
#include <vector>

#include <sys/stat.h>

namespace bakehouse::source {

struct Item {
  std::string name;
  std::string content;  // of a link its target
  enum class Type { file, directory, symlink, hard_link, fifo, device, socket } type = Type::file;
  mode_t mode = 0644;
};

inline Item folder(const std::string& name) { return {name, "", Item::Type::directory, 0755}; }
inline Item program(const std::string& name, const std::string& content) {
  return {name, content, Item::Type::file, 0755};
}

enum class Pack { plain, gzip, zstd, xz, gzip_twice };
enum class Dialect { gnu, pax, ustar };

namespace detail {

using Writer = std::unique_ptr<::archive, int (*)(::archive*)>;

inline void need(int outcome, ::archive* archive) {
  if (outcome < ARCHIVE_WARN) throw std::runtime_error(archive_error_string(archive));
}

inline void add_filters(::archive* archive, Pack pack) {
  if (pack == Pack::gzip || pack == Pack::gzip_twice) need(archive_write_add_filter_gzip(archive), archive);
  if (pack == Pack::gzip_twice) need(archive_write_add_filter_gzip(archive), archive);
  if (pack == Pack::zstd) need(archive_write_add_filter_zstd(archive), archive);
  if (pack == Pack::xz) need(archive_write_add_filter_xz(archive), archive);
}

inline void set_dialect(::archive* archive, Dialect dialect) {
  switch (dialect) {
    case Dialect::gnu: need(archive_write_set_format_gnutar(archive), archive); break;
    case Dialect::pax: need(archive_write_set_format_pax(archive), archive); break;
    case Dialect::ustar: need(archive_write_set_format_ustar(archive), archive); break;
  }
}

inline unsigned file_type(Item::Type type) {
  switch (type) {
    case Item::Type::directory: return AE_IFDIR;
    case Item::Type::symlink: return AE_IFLNK;
    case Item::Type::fifo: return AE_IFIFO;
    case Item::Type::device: return AE_IFCHR;
    case Item::Type::socket: return AE_IFSOCK;
    default: return AE_IFREG;
  }
}

inline void add(::archive* archive, const Item& item) {
  const std::unique_ptr<archive_entry, void (*)(archive_entry*)> entry(archive_entry_new(),
                                                                       archive_entry_free);
  archive_entry_set_pathname(entry.get(), item.name.c_str());
  archive_entry_set_filetype(entry.get(), file_type(item.type));
  archive_entry_set_perm(entry.get(), item.mode);
  archive_entry_set_mtime(entry.get(), 1'000'000'000, 0);
  if (item.type == Item::Type::symlink) archive_entry_set_symlink(entry.get(), item.content.c_str());
  if (item.type == Item::Type::hard_link) archive_entry_set_hardlink(entry.get(), item.content.c_str());
  const bool has_content = item.type == Item::Type::file;
  archive_entry_set_size(entry.get(), has_content ? static_cast<la_int64_t>(item.content.size()) : 0);
  need(archive_write_header(archive, entry.get()), archive);
  if (has_content) archive_write_data(archive, item.content.data(), item.content.size());
}

inline la_ssize_t append(::archive*, void* to, const void* bytes, size_t count) {
  static_cast<std::string*>(to)->append(static_cast<const char*>(bytes), count);
  return static_cast<la_ssize_t>(count);
}

}  // namespace detail

inline std::string tar_of(const std::vector<Item>& items, Pack pack = Pack::plain,
                          Dialect dialect = Dialect::gnu) {
  std::string bytes;
  const detail::Writer writer(archive_write_new(), archive_write_free);
  detail::add_filters(writer.get(), pack);
  detail::set_dialect(writer.get(), dialect);
  archive_write_set_bytes_in_last_block(writer.get(), 1);
  detail::need(archive_write_open(writer.get(), &bytes, nullptr, &detail::append, nullptr), writer.get());
  for (const Item& item : items) detail::add(writer.get(), item);
  detail::need(archive_write_close(writer.get()), writer.get());
  return bytes;
}

}  // namespace bakehouse::source
