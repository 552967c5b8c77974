#include "buildpack/target.hh"

#include "base/files.hh"
#include "support/mentions.hh"

#include <doctest/doctest.h>

#include <string>

namespace target_test {

using namespace bakehouse;
using namespace bakehouse::buildpack;

namespace {

const Machine here{"linux", "amd64", "", {"debian", "12"}};

std::string why(const std::vector<Target>& targets, const Machine& machine = here) {
  return why_no_target_fits(targets, machine).value_or("it fits");
}

Distro distro_of(const std::string& os_release) {
  const base::TempDir scratch;
  base::write_file(scratch.path() / "os-release", os_release);
  return this_machine(scratch.path() / "os-release").distro;
}

}  // namespace

TEST_CASE("1.2 targets: an empty field is any") {
  CHECK(why({Target{}}) == "it fits");
  CHECK(why({{"linux", "", "", {}}}) == "it fits");
  CHECK(why({{"", "amd64", "", {}}}) == "it fits");
  CHECK(why({{"linux", "amd64", "", {{"debian", "12"}}}}) == "it fits");
  CHECK(why({{"linux", "amd64", "", {{"debian", ""}}}}) == "it fits");
  CHECK(why({{"linux", "amd64", "", {{"", "12"}}}}) == "it fits");
  CHECK(why({{"linux", "amd64", "v2", {}}}) == "it fits");
  CHECK(why({{"linux", "amd64", "", {{"ubuntu", "22.04"}, {"debian", "12"}}}}) == "it fits");
  CHECK(why({{"windows", "", "", {}}, {"linux", "", "", {}}}) == "it fits");
}

TEST_CASE("1.2 targets: why none fits, in words") {
  CHECK(why({{"windows", "", "", {}}}) == "made for windows; this machine is linux/amd64, debian 12");
  CHECK(why({{"", "arm64", "", {}}}) == "made for any system/arm64; this machine is linux/amd64, debian 12");
  CHECK(why({{"linux", "amd64", "", {{"ubuntu", "18.04"}, {"alpine", ""}}}, {"linux", "arm", "v7", {}}}) ==
        "made for linux/amd64, ubuntu 18.04 or alpine; for linux/arm/v7; this machine is linux/amd64, debian "
        "12");
  CHECK(why({{"linux", "amd64", "", {{"debian", "11"}}}}) ==
        "made for linux/amd64, debian 11; this machine is linux/amd64, debian 12");
  CHECK(why({{"linux", "", "", {{"", "13"}}}}) ==
        "made for linux, any distribution 13; this machine is linux/amd64, debian 12");
  CHECK(why({{"lin\nux", "", "", {}}}) == "made for lin\\012ux; this machine is linux/amd64, debian 12");
  CHECK(why({{"linux", "arm", "v6", {}}}, {"linux", "arm", "v7", {}}) ==
        "made for linux/arm/v6; this machine is linux/arm/v7");
  CHECK(why({}) == "it does not say for which machines it was made; this one is linux/amd64, debian 12");
}

TEST_CASE("1.2 targets: what is not known of a machine cannot be wrong") {
  CHECK(why({{"linux", "amd64", "", {{"ubuntu", "18.04"}}}}, {"linux", "amd64", "", {}}) == "it fits");
  CHECK(why({{"linux", "amd64", "", {{"debian", "12"}}}}, {"linux", "amd64", "", {"debian", ""}}) ==
        "it fits");
}

TEST_CASE("1.2 stacks: * is any, bionic is ubuntu 18.04, others say nothing") {
  const ApiVersion old{0, 9};
  const ApiVersion recent{0, 10};
  CHECK(targets_of_stacks({}, recent).empty());
  CHECK(targets_of_stacks({"io.buildpacks.stacks.jammy", "org.example"}, recent).empty());
  CHECK(why(targets_of_stacks({"org.example", "*"}, recent)) == "it fits");
  const std::string bionic = "io.buildpacks.stacks.bionic";
  const std::string refused = "made for linux/amd64, ubuntu 18.04; this machine is linux/amd64, debian 12";
  CHECK(why(targets_of_stacks({bionic}, old)) == refused);
  CHECK(why(targets_of_stacks({bionic}, recent)) == refused);
  CHECK(why(targets_of_stacks({bionic, "org.example"}, recent)) == refused);
  CHECK(targets_of_stacks({bionic, "org.example"}, old).empty());
  CHECK(why(targets_of_stacks({bionic, "*"}, old)) == "it fits");
}

TEST_CASE("1.2 this machine: the names of the specification") {
  const Machine machine = this_machine("/nonexistent");
  CHECK(machine.os == "linux");
  CHECK(machine.arch != "");
  CHECK(machine.arch != "x86_64");
  CHECK(machine.arch != "aarch64");
  CHECK(machine.distro.name == "");
  CHECK(machine.describe() == support::Mentions{"linux/" + machine.arch});
  CHECK(here.describe() == "linux/amd64, debian 12");
}

TEST_CASE("1.2 this machine: os-release as its own page describes it") {
  struct Row {
    std::string text;
    std::string name;
    std::string version;
  };
  const Row rows[] = {
      {"PRETTY_NAME=\"Debian GNU/Linux 12 (bookworm)\"\nVERSION_ID=\"12\"\nID=debian\n", "debian", "12"},
      {"ID=\"rocky\"\nID_LIKE=\"rhel\"\nVERSION_ID='9.4'", "rocky", "9.4"},
      {"# ID=no\nID=arch\n", "arch", ""},
      {"ID=debian \r\nVERSION_ID=12\r\n", "debian", "12"},
      {"ID=\"a\\\"b\\$c\"\nVERSION_ID='a\\b'", "a\"b$c", "a\\b"},
      {"ID=\"\nVERSION_ID=", "\"", ""},
      {"ID=old\nID=new\n", "new", ""},
      {"", "", ""},
      {"no line of any use\n\n===\n", "", ""},
  };
  for (const Row& row : rows) {
    CAPTURE(row.text);
    const Distro distro = distro_of(row.text);
    CHECK(distro.name == row.name);
    CHECK(distro.version == row.version);
  }
}

}  // namespace target_test
