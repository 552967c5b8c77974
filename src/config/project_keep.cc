#include "config/project_parts.hh"

namespace bakehouse::config {
namespace {

using text::Diagnostics;
using text::MapReader;
using text::Value;

constexpr int64_t most_kept = 100'000;

KeepRule decode_rule(const Value& value, std::string what, Diagnostics& faults) {
  MapReader map(value, std::move(what), faults);
  KeepRule rule;
  const auto read = [&](std::string_view key, int64_t least, int& count) {
    if (const auto number = map.integer(key, least, most_kept)) count = static_cast<int>(*number);
  };
  // The deployment in service is one of them.
  read("last", 1, rule.last);
  read("daily", 0, rule.daily);
  read("weekly", 0, rule.weekly);
  read("monthly", 0, rule.monthly);
  read("yearly", 0, rule.yearly);
  map.finish();
  return rule;
}

}  // namespace

Keep decode_keep(const Value& value, Diagnostics& faults) {
  MapReader map(value, "'keep'", faults);
  Keep keep;
  if (const Value* rule = map.take("content")) keep.content = decode_rule(*rule, "'keep.content'", faults);
  if (const Value* rule = map.take("data")) keep.data = decode_rule(*rule, "'keep.data'", faults);
  map.finish();
  return keep;
}

BackupRule decode_backups(const Value& value, Diagnostics& faults) {
  MapReader map(value, "'backups'", faults);
  BackupRule rule;
  if (const Value* keep = map.take("keep")) {
    MapReader words(*keep, "'backups.keep'", faults);
    const auto read = [&](std::string_view key, int& count) {
      if (const auto number = words.integer(key, 0, most_kept)) count = static_cast<int>(*number);
    };
    read("last", rule.last);
    read("daily", rule.daily);
    read("weekly", rule.weekly);
    read("monthly", rule.monthly);
    read("yearly", rule.yearly);
    rule.within = words.duration("within").value_or(rule.within);
    words.finish();
  }
  map.finish();
  return rule;
}

}  // namespace bakehouse::config
