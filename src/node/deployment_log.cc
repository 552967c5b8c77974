#include "node/deployment_log.hh"

#include "base/encoding.hh"
#include "base/error.hh"
#include "base/files.hh"

#include <fmt/format.h>

#include <array>
#include <cerrno>

#include <fcntl.h>
#include <unistd.h>

namespace bakehouse::node {

using base::Error;
using base::Event;

template <typename Work>
void DeploymentLog::try_to(Work work) {
  try {
    if (log_) work();
  } catch (const Error& error) {
    log_.reset();
    show_({Event::Kind::warning, "log", error.what()});
  }
}

DeploymentLog::DeploymentLog(const Node& node, const Plan& plan) : show_(node.around.events) {
  try {
    const std::filesystem::path path = node.log_of(plan.id);
    base::Dir::open_or_make(path.parent_path(), 0750);
    base::Fd file(::open(path.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC | O_NOFOLLOW, 0640));
    if (!file) base::fail_os("open", path.native());
    log_.emplace(std::move(file), path.native(), node.around.clock);
  } catch (const Error& error) {
    show_({Event::Kind::warning, "log", error.what()});
  }
  try_to([&] { log_->write(fmt::format("{} of {} by {}", plan.kind, plan.version, plan.who)); });
}

Node DeploymentLog::watch(const Node& node) {
  return with_events(node, [this](const Event& event) {
    try_to([&] { log_->take(event); });
    show_(event);
  });
}

void DeploymentLog::end(const Result& result) {
  try_to([&] {
    log_->end(result.error ? fmt::format("{}: {}", result.outcome, result.error->what()) : result.outcome);
  });
  log_.reset();
}

namespace {

constexpr std::chrono::milliseconds between_looks_at_log(100);

[[noreturn]] void fail_without_log(const std::string& id) {
  throw Error(base::Fault::input, fmt::format("there is no log of a deployment '{}'", base::printable(id)),
              "see `release history`; what is pruned takes its log along");
}

// What was written since it was read last.
std::string read_on(const base::Fd& log, const std::filesystem::path& path) {
  std::string text;
  std::array<char, 1 << 14> part{};
  for (;;) {
    const auto count = ::read(log.get(), part.data(), part.size());
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) base::fail_os("read", path.native());
    if (count == 0) return text;
    text.append(part.data(), static_cast<size_t>(count));
  }
}

// Its process has ended, with all it had to say, or another transaction has begun since.
bool has_ended(const Node& node, const std::string& deployment) {
  if (!phase::Lock::holder(node.lock_path())) return true;
  const auto records = phase::Journal::read(node.journal_path());
  return is_open(records) && decode_plan(records.front().facts).id != deployment &&
         phase::find_deployment(phase::read_history(node.history_path()), deployment) != nullptr;
}

}  // namespace

std::string newest_log(const Node& node) {
  for (;;) {
    const auto records = phase::Journal::read(node.journal_path());
    if (is_open(records)) return decode_plan(records.front().facts).id;
    const bool is_beginning = phase::Lock::holder(node.lock_path()).has_value();
    if (!is_beginning || node.around.cancelled()) break;
    node.around.clock.wait(between_looks_at_log);
  }
  const auto history = phase::read_history(node.history_path());
  if (history.empty())
    throw Error(base::Fault::input, "nothing was deployed here yet", "apply a release first");
  return history.back().deployment;
}

void follow_log(const Node& node, const std::string& deployment,
                const std::function<void(std::string_view text)>& show) {
  const std::string id = places_of(node.root.layout, deployment).id;
  base::Fd log;
  std::string unshown;
  for (bool is_last = false; !is_last;) {
    // Asked before the log is read: what comes after the answer is in it.
    is_last = has_ended(node, id) || node.around.cancelled();
    if (!log && std::filesystem::exists(node.log_of(id))) log = base::open_for_reading(node.log_of(id));
    if (!log && is_last) fail_without_log(id);
    if (log) unshown += read_on(log, node.log_of(id));
    // Only whole lines, until no more can come.
    const size_t whole = is_last ? unshown.size() : unshown.rfind('\n') + 1;
    if (whole > 0) show(std::string_view(unshown).substr(0, whole));
    unshown.erase(0, whole);
    if (!is_last) node.around.clock.wait(between_looks_at_log);
  }
}

std::string read_log(const Node& node, const std::string& deployment) {
  const std::string id = places_of(node.root.layout, deployment).id;
  const auto content = base::read_file_if_any(node.log_of(id), 2 * phase::largest_log);
  if (content) return *content;
  fail_without_log(id);
}

}  // namespace bakehouse::node
