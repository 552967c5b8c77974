// The server's side of the socket: several clients at a time, none of which can hold up the rest.
#pragma once

#include "base/clock.hh"
#include "base/dir.hh"
#include "base/fd.hh"

#include <chrono>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include <poll.h>

namespace bakehouse::service {

class Conversations {
 public:
  // Gives the answer to a question; the answer comes with its line end.
  using Reply = std::function<std::string(std::string_view line)>;

  // Listens from here on, until the destructor removes the socket. `state` must outlive it.
  Conversations(const base::Dir& state, Reply reply, base::Clock clock);
  ~Conversations();
  Conversations(const Conversations&) = delete;
  Conversations& operator=(const Conversations&) = delete;

  // For an event loop: what to wait for, how long at most, and what to call afterwards.
  void watch(std::vector<pollfd>& watched) const;
  std::chrono::milliseconds next_wake() const;
  void tend();
  // Whether somebody speaks, or waits for an answer.
  bool any() const { return !clients_.empty(); }

 private:
  struct Client {
    base::Fd socket;
    std::chrono::steady_clock::time_point deadline;
    std::string question{};
    std::string answer{};  // what is left to send
    bool ended = false;
  };
  void accept_waiting();
  void listen_to(Client& client);
  void talk_to(Client& client);

  const base::Dir& state_;
  Reply reply_;
  base::Clock clock_;
  base::Fd listener_;
  std::vector<Client> clients_;
};

}  // namespace bakehouse::service
