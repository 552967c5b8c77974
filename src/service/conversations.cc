#include "service/conversations.hh"

#include "service/protocol.hh"
#include "service/socket.hh"

#include <algorithm>
#include <cerrno>

#include <sys/socket.h>

namespace bakehouse::service {
namespace {

constexpr size_t most_clients = 16;                    // others wait in the listener's queue
constexpr std::chrono::milliseconds patience{10'000};  // for a whole question, and again for the answer

std::string too_long() {
  return format_failure(
      {base::Fault::input, fmt::format("a question to the supervisor has at most {} bytes", longest_line)});
}

}  // namespace

Conversations::Conversations(const base::Dir& state, Host host, base::Clock clock)
    : state_(state), host_(std::move(host)), clock_(std::move(clock)), listener_(listen_at(state)) {}

Conversations::~Conversations() {
  if (listener_) remove_socket(state_);
}

void Conversations::watch(std::vector<pollfd>& watched) const {
  if (listener_ && clients_.size() < most_clients) watched.push_back({listener_.get(), POLLIN, 0});
  for (const Client& client : clients_) {
    const short events = client.answer.empty() ? POLLIN : POLLOUT;
    watched.push_back({client.socket.get(), events, 0});
  }
}

std::chrono::milliseconds Conversations::next_wake() const {
  std::chrono::milliseconds wait = std::chrono::hours(1);
  for (const Client& client : clients_) {
    wait = std::min(wait, std::chrono::ceil<std::chrono::milliseconds>(client.deadline - clock_.steady()));
  }
  return std::max(wait, std::chrono::milliseconds(0));
}

// Nothing here blocks, so that each is simply tried.
void Conversations::tend() {
  accept_waiting();
  for (Client& client : clients_) {
    if (client.answer.empty()) listen_to(client);
  }
  if (listener_ && host_.is_ending()) stop_listening();
  for (Client& client : clients_) {
    if (!client.answer.empty()) talk_to(client);
  }
  const auto now = clock_.steady();
  std::erase_if(clients_, [&](const Client& client) { return client.ended || now >= client.deadline; });
}

// The name first: who came before it went is still heard.
void Conversations::stop_listening() {
  remove_socket(state_);
  accept_waiting();
  listener_.reset();
}

void Conversations::accept_waiting() {
  while (listener_ && clients_.size() < most_clients) {
    base::Fd socket = accept_own(listener_);
    if (!socket) return;
    clients_.push_back({std::move(socket), clock_.steady() + patience});
  }
}

void Conversations::listen_to(Client& client) {
  char buffer[16384];
  while (!client.ended) {
    const ssize_t count = ::recv(client.socket.get(), buffer, sizeof buffer, 0);
    if (count < 0 && errno == EINTR) continue;
    if (count < 0 && errno == EAGAIN) return;
    client.ended = count <= 0;
    if (client.ended) return;
    client.question.append(buffer, static_cast<size_t>(count));
    const size_t end = client.question.find('\n');
    if (end == std::string::npos && client.question.size() <= longest_line) continue;
    client.answer =
        end <= longest_line ? host_.reply(std::string_view(client.question).substr(0, end)) : too_long();
    client.deadline = clock_.steady() + patience;
    return;
  }
}

void Conversations::talk_to(Client& client) {
  while (!client.answer.empty()) {
    const ssize_t count =
        ::send(client.socket.get(), client.answer.data(), client.answer.size(), MSG_NOSIGNAL);
    if (count < 0 && errno == EINTR) continue;
    if (count < 0 && errno == EAGAIN) return;
    if (count < 0) break;
    client.answer.erase(0, static_cast<size_t>(count));
  }
  client.ended = true;
}

}  // namespace bakehouse::service
