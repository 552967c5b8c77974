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
  struct Host {
    // Gives the answer to a question; the answer comes with its line end.
    std::function<std::string(std::string_view line)> reply;
    // Asked before an answer is sent: from then on nobody is listened to but who had connected already.
    std::function<bool()> is_ending;
  };

  // Listens from here on; the socket is removed by the destructor, or at the end. `state` must outlive it.
  Conversations(const base::Dir& state, Host host, base::Clock clock);
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
  void stop_listening();
  void listen_to(Client& client);
  void talk_to(Client& client);

  const base::Dir& state_;
  Host host_;
  base::Clock clock_;
  base::Fd listener_;  // empty at the end
  std::vector<Client> clients_;
};

}  // namespace bakehouse::service
