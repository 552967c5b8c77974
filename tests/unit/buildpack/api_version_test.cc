#include "buildpack/api_version.hh"

#include "buildpack/platform_exit.hh"

#include <doctest/doctest.h>

#include <string>

namespace api_version_test {

using namespace bakehouse;
using namespace bakehouse::buildpack;

TEST_CASE("V1 the API of a buildpack is 0.7 to 0.12; any other is refused with the platform's exit 12") {
  for (const std::string api : {"0.7", "0.8", "0.9", "0.10", "0.11", "0.12"}) {
    CAPTURE(api);
    CHECK(parse_api(api).str() == api);
  }
  for (const std::string api : {"0.2", "0.6", "0.13", "1.0", "1", "0", "0.100", "1.10", "2147483647.1"}) {
    CAPTURE(api);
    CHECK_THROWS_WITH_AS(parse_api(api),
                         ("its buildpack API is " + api + ", this program speaks 0.7 to 0.12").c_str(),
                         PlatformFailure);
  }
  try {
    parse_api("0.13");
    FAIL("it was accepted");
  } catch (const PlatformFailure& failure) {
    CHECK(failure.exit() == PlatformExit::buildpack_api);
    CHECK(failure.fault() == base::Fault::input);
    CHECK(failure.hint() == "use a release of the buildpack that was made for one of these");
  }
}

TEST_CASE("V1 what is no version of the API is refused as such") {
  for (const std::string api : {"", ".", "0.", ".9", "0.x", "0.12.1", "-0.12", "0.-10", "0.+10", " 0.12",
                                "0.12 ", "newest", "99999999999.1", "0.99999999999"}) {
    CAPTURE(api);
    CHECK_THROWS_WITH_AS(parse_api(api), ("'" + api + "' is no version of the buildpack API").c_str(),
                         PlatformFailure);
  }
}

TEST_CASE("V2 versions of the API compare by number") {
  CHECK(parse_api("0.10") > parse_api("0.9"));
  CHECK(parse_api("0.7") < parse_api("0.12"));
  CHECK(parse_api("0.08") == parse_api("0.8"));
}

TEST_CASE("V3 what changed from one API to the next") {
  struct Row {
    std::string api;
    std::string has;
  };
  const Row rows[] = {{"0.7", ""},
                      {"0.8", "directories "},
                      {"0.9", "directories direct "},
                      {"0.10", "directories direct targets "},
                      {"0.11", "directories direct targets "},
                      {"0.12", "directories direct targets exec-env "}};
  for (const Row& row : rows) {
    CAPTURE(row.api);
    const ApiVersion api = parse_api(row.api);
    std::string has;
    if (api.has_named_directories()) has += "directories ";
    if (api.has_direct_processes_only()) has += "direct ";
    if (api.has_targets()) has += "targets ";
    if (api.has_exec_env()) has += "exec-env ";
    CHECK(has == row.has);
  }
}

}  // namespace api_version_test
