#include "tree/entry_list.hh"

#include <algorithm>
#include <cassert>
#include <cstring>

namespace bakehouse::tree {
namespace {

// What every record begins with. It stands wherever the last one ended, so it is copied in and out
// and never pointed at.
struct Head {
  uint64_t size;
  int64_t seconds;
  uint32_t nanoseconds;
  uint32_t uid;
  uint32_t gid;
  uint32_t more_size;  // attributes and the hard link
  uint16_t mode;
  uint16_t path_size;
  uint16_t link_size;
  uint8_t type;
  uint8_t told;  // bits
};
constexpr uint8_t owner_is_told = 1;
constexpr uint8_t all_is_told = 2;
static_assert(sizeof(Head) == 40, "no padding, whose bytes would make equal entries unequal");
// Then: the digest of regular files, the path, the link, the rest.

constexpr size_t first_block = 4096;
constexpr size_t largest_block = 256 * 1024;

Head head_of(const char* record) {
  Head head;
  std::memcpy(&head, record, sizeof head);
  return head;
}

size_t digest_size(const Head& head) {
  return static_cast<base::FileType>(head.type) == base::FileType::regular ? sizeof(crypto::Digest::bytes)
                                                                           : 0;
}

size_t record_size(const Head& head) {
  return sizeof head + digest_size(head) + head.path_size + head.link_size + head.more_size;
}

void put_text(std::string& out, std::string_view text) {
  const auto size = static_cast<uint32_t>(text.size());
  out.append(reinterpret_cast<const char*>(&size), sizeof size);
  out.append(text);
}

std::string take_text(std::string_view& from) {
  uint32_t size = 0;
  std::memcpy(&size, from.data(), sizeof size);
  std::string text(from.substr(sizeof size, size));
  from.remove_prefix(sizeof size + size);
  return text;
}

std::string encode_more(const Entry& entry) {
  std::string more;
  if (entry.attributes.empty() && entry.same_file.is_top()) return more;
  put_text(more, entry.same_file.str());
  for (const auto& [name, value] : entry.attributes) {
    put_text(more, name);
    put_text(more, value);
  }
  return more;
}

void decode_more(std::string_view more, Entry& entry) {
  if (more.empty()) return;
  const std::string same_file = take_text(more);
  if (!same_file.empty()) entry.same_file = base::TreePath::parse(same_file);
  while (!more.empty()) {
    const std::string name = take_text(more);
    entry.attributes[name] = take_text(more);
  }
}

Head make_head(const Entry& entry, size_t more_size) {
  Head head{};
  head.size = entry.size;
  head.seconds = entry.time.seconds;
  head.nanoseconds = entry.time.nanoseconds;
  if (entry.detail == Detail::all) head.told |= all_is_told;
  if (entry.owner) {
    head.told |= owner_is_told;
    head.uid = entry.owner->uid;
    head.gid = entry.owner->gid;
  }
  head.more_size = static_cast<uint32_t>(more_size);
  head.mode = static_cast<uint16_t>(entry.mode);
  head.path_size = static_cast<uint16_t>(entry.path.str().size());
  assert(entry.link.size() <= UINT16_MAX);
  head.link_size = static_cast<uint16_t>(entry.link.size());
  head.type = static_cast<uint8_t>(entry.type);
  return head;
}

void write_record(char* to, const Head& head, const Entry& entry, std::string_view more) {
  const auto put = [&](const void* bytes, size_t count) {
    std::memcpy(to, bytes, count);
    to += count;
  };
  put(&head, sizeof head);
  put(entry.digest.bytes.data(), digest_size(head));
  put(entry.path.str().data(), head.path_size);
  put(entry.link.data(), head.link_size);
  put(more.data(), more.size());
}

}  // namespace

void EntryList::reserve(size_t entries, size_t bytes) {
  records_.reserve(entries);
  if (bytes > free_) begin_block(bytes);
}

size_t EntryList::bytes_of_file(size_t path_size) {
  return sizeof(Head) + sizeof(crypto::Digest::bytes) + path_size;
}

EntryList::EntryList(const EntryList& other) {
  records_.reserve(other.size());
  for (const char* record : other.records_) {
    const size_t bytes = record_size(head_of(record));
    char* const copy = room_for(bytes);
    std::memcpy(copy, record, bytes);
    records_.push_back(copy);
  }
}

EntryList& EntryList::operator=(const EntryList& other) {
  if (this != &other) *this = EntryList(other);
  return *this;
}

void EntryList::swap(EntryList& other) noexcept {
  blocks_.swap(other.blocks_);
  adopted_.swap(other.adopted_);
  records_.swap(other.records_);
  std::swap(free_, other.free_);
  std::swap(next_block_, other.next_block_);
}

void EntryList::begin_block(size_t bytes) {
  blocks_.push_back(std::unique_ptr<char[]>(new char[bytes]));
  free_ = bytes;
  next_block_ = std::clamp(2 * bytes, first_block, largest_block);
}

char* EntryList::room_for(size_t bytes) {
  if (bytes > free_) begin_block(std::max(bytes, std::max(next_block_, first_block)));
  // A block is filled from its end, so that one number says what is left.
  free_ -= bytes;
  return blocks_.back().get() + free_;
}

void EntryList::push_back(const Entry& entry) {
  records_.push_back(nullptr);
  set(records_.size() - 1, entry);
}

void EntryList::set(size_t i, const Entry& entry) {
  const std::string more = encode_more(entry);
  const Head head = make_head(entry, more.size());
  char* const record = room_for(record_size(head));
  write_record(record, head, entry, more);
  records_[i] = record;
}

Entry EntryList::operator[](size_t i) const {
  const Head head = head_of(records_[i]);
  const char* from = records_[i] + sizeof head;
  Entry entry;
  entry.type = static_cast<base::FileType>(head.type);
  entry.mode = head.mode;
  entry.size = head.size;
  entry.time = {head.seconds, head.nanoseconds};
  if ((head.told & owner_is_told) != 0) entry.owner = Owner{head.uid, head.gid};
  if ((head.told & all_is_told) != 0) entry.detail = Detail::all;
  std::memcpy(entry.digest.bytes.data(), from, digest_size(head));
  from += digest_size(head);
  entry.path = base::TreePath::parse({from, head.path_size});
  from += head.path_size;
  entry.link.assign(from, head.link_size);
  decode_more({from + head.link_size, head.more_size}, entry);
  return entry;
}

void EntryList::set_digest(size_t i, const crypto::Digest& digest) {
  assert(type(i) == base::FileType::regular);
  std::memcpy(records_[i] + sizeof(Head), digest.bytes.data(), digest.bytes.size());
}

std::string_view EntryList::path(size_t i) const {
  const Head head = head_of(records_[i]);
  return {records_[i] + sizeof head + digest_size(head), head.path_size};
}

base::FileType EntryList::type(size_t i) const {
  return static_cast<base::FileType>(head_of(records_[i]).type);
}

uint64_t EntryList::size_of_file(size_t i) const { return head_of(records_[i]).size; }

bool EntryList::has_owner(size_t i) const { return (head_of(records_[i]).told & owner_is_told) != 0; }

uint32_t EntryList::mode(size_t i) const { return head_of(records_[i]).mode; }

base::FileTime EntryList::time(size_t i) const {
  const Head head = head_of(records_[i]);
  return {head.seconds, head.nanoseconds};
}

crypto::Digest EntryList::digest(size_t i) const {
  assert(type(i) == base::FileType::regular);
  crypto::Digest digest;
  std::memcpy(digest.bytes.data(), records_[i] + sizeof(Head), digest.bytes.size());
  return digest;
}

void EntryList::adopt(EntryList&& part) {
  for (auto& block : part.blocks_) adopted_.push_back(std::move(block));
  for (auto& block : part.adopted_) adopted_.push_back(std::move(block));
  part = EntryList();
}

bool EntryList::is_equal(size_t i, const EntryList& other, size_t k) const {
  // One entry has one spelling, so equal entries are equal bytes.
  const size_t size = record_size(head_of(records_[i]));
  return size == record_size(head_of(other.records_[k])) &&
         std::memcmp(records_[i], other.records_[k], size) == 0;
}

bool operator==(const EntryList& a, const EntryList& b) {
  if (a.size() != b.size()) return false;
  for (size_t i = 0; i < a.size(); ++i) {
    if (!a.is_equal(i, b, i)) return false;
  }
  return true;
}

}  // namespace bakehouse::tree
