#include "artifact/tar.hh"

#include "base/error.hh"

#include <fmt/format.h>

#include <algorithm>
#include <numeric>
#include <tuple>
#include <utility>

namespace bakehouse::artifact {
namespace {

// GNU's dialect of the ustar header: names are plain bytes of any length ('L' and 'K' members),
// sizes beyond 8 GiB are binary. pax records would force names into UTF-8 (docs/decisions/0002).
struct Field {
  size_t offset;
  size_t size;
};
constexpr Field name_field{0, 100};
constexpr Field mode_field{100, 8};
constexpr Field uid_field{108, 8};
constexpr Field gid_field{116, 8};
constexpr Field size_field{124, 12};
constexpr Field time_field{136, 12};
constexpr Field sum_field{148, 8};
constexpr size_t type_offset = 156;
constexpr Field link_field{157, 100};
constexpr Field magic_field{257, 8};
constexpr std::string_view gnu_magic{"ustar  \0", 8};

void put(std::string& block, Field field, std::string_view text) {
  std::copy_n(text.begin(), std::min(text.size(), field.size),
              block.begin() + static_cast<std::ptrdiff_t>(field.offset));
}

// Octal digits and a NUL, or, when they do not suffice, the number in big-endian bytes with the top
// bit set: a negative one (a time before 1970) in two's complement over the whole field.
void put_number(std::string& block, Field field, uint64_t number) {
  const size_t digits = field.size - 1;
  const std::string octal = fmt::format("{:0{}o}", number, digits);
  if (octal.size() <= digits) {
    put(block, field, octal);
    return;
  }
  for (size_t i = 0; i < 8; ++i)
    block[field.offset + field.size - 1 - i] = static_cast<char>(number >> (8 * i));
  const bool negative = static_cast<int64_t>(number) < 0;
  for (size_t i = 8; i < field.size; ++i)
    block[field.offset + field.size - 1 - i] = static_cast<char>(negative ? 0xFF : 0);
  if (!negative) block[field.offset] = static_cast<char>(0x80);
}

struct Header {
  std::string_view name;
  char type;
  uint32_t mode = 0;
  uint64_t size = 0;
  base::Seconds time = 0;
  std::string_view link = {};
};

std::string make_block(const Header& header) {
  std::string block(tar_block, '\0');
  put(block, name_field, header.name);
  put_number(block, mode_field, header.mode);
  put_number(block, uid_field, 0);
  put_number(block, gid_field, 0);
  put_number(block, size_field, header.size);
  put_number(block, time_field, static_cast<uint64_t>(header.time));
  block[type_offset] = header.type;
  put(block, link_field, header.link);
  put(block, magic_field, gnu_magic);
  put(block, sum_field, "        ");
  uint64_t sum = 0;
  for (const char c : block) sum += static_cast<unsigned char>(c);
  put(block, sum_field, fmt::format("{:06o}", sum));
  block[sum_field.offset + 6] = '\0';
  return block;
}

// A name that does not fit goes before its header as a member of its own, ended by a NUL.
std::string long_name(char type, std::string_view name) {
  if (name.size() <= name_field.size) return {};
  std::string member = make_block({.name = "././@LongLink", .type = type, .size = name.size() + 1});
  member += name;
  member.resize(member.size() + 1 + tar_padding(name.size() + 1), '\0');
  return member;
}

std::string make_header(const Header& header) {
  return long_name('K', header.link) + long_name('L', header.name) + make_block(header);
}

}  // namespace

uint64_t tar_header_size(size_t name, size_t link) {
  const auto long_one = [](size_t size) {
    return size <= name_field.size ? 0 : tar_block + size + 1 + tar_padding(size + 1);
  };
  return long_one(name) + long_one(link) + tar_block;
}

uint64_t tar_padding(uint64_t content) { return (tar_block - content % tar_block) % tar_block; }

TarMember tar_part(std::string_view name, uint64_t size, base::Seconds time) {
  const std::string path = fmt::format(".bakehouse/{}", name);
  return {make_header({.name = path, .type = '0', .mode = 0644, .size = size, .time = time}), size};
}

TarMember tar_entry(const tree::Entry& entry, const std::optional<std::string>& twin,
                    base::Seconds directory_time) {
  const std::string& path = entry.path.str();
  switch (entry.type) {
    case base::FileType::directory:
      return {make_header({.name = path + "/", .type = '5', .mode = entry.mode, .time = directory_time})};
    case base::FileType::symlink:
      return {make_header(
          {.name = path, .type = '2', .mode = entry.mode, .time = directory_time, .link = entry.link})};
    case base::FileType::regular:
      if (twin) {
        return {make_header(
            {.name = path, .type = '1', .mode = entry.mode, .time = entry.time.seconds, .link = *twin})};
      }
      return {make_header({.name = path,
                           .type = '0',
                           .mode = entry.mode,
                           .size = entry.size,
                           .time = entry.time.seconds}),
              entry.size};
    case base::FileType::other: break;
  }
  throw base::Error(base::Fault::internal, "no tar member for this kind of file");
}

std::vector<uint32_t> find_twins(const tree::Manifest& manifest) {
  const tree::EntryList& entries = manifest.entries;
  std::vector<uint32_t> twins(entries.size());
  std::iota(twins.begin(), twins.end(), 0);
  struct Known {
    crypto::Digest digest;
    uint32_t mode;
    base::FileTime time;
    uint32_t place;

    auto key() const { return std::tie(digest, mode, time); }
  };
  std::vector<Known> files;
  for (uint32_t i = 0; i < entries.size(); ++i) {
    if (entries.type(i) == base::FileType::regular && entries.size_of_file(i) >= smallest_twin)
      files.push_back({entries.digest(i), entries.mode(i), entries.time(i), i});
  }
  std::sort(files.begin(), files.end(), [](const Known& a, const Known& b) {
    return std::tuple(a.key(), a.place) < std::tuple(b.key(), b.place);
  });
  for (size_t i = 1; i < files.size(); ++i) {
    if (files[i].key() == files[i - 1].key()) twins[files[i].place] = twins[files[i - 1].place];
  }
  return twins;
}

std::optional<std::string> twin_of(const tree::Manifest& manifest, const std::vector<uint32_t>& twins,
                                   size_t i) {
  if (twins[i] == i) return std::nullopt;
  return std::string(manifest.entries.path(twins[i]));
}

std::string tar_head(const std::string& json, const std::string& signature, base::Seconds time) {
  std::string head;
  for (const auto& [name, content] :
       {std::pair{"release.json", json}, std::pair{"release.json.minisig", signature}}) {
    head += tar_part(name, content.size(), time).header;
    head += content;
    head.append(tar_padding(content.size()), '\0');
  }
  return head;
}

}  // namespace bakehouse::artifact
