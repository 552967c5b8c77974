#include "tree/stat_index.hh"

#include "base/encoding.hh"
#include "base/error.hh"
#include "base/files.hh"

#include <xxhash.h>

#include <algorithm>
#include <atomic>
#include <bit>
#include <cstring>
#include <ctime>
#include <mutex>
#include <shared_mutex>
#include <vector>

#include <fcntl.h>
#include <unistd.h>

namespace bakehouse::tree {
namespace {

using base::FileTime;

// The file is this machine's own and holds the records as they are in memory.
struct Record {
  uint64_t inode;
  uint64_t size;
  int64_t mtime;
  int64_t ctime;
  uint32_t mtime_nanoseconds;
  uint32_t ctime_nanoseconds;
  uint32_t device;
  uint32_t unmet;  // saves since it was last of use
  std::array<uint8_t, 32> digest;
};
static_assert(sizeof(Record) == 80 && std::has_unique_object_representations_v<Record>);

struct Header {
  char magic[4];
  uint32_t order;  // one number for each byte order
  uint32_t record_size;
  uint32_t reserved;
  uint64_t count;
  uint64_t fingerprint;  // of all records
};
constexpr char magic[4] = {'B', 'H', 'S', 'I'};
constexpr uint32_t order = 0x01020304;

constexpr uint32_t no_record = UINT32_MAX;

bool is_of(const Record& record, const Identity& file) {
  return record.inode == file.inode && record.device == file.device;
}

bool is_same(const Record& record, const Identity& file) {
  return is_of(record, file) && record.size == file.size && record.mtime == file.mtime.seconds &&
         record.mtime_nanoseconds == file.mtime.nanoseconds && record.ctime == file.ctime.seconds &&
         record.ctime_nanoseconds == file.ctime.nanoseconds;
}

// Inodes are numbered in order, so that a multiplication spreads them well enough.
uint64_t spread(uint64_t inode, uint64_t device) {
  uint64_t mixed = (inode + (device << 40)) * 0x9E3779B97F4A7C15;
  return mixed ^ (mixed >> 29);
}

// A vector in pieces: to grow it never needs room for a second copy.
class Records {
 public:
  size_t size() const { return size_; }
  Record& operator[](size_t i) { return pieces_[i / piece][i % piece]; }
  const Record& operator[](size_t i) const { return pieces_[i / piece][i % piece]; }

  void push_back(const Record& record) {
    if (size_ == pieces_.size() * piece) pieces_.push_back(std::make_unique<Record[]>(piece));
    (*this)[size_++] = record;
  }

  template <typename IsUnwanted>
  void erase_if(IsUnwanted is_unwanted) {
    size_t kept = 0;
    for (size_t i = 0; i < size_; ++i) {
      if (!is_unwanted((*this)[i])) (*this)[kept++] = (*this)[i];
    }
    size_ = kept;
    pieces_.resize((kept + piece - 1) / piece);
  }

  // Calls `take(first, count)` for each stretch that lies in one piece of memory.
  template <typename Take>
  void each_stretch(Take take) const {
    for (size_t i = 0; i < size_; i += piece) take(&(*this)[i], std::min(piece, size_ - i));
  }

 private:
  static constexpr size_t piece = 4096;
  std::vector<std::unique_ptr<Record[]>> pieces_;
  size_t size_ = 0;
};

class Fingerprint {
 public:
  Fingerprint() { XXH3_64bits_reset(state_.get()); }
  void update(const void* bytes, size_t size) { XXH3_64bits_update(state_.get(), bytes, size); }
  uint64_t value() const { return XXH3_64bits_digest(state_.get()); }

 private:
  std::unique_ptr<XXH3_state_t, decltype([](XXH3_state_t* state) { XXH3_freeState(state); })> state_{
      XXH3_createState()};
};

}  // namespace

Identity identity_of(const base::FileStat& stat) {
  return {stat.device, stat.inode, stat.size, stat.mtime, stat.ctime};
}

FileTime file_clock() {
  timespec now{};
  ::clock_gettime(CLOCK_REALTIME_COARSE, &now);
  return {now.tv_sec, static_cast<uint32_t>(now.tv_nsec)};
}

bool is_settled(const FileTime& ctime, const FileTime& now) {
  constexpr int64_t billion = 1'000'000'000;
  // Ten times the slowest tick of a kernel; file systems without nanoseconds have grains of up to
  // two seconds.
  const int64_t grain = ctime.nanoseconds == 0 ? 2 * billion : 100'000'000;
  const int64_t seconds = now.seconds - ctime.seconds;
  if (seconds > 4) return true;
  return seconds >= 0 && seconds * billion + now.nanoseconds - ctime.nanoseconds > grain;
}

struct StatIndex::State {
  mutable std::shared_mutex mutex;
  Records records;
  // Places in `records` by inode: open addressing, a power of two, at most half full.
  std::vector<uint32_t> slots = std::vector<uint32_t>(64, no_record);
  bool changed = false;
  std::string damage;

  // The slot of that inode, or the free one where it would stand.
  uint32_t& slot_of(uint64_t inode, uint64_t device) {
    size_t i = spread(inode, device) & (slots.size() - 1);
    while (slots[i] != no_record &&
           (records[slots[i]].inode != inode || records[slots[i]].device != device)) {
      i = (i + 1) & (slots.size() - 1);
    }
    return slots[i];
  }

  void put(const Record& record) {
    uint32_t& slot = slot_of(record.inode, record.device);
    if (slot != no_record) {
      records[slot] = record;
      return;
    }
    slot = static_cast<uint32_t>(records.size());
    records.push_back(record);
    if (2 * records.size() > slots.size()) make_slots_for(records.size());
  }

  void make_slots_for(size_t count) {
    slots.resize(std::bit_ceil(2 * count));
    fill_slots();
  }

  void fill_slots() {
    std::fill(slots.begin(), slots.end(), no_record);
    for (uint32_t i = 0; i < records.size(); ++i) slot_of(records[i].inode, records[i].device) = i;
  }

  // Returns why the file cannot be used.
  std::string read(const base::Fd& fd, const std::string& shown) {
    Header header{};
    const auto size = base::stat_of(fd, shown).size;
    if (size < sizeof header) return "it is too short";
    base::read_exactly(fd, {reinterpret_cast<char*>(&header), sizeof header}, shown);
    const bool is_ours = std::memcmp(header.magic, magic, sizeof magic) == 0 && header.order == order &&
                         header.record_size == sizeof(Record) && header.reserved == 0;
    if (!is_ours) return "it is of another kind";
    if ((size - sizeof header) % sizeof(Record) != 0 ||
        (size - sizeof header) / sizeof(Record) != header.count)
      return "its size is wrong";
    make_slots_for(std::max<size_t>(header.count, 32));
    Fingerprint fingerprint;
    std::vector<Record> some(std::min<uint64_t>(header.count, 4096));
    for (uint64_t left = header.count; left > 0; left -= some.size()) {
      some.resize(std::min<uint64_t>(left, some.size()));
      const std::span<char> bytes(reinterpret_cast<char*>(some.data()), some.size() * sizeof(Record));
      base::read_exactly(fd, bytes, shown);
      fingerprint.update(bytes.data(), bytes.size());
      for (Record& record : some) {
        ++record.unmet;
        put(record);
      }
    }
    return fingerprint.value() == header.fingerprint ? "" : "its content is not what was written";
  }

  void forget_unmet(uint32_t most_unmet) {
    records.erase_if([&](const Record& record) { return record.unmet > most_unmet; });
    fill_slots();
  }

  Header header() const {
    Header header{};
    std::memcpy(header.magic, magic, sizeof magic);
    header.order = order;
    header.record_size = sizeof(Record);
    header.count = records.size();
    Fingerprint fingerprint;
    records.each_stretch(
        [&](const Record* first, size_t count) { fingerprint.update(first, count * sizeof(Record)); });
    header.fingerprint = fingerprint.value();
    return header;
  }
};

StatIndex::StatIndex() : state_(std::make_unique<State>()) {}
StatIndex::StatIndex(StatIndex&&) noexcept = default;
StatIndex& StatIndex::operator=(StatIndex&&) noexcept = default;
StatIndex::~StatIndex() = default;

StatIndex StatIndex::load(const std::filesystem::path& file) {
  StatIndex index;
  const base::Fd fd(::open(file.c_str(), O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK));
  if (!fd) return index;
  std::string damage;
  try {
    damage = index.state_->read(fd, file.native());
  } catch (const base::Error& error) {
    damage = error.what();
  }
  if (damage.empty()) return index;
  index = StatIndex();
  index.state_->damage = fmt::format("'{}' is of no use: {}", base::printable(file.native()), damage);
  return index;
}

const std::string& StatIndex::damage() const { return state_->damage; }

std::optional<crypto::Digest> StatIndex::find(const Identity& file) const {
  const std::shared_lock lock(state_->mutex);
  const uint32_t slot = state_->slot_of(file.inode, file.device);
  if (slot == no_record || !is_same(state_->records[slot], file)) return std::nullopt;
  // Any thread that writes here writes the same.
  std::atomic_ref(state_->records[slot].unmet).store(0, std::memory_order_relaxed);
  return crypto::Digest{state_->records[slot].digest};
}

void StatIndex::add(const Identity& file, const crypto::Digest& digest) {
  if (file.device > UINT32_MAX) return;  // no kernel has such devices today
  const Record record{file.inode,
                      file.size,
                      file.mtime.seconds,
                      file.ctime.seconds,
                      file.mtime.nanoseconds,
                      file.ctime.nanoseconds,
                      static_cast<uint32_t>(file.device),
                      0,
                      digest.bytes};
  const std::lock_guard lock(state_->mutex);
  state_->put(record);
  state_->changed = true;
}

size_t StatIndex::size() const {
  const std::shared_lock lock(state_->mutex);
  return state_->records.size();
}

void StatIndex::save(const std::filesystem::path& file, uint32_t most_unmet) {
  const std::lock_guard lock(state_->mutex);
  if (!state_->changed) return;
  state_->forget_unmet(most_unmet);
  const Header header = state_->header();
  // Renamed into place, so that nobody reads half of it; not made durable, because what a power cut
  // leaves of it is recognised.
  const std::string temporary = file.native() + ".new";  // one that was left is written over
  base::Fd fd(::open(temporary.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0600));
  if (!fd) base::fail_os("create", temporary);
  base::write_all(fd, {reinterpret_cast<const char*>(&header), sizeof header}, temporary);
  state_->records.each_stretch([&](const Record* first, size_t count) {
    base::write_all(fd, {reinterpret_cast<const char*>(first), count * sizeof(Record)}, temporary);
  });
  fd.close(temporary);
  if (::rename(temporary.c_str(), file.c_str()) != 0) base::fail_os("rename", temporary);
  state_->changed = false;
}

}  // namespace bakehouse::tree
