#include "notify/message.hh"

#include "telling.hh"
#include "text/json.hh"

#include <doctest/doctest.h>

#include <string>

namespace message_test {

using namespace bakehouse;
using namespace bakehouse::notify;

TEST_CASE("a message is the same after writing and reading, and has the documented members") {
  const Message message = failure_message();
  const std::string json = text::to_json(encode(message));
  CHECK(
      json ==
      R"({"began":1767268800,"cause":"the hook failed\n  | no table",)"
      R"("deployment":"20260101T120000Z-019c1234-5678-7abc-8def-0123456789ab","duration":3,"ended":1767268803,)"
      R"("host":"web1","id":"20260101T120000Z-019c1234-5678-7abc-8def-0123456789ab.reverted","kind":"apply",)"
      R"("outcome":"reverted","previous_version":"1.0","project":"shop","recovered":false,"schema":1,)"
      R"("step":"post_deploy","time":"2026-01-01T12:00:03Z","trigger":"command","version":"1.1",)"
      R"("who":"anna on web1"})");
  CHECK(text::to_json(encode(decode_message(text::parse_json(json, "json")))) == json);
}

TEST_CASE("a clock that was set back makes no negative duration") {
  Message message = failure_message();
  message.ended = message.began - 100;
  CHECK(encode(message).integer_at("duration") == 0);
}

TEST_CASE("a cause is text without passwords, and not long") {
  CHECK(as_cause("two\nlines") == "two\nlines");
  CHECK(as_cause("\033[31mred\xff") == "\\033[31mred\\377");
  CHECK(as_cause("cannot reach mysql://shop:pa55@db") == "cannot reach mysql://***@db");
  std::string umlauts;
  for (int i = 0; i < 5000; ++i) umlauts += "\u00e4";
  const std::string cut = as_cause("x" + umlauts);
  CHECK(cut.size() < 4100);
  CHECK(cut.ends_with("\u00e4\n(cut here; `release log` has all of it)"));
  CHECK_NOTHROW(text::to_json(text::Value(cut)));
}

TEST_CASE("whoever wants only some is told only of those") {
  struct Row {
    std::set<std::string> on;
    const char* outcome;
    const char* trigger;
    bool recovered;
    bool wanted;
  };
  for (const Row& row : {
           Row{{}, "good", "command", false, true},
           Row{{"success"}, "good", "command", false, true},
           Row{{"failure"}, "good", "command", false, false},
           Row{{"success"}, "failed", "command", false, false},
           Row{{"failure"}, "failed", "command", false, true},
           Row{{"failure"}, "reverted", "command", false, true},
           Row{{"failure"}, "needs-hands", "command", false, true},
           Row{{"failure", "expired"}, "good", "expire", false, true},
           Row{{"expired"}, "good", "command", false, false},
           Row{{"recovered"}, "reverted", "command", true, true},
           Row{{"recovered"}, "reverted", "command", false, false},
       }) {
    CAPTURE(row.outcome);
    CAPTURE(row.trigger);
    config::Receiver receiver;
    receiver.on = row.on;
    Message message = failure_message();
    message.outcome = row.outcome;
    message.trigger = row.trigger;
    message.recovered = row.recovered;
    CHECK(wants(receiver, message) == row.wanted);
  }
}

}  // namespace message_test
