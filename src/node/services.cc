#include "node/services.hh"

#include <fmt/format.h>

#include <algorithm>

#include <pwd.h>
#include <unistd.h>

namespace bakehouse::node {

std::vector<std::string> base_environment(const Node& node, const std::string& deployment,
                                          const std::string& version) {
  const passwd* user = ::getpwuid(::geteuid());
  return {
      "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
      fmt::format("HOME={}", user != nullptr ? user->pw_dir : "/"),
      "LANG=C.UTF-8",
      fmt::format("BAKEHOUSE_MODE={}", config::name_of(node.root.mode)),
      fmt::format("BAKEHOUSE_ROOT={}", node.root.path.native()),
      fmt::format("BAKEHOUSE_RUN={}", node.root.at(node.root.layout.run).native()),
      fmt::format("BAKEHOUSE_DATA={}", node.root.at(node.root.layout.data).native()),
      fmt::format("BAKEHOUSE_VERSION={}", version),
      fmt::format("BAKEHOUSE_DEPLOYMENT={}", deployment),
  };
}

std::vector<service::ServiceSpec> service_specs(const Node& node, const std::string& deployment) {
  const ReleaseTree release = read_release(node, deployment);
  const config::Project project = read_configuration(node, deployment);
  const auto run = node.root.at(node.root.layout.run);
  std::vector<std::string> names;
  for (const auto& process : release.launch.processes) names.push_back(process.type);
  for (const auto& [name, settings] : project.processes) {
    if (settings.command && release.launch.find(name) == nullptr) names.push_back(name);
  }
  std::vector<service::ServiceSpec> specs;
  for (const std::string& name : names) {
    const auto settings = project.processes.find(name);
    const bool configured = settings != project.processes.end();
    service::ServiceSpec spec;
    spec.name = name;
    if (configured && settings->second.command) {
      spec.argv = {"/bin/bash", "-c", *settings->second.command};
    } else {
      spec.argv = {node.launch.native(), run.native(), name};
    }
    spec.environment = base_environment(node, deployment, release.info.version);
    if (configured && settings->second.port)
      spec.environment.push_back(fmt::format("PORT={}", *settings->second.port));
    spec.directory = run;
    spec.log = node.root.state() / "logs" / (name + ".log");
    specs.push_back(std::move(spec));
  }
  return specs;
}

}  // namespace bakehouse::node
