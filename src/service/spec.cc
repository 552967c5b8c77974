#include "service/spec.hh"

#include "base/error.hh"
#include "base/schedule.hh"
#include "text/decode.hh"

#include <algorithm>
#include <climits>

namespace bakehouse::service {
namespace {

using text::Diagnostics;
using text::MapReader;
using text::Value;

Value encode(const base::Identity& identity) {
  Value groups = Value::list();
  for (const gid_t group : identity.groups) groups.push(int64_t{group});
  return Value::map({{"uid", int64_t{identity.uid}}, {"gid", int64_t{identity.gid}}, {"groups", groups}});
}

// exec and open end a string at its first NUL byte, JSON does not.
void refuse_nul(const std::string& text, const Value& value, std::string_view key, Diagnostics& faults) {
  if (text.find('\0') != std::string::npos)
    faults.add(value.origin(), fmt::format("'{}' contains a NUL byte", key));
}

std::string need_text(MapReader& reader, const Value& value, std::string_view key, Diagnostics& faults) {
  reader.require(key);
  std::string text = reader.text(key).value_or("");
  refuse_nul(text, value, key, faults);
  return text;
}

std::vector<std::string> need_texts(MapReader& reader, const Value& value, std::string_view key,
                                    Diagnostics& faults) {
  reader.require(key);
  auto texts = reader.texts(key).value_or(std::vector<std::string>{});
  for (const auto& text : texts) refuse_nul(text, value, key, faults);
  return texts;
}

int need_count(MapReader& reader, std::string_view key) {
  reader.require(key);
  return static_cast<int>(reader.integer(key, 0, INT_MAX).value_or(0));
}

void decode_schedule(MapReader& reader, ServiceSpec& spec, Diagnostics& faults) {
  const Value* value = reader.take("schedule");
  spec.schedule = reader.text("schedule").value_or("");
  if (spec.schedule.empty()) return;
  try {
    base::Schedule::parse(spec.schedule);
  } catch (const base::Error& error) {
    faults.add(value->origin(), error.what(), error.hint());
  }
}

std::optional<base::Identity> decode_identity(MapReader& reader, Diagnostics& faults) {
  const Value* value = reader.take("identity");
  if (value == nullptr) return std::nullopt;
  MapReader numbers(*value, "'identity' of a service", faults);
  base::Identity identity;
  for (const char* key : {"uid", "gid", "groups"}) numbers.require(key);
  identity.uid = static_cast<uid_t>(numbers.integer("uid", 0, UINT_MAX).value_or(0));
  identity.gid = static_cast<gid_t>(numbers.integer("gid", 0, UINT_MAX).value_or(0));
  if (const Value* groups = numbers.take("groups"); groups != nullptr && groups->is_list())
    for (const Value& group : groups->items())
      identity.groups.push_back(static_cast<gid_t>(
          text::as_integer(group, "an entry of 'groups'", 0, UINT_MAX, faults).value_or(0)));
  numbers.finish();
  return identity;
}

void decode_habits(MapReader& reader, ServiceSpec& spec, Diagnostics& faults) {
  if (const auto size = reader.integer("log_size", 1, INT64_MAX))
    spec.log_limits.size = static_cast<uint64_t>(*size);
  if (const auto keep = reader.integer("log_keep", 0, 1000)) spec.log_limits.keep = static_cast<int>(*keep);
  if (const auto signal = reader.integer("stop_signal", 1, NSIG - 1))
    spec.stop_signal = static_cast<int>(*signal);
  if (const auto timeout = reader.integer("stop_timeout", 1, INT_MAX))
    spec.stop_timeout = std::chrono::milliseconds(*timeout);
  decode_schedule(reader, spec, faults);
}

}  // namespace

// What is as usual is left out: a supervisor of an earlier version knows nothing of it.
Value encode(const ServiceSpec& spec) {
  const ServiceSpec usual;
  Value value = Value::map({{"name", spec.name},
                            {"argv", text::list_of(spec.argv)},
                            {"environment", text::list_of(spec.environment)},
                            {"directory", spec.directory.native()},
                            {"log", spec.log.native()}});
  if (spec.log_limits.size != usual.log_limits.size) value.set("log_size", spec.log_limits.size);
  if (spec.log_limits.keep != usual.log_limits.keep) value.set("log_keep", spec.log_limits.keep);
  if (spec.stop_signal != usual.stop_signal) value.set("stop_signal", spec.stop_signal);
  if (spec.stop_timeout) value.set("stop_timeout", spec.stop_timeout->count());
  if (!spec.schedule.empty()) value.set("schedule", spec.schedule);
  if (!spec.sockets.empty()) value.set("sockets", text::list_of(spec.sockets));
  if (!spec.pinned.empty()) value.set("pinned", spec.pinned.native());
  if (spec.identity) value.set("identity", encode(*spec.identity));
  return value;
}

ServiceSpec decode_spec(const Value& value) {
  Diagnostics faults;
  MapReader reader(value, "a service", faults);
  ServiceSpec spec;
  spec.name = need_text(reader, value, "name", faults);
  spec.argv = need_texts(reader, value, "argv", faults);
  spec.environment = need_texts(reader, value, "environment", faults);
  spec.directory = need_text(reader, value, "directory", faults);
  spec.log = need_text(reader, value, "log", faults);
  decode_habits(reader, spec, faults);
  spec.sockets = reader.texts("sockets").value_or(std::vector<std::string>{});
  spec.pinned = reader.text("pinned").value_or("");
  refuse_nul(spec.pinned.native(), value, "pinned", faults);
  spec.identity = decode_identity(reader, faults);
  reader.finish();
  faults.throw_if_any();
  return spec;
}

Value encode(const ServiceState& state) {
  Value value = Value::map({{"name", state.name},
                            {"running", state.running},
                            {"pid", state.pid},
                            {"restarts", state.restarts},
                            {"last_end", state.last_end}});
  if (!state.next.empty()) value.set("next", state.next);
  if (state.is_beside) value.set("beside", true);
  return value;
}

ServiceState decode_state(const Value& value) {
  Diagnostics faults;
  MapReader reader(value, "a service's state", faults);
  ServiceState state;
  state.name = need_text(reader, value, "name", faults);
  reader.require("running");
  state.running = reader.boolean("running").value_or(false);
  state.pid = need_count(reader, "pid");
  state.restarts = need_count(reader, "restarts");
  state.last_end = need_text(reader, value, "last_end", faults);
  state.next = reader.text("next").value_or("");
  state.is_beside = reader.boolean("beside").value_or(false);
  reader.finish();
  faults.throw_if_any();
  return state;
}

}  // namespace bakehouse::service
