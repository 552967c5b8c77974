#include "node/deployment_log.hh"

#include "base/encoding.hh"
#include "base/error.hh"
#include "base/files.hh"

#include <fmt/format.h>

#include <fcntl.h>

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

std::string read_log(const Node& node, const std::string& deployment) {
  const std::string id = places_of(node.root.layout, deployment).id;
  const auto content = base::read_file_if_any(node.log_of(id), 2 * phase::largest_log);
  if (content) return *content;
  throw Error(base::Fault::input, fmt::format("there is no log of a deployment '{}'", base::printable(id)),
              "see `release history`; what is pruned takes its log along");
}

}  // namespace bakehouse::node
