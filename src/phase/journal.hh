// The journal of the transaction in progress: one append-only file, each record durable before
// what it speaks of happens. It alone decides, after a crash, what has to be undone or finished.
#pragma once

#include "base/fd.hh"
#include "base/file_time.hh"
#include "text/value.hh"

#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace bakehouse::phase {

struct Record {
  enum class Kind {
    open,         // a transaction begins; facts: whatever is needed to build its steps again
    begin,        // before a step; facts: all that its undo needs
    process,      // before a program of the project executes; facts: who it is
    done,         // after a step
    failed,       // a step failed; facts: cause
    commit,       // the new release counts from here on
    undo,         // before the undo of a step
    undone,       // after it
    undo_failed,  // facts: cause
    reverted,     // the old release counts; undo is over
    closed,       // everything derived from the journal is written; nothing is left to do
  };
  Kind kind;
  std::string step;  // for begin, process, done, failed, undo, undone, undo_failed
  text::Value facts = text::Value::map();
  base::Seconds time = 0;
};
std::string_view name_of(Record::Kind kind);

class Journal {
 public:
  // Begins the journal of a new transaction in place of the closed one of the last.
  static Journal create(const std::filesystem::path& path, text::Value facts, base::Seconds now);
  // nullopt when there is none. A torn last record is cut off; damage before it is an
  // Error(needs_hands), because nobody can tell what was lost.
  static std::optional<Journal> open(const std::filesystem::path& path);
  // The same for commands that only look: nothing is cut.
  static std::vector<Record> read(const std::filesystem::path& path);

  // Durable when it returns. Error(needs_hands) when it cannot be; after a failure that leaves open
  // what is on the disk, nothing more is written.
  void append(Record record);
  // Becomes durable with the next one that is appended, in one piece with it: for what recovery can do
  // without.
  void defer(Record record);

  const std::vector<Record>& records() const { return records_; }
  const text::Value& facts() const { return records_.front().facts; }
  bool has(Record::Kind kind) const;
  bool has(Record::Kind kind, std::string_view step) const;
  bool is_closed() const { return has(Record::Kind::closed); }

 private:
  Journal(std::filesystem::path path, base::Fd file, std::vector<Record> records);

  std::filesystem::path path_;
  base::Fd file_;
  std::vector<Record> records_;
  std::vector<Record> deferred_;  // the last of records_, not yet in the file
};

}  // namespace bakehouse::phase
