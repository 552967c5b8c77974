#include "service/spec.hh"

#include "base/error.hh"
#include "text/decode.hh"

#include <algorithm>
#include <climits>

namespace bakehouse::service {
namespace {

using text::Diagnostics;
using text::MapReader;
using text::Value;

Value to_list(const std::vector<std::string>& words) {
  Value list = Value::list();
  for (const auto& word : words) list.push(word);
  return list;
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

}  // namespace

Value encode(const ServiceSpec& spec) {
  return Value::map({{"name", spec.name},
                     {"argv", to_list(spec.argv)},
                     {"environment", to_list(spec.environment)},
                     {"directory", spec.directory.native()},
                     {"log", spec.log.native()}});
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
  reader.finish();
  faults.throw_if_any();
  return spec;
}

Value encode(const ServiceState& state) {
  return Value::map({{"name", state.name},
                     {"running", state.running},
                     {"pid", state.pid},
                     {"restarts", state.restarts},
                     {"last_end", state.last_end}});
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
  reader.finish();
  faults.throw_if_any();
  return state;
}

}  // namespace bakehouse::service
