#include "buildpack/build_toml.hh"

#include "buildpack/tables.hh"
#include "text/toml.hh"

namespace bakehouse::buildpack {

std::vector<std::string> parse_build_toml(std::string_view toml, std::string_view name) {
  const text::Value document = text::parse_toml(toml, name);
  text::Diagnostics faults;
  text::MapReader reader(document, "the file", faults);
  std::vector<std::string> names;
  for (const text::Value* table : take_tables(reader, "unmet", faults)) {
    text::MapReader entry(*table, "an unmet dependency", faults);
    names.push_back(require_text(entry, "name", faults));
  }
  faults.throw_if_any();
  return names;
}

}  // namespace bakehouse::buildpack
