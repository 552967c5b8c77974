#include "node/process_order.hh"

#include "base/error.hh"

#include <doctest/doctest.h>

namespace process_order_test {

using namespace bakehouse;
using namespace bakehouse::node;

namespace {

using Words = std::vector<std::string>;

config::Project project_with(const std::map<std::string, Words>& after) {
  config::Project project;
  for (const auto& [name, earlier] : after) project.processes[name].after = earlier;
  return project;
}

}  // namespace

TEST_CASE("a process is started after those it names, the others as they are") {
  CHECK(in_start_order({"a", "b", "c"}, project_with({})) == Words{"a", "b", "c"});
  CHECK(in_start_order({"a", "b", "c"}, project_with({{"a", {"c"}}})) == Words{"c", "a", "b"});
  CHECK(in_start_order({"a", "b", "c"}, project_with({{"a", {"b"}}, {"b", {"c"}}})) == Words{"c", "b", "a"});
  CHECK(in_start_order({"a", "b", "c"}, project_with({{"c", {"a", "b"}}})) == Words{"a", "b", "c"});
}

TEST_CASE("an order that cannot be is refused") {
  CHECK_THROWS_WITH_AS(in_start_order({"a", "b"}, project_with({{"a", {"b"}}, {"b", {"a"}}})),
                       "the process 'a' comes after itself", base::Error);
  CHECK_THROWS_WITH_AS(in_start_order({"a"}, project_with({{"a", {"z"}}})),
                       "the process 'a' is to come after 'z', which is no process of this release",
                       base::Error);
}

TEST_CASE("instances are numbered where their count is given") {
  config::ProcessSettings settings;
  CHECK(instances_of("web", settings).at(0).name == "web");
  settings.count = 2;
  const auto two = instances_of("web", settings);
  REQUIRE(two.size() == 2);
  CHECK(two[1].name == "web.2");
  CHECK(two[1].number == 2);
  settings.count = 0;
  CHECK(instances_of("web", settings).empty());
}

TEST_CASE("a service is known by its process") {
  for (const char* service : {"web", "web.1", "web.12"}) CHECK(is_instance_of(service, "web"));
  for (const char* service : {"we", "web2", "web.", "web.x", "web.1x", "other"})
    CHECK_FALSE(is_instance_of(service, "web"));
  CHECK(is_instance_of("web.2", "web.2"));
}

}  // namespace process_order_test
