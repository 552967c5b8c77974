#include "buildpack/layer_toml.hh"

#include "support/failure.hh"
#include "text/toml.hh"

#include <doctest/doctest.h>

#include <string>

namespace layer_toml_test {

using namespace bakehouse;
using namespace bakehouse::buildpack;
using support::failure;

namespace {

std::string types(const std::string& toml) {
  const LayerToml layer = parse_layer_toml(toml, "x.toml");
  std::string text;
  if (layer.build) text += "build ";
  if (layer.launch) text += "launch ";
  if (layer.cache) text += "cache ";
  CHECK(layer.is_ignored() == text.empty());
  return text;
}

// What the buildpack finds again after a restore.
std::string restored(const std::string& toml) {
  return format_layer_metadata(parse_layer_toml(toml, "x.toml").metadata);
}

}  // namespace

TEST_CASE("1.7 layer: the types, and none when nothing is true") {
  CHECK(types("[types]\nbuild = true\nlaunch = true\ncache = true\n") == "build launch cache ");
  CHECK(types("[types]\nlaunch = true\n") == "launch ");
  CHECK(types("types = {cache = true, build = false}\n") == "cache ");
  CHECK(types("[types]\nbuild = false\n") == "");
  CHECK(types("[types]\n") == "");
  CHECK(types("[metadata]\nlaunch = true\n") == "");
  CHECK(types("") == "");
}

TEST_CASE("1.7 layer: [types] may hold keys that are not known, as in a well-known sample") {
  CHECK(types("[types]\nlaunch = true\nmetadata = \"x\"\n") == "launch ");
}

TEST_CASE("1.7 layer: types outside of [types] are an error, not a layer that is lost") {
  CHECK(failure([] { types("launch = true\nbuild = false\n"); }) ==
        "input: x.toml:1:1: 'launch' stands outside of [types] (so it was until API 0.5; write it below "
        "[types])\n"
        "x.toml:2:1: 'build' stands outside of [types] (so it was until API 0.5; write it below [types])");
  CHECK(failure([] { types("cache = 'x'\n[types]\ncache = true\n"); }) != "no failure");
}

TEST_CASE("1.7 layer: a type that is neither true nor false names its place") {
  CHECK(failure([] { types("[types]\nlaunch = 'true'\n"); }) ==
        "input: x.toml:2:1: 'launch' must be true or false, not a string");
  CHECK(failure([] { types("types = true\n"); }) ==
        "input: x.toml:1:1: 'types' must be a table, not a boolean");
  CHECK(failure([] { types("[[types]]\nlaunch = true\n"); }) ==
        "input: x.toml:1:1: 'types' must be a table, not a list");
}

TEST_CASE(
    "1.8 layer: restored are the metadata alone, with all their types; an empty file when there are none") {
  CHECK(restored("[types]\nlaunch = true\n[metadata]\nversion = '1.0'\nfloat = 1.0\nday = 1979-05-27\n") ==
        "[metadata]\nversion = \"1.0\"\nfloat = 1.0\nday = 1979-05-27\n");
  CHECK(restored("[types]\nlaunch = true\n") == "");
  CHECK(restored("[metadata]\n") == "[metadata]\n");
}

TEST_CASE("1.8 layer: metadata may be any value") {
  for (const std::string toml :
       {"metadata = 3\n", "metadata = \"text\"\n", "metadata = [1, [2.0]]\n",
        "metadata = 1979-05-27T07:32:00Z\n", "[[metadata]]\na = 1\n\n[[metadata]]\na = 2\n"}) {
    CAPTURE(toml);
    CHECK(restored(toml) == toml);
  }
}

TEST_CASE("1.8 store.toml: its metadata, a table, or nothing") {
  CHECK(format_layer_metadata(parse_store_toml("[metadata]\nkeep = 1\n[other]\n", "store.toml")) ==
        "[metadata]\nkeep = 1\n");
  CHECK(parse_store_toml("", "store.toml").is_null());
  CHECK(failure([] { parse_store_toml("metadata = 3", "store.toml"); }) ==
        "input: store.toml:1:1: 'metadata' must be a table, not a whole number");
}

TEST_CASE("1.7 layer: build, launch and store are no names of layers") {
  for (const std::string name : {"build", "launch", "store"}) {
    CAPTURE(name);
    CHECK(why_no_layer_name(name) == "a layer cannot be named '" + name + "', because " + name +
                                         ".toml is another file of the buildpack");
  }
  CHECK(why_no_layer_name("node") == "");
  CHECK(why_no_layer_name("launcher") == "");
}

}  // namespace layer_toml_test
