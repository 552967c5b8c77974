#include "notify/deliver.hh"

#include "base/files.hh"
#include "notify/outbox.hh"
#include "telling.hh"

#include <doctest/doctest.h>

#include <filesystem>
#include <string>

namespace deliver_test {

using namespace bakehouse;
using namespace bakehouse::notify;
using namespace std::chrono_literals;

namespace {

constexpr base::Seconds minute = 60;
constexpr base::Seconds day = 24 * 60 * minute;

// A receiver that takes what it is told as long as there is no file `down`, and counts how often it was
// asked.
struct Scene {
  base::TempDir scratch;
  std::filesystem::path outbox = scratch.path() / "outbox";
  StoppedClock time;
  std::string warnings;
  base::EventSink events = [this](const base::Event& event) { warnings += event.text + "\n"; };
  std::vector<config::Receiver> receivers{receiver("one")};

  config::Receiver receiver(const std::string& name) const {
    const std::string here = (scratch.path() / name).native();
    config::Receiver made;
    made.kind = config::Receiver::Kind::command;
    made.argv = {make_program(here, "echo x >>" + here + ".asked; [ ! -e " + here + ".down ] && cat >>" +
                                        here + ".told")
                     .native()};
    return made;
  }
  void set_down(const std::string& name) const { base::write_file(scratch.path() / (name + ".down"), ""); }
  void set_up(const std::string& name) const { std::filesystem::remove(scratch.path() / (name + ".down")); }
  size_t lines(const std::string& file) const {
    const std::string text = base::read_file_if_any(scratch.path() / file, 1 << 20).value_or("");
    return static_cast<size_t>(std::count(text.begin(), text.end(), '\n'));
  }
  void enqueue(const std::string& deployment) {
    Message message = failure_message();
    message.deployment = deployment;
    notify::enqueue(outbox, receivers, message, time.clock(), events);
  }
  Delivery deliver(Due due = Due::now) {
    return notify::deliver(outbox, receivers, due, time.clock(), events);
  }
};

}  // namespace

TEST_CASE("what is taken is gone, and told once") {
  Scene scene;
  CHECK(scene.deliver().sent == 0);
  CHECK_FALSE(std::filesystem::exists(scene.outbox));
  scene.enqueue("a");
  scene.enqueue("b");
  const Delivery delivery = scene.deliver();
  CHECK(delivery.sent == 2);
  CHECK(delivery.waiting == 0);
  CHECK(scene.lines("one.told") == 2);
  CHECK(scene.deliver().sent == 0);
  CHECK(scene.warnings.empty());
}

TEST_CASE("whoever is down is asked once, then not for a while, and told in the end") {
  Scene scene;
  scene.set_down("one");
  scene.enqueue("a");
  scene.enqueue("b");
  CHECK(scene.deliver().waiting == 2);
  CHECK(scene.lines("one.asked") == 1);
  CHECK(scene.warnings.find("not yet told: command ") != std::string::npos);
  scene.time.now += minute - 1;
  scene.deliver();
  CHECK(scene.lines("one.asked") == 2);  // for b, which nobody had been asked about
  scene.deliver();
  CHECK(scene.lines("one.asked") == 2);
  scene.set_up("one");
  scene.time.now += minute;
  CHECK(scene.deliver().sent == 2);
  CHECK(scene.lines("one.told") == 2);
}

TEST_CASE("what is put in while a slow receiver is told is sent by who tells it") {
  Scene scene;
  const auto outbox = scene.outbox;
  const auto aside = scene.scratch.path() / "aside";
  config::Receiver slow = scene.receiver("one");
  slow.argv = {make_program(scene.scratch.path() / "slow", "cp " + aside.native() + "/*.json " +
                                                               scene.outbox.native() + "; rm -f " +
                                                               aside.native() + "/*.json; cat >>" +
                                                               scene.scratch.path().native() + "/slow.told")
                   .native()};
  scene.receivers = {slow};
  scene.outbox = aside;
  scene.enqueue("b");
  scene.outbox = outbox;
  scene.enqueue("a");
  const Delivery delivery = scene.deliver();
  CHECK(delivery.sent == 2);
  CHECK(delivery.waiting == 0);
  CHECK(scene.lines("slow.told") == 2);
}

TEST_CASE("a flush asks at once, whenever it was asked last") {
  Scene scene;
  scene.set_down("one");
  scene.enqueue("a");
  scene.deliver();
  scene.set_up("one");
  CHECK(scene.deliver(Due::now).waiting == 1);
  CHECK(scene.deliver(Due::all).sent == 1);
}

TEST_CASE("one receiver that is down keeps nothing from another") {
  Scene scene;
  scene.receivers.push_back(scene.receiver("two"));
  scene.set_down("one");
  scene.enqueue("a");
  const Delivery delivery = scene.deliver();
  CHECK(delivery.sent == 1);
  CHECK(delivery.waiting == 1);
  CHECK(scene.lines("two.told") == 1);
}

TEST_CASE("a message is given up after a week, and when nobody is there any more to take it") {
  Scene scene;
  scene.set_down("one");
  scene.enqueue("a");
  scene.deliver();
  scene.time.now += 8 * day;
  CHECK(scene.deliver().waiting == 0);
  CHECK(scene.warnings.find("the notification a.reverted is given up: not yet told") != std::string::npos);
  scene.enqueue("b");
  scene.receivers.clear();
  CHECK(scene.deliver().waiting == 0);
  CHECK(scene.warnings.find("b.reverted is given up: its receiver is no longer in node.yaml") !=
        std::string::npos);
}

TEST_CASE("it is tried so many times and not for ever") {
  Scene scene;
  scene.set_down("one");
  scene.enqueue("a");
  int rounds = 0;
  while (scene.deliver(Due::all).waiting != 0) {
    ++rounds;
    REQUIRE(rounds < 100);
  }
  CHECK(scene.lines("one.asked") == 30);
}

TEST_CASE("a clock that was set back does not make anything wait for it") {
  Scene scene;
  scene.set_down("one");
  scene.enqueue("a");
  scene.deliver();
  scene.set_up("one");
  scene.time.now -= 30 * day;
  CHECK(scene.deliver().sent == 1);
}

TEST_CASE("what takes too long in all is left for the next time") {
  Scene scene;
  scene.enqueue("a");
  CHECK(notify::deliver(scene.outbox, scene.receivers, Due::all, scene.time.clock(), scene.events, 0ms)
            .waiting == 1);
}

TEST_CASE("what may pass is tried three times at once") {
  StoppedClock time;
  config::Receiver receiver;
  receiver.target = "http://127.0.0.1:1/";
  CHECK(send_patiently(receiver, failure_message(), time.clock()).text == "Connection refused");
  CHECK(time.waited == 2500ms);
  time.waited = 0ms;
  receiver.secret_file = "/absent";
  CHECK_FALSE(send_patiently(receiver, failure_message(), time.clock()).taken);
  CHECK(time.waited == 0ms);
}

TEST_CASE("an outbox that cannot be written to is a warning") {
  Scene scene;
  base::write_file(scene.outbox, "a file");
  scene.enqueue("a");
  CHECK(scene.warnings.find("will not be told") != std::string::npos);
}

}  // namespace deliver_test
