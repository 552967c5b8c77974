#include "bakery/try_pack.hh"
#include "base/encoding.hh"
#include "cli/bake/commands.hh"

#include <fmt/format.h>
#include <fmt/ranges.h>

namespace bakehouse::cli {
namespace {

using bakery::Tried;
using bakery::TriedLayer;
using base::printable;
using text::Value;

std::string types_of(const TriedLayer& layer) {
  std::vector<std::string> types;
  if (layer.build) types.emplace_back("build");
  if (layer.launch) types.emplace_back("launch");
  if (layer.cache) types.emplace_back("cache");
  return fmt::format("{}", fmt::join(types, ", "));
}

std::string describe(const launch::Environment& environment) {
  std::string text;
  for (const auto& [name, value] : environment)
    text += fmt::format("  {}={}\n", printable(name), printable(value));
  return text;
}

// A heading with what belongs to it; "" where there is nothing.
std::string section(const std::string& heading, const std::string& lines) {
  return lines.empty() ? "" : heading + ":\n" + lines;
}

std::string describe_detection(const Tried& tried) {
  std::string text;
  for (const auto& answer : tried.answers) {
    using Kind = buildpack::Answer::Kind;
    const char* const verdict = answer.kind == Kind::applies    ? "applies"
                                : answer.kind == Kind::does_not ? "does not apply"
                                                                : "could not be asked";
    const std::string name = answer.display_name.empty() ? "" : fmt::format(" ({})", answer.display_name);
    text += fmt::format("{} {}{}{}{}{}\n", answer.pack, verdict, name, answer.why.empty() ? "" : ": ",
                        answer.why, answer.said);
  }
  for (const auto& group : tried.lost)
    text += fmt::format("not {}: {}\n", fmt::join(group.members, ", "), fmt::join(group.reasons, "; "));
  return text;
}

std::string describe(const launch::LaunchProcess& process, const std::string& default_process) {
  std::string line = fmt::format("{}", fmt::join(process.command, " "));
  for (const std::string& argument : process.args) line += " " + argument;
  return fmt::format("  {}{}: {}\n", process.type, process.type == default_process ? " (default)" : "",
                     printable(line));
}

std::string describe_build(const Tried& tried) {
  std::string plan;
  for (const auto& dependency : tried.plan)
    plan +=
        fmt::format("  {}: provided by {}, required {}\n", printable(dependency.name),
                    fmt::join(dependency.providers, ", "),
                    dependency.requirements == 1 ? "once" : fmt::format("{} times", dependency.requirements));
  std::string layers;
  for (const TriedLayer& layer : tried.layers)
    layers += fmt::format("  {} {} ({}): {} entries, {} bytes\n", layer.buildpack, printable(layer.name),
                          types_of(layer), layer.entries, layer.bytes);
  std::string processes;
  for (const auto& process : tried.launch.processes)
    processes += describe(process, tried.launch.default_process);
  return section("plan", plan) + section("layers", layers) +
         section("environment of the buildpacks behind", describe(tried.for_build)) +
         section("environment of a process", describe(tried.for_launch)) + section("processes", processes);
}

Value to_value(const launch::Environment& environment) {
  Value map = Value::map();
  for (const auto& [name, value] : environment) map.set(name, value);
  return map;
}

Value layers_of(const Tried& tried) {
  Value layers = Value::list();
  for (const TriedLayer& layer : tried.layers) {
    layers.push(Value::map({{"buildpack", layer.buildpack},
                            {"layer", layer.name},
                            {"build", layer.build},
                            {"launch", layer.launch},
                            {"cache", layer.cache},
                            {"entries", layer.entries},
                            {"bytes", layer.bytes}}));
  }
  return layers;
}

Value to_value(const Tried& tried) {
  Value plan = Value::list();
  for (const auto& dependency : tried.plan)
    plan.push(Value::map({{"name", dependency.name}, {"providers", text::list_of(dependency.providers)}}));
  Value processes = Value::list();
  for (const auto& process : tried.launch.processes) {
    processes.push(Value::map({{"type", process.type},
                               {"command", text::list_of(process.command)},
                               {"args", text::list_of(process.args)},
                               {"default", process.type == tried.launch.default_process}}));
  }
  return Value::map({{"outcome", tried.builders.empty() ? "does-not-apply" : "ok"},
                     {"builders", text::list_of(tried.builders)},
                     {"plan", std::move(plan)},
                     {"layers", layers_of(tried)},
                     {"build-environment", to_value(tried.for_build)},
                     {"launch-environment", to_value(tried.for_launch)},
                     {"processes", std::move(processes)}});
}

}  // namespace

int run_buildpack_try(const BuildpackTryCommand& command, const Screen& screen) {
  const phase::Surroundings around = make_surroundings(screen);
  bakery::TryOptions options;
  options.pack = command.directory;
  options.application = command.application;
  options.shipped = find_installation().buildpacks;
  options.keep = command.keep;
  options.events = around.events;
  options.cancelled = around.cancelled;
  const Tried tried = bakery::try_buildpack(options);
  if (screen.json()) {
    screen.done(to_value(tried));
  } else {
    std::fputs((describe_detection(tried) + describe_build(tried)).c_str(), stdout);
  }
  return tried.builders.empty() ? base::exit_code(base::Fault::build) : 0;
}

}  // namespace bakehouse::cli
