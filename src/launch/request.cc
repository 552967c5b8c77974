#include "launch/request.hh"

#include "base/encoding.hh"
#include "base/error.hh"

namespace bakehouse::launch {
namespace {

using base::Error;
using base::Fault;
using base::printable;

using Words = std::vector<std::string>;

std::string known_processes(const LaunchFile& file, const std::string& exec_env) {
  std::string list;
  for (const auto& process : file.processes) {
    if (process.exists_in(exec_env)) list += (list.empty() ? "" : ", ") + process.type;
  }
  return list.empty() ? "the release has no processes" : "known are: " + list;
}

LaunchProcess with_user_args(LaunchProcess process, Words::const_iterator first, Words::const_iterator last) {
  if (first != last && process.user_args == UserArgs::replace) process.args.clear();
  process.args.insert(process.args.end(), first, last);
  return process;
}

LaunchProcess require_process(const LaunchFile& file, const std::string& type, const std::string& exec_env) {
  const LaunchProcess& process = *file.find(type);
  if (process.exists_in(exec_env)) return process;
  throw Error(Fault::input,
              fmt::format("the process '{}' does not exist in '{}'", process.type, printable(exec_env)),
              known_processes(file, exec_env));
}

LaunchProcess command(const std::string& program, Words args, bool direct) {
  LaunchProcess process;
  process.command = {program};
  process.args = std::move(args);
  process.direct = direct;
  return process;
}

}  // namespace

LaunchProcess choose(const LaunchFile& file, const Request& request) {
  const Words& words = request.words;
  if (file.find(request.called_as) != nullptr) {
    return with_user_args(require_process(file, request.called_as, request.exec_env), words.begin(),
                          words.end());
  }
  if (words.empty() && !file.default_process.empty())
    return require_process(file, file.default_process, request.exec_env);
  const bool direct = !words.empty() && words.front() == "--";
  if (words.size() == (direct ? 1 : 0)) {
    throw Error(Fault::input, "neither a process nor a command is named, and there is no default process",
                known_processes(file, request.exec_env));
  }
  if (direct) return command(words[1], {words.begin() + 2, words.end()}, true);
  if (file.find(words[0]) != nullptr) {
    return with_user_args(require_process(file, words[0], request.exec_env), words.begin() + 1, words.end());
  }
  return command(words[0], {words.begin() + 1, words.end()}, false);
}

}  // namespace bakehouse::launch
