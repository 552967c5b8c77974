#include "bakery/build_log.hh"

#include "base/encoding.hh"
#include "base/fd.hh"

#include <fmt/format.h>

#include <vector>

namespace bakehouse::bakery {
namespace {

using base::Event;
using base::TreePath;

constexpr std::string_view suffix = ".log";
constexpr size_t most_last_lines = 200;

// Names sort by time.
void remove_old(const base::Dir& directory) {
  std::vector<std::string> logs;
  for (std::string& name : directory.names()) {
    if (name.ends_with(suffix)) logs.push_back(std::move(name));
  }
  for (size_t i = 0; i + most_logs <= logs.size(); ++i) directory.remove_file(TreePath::parse(logs[i]));
}

// Two may begin in one second.
std::string free_name(const base::Dir& directory, const std::string& time) {
  std::string name = time + std::string(suffix);
  for (int i = 2; directory.exists(TreePath::parse(name)); ++i)
    name = fmt::format("{}.{}{}", time, i, suffix);
  return name;
}

}  // namespace

BuildLog::BuildLog(const std::filesystem::path& directory, base::Clock clock, uint64_t limit)
    : clock_(std::move(clock)), left_(limit), last_(most_last_lines) {
  const base::Dir logs = base::Dir::open_or_make(directory, 0750);
  remove_old(logs);
  const std::string name = free_name(logs, base::compact_datetime(clock_.seconds()));
  path_ = directory / name;
  file_ = logs.create_file(TreePath::parse(name), 0640);
}

void BuildLog::take(const Event& event) {
  switch (event.kind) {
    case Event::Kind::phase_started:
      return write(fmt::format("{} {}", base::iso_datetime(clock_.seconds()), event.phase));
    case Event::Kind::output: return write("  | " + event.text);
    case Event::Kind::note: return write("  " + event.text);
    case Event::Kind::warning: return write("warning: " + event.text);
    case Event::Kind::phase_done:
    case Event::Kind::progress: return;
  }
}

// Escaped, because whoever looks at the file does so in a terminal.
void BuildLog::write(std::string_view text) {
  if (text.ends_with('\n')) text.remove_suffix(1);
  const std::string line = base::printable_lines(text) + "\n";
  if (omitted_ == 0 && line.size() <= left_) {
    left_ -= line.size();
    return add(line);
  }
  ++omitted_;
  last_.take(text);
}

void BuildLog::end(std::string_view outcome) {
  if (omitted_ > 0) {
    add(fmt::format("{} lines more were printed than this log has room for; the last of them:{}\n", omitted_,
                    last_.text()));
  }
  add(fmt::format("{} {}\n", base::iso_datetime(clock_.seconds()), base::printable_lines(outcome)));
  file_.close(path_.native());
}

void BuildLog::add(std::string_view line) { base::write_all(file_, line, path_.native()); }

}  // namespace bakehouse::bakery
