// What a supervisor does with sockets: holds them while nothing runs, and lets a release be tried beside the
// one that serves.
#include "base/error.hh"
#include "service/running.hh"
#include "service/supervisor.hh"

#include <algorithm>
#include <set>

#include <sys/syscall.h>
#include <unistd.h>

namespace bakehouse::service {

using base::Error;
using base::Event;
using std::chrono::milliseconds;

std::vector<base::PassedSocket> Supervisor::sockets_of(const Running& service) const {
  const auto& open = service.is_beside ? sockets_beside_ : sockets_;
  std::vector<base::PassedSocket> sockets;
  for (const std::string& address : service.spec.sockets)
    sockets.push_back({open.at(address).socket().get(), service.spec.name});
  return sockets;
}

void Supervisor::open_sockets(const std::vector<ServiceSpec>& specs) {
  for (const ServiceSpec& spec : specs) {
    for (const std::string& address : spec.sockets)
      if (!sockets_.contains(address)) sockets_.emplace(address, Listener::open(address));
  }
}

void Supervisor::close_unused_sockets() {
  std::set<std::string> used;
  for (const auto& service : services_)
    if (!service->is_beside) used.insert(service->spec.sockets.begin(), service->spec.sockets.end());
  std::erase_if(sockets_, [&](const auto& socket) { return !used.contains(socket.first); });
}

void Supervisor::close_sockets() {
  sockets_beside_.clear();
  sockets_.clear();
}

// With a second socket that is not told apart, the kernel would divide the visitors between the two.
void Supervisor::require_not_kept(const std::string& address) const {
  for (const auto& service : services_) {
    const auto& own = service->spec.sockets;
    if (service->is_beside || !service->process || std::ranges::find(own, address) == own.end()) continue;
    throw Error(base::Fault::refused,
                fmt::format("{} keeps the socket {} to itself, since a supervisor was killed",
                            service->spec.name, address),
                "`release restart` once, then repeat the command");
  }
}

void Supervisor::open_sockets_beside(const std::vector<ServiceSpec>& specs) {
  for (const ServiceSpec& spec : specs) {
    for (const std::string& address : spec.sockets) {
      if (sockets_beside_.contains(address)) continue;
      const auto serving = sockets_.find(address);
      if (serving == sockets_.end()) require_not_kept(address);
      sockets_beside_.emplace(address, serving == sockets_.end() ? Listener::open(address)
                                                                 : Listener::open_beside(serving->second));
    }
  }
}

void Supervisor::try_beside(std::vector<ServiceSpec> specs) {
  drop_beside();
  require_sound(specs, true);
  is_trial_ = true;
  try {
    open_sockets_beside(specs);
    start_all(std::move(specs), true);
  } catch (const Error&) {
    drop_beside();
    throw;
  }
}

void Supervisor::drop_beside() {
  stop_those([](const Running& service) { return service.is_beside; });
  sockets_beside_.clear();
}

// New connections are for the others already, so that it gets fewer; who never comes for what waits is not
// waited for any longer than for his end.
void Supervisor::await_nobody_waiting() const {
  constexpr milliseconds between_looks(20);
  const auto give_up = clock_.steady() + settings_.quiet + settings_.grace;
  auto quiet_since = clock_.steady();
  while (clock_.steady() < give_up && clock_.steady() - quiet_since < settings_.quiet) {
    clock_.wait(between_looks);
    for (const auto& [address, socket] : sockets_)
      if (sockets_beside_.contains(address) && socket.waiting() > 0) quiet_since = clock_.steady();
  }
}

void Supervisor::hand_over() {
  const auto is_beside = [](const auto& service) { return service->is_beside; };
  if (std::ranges::none_of(services_, is_beside)) return;
  for (const auto& [address, socket] : sockets_beside_)
    if (sockets_.contains(address)) socket.take_over();
  if (!sockets_.empty()) await_nobody_waiting();
  stop_those([](const Running& service) { return !service.is_beside; });
  for (const auto& service : services_) service->is_beside = false;
  sockets_ = std::move(sockets_beside_);
  sockets_beside_.clear();
  is_trial_ = false;
  write_down();
  tell(Event::Kind::note, "the new processes have taken over");
}

// Descriptor numbers as it was given them; a program that has moved its socket keeps it to itself.
void Supervisor::adopt_sockets(const Running& service) {
  constexpr int first_passed = 3;
  auto& open = service.is_beside ? sockets_beside_ : sockets_;
  for (size_t i = 0; i < service.spec.sockets.size(); ++i) {
    const std::string& address = service.spec.sockets[i];
    if (open.contains(address)) continue;
    base::Fd socket(static_cast<int>(
        ::syscall(SYS_pidfd_getfd, service.process->ended().get(), first_passed + static_cast<int>(i), 0)));
    auto adopted = socket ? Listener::adopt(address, std::move(socket)) : std::nullopt;
    if (adopted) {
      open.emplace(address, *std::move(adopted));
    } else {
      tell(Event::Kind::warning,
           fmt::format("{} keeps the socket {} to itself: it is closed when the process ends",
                       service.spec.name, address));
    }
  }
}

}  // namespace bakehouse::service
