#include "bakery/push_request.hh"

#include "artifact/release_info.hh"
#include "base/encoding.hh"
#include "base/error.hh"

#include <fmt/format.h>
#include <fmt/ranges.h>

namespace bakehouse::bakery {
namespace {

using base::Error;
using base::Fault;
using base::printable;
using source::RefUpdate;

constexpr std::string_view branches_begin = "refs/heads/";

std::string branch_of(std::string_view ref) {
  return std::string(ref.starts_with(branches_begin) ? ref.substr(branches_begin.size()) : "");
}

RefUpdate parse_line(std::string_view line) {
  const size_t first = line.find(' ');
  const size_t second = first == std::string_view::npos ? first : line.find(' ', first + 1);
  if (second != std::string_view::npos) {
    RefUpdate update{std::string(line.substr(second + 1)), std::string(line.substr(0, first)),
                     std::string(line.substr(first + 1, second - first - 1))};
    if (source::is_object_id(update.before) && source::is_object_id(update.after) &&
        update.ref.starts_with("refs/"))
      return update;
  }
  throw Error(Fault::input, fmt::format("this is no line that git gives a hook: '{}'", printable(line)),
              "`git push` runs this command; it is not run by hand");
}

void read_option(const std::string& option, PushRequest& request) {
  constexpr std::string_view version = "version=";
  if (option == "skip-deploy") {
    request.skips_deploy = true;
  } else if (option.starts_with(version)) {
    request.version = option.substr(version.size());
    base::with_context(printable(option), [&] { artifact::check_version(*request.version); });
  } else {
    throw Error(Fault::usage, fmt::format("there is no push option '{}'", printable(option)),
                "`git push -o skip-deploy` and `git push -o version=X` are known");
  }
}

void refuse_loss(const RefUpdate& update, const source::Remote& remote) {
  const std::string branch = printable(branch_of(update.ref));
  const std::string hint = "`git push -o skip-deploy` does it, and deploys nothing";
  if (update.deletes())
    throw Error(Fault::refused, fmt::format("'{}' is deployed here, and is not deleted by a push", branch),
                hint);
  if (!update.creates() && !remote.holds(update.after, update.before)) {
    throw Error(Fault::refused,
                fmt::format("the push would take commits away from '{}', which is deployed here", branch),
                "pull and push again; or " + hint);
  }
}

}  // namespace

PushRequest read_push(std::string_view lines, const std::vector<std::string>& options) {
  PushRequest request;
  while (!lines.empty()) {
    const size_t end = lines.find('\n');
    request.updates.push_back(parse_line(lines.substr(0, end)));
    lines.remove_prefix(end == std::string_view::npos ? lines.size() : end + 1);
  }
  for (const std::string& option : options) read_option(option, request);
  return request;
}

Destination destination_of(const config::Root& root, const config::NodeSettings& settings) {
  Destination destination{config::environment_of(root, settings), settings.push};
  if (destination.settings.branches.empty()) {
    for (const char* usual : {"main", "master"})
      destination.settings.branches[usual] = destination.environment;
  }
  return destination;
}

bool Destination::deploys(std::string_view ref) const {
  const auto found = settings.branches.find(branch_of(ref));
  return found != settings.branches.end() && found->second == environment;
}

std::string Destination::other_environment(std::string_view ref) const {
  const auto found = settings.branches.find(branch_of(ref));
  return found != settings.branches.end() && found->second != environment ? found->second : "";
}

std::optional<RefUpdate> choose_deploy(const PushRequest& request, const Destination& destination,
                                       const source::Remote& remote) {
  if (request.skips_deploy) return std::nullopt;
  std::vector<RefUpdate> chosen;
  std::vector<std::string> names;
  for (const RefUpdate& update : request.updates) {
    if (!destination.deploys(update.ref)) continue;
    chosen.push_back(update);
    names.push_back(printable(branch_of(update.ref)));
  }
  if (chosen.size() > 1) {
    throw Error(Fault::refused,
                fmt::format("one branch that is deployed here may be pushed at a time, not {}",
                            fmt::join(names, ", ")),
                "push them one after the other, or with `-o skip-deploy`");
  }
  if (chosen.empty()) return std::nullopt;
  refuse_loss(chosen.front(), remote);
  return chosen.front();
}

}  // namespace bakehouse::bakery
