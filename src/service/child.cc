#include "service/child.hh"

#include <csignal>

#include <poll.h>
#include <sys/syscall.h>
#include <unistd.h>

namespace bakehouse::service {

std::optional<Child> Child::adopt(const base::ProcessId& id) {
  base::Fd pidfd(static_cast<int>(::syscall(SYS_pidfd_open, id.pid, 0)));
  if (!pidfd) return std::nullopt;
  // After the descriptor, which is of whoever has the number now and stays so.
  const auto now = base::identify_process(id.pid);
  if (!now || now->start_time != id.start_time) return std::nullopt;
  return Child(Adopted{id.pid, std::move(pidfd)});
}

pid_t Child::pid() const {
  const auto* own = std::get_if<base::Process>(&process_);
  return own != nullptr ? own->pid() : std::get<Adopted>(process_).pid;
}

const base::Fd& Child::ended() const {
  const auto* own = std::get_if<base::Process>(&process_);
  return own != nullptr ? own->ended() : std::get<Adopted>(process_).pidfd;
}

bool Child::has_ended() const {
  pollfd watched{ended().get(), POLLIN, 0};
  return ::poll(&watched, 1, 0) > 0;
}

void Child::signal_group(int signal) const {
  if (is_adopted() && has_ended()) return;
  ::kill(-pid(), signal);
}

std::string Child::describe_end() {
  auto* own = std::get_if<base::Process>(&process_);
  return own != nullptr ? own->wait().describe() : "ended";
}

}  // namespace bakehouse::service
