// bake.yaml: what is read can be written and is read as the same again, and any YAML at all can be decoded as
// a project, with nothing but a list of faults to fear.
#include "config/project.hh"
#include "text/yaml.hh"

#include "fuzz/same_value.hh"
#include "fuzz/target.hh"

namespace bakehouse::fuzz {
namespace {

std::string faults_of(const text::Value& value) {
  text::Diagnostics faults;
  config::decode_project(value, faults);
  std::string all;
  for (const auto& fault : faults.list()) {
    require(base::printable_lines(fault.message + fault.hint) == fault.message + fault.hint,
            "a fault is safe to show: " + base::printable(fault.message + fault.hint));
    all += fault.message + "\n" + fault.hint + "\n";
  }
  return all;
}

}  // namespace

void test_one(std::string_view input) {
  const auto value = accepted([&] { return text::parse_yaml(input, "bake.yaml"); });
  if (!value) return;
  const std::string written = text::to_yaml(*value);
  const text::Value again = text::parse_yaml(written, "written");
  require(is_same(*value, again), "what is written is read as the same");
  require(text::to_yaml(again) == written, "and written as the same");
  require(faults_of(*value) == faults_of(again), "and is the same project");
}

}  // namespace bakehouse::fuzz
