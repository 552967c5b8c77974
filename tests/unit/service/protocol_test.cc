#include "service/protocol.hh"

#include <doctest/doctest.h>

#include <string>

namespace protocol_test {

using namespace bakehouse::service;
using bakehouse::base::Error;
using bakehouse::base::Fault;

namespace {

// What was sent is one line, and only that.
std::string line_of(const std::string& sent) {
  REQUIRE(sent.ends_with('\n'));
  const std::string line = sent.substr(0, sent.size() - 1);
  CHECK(line.find('\n') == std::string::npos);
  return line;
}

}  // namespace

TEST_CASE("a question arrives as it was asked") {
  for (const auto command : {Request::Command::stop, Request::Command::states}) {
    const Request arrived = parse_request(line_of(format_request({command, {}})));
    CHECK(arrived.command == command);
    CHECK(arrived.services.empty());
  }
  const ServiceSpec web = {"web", {"sh", "-c", "line\nend"}, {"A=b"}, "/srv", "/log"};
  const ServiceSpec worker = {"worker", {"x"}, {}, "/", "/log"};
  const Request arrived = parse_request(line_of(format_request({Request::Command::start, {web, worker}})));
  CHECK(arrived.command == Request::Command::start);
  REQUIRE(arrived.services.size() == 2);
  CHECK(arrived.services[0].argv == web.argv);
  CHECK(arrived.services[1].name == "worker");
  CHECK(parse_request(line_of(format_request({Request::Command::start, {}}))).services.empty());
}

TEST_CASE("an answer arrives as it was given") {
  CHECK(parse_answer(line_of(format_answer({}))).empty());
  const auto states =
      parse_answer(line_of(format_answer({{"web", true, 12, 1, "x"}, {"worker", false, 0, 0, ""}})));
  REQUIRE(states.size() == 2);
  CHECK(states[0].pid == 12);
  CHECK(states[1].name == "worker");
}

TEST_CASE("an error comes out on the other side as the same error") {
  for (const auto fault :
       {Fault::internal, Fault::usage, Fault::input, Fault::trust, Fault::build, Fault::reverted,
        Fault::needs_hands, Fault::locked, Fault::differs, Fault::refused}) {
    try {
      parse_answer(line_of(format_failure({fault, "line 1\nline '2'", "try \"again\""})));
      FAIL("no error");
    } catch (const Error& error) {
      CHECK(error.fault() == fault);
      CHECK(std::string(error.what()) == "line 1\nline '2'");
      CHECK(error.hint() == "try \"again\"");
    }
  }
}

TEST_CASE("an error that JSON cannot carry arrives readable") {
  CHECK_THROWS_WITH_AS(parse_answer(line_of(format_failure({Fault::input, "bad \xff name"}))),
                       "bad \\377 name", Error);
}

TEST_CASE("what is no question is refused") {
  const struct {
    const char* line;
    const char* reason;
  } rows[] = {
      {"", "request"},
      {"hello", "request"},
      {"[]", "the request must be a map"},
      {"{}", "'command' is missing in the request"},
      {R"({"command":"restart"})",
       "'command' in the request must be one of stop, start, ensure, states, end"},
      {R"({"command":7})", "'command' in the request must be one of"},
      {R"({"command":"stop","now":true})", "unknown key 'now' in the request"},
      {R"({"command":"stop","services":[]})",
       "'services' belong to 'start', 'ensure' and 'try', and only to them"},
      {R"({"command":"start"})", "'services' belong to 'start', 'ensure' and 'try', and only to them"},
      {R"({"command":"start","services":{}})", "'services' must be a list, not a map"},
      {R"({"command":"start","services":[{}]})", "'name' is missing in a service"},
      {R"({"command":"stop"}{"command":"stop"})", "request"},
  };
  for (const auto& row : rows) {
    CAPTURE(row.line);
    try {
      parse_request(row.line);
      FAIL("accepted");
    } catch (const Error& error) {
      CHECK(error.fault() == Fault::input);
      CAPTURE(error.what());
      CHECK(std::string(error.what()).find(row.reason) != std::string::npos);
    }
  }
}

TEST_CASE("what is no answer is an error, and never a success") {
  for (const auto* line : {"", "{}", "[]", R"({"states":{}})", R"({"states":[{}]})", R"({"error":{}})",
                           R"({"error":"x"})", R"({"error":{"fault":"3","message":"m","hint":""}})"}) {
    CAPTURE(line);
    CHECK_THROWS_AS(parse_answer(line), Error);
  }
}

TEST_CASE("a fault nobody knows is internal") {
  for (const auto* fault : {"0", "11", "-3", "4294967299"}) {
    CAPTURE(fault);
    try {
      parse_answer(R"({"error":{"fault":)" + std::string(fault) + R"(,"hint":"","message":"m"}})");
      FAIL("no error");
    } catch (const Error& error) {
      CHECK(error.fault() == Fault::internal);
    }
  }
}

}  // namespace protocol_test
