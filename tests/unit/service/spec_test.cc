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
  for (const auto& spec : {example, ServiceSpec{"a", {"x"}, {}, "", ""}}) {
    const ServiceSpec arrived = decode_spec(text::parse_json(text::to_json(encode(spec)), "x"));
    CHECK(arrived.name == spec.name);
    CHECK(arrived.argv == spec.argv);
    CHECK(arrived.environment == spec.environment);
    CHECK(arrived.directory == spec.directory);
    CHECK(arrived.log == spec.log);
  }
}

TEST_CASE("a state arrives as it was sent") {
  for (const auto& state : {ServiceState{"web", true, 4711, 0, ""},
                            ServiceState{"w", false, 0, 3, "was killed by signal 9 (Killed)"}}) {
    const ServiceState arrived = decode_state(text::parse_json(text::to_json(encode(state)), "x"));
    CHECK(arrived.name == state.name);
    CHECK(arrived.running == state.running);
    CHECK(arrived.pid == state.pid);
    CHECK(arrived.restarts == state.restarts);
    CHECK(arrived.last_end == state.last_end);
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
