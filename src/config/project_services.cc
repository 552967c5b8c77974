#include "base/encoding.hh"
#include "base/tree_path.hh"
#include "config/names.hh"
#include "config/project_parts.hh"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>

namespace bakehouse::config {
namespace {

using base::printable;
using text::Diagnostics;
using text::MapReader;
using text::Value;
using Driver = ServiceSettings::Driver;
using Strategy = ServiceSettings::Strategy;

// Those of systemd.exec(5) that a node may set over what a unit says by itself.
const std::vector<std::string> hardening_keys = {"LockPersonality",       "MemoryDenyWriteExecute",
                                                 "NoNewPrivileges",       "PrivateDevices",
                                                 "PrivateNetwork",        "PrivateTmp",
                                                 "PrivateUsers",          "ProcSubset",
                                                 "ProtectClock",          "ProtectControlGroups",
                                                 "ProtectHome",           "ProtectHostname",
                                                 "ProtectKernelLogs",     "ProtectKernelModules",
                                                 "ProtectKernelTunables", "ProtectProc",
                                                 "ProtectSystem",         "RestrictAddressFamilies",
                                                 "RestrictNamespaces",    "RestrictRealtime",
                                                 "RestrictSUIDSGID",      "SystemCallArchitectures",
                                                 "SystemCallFilter",      "CapabilityBoundingSet",
                                                 "AmbientCapabilities",   "UMask"};

// Words of systemd and no more: neither a line end nor a percent sign may reach a unit.
bool is_plain(std::string_view text) {
  constexpr std::string_view others = " @_~:.-/";
  return !text.empty() && std::ranges::all_of(text, [&](char c) {
    return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
           others.find(c) != std::string_view::npos;
  });
}

std::map<std::string, std::string> decode_hardening_map(const Value& value, Diagnostics& faults) {
  MapReader map(value, "'services.hardening'", faults);
  std::map<std::string, std::string> settings;
  for (const std::string& key : hardening_keys) {
    const Value* setting = map.take(key);
    const auto text = setting == nullptr ? std::nullopt : text::as_text(*setting, "'" + key + "'", faults);
    if (!text) continue;
    if (!is_plain(*text)) {
      faults.add(setting->origin(),
                 fmt::format("'{}' is no value for '{}'", printable(text->substr(0, 100)), key),
                 "words as in systemd.exec(5), such as no, read-only or AF_INET AF_UNIX");
    }
    settings.emplace(key, *text);
  }
  map.finish();
  return settings;
}

void decode_hardening(const Value& value, ServiceSettings& services, Diagnostics& faults) {
  if (value.is_map()) {
    services.hardening = decode_hardening_map(value, faults);
    return;
  }
  const auto word = text::as_text(value, "'hardening' in 'services'", faults);
  if (!word) return;
  services.is_hardened = *word != "off";
  if (*word == "off" || *word == "on") return;
  faults.add(value.origin(), fmt::format("'hardening' cannot be '{}'", printable(word->substr(0, 100))),
             "on, off, or a map such as {ProtectHome: read-only}");
}

std::optional<std::string> decode_user(MapReader& map, Diagnostics& faults) {
  const Value* value = map.take("user");
  auto name = map.text("user");
  if (!name) return std::nullopt;
  const bool is_number = !name->empty() && name->find_first_not_of("0123456789") == std::string::npos;
  const auto reason = is_number ? std::optional<std::string>("is a number") : why_not_word(*name);
  if (!reason) return name;
  faults.add(value->origin(), fmt::format("the user '{}' {}", printable(name->substr(0, 100)), *reason),
             "the name of a user of this machine, such as www-data");
  return std::nullopt;
}

Driver decode_driver(MapReader& map, Diagnostics& faults) {
  const auto word = map.choice("driver", {"auto", "supervisor", "systemd", "command", "none"});
  if (word == "systemd") return Driver::systemd;
  if (word == "none") return Driver::none;
  if (word == "command") {
    faults.add(map.take("driver")->origin(),
               fmt::format("'services.driver: {}' is not supported by this version of Bakehouse", *word),
               "write auto, or leave it out");
  }
  return word == "supervisor" ? Driver::supervisor : Driver::automatic;
}

Strategy decode_strategy(MapReader& map) {
  return map.choice("strategy", {"restart", "overlap"}) == "overlap" ? Strategy::overlap : Strategy::restart;
}

std::optional<uint64_t> size_in(std::string_view text) {
  constexpr std::string_view units = "KMG";
  const size_t unit = text.empty() ? std::string_view::npos : units.find(text.back());
  if (unit != std::string_view::npos) text.remove_suffix(1);
  uint64_t number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  constexpr uint64_t most = 1024;
  if (unit == std::string_view::npos || error != std::errc() || end != text.data() + text.size() ||
      number > most)
    return std::nullopt;
  return number << (10 * (unit + 1));
}

std::optional<uint64_t> decode_size(MapReader& map, std::string_view key, Diagnostics& faults) {
  constexpr uint64_t least = uint64_t{16} * 1024;
  const Value* value = map.take(key);
  const auto text = map.text(key);
  if (!text) return std::nullopt;
  const auto size = size_in(*text);
  if (size && *size >= least) return size;
  faults.add(
      value->origin(),
      fmt::format("'{}' must be a size of 16K or more, not '{}'", key, base::printable(text->substr(0, 100))),
      "a number to 1024 with K, M or G: 512K, 10M, 1G");
  return std::nullopt;
}

// What only a unit can do must not do nothing in silence.
void require_systemd(const ServiceSettings& services, const Value& value, Diagnostics& faults) {
  if (services.driver == Driver::systemd) return;
  const Value* setting = value.find("hardening");
  if (setting == nullptr || setting->is_null()) return;
  faults.add(setting->origin(), "'services.hardening' needs `driver: systemd`",
             "say that in node.yaml, or leave it out");
}

}  // namespace

ServiceSettings decode_services(const Value& value, Diagnostics& faults) {
  MapReader map(value, "'services'", faults);
  ServiceSettings services;
  services.driver = decode_driver(map, faults);
  services.strategy = decode_strategy(map);
  services.user = decode_user(map, faults);
  if (map.choice("hooks", {"user", "root"}) == "root") services.hooks = ServiceSettings::Hooks::as_root;
  if (const auto size = decode_size(map, "log-size", faults)) services.log_size = *size;
  if (const auto keep = map.integer("log-keep", 0, 1000)) services.log_keep = static_cast<int>(*keep);
  if (const Value* hardening = map.take("hardening")) decode_hardening(*hardening, services, faults);
  map.finish();
  require_systemd(services, value, faults);
  return services;
}

}  // namespace bakehouse::config
