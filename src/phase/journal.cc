#include "phase/journal.hh"

#include "base/crc32c.hh"
#include "base/encoding.hh"
#include "base/error.hh"
#include "base/files.hh"
#include "text/json.hh"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <utility>

#include <fcntl.h>
#include <unistd.h>

namespace bakehouse::phase {
namespace {

namespace fs = std::filesystem;
using base::Error;
using base::Fault;
using text::Value;
using Kind = Record::Kind;

// The file: this line, then records of length (u32, little-endian), CRC-32C of the payload (u32)
// and payload (canonical JSON). See docs/formats/journal.md.
constexpr std::string_view file_head = "bakehouse journal 1\n";
constexpr size_t record_head = 8;
constexpr uint64_t largest_journal = 64 << 20;
constexpr off_t reserve = 256 * 1024;

constexpr std::array<std::pair<Kind, std::string_view>, 11> kinds{{
    {Kind::open, "open"},
    {Kind::begin, "begin"},
    {Kind::process, "process"},
    {Kind::done, "done"},
    {Kind::failed, "failed"},
    {Kind::commit, "commit"},
    {Kind::undo, "undo"},
    {Kind::undone, "undone"},
    {Kind::undo_failed, "undo-failed"},
    {Kind::reverted, "reverted"},
    {Kind::closed, "closed"},
}};

Kind kind_named(std::string_view name) {
  for (const auto& [kind, its_name] : kinds) {
    if (its_name == name) return kind;
  }
  throw Error(Fault::needs_hands,
              fmt::format("the journal holds a record '{}', which this program does not know", name),
              "use the version of Bakehouse that wrote it");
}

Value encode_record(const Record& record) {
  Value value = Value::map({{"record", std::string(name_of(record.kind))}, {"time", record.time}});
  if (!record.step.empty()) value.set("step", record.step);
  if (!record.facts.members().empty()) value.set("facts", record.facts);
  return value;
}

Record decode_record(const Value& value) {
  Record record{kind_named(value.string_at("record")), value.string_or("step", ""), Value::map(),
                value.integer_at("time")};
  if (const Value* facts = value.find("facts")) record.facts = *facts;
  return record;
}

// Those that came before it in the same piece, and the record itself.
void decode_all(std::string_view payload, std::vector<Record>& records) try {
  const Value value = text::parse_json(payload, "journal");
  if (const Value* before = value.find("before"))
    for (const Value& earlier : before->items()) records.push_back(decode_record(earlier));
  records.push_back(decode_record(value));
} catch (const Error& error) {
  throw error.as(Fault::needs_hands);
}

std::string frame(const Record& record, const std::vector<Record>& before = {}) {
  Value value = encode_record(record);
  if (!before.empty()) {
    Value list = Value::list();
    for (const Record& earlier : before) list.push(encode_record(earlier));
    value.set("before", std::move(list));
  }
  const std::string payload = text::to_json(value);
  std::string bytes;
  base::put_u32(bytes, static_cast<uint32_t>(payload.size()));
  base::put_u32(bytes, base::crc32c(payload));
  return bytes + payload;
}

struct Parsed {
  std::vector<Record> records;
  size_t whole = 0;  // bytes up to the end of the last whole record
};

// The bytes of the whole record that `bytes` begin with, or 0 when they begin with none.
size_t whole_record(std::string_view bytes) {
  if (bytes.size() < record_head) return 0;
  const uint32_t length = base::get_u32(bytes);
  if (length == 0 || bytes.size() - record_head < length) return 0;
  return base::crc32c(bytes.substr(record_head, length)) == base::get_u32(bytes.substr(4))
             ? record_head + length
             : 0;
}

// Whether `bytes`, which do not begin with a whole record, are what a crash leaves of one. Each is
// durable before the next is written, so nothing can stand behind it; the end may be zeros, because
// a file system may make a file longer before it writes what is in it.
bool is_torn(std::string_view bytes) {
  const uint32_t length = bytes.size() < record_head ? 0 : base::get_u32(bytes);
  if (length != 0 && record_head + uint64_t{length} < bytes.size()) return false;
  for (size_t at = 1; at < bytes.size(); ++at) {
    if (whole_record(bytes.substr(at)) != 0) return false;
  }
  return true;
}

Parsed parse(std::string_view bytes) {
  Parsed parsed;
  if (!bytes.starts_with(file_head))
    throw Error(Fault::needs_hands, "the journal does not begin as a journal does");
  parsed.whole = file_head.size();
  for (;;) {
    const std::string_view rest = bytes.substr(parsed.whole);
    const size_t size = whole_record(rest);
    if (size == 0) {
      if (is_torn(rest)) return parsed;
      throw Error(Fault::needs_hands, fmt::format("the journal is damaged at byte {}", parsed.whole),
                  "look at run/.bakehouse/deployment and at `release status` before you remove the journal");
    }
    decode_all(rest.substr(record_head, size - record_head), parsed.records);
    parsed.whole += size;
  }
}

}  // namespace

std::string_view name_of(Kind kind) {
  return std::find_if(kinds.begin(), kinds.end(), [&](const auto& known) { return known.first == kind; })
      ->second;
}

Journal::Journal(fs::path path, base::Fd file, std::vector<Record> records)
    : path_(std::move(path)), file_(std::move(file)), records_(std::move(records)) {}

Journal Journal::create(const fs::path& path, Value facts, base::Seconds now) {
  Record first{Kind::open, "", std::move(facts), now};
  base::write_file(path, std::string(file_head) + frame(first), 0600);
  auto journal = open(path);
  if (!journal) throw Error(Fault::internal, "the journal vanished as it was made");
  // Undo must be able to speak on a disk that the transaction has filled. Where the file system
  // cannot reserve, the journal works as before until it is full.
  [[maybe_unused]] const int reserved = ::fallocate(journal->file_.get(), FALLOC_FL_KEEP_SIZE, 0, reserve);
  return *std::move(journal);
}

std::optional<Journal> Journal::open(const fs::path& path) {
  const auto bytes = base::read_file_if_any(path, largest_journal);
  if (!bytes) return std::nullopt;
  Parsed parsed = parse(*bytes);
  if (parsed.records.empty()) throw Error(Fault::needs_hands, "the journal holds no record");
  base::Fd file(::open(path.c_str(), O_WRONLY | O_APPEND | O_CLOEXEC));
  if (!file) base::fail_os("open", path.native());
  if (parsed.whole < bytes->size() && ::ftruncate(file.get(), static_cast<off_t>(parsed.whole)) != 0) {
    base::fail_os("cut the torn record off", path.native());
  }
  return Journal(path, std::move(file), std::move(parsed.records));
}

std::vector<Record> Journal::read(const fs::path& path) {
  const auto bytes = base::read_file_if_any(path, largest_journal);
  return bytes ? parse(*bytes).records : std::vector<Record>{};
}

void Journal::append(Record record) try {
  if (!file_)
    throw Error(Fault::needs_hands, fmt::format("'{}' could not be written before", path_.native()));
  const off_t end = ::lseek(file_.get(), 0, SEEK_END);
  try {
    base::write_all(file_, frame(record, deferred_), path_.native());
  } catch (const Error&) {
    // The next record must not stand behind half of this one.
    if (end < 0 || ::ftruncate(file_.get(), end) != 0) file_.reset();
    throw;
  }
  if (::fdatasync(file_.get()) != 0) {
    const int code = errno;
    file_.reset();  // what is on the disk is unknown, and asking again would not tell
    throw base::os_error(code, "make durable", path_.native());
  }
  deferred_.clear();
  records_.push_back(std::move(record));
} catch (const Error& error) {
  throw error.as(Fault::needs_hands).with_hint("see to the disk, then run `release recover`");
}

void Journal::defer(Record record) {
  deferred_.push_back(record);
  records_.push_back(std::move(record));
}

bool Journal::has(Kind kind) const {
  return std::any_of(records_.begin(), records_.end(),
                     [&](const Record& record) { return record.kind == kind; });
}

bool Journal::has(Kind kind, std::string_view step) const {
  return std::any_of(records_.begin(), records_.end(),
                     [&](const Record& record) { return record.kind == kind && record.step == step; });
}

}  // namespace bakehouse::phase
