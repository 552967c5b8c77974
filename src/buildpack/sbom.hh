// The bills of materials that buildpacks leave beside their layers: <layer|launch|build>.sbom.<extension>.
#pragma once

#include "base/dir.hh"
#include "buildpack/buildpack.hh"

#include <functional>
#include <string>
#include <string_view>
#include <vector>

namespace bakehouse::buildpack {

struct Sbom {
  std::string subject;    // the name of a layer, or "launch" or "build" for all that it did for either
  std::string extension;  // "cdx.json"
  std::string content;    // as it was written; nobody here reads it

  std::string file_name() const;  // "deps.sbom.cdx.json"
  // Under which it travels in `.bakehouse/`: "sbom+acme_node+deps.cdx.json", "sbom+acme_node.cdx.json". No id
  // has a '+'.
  std::string part_name(const Buildpack& pack) const;
};

// All in the directory of a buildpack that has built, but for those of layers that are for nothing (`layers`
// are the others). Error(input) names a file of an unknown format, or of one that its buildpack did not
// declare.
std::vector<Sbom> take_sboms(const base::Dir& application, const Buildpack& pack,
                             const std::vector<std::string>& layers,
                             const std::function<void(const std::string&)>& warn);

// The extensions of the formats that a buildpack declared.
std::vector<std::string_view> sbom_extensions(const Buildpack& pack);

}  // namespace bakehouse::buildpack
