#include "buildpack/environment.hh"

#include "base/dir.hh"
#include "launch/launch_file.hh"

#include <algorithm>
#include <array>
#include <cstdlib>

namespace bakehouse::buildpack {
namespace {

using launch::Environment;

// Lists, in which what the user says comes first and hides nothing of the rest.
constexpr std::array<std::string_view, 5> path_variables{"PATH", "LD_LIBRARY_PATH", "LIBRARY_PATH", "CPATH",
                                                         "PKG_CONFIG_PATH"};

void add_project_variables(const Site& site, Environment& environment) {
  for (const auto& [name, value] : site.workshop().settings.environment) {
    std::string& there = environment[name];
    const bool is_list = std::ranges::find(path_variables, name) != path_variables.end();
    there = is_list && !there.empty() ? value + ":" + there : value;
  }
}

void add_target(const Machine& machine, Environment& environment) {
  const auto add = [&](const char* name, const std::string& value) {
    if (!value.empty()) environment[name] = value;
  };
  add("CNB_TARGET_OS", machine.os);
  add("CNB_TARGET_ARCH", machine.arch);
  add("CNB_TARGET_ARCH_VARIANT", machine.variant);
  add("CNB_TARGET_DISTRO_NAME", machine.distro.name);
  add("CNB_TARGET_DISTRO_VERSION", machine.distro.version);
}

}  // namespace

void add_operator_variables(const Site& site, Environment& environment,
                            const std::set<std::string>& exported) {
  const std::filesystem::path& config = site.workshop().build_config;
  if (config.empty() || !std::filesystem::is_directory(config)) return;
  const base::Dir dir = base::Dir::open(config);
  const base::TreePath variables = base::TreePath::parse("env");
  const Environment before = environment;
  launch::apply_variables({dir, config}, variables, launch::Unsuffixed::is_default, environment);
  for (const std::string& name : exported) {
    const auto told = before.find(name);
    if (told != before.end() && !dir.exists(variables / (name + ".override")))
      environment[name] = told->second;
  }
}

Environment first_environment(const Site& site) {
  Environment environment{{"PATH", "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"},
                          {"HOME", site.home().native()}};
  for (const char* name :
       {"HTTP_PROXY", "HTTPS_PROXY", "http_proxy", "https_proxy", "NO_PROXY", "no_proxy"}) {
    if (const char* value = std::getenv(name)) environment[name] = value;
  }
  return environment;
}

void complete_environment(const Site& site, const Buildpack& pack, const std::filesystem::path& plan,
                          Environment& environment, const std::set<std::string>& exported) {
  if (!pack.clear_env) add_project_variables(site, environment);
  add_operator_variables(site, environment, exported);
  environment["CNB_BUILDPACK_DIR"] = pack.directory.native();
  if (pack.api.has_named_directories()) {
    environment["CNB_PLATFORM_DIR"] = site.platform().native();
    environment["CNB_LAYERS_DIR"] = site.layers(pack).native();
    environment["CNB_BUILD_PLAN_PATH"] = plan.native();
    environment["CNB_BP_PLAN_PATH"] = plan.native();
  }
  if (pack.api.has_targets()) add_target(site.machine(), environment);
  if (pack.api.has_exec_env()) environment["CNB_EXEC_ENV"] = std::string(launch::usual_exec_env);
}

}  // namespace bakehouse::buildpack
