#include "notify/deliver.hh"

#include "base/error.hh"
#include "base/file_lock.hh"
#include "notify/outbox.hh"

#include <fmt/format.h>

#include <algorithm>
#include <optional>
#include <set>

namespace bakehouse::notify {
namespace {

namespace fs = std::filesystem;
using base::Error;
using base::Event;
using std::chrono::milliseconds;

constexpr int most_tries = 30;
constexpr base::Seconds oldest = base::Seconds{7} * 24 * 3600;
constexpr base::Seconds longest_pause = 3600;

// One minute, two, four, ... an hour.
base::Seconds pause_after(int tries) {
  constexpr base::Seconds shortest = 60;
  constexpr int doublings = 6;
  return std::min(shortest << std::min(tries - 1, doublings), longest_pause);
}

bool is_due(const Waiting& waiting, base::Seconds now) {
  // A clock that was set back must not make anything wait for years.
  return waiting.next <= now || waiting.next > now + longest_pause;
}

std::optional<base::FileLock> lock_outbox(const fs::path& outbox, const base::Clock& clock) {
  constexpr milliseconds between_looks(100);
  constexpr int looks = 100;
  for (int look = 0; look < looks; ++look) {
    if (auto lock = base::FileLock::try_take(outbox / "lock", "notify", clock)) return lock;
    clock.wait(between_looks);
  }
  return std::nullopt;
}

class Round {
 public:
  Round(const fs::path& outbox, const std::vector<config::Receiver>& receivers, const base::Clock& clock,
        const base::EventSink& events)
      : outbox_(outbox), receivers_(receivers), clock_(clock), events_(events) {}

  // Whether it is out of the outbox because it was taken.
  bool try_one(Waiting waiting) {
    const config::Receiver* receiver = find(waiting.receiver);
    if (receiver == nullptr) {
      give_up(waiting, "its receiver is no longer in node.yaml");
      return false;
    }
    if (down_.contains(waiting.receiver)) return false;
    const Answer answer = send_patiently(*receiver, waiting.message, clock_);
    if (answer.taken) {
      remove(outbox_, waiting);
      return true;
    }
    down_.insert(waiting.receiver);
    put_off(std::move(waiting), *receiver, answer.text);
    return false;
  }

 private:
  const config::Receiver* find(const std::string& key) const {
    const auto found =
        std::ranges::find_if(receivers_, [&](const auto& each) { return key_of(each) == key; });
    return found == receivers_.end() ? nullptr : &*found;
  }

  void give_up(const Waiting& waiting, const std::string& reason) {
    remove(outbox_, waiting);
    events_({Event::Kind::warning, "notify",
             fmt::format("the notification {} is given up: {}", id_of(waiting.message), reason)});
  }

  void put_off(Waiting waiting, const config::Receiver& receiver, const std::string& reason) {
    const base::Seconds now = clock_.seconds();
    ++waiting.tries;
    const std::string what = fmt::format("not yet told: {}: {}", config::describe(receiver), reason);
    if (waiting.tries >= most_tries || now - waiting.queued > oldest) return give_up(waiting, what);
    waiting.next = now + pause_after(waiting.tries);
    put(outbox_, waiting, events_);
    events_({Event::Kind::warning, "notify",
             fmt::format("{}\nthe notification waits; `release notify flush` tries again", what)});
  }

  const fs::path& outbox_;
  const std::vector<config::Receiver>& receivers_;
  const base::Clock& clock_;
  const base::EventSink& events_;
  std::set<std::string> down_;
};

// Who put something in meanwhile may have gone away again: until there is nothing that was not tried.
size_t send_all(const fs::path& outbox, Round& round, Due due, const base::Clock& clock,
                const base::EventSink& events, std::chrono::steady_clock::time_point deadline) {
  size_t sent = 0;
  std::set<std::string> tried;
  for (bool is_any_new = true; is_any_new;) {
    is_any_new = false;
    for (Waiting& waiting : read_outbox(outbox, events)) {
      if (clock.steady() >= deadline) return sent;
      if (due == Due::now && !is_due(waiting, clock.seconds())) continue;
      if (!tried.insert(waiting.receiver + " " + id_of(waiting.message)).second) continue;
      is_any_new = true;
      if (round.try_one(std::move(waiting))) ++sent;
    }
  }
  return sent;
}

}  // namespace

Answer send_patiently(const config::Receiver& receiver, const Message& message, const base::Clock& clock) {
  for (const milliseconds pause : {milliseconds(500), milliseconds(2000)}) {
    Answer answer = send(receiver, message, clock);
    if (answer.taken || !answer.may_pass) return answer;
    clock.wait(pause);
  }
  return send(receiver, message, clock);
}

void enqueue(const fs::path& outbox, const std::vector<config::Receiver>& receivers, const Message& message,
             const base::Clock& clock, const base::EventSink& events) {
  const base::Seconds now = clock.seconds();
  for (const config::Receiver& receiver : receivers) {
    if (!wants(receiver, message)) continue;
    try {
      put(outbox, {key_of(receiver), message, now, now, 0}, events);
    } catch (const std::exception& error) {
      events({Event::Kind::warning, "notify",
              fmt::format("{} will not be told: {}", config::describe(receiver), error.what())});
    }
  }
}

Delivery deliver(const fs::path& outbox, const std::vector<config::Receiver>& receivers, Due due,
                 const base::Clock& clock, const base::EventSink& events, milliseconds patience) {
  Delivery delivery;
  if (count_waiting(outbox) == 0) return delivery;
  const auto lock = lock_outbox(outbox, clock);
  if (lock) {
    Round round(outbox, receivers, clock, events);
    delivery.sent = send_all(outbox, round, due, clock, events, clock.steady() + patience);
  }
  delivery.waiting = count_waiting(outbox);
  return delivery;
}

}  // namespace bakehouse::notify
