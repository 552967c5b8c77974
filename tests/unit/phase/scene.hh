// A place for a journal, and surroundings in which time passes only when it is asked for.
#pragma once

#include "base/error.hh"
#include "base/files.hh"
#include "phase/journal.hh"
#include "phase/transaction.hh"

#include <filesystem>
#include <memory>
#include <string>
#include <vector>

namespace bakehouse::phase {

constexpr uint64_t largest_test_file = 1 << 20;

// In memory where there is such a place: the tests make thousands of records durable.
inline std::filesystem::path scratch_parent() {
  const std::filesystem::path memory = "/dev/shm";
  return std::filesystem::is_directory(memory) ? memory : std::filesystem::temp_directory_path();
}

class Scene {
 public:
  explicit Scene(const std::filesystem::path& parent = scratch_parent()) : scratch_(parent) {}

  std::filesystem::path path() const { return scratch_.path(); }
  std::filesystem::path journal_path() const { return path() / "journal"; }
  std::string journal_bytes() const { return base::read_file(journal_path(), largest_test_file); }
  void put_journal(std::string_view bytes) const { base::write_file(journal_path(), bytes, 0600); }
  Journal new_journal() const {
    return Journal::create(journal_path(), text::Value::map({{"what", "a test"}}), 1000);
  }

  // Each look at the clock is a second later; what was told is in `told`.
  Surroundings around() {
    Surroundings around;
    around.clock = base::system_clock();
    around.clock.now = [seconds = seconds_] {
      return std::chrono::system_clock::time_point(std::chrono::seconds((*seconds)++));
    };
    around.events = [this](const base::Event& event) { told.push_back(event.text); };
    return around;
  }
  std::vector<std::string> told;

 private:
  base::TempDir scratch_;
  std::shared_ptr<base::Seconds> seconds_ = std::make_shared<base::Seconds>(1000);
};

// "begin stage" for each record.
inline std::string describe(const std::vector<Record>& records) {
  std::string text;
  for (const Record& record : records) {
    if (!text.empty()) text += ", ";
    text += name_of(record.kind);
    if (!record.step.empty()) text += " " + record.step;
  }
  return text;
}

// The category and message of what `work` throws, or "nothing".
template <typename Work>
std::string thrown_by(Work&& work) {
  try {
    work();
  } catch (const base::Error& error) {
    return std::to_string(base::exit_code(error.fault())) + ": " + error.what();
  }
  return "nothing";
}

}  // namespace bakehouse::phase
