#include "tree/sync_plan.hh"

#include "base/crc32c.hh"
#include "base/error.hh"
#include "tree/manifest_line.hh"

#include <fmt/format.h>

#include <charconv>

// Lines of words:
//
//   bakehouse-sync 1 exchange
//   replace INODE MODE SECONDS NANOSECONDS INODE MODE SECONDS NANOSECONDS PATH
//                                           the old one, the new one; also: add, remove
//   adjust INODE TYPE PATH
//   before MODE UID GID SECONDS NANOSECONDS [NAME VALUE]...
//   after ...
//   end CRC32C-OF-ALL-ABOVE
//
// Paths, names and values are escaped as in a manifest; an empty value is a lone '-'.

namespace bakehouse::tree {
namespace {

using base::Error;
using base::Fault;

constexpr std::string_view title = "bakehouse-sync 1";

std::string_view word_for(Move::Kind kind) {
  switch (kind) {
    case Move::Kind::add: return "add";
    case Move::Kind::replace: return "replace";
    case Move::Kind::remove: return "remove";
  }
  return "";
}

std::string escaped(std::string_view text) {
  std::string out;
  // A value that is a dash itself must not read as an empty one.
  if (text == "-") return "\\055";
  append_escaped(out, text);
  return out.empty() ? "-" : out;
}

std::string encode_inode(const Inode& inode) {
  return fmt::format("{} {:o} {} {}", inode.number, inode.mode, inode.time.seconds, inode.time.nanoseconds);
}

std::string encode_metadata(std::string_view word, const Entry& entry) {
  std::string line = fmt::format("{} {:o} {} {} {} {}", word, entry.mode, entry.owner->uid, entry.owner->gid,
                                 entry.time.seconds, entry.time.nanoseconds);
  for (const auto& [name, value] : entry.attributes)
    line += fmt::format(" {} {}", escaped(name), escaped(value));
  return line + "\n";
}

[[noreturn]] void fail(std::string_view why) {
  throw Error(Fault::needs_hands, fmt::format("the plan of the synchronisation is damaged: {}", why));
}

class PlanWords {
 public:
  explicit PlanWords(std::string_view line) : rest_(line) {}

  bool is_done() const { return done_; }

  std::string_view next() {
    if (done_) fail("a word is missing");
    const size_t blank = rest_.find(' ');
    const std::string_view word = rest_.substr(0, blank);
    done_ = blank == std::string_view::npos;
    if (!done_) rest_.remove_prefix(blank + 1);
    return word;
  }

  template <typename Number>
  Number number(int radix = 10) {
    const std::string_view word = next();
    Number value{};
    const auto [end, error] = std::from_chars(word.data(), word.data() + word.size(), value, radix);
    if (error != std::errc() || end != word.data() + word.size()) fail("a number is none");
    return value;
  }

  std::string text() {
    const std::string_view word = next();
    if (word == "-") return {};
    if (word == "\\055") return "-";
    auto plain = unescape(word);
    if (!plain) fail("a word is badly escaped");
    return *std::move(plain);
  }

 private:
  std::string_view rest_;
  bool done_ = false;
};

Inode take_inode(PlanWords& words) {
  Inode inode;
  inode.number = words.number<uint64_t>();
  inode.mode = words.number<uint32_t>(8);
  inode.time.seconds = words.number<base::Seconds>();
  inode.time.nanoseconds = words.number<uint32_t>();
  return inode;
}

Entry take_metadata(std::string_view line, std::string_view word, const Entry& named) {
  PlanWords words(line);
  if (words.next() != word) fail("metadata are missing");
  Entry entry = named;
  entry.detail = Detail::all;
  entry.mode = words.number<uint32_t>(8);
  Owner owner;
  owner.uid = words.number<uint32_t>();
  owner.gid = words.number<uint32_t>();
  entry.owner = owner;
  entry.time.seconds = words.number<base::Seconds>();
  entry.time.nanoseconds = words.number<uint32_t>();
  while (!words.is_done()) {
    const std::string name = words.text();
    entry.attributes[name] = words.text();
  }
  return entry;
}

class PlanLines {
 public:
  explicit PlanLines(std::string_view text) : rest_(text) {}

  bool is_done() const { return rest_.empty(); }

  std::string_view next() {
    const size_t end = rest_.find('\n');
    if (end == std::string_view::npos) fail("a line is missing");
    const std::string_view line = rest_.substr(0, end);
    rest_.remove_prefix(end + 1);
    return line;
  }

 private:
  std::string_view rest_;
};

// The text without its last line, which proves the others.
std::string_view checked(std::string_view text) {
  const size_t last = text.rfind("end ");
  if (last == std::string_view::npos) fail("its end is missing");
  const std::string_view body = text.substr(0, last);
  if (text.substr(last) != fmt::format("end {:08x}\n", base::crc32c(body))) fail("its checksum is another");
  return body;
}

void take_line(std::string_view line, PlanLines& lines, SyncPlan& plan) {
  PlanWords words(line);
  const std::string_view word = words.next();
  if (word == "adjust") {
    const auto inode = words.number<uint64_t>();
    Entry named;
    named.type = static_cast<base::FileType>(words.number<int>());
    const std::string path = words.text();
    if (!path.empty()) named.path = base::TreePath::parse(path);  // else it is the top
    Entry before = take_metadata(lines.next(), "before", named);
    Entry after = take_metadata(lines.next(), "after", named);
    plan.adjustments.push_back({std::move(before), std::move(after), inode});
    return;
  }
  for (const auto kind : {Move::Kind::add, Move::Kind::replace, Move::Kind::remove}) {
    if (word != word_for(kind)) continue;
    const Inode old_inode = take_inode(words);
    const Inode new_inode = take_inode(words);
    plan.moves.push_back({kind, base::TreePath::parse(words.text()), old_inode, new_inode});
    return;
  }
  fail("an unknown word");
}

}  // namespace

std::string encode_plan(const SyncPlan& plan) {
  std::string text =
      fmt::format("{} {}\n", title, plan.way == SyncPlan::Way::exchange ? "exchange" : "rename");
  for (const Move& move : plan.moves) {
    text += fmt::format("{} {} {} {}\n", word_for(move.kind), encode_inode(move.old_inode),
                        encode_inode(move.new_inode), escaped(move.path.str()));
  }
  for (const auto& [before, after, inode] : plan.adjustments) {
    text +=
        fmt::format("adjust {} {} {}\n", inode, static_cast<int>(before.type), escaped(before.path.str()));
    text += encode_metadata("before", before);
    text += encode_metadata("after", after);
  }
  return text + fmt::format("end {:08x}\n", base::crc32c(text));
}

SyncPlan decode_plan(std::string_view text) {
  PlanLines lines(checked(text));
  SyncPlan plan;
  const std::string_view first = lines.next();
  if (first != fmt::format("{} exchange", title) && first != fmt::format("{} rename", title))
    fail("its title is another");
  plan.way = first.ends_with("exchange") ? SyncPlan::Way::exchange : SyncPlan::Way::rename;
  try {
    while (!lines.is_done()) take_line(lines.next(), lines, plan);
  } catch (const Error& error) {
    throw error.as(Fault::needs_hands);
  }
  return plan;
}

}  // namespace bakehouse::tree
