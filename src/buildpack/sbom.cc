#include "buildpack/sbom.hh"

#include "base/encoding.hh"
#include "base/error.hh"
#include "buildpack/layer_toml.hh"
#include "launch/launch_file.hh"

#include <fmt/format.h>

#include <algorithm>
#include <optional>

namespace bakehouse::buildpack {
namespace {

using base::Error;
using base::Fault;
using base::printable;
using base::TreePath;

struct Format {
  std::string_view extension;
  std::string_view media_type;
};
constexpr Format formats[] = {{"cdx.json", "application/vnd.cyclonedx+json"},
                              {"spdx.json", "application/spdx+json"},
                              {"syft.json", "application/vnd.syft+json"}};
constexpr std::string_view mark = ".sbom.";
constexpr uint64_t largest_sbom = 1 << 25;

// A media type may have parameters, such as the version of its schema.
bool is_declared(const Buildpack& pack, std::string_view media_type) {
  return std::ranges::any_of(pack.sbom_formats, [&](const std::string& declared) {
    return std::string_view(declared).substr(0, declared.find_first_of("; ")) == media_type;
  });
}

void require_format(const Buildpack& pack, const std::string& file, std::string_view extension) {
  const auto* const known = std::ranges::find(formats, extension, &Format::extension);
  if (known == std::end(formats)) {
    throw Error(Fault::input, fmt::format("'{}' is of no format that is known", printable(file)),
                "bills of materials end in .cdx.json, .spdx.json or .syft.json");
  }
  if (is_declared(pack, known->media_type)) return;
  throw Error(Fault::input,
              fmt::format("'{}' is of a format that its buildpack.toml does not declare", printable(file)),
              fmt::format("add \"{}\" to sbom-formats below [buildpack]", known->media_type));
}

// A layer of any name may have these dots in its own.
bool may_be_sbom(const base::Dir& application, const TreePath& path, const std::string& file) {
  if (file.rfind(mark) == std::string::npos || file.ends_with(".toml")) return false;
  const auto found = application.stat(path);
  return found && found->type != base::FileType::directory;
}

void require_part_name(const Sbom& sbom, const Buildpack& pack) {
  const std::string name = sbom.part_name(pack);
  if (!TreePath::why_not(name) && printable(name) == name) return;
  throw Error(Fault::input, fmt::format("'{}' is too long or strange a name", printable(sbom.file_name())),
              "give the layer another one");
}

}  // namespace

std::string Sbom::file_name() const { return subject + std::string(mark) + extension; }

std::string Sbom::part_name(const Buildpack& pack) const {
  const std::string of_layer = why_no_layer_name(subject).empty() ? "+" + subject : "";
  return fmt::format("sbom+{}{}.{}", pack.escaped_id(), of_layer, extension);
}

std::vector<Sbom> take_sboms(const base::Dir& application, const Buildpack& pack,
                             const std::vector<std::string>& layers,
                             const std::function<void(const std::string&)>& warn) {
  const TreePath directory = launch::layers_directory(pack.id);
  std::vector<Sbom> sboms;
  for (const std::string& file : application.open_dir(directory).names()) {
    if (!may_be_sbom(application, directory / file, file)) continue;
    const size_t dot = file.rfind(mark);
    Sbom sbom{file.substr(0, dot), file.substr(dot + mark.size()), ""};
    require_format(pack, file, sbom.extension);
    if (why_no_layer_name(sbom.subject).empty() && std::ranges::find(layers, sbom.subject) == layers.end()) {
      if (!application.exists(directory / (sbom.subject + ".toml")))
        warn(fmt::format("'{}' is of no layer, and is not kept", printable(file)));
      continue;
    }
    require_part_name(sbom, pack);
    sbom.content = application.read_file(directory / file, largest_sbom);
    sboms.push_back(std::move(sbom));
  }
  return sboms;
}

std::vector<std::string_view> sbom_extensions(const Buildpack& pack) {
  std::vector<std::string_view> extensions;
  for (const Format& format : formats) {
    if (is_declared(pack, format.media_type)) extensions.push_back(format.extension);
  }
  return extensions;
}

}  // namespace bakehouse::buildpack
