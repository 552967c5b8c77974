#include "service/record.hh"

#include "base/error.hh"
#include "base/files.hh"
#include "base/process_group.hh"
#include "text/json.hh"

#include <algorithm>
#include <csignal>

#include <fcntl.h>
#include <unistd.h>

namespace bakehouse::service {
namespace {

using base::Error;
using base::Fault;
using text::Value;

constexpr uint64_t largest_record = uint64_t{16} * 1024 * 1024;

Value encode_one(const Recorded& service) {
  return Value::map({{"pid", service.process.pid},
                     {"start_time", service.process.start_time},
                     {"restarts", service.restarts},
                     {"beside", service.is_beside},
                     {"spec", encode(service.spec)}});
}

Recorded decode_one(const Value& value) {
  Recorded service;
  service.process.pid = static_cast<pid_t>(value.integer_at("pid"));
  service.process.start_time = value.unsigned_at("start_time");
  service.restarts = static_cast<int>(value.integer_at("restarts"));
  service.is_beside = value.find("beside") != nullptr && value.boolean_at("beside");
  service.spec = decode_spec(value.at("spec"));
  return service;
}

std::vector<Recorded> decode_all(const Value& value) {
  std::vector<Recorded> services;
  if (value.string_at("boot") != base::boot_id()) return services;
  for (const Value& each : value.at("services").items()) services.push_back(decode_one(each));
  return services;
}

// The words of ours in its environment; a process that a number was given to again has others.
std::vector<std::string> marks_of(const ServiceSpec& spec) {
  std::vector<std::string> marks;
  for (const std::string& variable : spec.environment)
    if (variable.starts_with("BAKEHOUSE_")) marks.push_back(variable);
  return marks;
}

// Nobody waits for the disk: the record counts as long as the machine runs, and its memory is enough for
// that.
void write_at_once(const std::filesystem::path& path, const std::string& content) {
  const std::filesystem::path beside = path.native() + ".new";
  const base::Fd file(::open(beside.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_NOFOLLOW | O_CLOEXEC, 0600));
  if (!file) base::fail_os("write", beside.native());
  base::write_all(file, content, beside.native());
  if (::rename(beside.c_str(), path.c_str()) != 0) base::fail_os("replace", path.native());
}

// What a power failure leaves of it.
bool is_cut_off(const std::string& json) { return !json.ends_with("}\n"); }

}  // namespace

std::filesystem::path record_in(const std::filesystem::path& state) { return state / "services.json"; }

void write_record(const std::filesystem::path& path, const std::vector<Recorded>& services) {
  if (services.empty()) {
    std::filesystem::remove(path);
    return;
  }
  Value list = Value::list();
  for (const Recorded& service : services) list.push(encode_one(service));
  const Value whole = Value::map({{"boot", base::boot_id()}, {"services", list}});
  write_at_once(path, text::to_json(whole) + "\n");
}

std::vector<Recorded> read_record(const std::filesystem::path& path) {
  const auto json = base::read_file_if_any(path, largest_record);
  if (!json || is_cut_off(*json)) return {};
  try {
    return decode_all(text::parse_json(*json, path.native()));
  } catch (const Error& error) {
    throw Error(
        Fault::needs_hands,
        fmt::format("what a supervisor has written down is not readable: {}", error.what()),
        fmt::format("end the processes of the release that still run, then remove {}", path.native()));
  }
}

void end_remains(const Recorded& service) {
  if (service.process.pid == 0) return;
  const auto members = base::living_members({service.process.pid});
  const auto marks = marks_of(service.spec);
  if (members.empty() || marks.empty()) return;
  const auto ours = base::processes_with(marks);
  for (const pid_t pid : members)
    if (std::ranges::find(ours, pid) != ours.end()) ::kill(pid, SIGKILL);
}

}  // namespace bakehouse::service
