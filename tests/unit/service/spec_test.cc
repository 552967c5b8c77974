#include "service/spec.hh"

#include "base/error.hh"
#include "text/json.hh"

#include <doctest/doctest.h>

#include <string>

namespace spec_test {

using namespace bakehouse;
using namespace bakehouse::service;

namespace {

const ServiceSpec example = {
    "web", {"sh", "-c", "", "a b"}, {"PATH=/bin", "EMPTY="}, "/srv/run", "/srv/logs/web.log"};

template <typename Decode>
std::string refusal(const std::string& json, Decode decode) {
  try {
    decode(text::parse_json(json, "x"));
  } catch (const base::Error& error) {
    CHECK(error.fault() == base::Fault::input);
    return error.what();
  }
  return "accepted";
}

}  // namespace

TEST_CASE("a spec arrives as it was sent") {
  ServiceSpec special = example;
  special.log_limits = {1024, 0};
  special.stop_signal = SIGQUIT;
  special.stop_timeout = std::chrono::seconds(3);
  special.schedule = "*/5 * * * *";
  special.identity = base::Identity{1000, 1001, {1001, 27}};
  for (const auto& spec : {example, special, ServiceSpec{"a", {"x"}, {}, "", ""}})
    CHECK(decode_spec(text::parse_json(text::to_json(encode(spec)), "x")) == spec);
}

TEST_CASE("a state arrives as it was sent") {
  for (const auto& state : {ServiceState{"web", true, 4711, 0, ""},
                            ServiceState{"w", false, 0, 3, "was killed by signal 9 (Killed)"},
                            ServiceState{"c", false, 0, 0, "", "2026-01-31T12:00:00Z"}}) {
    const ServiceState arrived = decode_state(text::parse_json(text::to_json(encode(state)), "x"));
    CHECK(arrived.name == state.name);
    CHECK(arrived.running == state.running);
    CHECK(arrived.pid == state.pid);
    CHECK(arrived.restarts == state.restarts);
    CHECK(arrived.last_end == state.last_end);
    CHECK(arrived.next == state.next);
  }
}

TEST_CASE("a spec lacks nothing, has nothing else, and hides no NUL byte") {
  const std::string rest = R"(,"environment":[],"directory":"/","log":"/l"})";
  const struct {
    std::string json;
    const char* reason;
  } rows[] = {
      {"7", "a service must be a map"},
      {R"({"name":"a","environment":[],"directory":"/","log":"/l"})", "'argv' is missing in a service"},
      {R"({"name":"a","argv":["x"],"directory":"/","log":"/l"})", "'environment' is missing in a service"},
      {R"({"name":"a","argv":["x"],"user":"root")" + rest, "unknown key 'user' in a service"},
      {R"({"name":"a","stop_signal":1000,"argv":["x"])" + rest, "'stop_signal' in a service must be"},
      {R"({"name":"a","schedule":"daily","argv":["x"])" + rest, "a schedule has five fields"},
      {R"({"name":"a","identity":{"uid":1},"argv":["x"])" + rest,
       "'gid' is missing in 'identity' of a service"},
      {R"({"name":"a","identity":{"uid":-1,"gid":1,"groups":[]},"argv":["x"])" + rest, "'uid' in 'identity'"},
      {R"({"name":"a","identity":{"uid":1,"gid":1,"groups":["x"]},"argv":["x"])" + rest,
       "an entry of 'groups'"},
      {R"({"name":7,"argv":["x"])" + rest, "'name' in a service must be text"},
      {R"({"name":"a","argv":[["x"]])" + rest, "an entry of 'argv' in a service must be text"},
      {R"({"name":"a","argv":["x\u0000y"])" + rest, "'argv' contains a NUL byte"},
      {R"({"name":"a\u0000","argv":["x"])" + rest, "'name' contains a NUL byte"},
  };
  for (const auto& row : rows) {
    CAPTURE(row.json);
    const std::string message = refusal(row.json, decode_spec);
    CAPTURE(message);
    CHECK(message.find(row.reason) != std::string::npos);
  }
}

TEST_CASE("a state lacks nothing and has nothing else") {
  const struct {
    const char* json;
    const char* reason;
  } rows[] = {
      {R"({"name":"a","pid":1,"restarts":0,"last_end":""})", "'running' is missing"},
      {R"({"name":"a","running":true,"pid":-1,"restarts":0,"last_end":""})",
       "'pid' in a service's state must be"},
      {R"({"name":"a","running":true,"pid":1,"restarts":0,"last_end":"","mood":"fine"})",
       "unknown key 'mood'"},
  };
  for (const auto& row : rows) {
    CAPTURE(row.json);
    const std::string message = refusal(row.json, decode_state);
    CAPTURE(message);
    CHECK(message.find(row.reason) != std::string::npos);
  }
}

}  // namespace spec_test
