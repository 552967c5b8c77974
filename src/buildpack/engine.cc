#include "buildpack/engine.hh"

#include "base/dir.hh"
#include "base/encoding.hh"
#include "base/error.hh"
#include "base/files.hh"
#include "base/last_lines.hh"
#include "base/process.hh"
#include "text/toml.hh"

#include <fmt/format.h>

#include <algorithm>
#include <cstdlib>
#include <map>

#include <sys/utsname.h>

namespace bakehouse::buildpack {
namespace {

namespace fs = std::filesystem;
using base::Error;
using base::Event;
using base::Fault;
using text::Value;

constexpr int detect_failed = 100;
constexpr uint64_t largest_toml = 1 << 20;
constexpr uint64_t largest_os_release = 1 << 16;

std::string os_release(std::string_view key) {
  const std::string text = base::read_file_if_any("/etc/os-release", largest_os_release).value_or("");
  std::string_view rest = text;
  while (!rest.empty()) {
    const size_t end = rest.find('\n');
    std::string_view line = rest.substr(0, end);
    rest = end == std::string_view::npos ? std::string_view{} : rest.substr(end + 1);
    if (!line.starts_with(key) || line.substr(key.size(), 1) != "=") continue;
    line.remove_prefix(key.size() + 1);
    if (line.size() >= 2 && line.front() == '"' && line.back() == '"') line = line.substr(1, line.size() - 2);
    return std::string(line);
  }
  return {};
}

// The specification's name of this machine's architecture.
std::string architecture() {
  utsname machine{};
  ::uname(&machine);
  const std::string name = machine.machine;
  if (name == "x86_64") return "amd64";
  if (name == "aarch64") return "arm64";
  return name;
}

struct Directories {
  fs::path platform;
  fs::path layers;
  fs::path plan;
  fs::path home;
};

Directories make_directories(const Buildpack& pack, const Workshop& workshop) {
  const fs::path own = workshop.scratch / pack.escaped_id();
  Directories made{workshop.scratch / "platform", own / "layers", own / "plan.toml",
                   workshop.scratch / "home"};
  for (const fs::path& directory : {made.platform / "env", made.layers, made.home}) {
    base::Dir::open_or_make(directory, 0755);
  }
  for (const auto& [name, value] : workshop.settings.environment)
    base::write_file(made.platform / "env" / name, value);
  base::write_file(made.plan, "");
  return made;
}

// From nothing: a build must not depend on who happens to run it. The specification's order: what
// crosses over from us, what the project says, what the engine says.
std::vector<std::string> environment_for(const Buildpack& pack, const Workshop& workshop,
                                         const Directories& made) {
  const std::string usual_path = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";
  std::map<std::string, std::string> variables{{"PATH", usual_path}, {"HOME", made.home}};
  for (const char* name :
       {"HTTP_PROXY", "HTTPS_PROXY", "http_proxy", "https_proxy", "NO_PROXY", "no_proxy"}) {
    if (const char* value = std::getenv(name)) variables[name] = value;
  }
  for (const auto& [name, value] : workshop.settings.environment)
    variables[name] = name == "PATH" ? value + ":" + usual_path : value;
  variables["CNB_BUILDPACK_DIR"] = pack.directory;
  variables["CNB_PLATFORM_DIR"] = made.platform;
  variables["CNB_LAYERS_DIR"] = made.layers;
  variables["CNB_BUILD_PLAN_PATH"] = made.plan;
  variables["CNB_BP_PLAN_PATH"] = made.plan;
  variables["CNB_TARGET_OS"] = "linux";
  variables["CNB_TARGET_ARCH"] = architecture();
  variables["CNB_TARGET_DISTRO_NAME"] = os_release("ID");
  variables["CNB_TARGET_DISTRO_VERSION"] = os_release("VERSION_ID");
  variables["CNB_EXEC_ENV"] = "production";
  std::vector<std::string> environment;
  for (const auto& [name, value] : variables) environment.push_back(fmt::format("{}={}", name, value));
  return environment;
}

base::Limits limits_of(const Workshop& workshop) {
  base::Limits limits;
  limits.time = workshop.settings.time_limit;
  limits.cancelled = workshop.cancelled;
  return limits;
}

// Of detection: it is shown whole only when nothing fits.
constexpr size_t most_lines = 50;

Detection ask(const Buildpack& pack, const Workshop& workshop) {
  const Directories made = make_directories(pack, workshop);
  base::Command command;
  command.argv = {(pack.directory / "bin/detect").native(), made.platform.native(), made.plan.native()};
  command.environment = environment_for(pack, workshop, made);
  command.directory = workshop.application;
  Detection detection{pack, false, ""};
  base::LastLines said(most_lines);
  const auto status =
      base::run(command, limits_of(workshop), [&](std::string_view line) { said.take(line); });
  detection.said = said.text();
  if (!status.ok() && status.code != detect_failed) {
    throw Error(Fault::build, fmt::format("detection by the buildpack {} {}{}", pack.id, status.describe(),
                                          detection.said));
  }
  detection.passed = status.ok();
  return detection;
}

std::vector<std::string> strings(const Value* list) {
  std::vector<std::string> texts;
  if (list == nullptr) return texts;
  for (const Value& item : list->items()) texts.push_back(item.text());
  return texts;
}

launch::LaunchProcess decode_process(const Value& value, const Buildpack& pack) {
  launch::LaunchProcess process;
  process.type = value.string_at("type");
  process.command = strings(value.find("command"));
  process.args = strings(value.find("args"));
  process.working_directory = value.string_or("working-dir", "");
  process.buildpack = pack.id;
  if (process.command.empty()) {
    throw Error(Fault::build, fmt::format("the process '{}' has no command", base::printable(process.type)));
  }
  return process;
}

// Of a process named twice the later buildpack's counts; a default that it replaces is none any more
// unless it says so again.
void collect_processes(const Buildpack& pack, const fs::path& layers, launch::LaunchFile& launch) {
  const auto text = base::read_file_if_any(layers / "launch.toml", largest_toml);
  if (!text) return;
  const Value document = text::parse_toml(*text, "launch.toml");
  const Value* processes = document.find("processes");
  if (processes == nullptr) return;
  std::string own_default;
  for (const Value& item : processes->items()) {
    launch::LaunchProcess process = decode_process(item, pack);
    std::erase_if(launch.processes, [&](const auto& other) { return other.type == process.type; });
    if (launch.default_process == process.type) launch.default_process.clear();
    const Value* is_default = item.find("default");
    if (is_default != nullptr && is_default->text() == "true") {
      if (!own_default.empty()) throw Error(Fault::build, "launch.toml names more than one default process");
      own_default = process.type;
    }
    launch.processes.push_back(std::move(process));
  }
  if (!own_default.empty()) launch.default_process = own_default;
  // What no node would accept must not be signed: the reader of releases is the judge.
  launch::parse_launch(launch::format_launch(launch), "launch.json");
}

void refuse_launch_layers(const fs::path& layers) {
  for (const std::string& name : base::Dir::open(layers).names()) {
    if (!name.ends_with(".toml") || name == "launch.toml" || name == "build.toml" || name == "store.toml")
      continue;
    const Value layer = text::parse_toml(base::read_file(layers / name, largest_toml), name);
    const Value* types = layer.find("types");
    const Value* launched = types != nullptr ? types->find("launch") : nullptr;
    if (launched != nullptr && launched->text() == "true") {
      throw Error(Fault::build, fmt::format("{} is a layer for the launch, which this version cannot carry",
                                            base::printable(name)));
    }
  }
}

// What a buildpack left behind is its own fault, not that of the source.
void take_results(const Buildpack& pack, const fs::path& layers, launch::LaunchFile& launch) {
  try {
    refuse_launch_layers(layers);
    collect_processes(pack, layers, launch);
  } catch (const Error& error) {
    throw error.within("the buildpack " + pack.id).as(Fault::build);
  }
}

void build_one(const Buildpack& pack, const Workshop& workshop, launch::LaunchFile& launch) {
  const Directories made = make_directories(pack, workshop);
  workshop.events({Event::Kind::note, "build", fmt::format("{} {}", pack.id, pack.version)});
  base::Command command;
  command.argv = {(pack.directory / "bin/build").native(), made.layers.native(), made.platform.native(),
                  made.plan.native()};
  command.environment = environment_for(pack, workshop, made);
  command.directory = workshop.application;
  const auto status = base::run(command, limits_of(workshop), [&](std::string_view line) {
    workshop.events({Event::Kind::output, "build", std::string(line)});
  });
  if (!status.ok()) throw Error(Fault::build, fmt::format("the buildpack {} {}", pack.id, status.describe()));
  take_results(pack, made.layers, launch);
}

}  // namespace

std::vector<Buildpack> detect(const std::vector<Buildpack>& candidates, Need need, const Workshop& workshop) {
  std::vector<Buildpack> chosen;
  std::string refusals;
  for (const Buildpack& candidate : candidates) {
    const Detection detection = ask(candidate, workshop);
    if (detection.passed) {
      chosen.push_back(candidate);
    } else {
      refusals += fmt::format("\n  {} does not apply{}", candidate.id, detection.said);
    }
    if (!detection.passed && need == Need::all) break;
  }
  if (chosen.empty() || (need == Need::all && chosen.size() < candidates.size())) {
    throw Error(Fault::build, "no buildpacks for this source:" + refusals,
                "a Procfile says which processes an application has");
  }
  return chosen;
}

launch::LaunchFile build(const std::vector<Buildpack>& packs, const Workshop& workshop) {
  launch::LaunchFile launch;
  for (const Buildpack& pack : packs) build_one(pack, workshop, launch);
  std::sort(launch.processes.begin(), launch.processes.end(),
            [](const auto& a, const auto& b) { return a.type < b.type; });
  return launch;
}

}  // namespace bakehouse::buildpack
