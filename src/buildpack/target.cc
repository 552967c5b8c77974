#include "buildpack/target.hh"

#include "base/encoding.hh"
#include "base/files.hh"

#include <fmt/format.h>

#include <algorithm>

#include <sys/utsname.h>

namespace bakehouse::buildpack {
namespace {

using base::printable;

constexpr uint64_t largest_os_release = 1 << 16;

// The value of a line of os-release: a word of the shell, quoted or not, without expansion.
std::string unquoted(std::string_view word) {
  while (!word.empty() && (word.back() == ' ' || word.back() == '\t' || word.back() == '\r'))
    word.remove_suffix(1);
  const bool is_quoted =
      word.size() >= 2 && (word.front() == '"' || word.front() == '\'') && word.back() == word.front();
  if (!is_quoted) return std::string(word);
  const bool has_escapes = word.front() == '"';
  word = word.substr(1, word.size() - 2);
  std::string text;
  for (size_t i = 0; i < word.size(); ++i) {
    if (has_escapes && word[i] == '\\' && i + 1 < word.size()) ++i;
    text += word[i];
  }
  return text;
}

Distro read_distro(std::string_view rest) {
  Distro distro;
  while (!rest.empty()) {
    const size_t end = rest.find('\n');
    const std::string_view line = rest.substr(0, end);
    rest = end == std::string_view::npos ? std::string_view{} : rest.substr(end + 1);
    const size_t equals = line.find('=');
    if (equals == std::string_view::npos) continue;
    const std::string_view key = line.substr(0, equals);
    if (key == "ID") distro.name = unquoted(line.substr(equals + 1));
    if (key == "VERSION_ID") distro.version = unquoted(line.substr(equals + 1));
  }
  return distro;
}

struct Architecture {
  std::string_view machine;  // what uname says
  std::string_view arch;     // what the specification, and Go, call it
  std::string_view variant;
};

constexpr Architecture architectures[] = {
    {"x86_64", "amd64", ""}, {"aarch64", "arm64", ""},
    {"armv7l", "arm", "v7"}, {"armv6l", "arm", "v6"},
    {"i686", "386", ""},     {"i586", "386", ""},
    {"i386", "386", ""},     {"loongarch64", "loong64", ""},
};

bool allows(std::string_view wanted, std::string_view there) {
  return wanted.empty() || there.empty() || wanted == there;
}

bool fits(const Target& target, const Machine& machine) {
  if (!allows(target.os, machine.os) || !allows(target.arch, machine.arch) ||
      !allows(target.variant, machine.variant))
    return false;
  return target.distros.empty() ||
         std::any_of(target.distros.begin(), target.distros.end(), [&](const Distro& distro) {
           return allows(distro.name, machine.distro.name) && allows(distro.version, machine.distro.version);
         });
}

std::string name_platform(const std::string& os, const std::string& arch, const std::string& variant) {
  std::string text = os.empty() ? "any system" : os;
  if (!arch.empty()) text += "/" + arch;
  if (!variant.empty()) text += "/" + variant;
  return printable(text);
}

std::string name_distro(const Distro& distro) {
  const std::string name = distro.name.empty() ? "any distribution" : distro.name;
  return printable(distro.version.empty() ? name : name + " " + distro.version);
}

std::string name_target(const Target& target) {
  std::vector<std::string> distros;
  for (const Distro& distro : target.distros) distros.push_back(name_distro(distro));
  const std::string text = name_platform(target.os, target.arch, target.variant);
  return distros.empty() ? text : fmt::format("{}, {}", text, fmt::join(distros, " or "));
}

}  // namespace

std::string Machine::describe() const {
  const std::string text = name_platform(os, arch, variant);
  return distro.name.empty() ? text : text + ", " + name_distro(distro);
}

Machine this_machine(const std::filesystem::path& os_release) {
  utsname names{};
  ::uname(&names);
  Machine machine;
  machine.os = "linux";
  machine.arch = names.machine;
  for (const Architecture& known : architectures) {
    if (known.machine != machine.arch) continue;
    machine.arch = known.arch;
    machine.variant = known.variant;
    break;
  }
  machine.distro = read_distro(base::read_file_if_any(os_release, largest_os_release).value_or(""));
  return machine;
}

std::vector<Target> targets_of_stacks(const std::vector<std::string>& stacks, ApiVersion api) {
  std::vector<Target> targets;
  for (const std::string& stack : stacks) {
    if (stack == "*") targets.emplace_back();
    const bool is_alone = stacks.size() == 1;
    if (stack == "io.buildpacks.stacks.bionic" && (is_alone || api.has_targets()))
      targets.push_back({"linux", "amd64", "", {{"ubuntu", "18.04"}}});
  }
  return targets;
}

std::optional<std::string> why_no_target_fits(const std::vector<Target>& targets, const Machine& machine) {
  std::vector<std::string> wanted;
  for (const Target& target : targets) {
    if (fits(target, machine)) return std::nullopt;
    wanted.push_back(name_target(target));
  }
  const std::string there = machine.describe();
  if (wanted.empty())
    return fmt::format("it does not say for which machines it was made; this one is {}", there);
  return fmt::format("made for {}; this machine is {}", fmt::join(wanted, "; for "), there);
}

}  // namespace bakehouse::buildpack
