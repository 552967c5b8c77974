#include "buildpack/inline_buildpack.hh"

#include "base/files.hh"
#include "buildpack/buildpack.hh"
#include "support/failure.hh"
#include "support/mentions.hh"

#include <doctest/doctest.h>

#include <string>

namespace inline_buildpack_test {

using namespace bakehouse;
using namespace bakehouse::buildpack;

namespace {

ProjectBuildpack only_one(const std::string& toml) {
  return parse_project_toml("[build]\nbuildpacks = [" + toml + "]\n", "project.toml").group.at(0);
}

}  // namespace

TEST_CASE("1.11 inline: the script becomes a buildpack like any other") {
  const base::TempDir scratch;
  const auto directory = scratch.path() / "new/own";
  write_inline_buildpack(
      only_one("{id = 'acme/own', script = {api = '0.10', inline = \"echo hello\\nexit 3\"}}"), directory);
  const Buildpack pack = load_buildpack(directory);
  CHECK(pack.describe() == "acme/own@0.0.0");
  CHECK(pack.api == ApiVersion{0, 10});
  CHECK(base::read_file(directory / "bin/detect", 100) == "#!/bin/sh\nexit 0\n");
  CHECK(base::read_file(directory / "bin/build", 100) == "#!/bin/sh\necho hello\nexit 3\n");
}

TEST_CASE(
    "1.11 inline: version and shell are what the file says; what is no buildpack is refused when it is "
    "read") {
  const base::TempDir scratch;
  const auto own = scratch.path() / "own";
  write_inline_buildpack(
      only_one("{id = 'a', version = '2', script = {api = '0.9', shell = '/bin/bash', inline = 'x'}}"), own);
  CHECK(load_buildpack(own).describe() == "a@2");
  CHECK(base::read_file(own / "bin/build", 100) == "#!/bin/bash\nx\n");
  const auto odd = scratch.path() / "odd";
  write_inline_buildpack(only_one("{id = 'a b\"', script = {api = '0.9', inline = ''}}"), odd);
  CHECK(support::failure([&] { load_buildpack(odd); }) ==
        support::Mentions{"'a b\"' is no id of a buildpack"});
}

}  // namespace inline_buildpack_test
