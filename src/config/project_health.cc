#include "base/encoding.hh"
#include "config/authority.hh"
#include "config/project_parts.hh"
#include "config/url.hh"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>

namespace bakehouse::config {
namespace {

using base::printable;
using text::Diagnostics;
using text::MapReader;
using text::Value;

constexpr int most_successes = 1000;

class Check {
 public:
  Check(const Value& value, const WebPort& web, Diagnostics& faults)
      : value_(value), web_(web), faults_(faults), map_(value, "a health check", faults) {}

  HealthCheck decode() {
    decode_kind();
    decode_answer();
    if (const auto within = positive_duration(map_, "within", faults_)) check_.within = *within;
    if (const auto every = positive_duration(map_, "every", faults_)) check_.every = *every;
    if (const auto times = map_.integer("times", 1, most_successes)) check_.times = static_cast<int>(*times);
    if (const auto stay = map_.duration("stay")) check_.stay = *stay;
    map_.finish();
    return check_;
  }

 private:
  void decode_kind() {
    const auto http = map_.take("http");
    const auto tcp = map_.take("tcp");
    const auto command = map_.take("command");
    const int kinds = (http != nullptr) + (tcp != nullptr) + (command != nullptr);
    if (kinds != 1) {
      if (value_.is_map()) fault(value_, "a health check needs exactly one of http, tcp, command");
      return;
    }
    check_.kind = http != nullptr  ? HealthCheck::Kind::http
                  : tcp != nullptr ? HealthCheck::Kind::tcp
                                   : HealthCheck::Kind::command;
    const Value& target = http != nullptr ? *http : tcp != nullptr ? *tcp : *command;
    if (const auto text = text::as_text(target, "the target of a health check", faults_))
      decode_target(target, *text);
  }

  void decode_target(const Value& at, const std::string& text) {
    switch (check_.kind) {
      case HealthCheck::Kind::http: return decode_http(at, text);
      case HealthCheck::Kind::tcp: return decode_tcp(at, text);
      case HealthCheck::Kind::command:
        if (text.empty()) fault(at, "the command of a health check is empty");
        check_.target = text;
    }
  }

  void decode_http(const Value& at, const std::string& text) {
    const bool is_path = text.starts_with('/');
    if (is_path && web_.state == WebPort::State::absent) {
      fault(at, fmt::format("the health check at '{}' needs the port of the process 'web'", printable(text)),
            "add processes: {web: {port: 8080}}, or write a whole URL");
    }
    if (is_path && web_.state != WebPort::State::known) return;
    check_.target = is_path ? fmt::format("http://127.0.0.1:{}{}", web_.number, text) : text;
    if (is_url(check_.target)) return;
    fault(at, fmt::format("'{}' is no target of an http check", printable(text)),
          "http://HOST[:PORT]/..., https://..., or a path that begins with '/'");
  }

  void decode_tcp(const Value& at, const std::string& text) {
    check_.target = text.starts_with(':') ? "127.0.0.1" + text : text;
    if (is_authority(check_.target, base::Port::required)) return;
    fault(at, fmt::format("'{}' is no target of a tcp check", printable(text)),
          "HOST:PORT, [IPV6]:PORT, or :PORT on this machine");
  }

  void decode_answer() {
    if (const auto status = map_.integer("status", 100, 599)) check_.status = static_cast<int>(*status);
    check_.body = map_.text("body");
    if (check_.kind == HealthCheck::Kind::http) return;
    for (const std::string_view key : {"status", "body"}) {
      const Value* value = value_.find(key);
      if (value != nullptr && !value->is_null())
        fault(*value, fmt::format("'{}' belongs to an http check only", key));
    }
  }

  void fault(const Value& at, std::string message, std::string hint = {}) {
    faults_.add(at.origin(), std::move(message), std::move(hint));
  }

  const Value& value_;
  const WebPort& web_;
  Diagnostics& faults_;
  MapReader map_;
  HealthCheck check_;
};

}  // namespace

std::vector<HealthCheck> decode_health(const Value& value, const WebPort& web, Diagnostics& faults) {
  if (!value.is_list()) {
    faults.add(value.origin(), fmt::format("'health' must be a list of checks, not {}", value.kind_name()),
               "health: [{http: /health}]");
    return {};
  }
  std::vector<HealthCheck> checks;
  for (const Value& item : value.items()) checks.push_back(Check(item, web, faults).decode());
  return checks;
}

}  // namespace bakehouse::config
