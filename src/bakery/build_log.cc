#include "bakery/build_log.hh"

#include "base/dir.hh"

#include <fmt/format.h>

#include <string>
#include <utility>
#include <vector>

namespace bakehouse::bakery {
namespace {

using base::TreePath;

constexpr std::string_view suffix = ".log";

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

BuildLog::Place BuildLog::make_place(const std::filesystem::path& directory, const base::Clock& clock) {
  const base::Dir logs = base::Dir::open_or_make(directory, 0750);
  remove_old(logs);
  const std::string name = free_name(logs, base::compact_datetime(clock.seconds()));
  return {directory / name, logs.create_file(TreePath::parse(name), 0640)};
}

BuildLog::BuildLog(const std::filesystem::path& directory, const base::Clock& clock, uint64_t limit)
    : BuildLog(make_place(directory, clock), clock, limit) {}

BuildLog::BuildLog(Place place, const base::Clock& clock, uint64_t limit)
    : EventLog(std::move(place.file), place.path.native(), clock, limit), path_(std::move(place.path)) {}

}  // namespace bakehouse::bakery
