#include "buildpack/inline_buildpack.hh"

#include "base/dir.hh"
#include "base/files.hh"
#include "text/to_toml.hh"

#include <fmt/format.h>

namespace bakehouse::buildpack {

using text::Value;

void write_inline_buildpack(const ProjectBuildpack& pack, const std::filesystem::path& directory) {
  const InlineScript& script = pack.script.value();
  const std::string version = pack.version.empty() ? "0.0.0" : pack.version;
  const Value descriptor =
      Value::map({{"api", Value(script.api)},
                  {"buildpack", Value::map({{"id", Value(pack.id)}, {"version", Value(version)}})}});
  base::Dir::open_or_make(directory / "bin");
  base::write_file(directory / "buildpack.toml", text::to_toml(descriptor));
  base::write_file(directory / "bin/detect", "#!/bin/sh\nexit 0\n", 0755);
  base::write_file(directory / "bin/build", fmt::format("#!{}\n{}\n", script.shell, script.inline_text),
                   0755);
}

}  // namespace bakehouse::buildpack
