#include "buildpack/sbom.hh"

#include "support/failure.hh"
#include "support/mentions.hh"
#include "workbench.hh"

#include <doctest/doctest.h>

namespace sbom_test {

using namespace bakehouse;
using namespace bakehouse::buildpack;
using support::failure;
using support::Mentions;

namespace {

using Parts = std::map<std::string, std::string>;

const std::string declares_all =
    "sbom-formats = [\"application/vnd.cyclonedx+json; version=1.5\", \"application/spdx+json\", "
    "\"application/vnd.syft+json\"]\n";

// A layer of these types, and a file beside it.
std::string make_layer(const std::string& name, const std::string& types) {
  return "mkdir -p \"$1/" + name + "\"; printf '[types]\\n" + types + "\\n' >\"$1/" + name + ".toml\"\n";
}
std::string make_sbom(const std::string& file) { return "printf '{}' >\"$1/" + file + "\"\n"; }

}  // namespace

TEST_CASE("1.7 SBOM: those of launched layers and of the launch travel, whatever their format") {
  Workbench bench;
  const std::string script = make_layer("deps", "launch = true") + make_layer("a.sbom.b", "launch = true") +
                             make_layer("tools", "build = true\\ncache = true") + make_layer("old", "") +
                             make_sbom("deps.sbom.cdx.json") + make_sbom("deps.sbom.spdx.json") +
                             make_sbom("a.sbom.b.sbom.syft.json") + make_sbom("tools.sbom.cdx.json") +
                             make_sbom("old.sbom.cdx.json") + make_sbom("launch.sbom.syft.json") +
                             make_sbom("build.sbom.cdx.json");
  bench.build({bench.pack("acme/a", {.build = script}, declares_all)});
  CHECK(bench.sboms == Parts{{"sbom+acme_a+deps.cdx.json", "{}"},
                             {"sbom+acme_a+deps.spdx.json", "{}"},
                             {"sbom+acme_a+a.sbom.b.syft.json", "{}"},
                             {"sbom+acme_a.syft.json", "{}"}});
  CHECK(bench.warnings.empty());
  CHECK(base::Dir::open(bench.application() / ".layers/acme_a").names() ==
        std::vector<std::string>{"a.sbom.b", "deps"});
  // Those of what only the build needed stay with what it leaves to the next one.
  CHECK(base::Dir::open(bench.cache() / "current/acme_a/sbom").names() ==
        std::vector<std::string>{"a.sbom.b.sbom.syft.json", "build.sbom.cdx.json", "deps.sbom.cdx.json",
                                 "deps.sbom.spdx.json", "launch.sbom.syft.json", "tools.sbom.cdx.json"});
}

TEST_CASE("1.7 SBOM: one of no layer is left out, and a warning says so") {
  Workbench bench;
  bench.build({bench.pack("acme/a", {.build = make_sbom("gone.sbom.cdx.json")}, declares_all)});
  CHECK(bench.sboms.empty());
  CHECK(bench.warnings ==
        std::vector<std::string>{"acme/a: 'gone.sbom.cdx.json' is of no layer, and is not kept"});
}

TEST_CASE("1.7 SBOM: an unknown format, or one that was not declared, is error 52") {
  struct Row {
    std::string script;
    std::string declared;
    std::string reason;
  };
  const std::string only_syft = "sbom-formats = [\"application/vnd.syft+json\"]\n";
  const Row rows[] = {
      {make_sbom("launch.sbom.cdx.json"), "",
       "'launch.sbom.cdx.json' is of a format that its buildpack.toml"},
      {make_sbom("launch.sbom.cdx.json"), only_syft, "'launch.sbom.cdx.json' is of a format that"},
      {make_sbom("launch.sbom.foo.json"), declares_all,
       "'launch.sbom.foo.json' is of no format that is known"},
      {make_sbom("launch.sbom.syft"), declares_all, "'launch.sbom.syft' is of no format that is known"},
      {"ln -s /etc/passwd \"$1/launch.sbom.cdx.json\"", declares_all, "launch.sbom.cdx.json"},
      {make_layer("$(printf 'x%.0s' {1..235})", "launch = true") +
           make_sbom("$(printf 'x%.0s' {1..235}).sbom.cdx.json"),
       declares_all, "is too long or strange a name"},
  };
  for (const Row& row : rows) {
    CAPTURE(row.script);
    Workbench bench;
    const Buildpack pack = bench.pack("acme/odd", {.build = row.script}, row.declared);
    PlatformExit exit{};
    const std::string message = failure([&] {
      try {
        bench.build({pack});
      } catch (const PlatformFailure& failed) {
        exit = failed.exit();
        throw;
      }
    });
    CHECK(message == Mentions{"the buildpack acme/odd"});
    CHECK(message == Mentions{row.reason});
    CHECK(exit == PlatformExit::build);
  }
}

TEST_CASE("1.7 SBOM: <layers>/sbom does not exist while a buildpack runs") {
  Workbench bench;
  bench.build({bench.pack("acme/a", {.build = "mkdir \"$1/../sbom\""}),
               bench.pack("acme/b", {.build = "[[ ! -e $1/../sbom ]]"})});
  CHECK(bench.warnings.empty());
}

TEST_CASE("1.8 restore, 1.13: the SBOM of a layer comes back where its metadata do, no other does") {
  struct Row {
    const char* types;
    const char* second;
  };
  const char* const back = "l.sbom.cdx.json\n";
  const Row rows[] = {{"cache = true", back},
                      {"launch = true", back},
                      {"build = true", ""},
                      {"build = true\\nlaunch = true", ""}};
  for (const Row& row : rows) {
    CAPTURE(row.types);
    Workbench bench;
    const std::string make = make_layer("l", row.types) + make_sbom("l.sbom.cdx.json") +
                             make_sbom("launch.sbom.cdx.json") + make_sbom("build.sbom.cdx.json");
    bench.build({bench.pack("acme/a", {.build = make}, declares_all)});
    bench.begin_again();
    bench.build({bench.pack("acme/a", {.build = "cd \"$1\"; ls | grep sbom || true"}, declares_all)});
    CHECK(bench.output == row.second);
  }
}

TEST_CASE("1.8 restore: a launched layer that is declared again and not made keeps its SBOM") {
  Workbench bench;
  bench.build({bench.pack(
      "acme/a", {.build = make_layer("l", "launch = true") + make_sbom("l.sbom.cdx.json")}, declares_all)});
  const Parts first = bench.sboms;
  CHECK(first == Parts{{"sbom+acme_a+l.cdx.json", "{}"}});
  bench.begin_again();
  bench.build(
      {bench.pack("acme/a", {.build = "printf '[types]\\nlaunch = true\\n' >\"$1/l.toml\""}, declares_all)});
  CHECK(bench.sboms == first);
  // A version that declares no format any more is not blamed for what came back.
  bench.begin_again();
  bench.build({bench.pack("acme/a", {.build = "printf '[types]\\nlaunch = true\\n' >\"$1/l.toml\""})});
  CHECK(bench.sboms.empty());
}

}  // namespace sbom_test
