#include "node/process_order.hh"

#include "base/encoding.hh"
#include "base/error.hh"

#include <fmt/format.h>

#include <algorithm>
#include <set>

namespace bakehouse::node {
namespace {

using base::Error;
using base::Fault;
using base::printable;
using Words = std::vector<std::string>;

class Order {
 public:
  Order(const Words& names, const config::Project& project) : names_(names), project_(project) {}

  Words all() {
    for (const std::string& name : names_) place(name);
    return placed_;
  }

 private:
  void place(const std::string& name) {
    if (std::ranges::find(placed_, name) != placed_.end()) return;
    if (!on_the_way_.insert(name).second) {
      throw Error(Fault::input, fmt::format("the process '{}' comes after itself", printable(name)),
                  "see the `after:` of the processes in bake.yaml and node.yaml");
    }
    const auto settings = project_.processes.find(name);
    if (settings != project_.processes.end())
      for (const std::string& earlier : settings->second.after) place_before(earlier, name);
    placed_.push_back(name);
  }

  void place_before(const std::string& earlier, const std::string& name) {
    if (std::ranges::find(names_, earlier) == names_.end()) {
      throw Error(Fault::input,
                  fmt::format("the process '{}' is to come after '{}', which is no process of this release",
                              printable(name), printable(earlier)),
                  fmt::format("there are: {}", fmt::join(names_, ", ")));
    }
    place(earlier);
  }

  const Words& names_;
  const config::Project& project_;
  Words placed_;
  std::set<std::string> on_the_way_;
};

}  // namespace

Words in_start_order(const Words& names, const config::Project& project) {
  return Order(names, project).all();
}

std::vector<Instance> instances_of(const std::string& process, const config::ProcessSettings& settings) {
  if (!settings.count) return {{process, 1}};
  std::vector<Instance> instances;
  for (int number = 1; number <= *settings.count; ++number)
    instances.push_back({fmt::format("{}.{}", process, number), number});
  return instances;
}

bool is_instance_of(const std::string& service, const std::string& process) {
  if (!service.starts_with(process)) return false;
  const std::string_view rest = std::string_view(service).substr(process.size());
  return rest.empty() || (rest.size() > 1 && rest[0] == '.' &&
                          rest.find_first_not_of("0123456789", 1) == std::string_view::npos);
}

}  // namespace bakehouse::node
