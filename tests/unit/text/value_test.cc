#include "text/value.hh"

#include "failure.hh"
#include "text/json.hh"

#include <doctest/doctest.h>

#include <limits>
#include <memory>
#include <string>
#include <vector>

namespace value_test {

using namespace bakehouse::text;

namespace {

Origin at(int line, int column) { return {std::make_shared<const std::string>("root.json"), line, column}; }

}  // namespace

TEST_CASE("an origin says as much as is known") {
  CHECK(Origin().describe().empty());
  CHECK(at(3, 7).describe() == "root.json:3:7");
  CHECK(at(0, 0).describe() == "root.json");
  CHECK(Origin{std::make_shared<const std::string>("a\x1b[2J"), 1, 1}.describe() == "a\\033[2J:1:1");
}

TEST_CASE("a C++ value becomes the kind that JSON would give it") {
  using Kind = Value::Kind;
  CHECK(Value().kind() == Kind::null);
  CHECK(Value(true).kind() == Kind::boolean);
  CHECK(Value("word").kind() == Kind::string);
  CHECK(Value(std::string_view("word")).kind() == Kind::string);
  CHECK(Value(-1).text() == "-1");
  CHECK(Value(std::numeric_limits<int64_t>::min()).text() == "-9223372036854775808");
  CHECK(Value(std::numeric_limits<uint64_t>::max()).text() == "18446744073709551615");
}

TEST_CASE("a member is replaced where it stands and added at the end") {
  Value map;
  map.set("one", 1);
  map.set("two", 2);
  map.set("one", "first");
  REQUIRE(map.is_map());
  REQUIRE(map.members().size() == 2);
  CHECK(map.members()[0].first == "one");
  CHECK(map.find("one")->text() == "first");
  CHECK(map.find("three") == nullptr);
  CHECK(Value("no map").find("one") == nullptr);
}

TEST_CASE("members of our own files are read by kind") {
  const Value map =
      Value::map({{"name", "shop"}, {"size", uint64_t{1} << 63}, {"low", -5}, {"done", true}, {"gone", {}}});
  CHECK(map.string_at("name") == "shop");
  CHECK(map.string_or("name", "none") == "shop");
  CHECK(map.string_or("absent", "none") == "none");
  CHECK(map.string_or("gone", "none") == "none");
  CHECK(map.unsigned_at("size") == uint64_t{1} << 63);
  CHECK(map.integer_at("low") == -5);
  CHECK(map.boolean_at("done"));
}

TEST_CASE("a member that is missing, of another kind or out of range is named with its place") {
  Value map = Value::map({}, at(1, 1));
  map.set("text", Value::scalar(Value::Kind::string, "5", at(2, 3)));
  map.set("huge", Value::scalar(Value::Kind::integer, "9223372036854775808", at(3, 3)));
  map.set("negative", Value::scalar(Value::Kind::integer, "-1", at(4, 3)));
  CHECK(failure([&] { map.at("name"); }) == "root.json:1:1: 'name' is missing");
  CHECK(failure([&] { map.integer_at("text"); }) ==
        "root.json:2:3: 'text' must be a whole number, not a string");
  CHECK(failure([&] { map.integer_at("huge"); }) ==
        "root.json:3:3: 'huge' is out of range: 9223372036854775808");
  CHECK(failure([&] { map.unsigned_at("negative"); }) == "root.json:4:3: 'negative' is out of range: -1");
  CHECK(failure([&] { map.string_or("huge", ""); }) ==
        "root.json:3:3: 'huge' must be a string, not a whole number");
  CHECK(failure([&] { map.at("text").at("deeper"); }) ==
        "root.json:2:3: a map with 'deeper' was expected, not a string");
  CHECK(failure([] { Value::list().at("a"); }) == "a map with 'a' was expected, not a list");
}

TEST_CASE("texts become a list and come back") {
  const std::vector<std::string> texts{"a", "", "1"};
  CHECK(to_json(list_of(texts)) == R"(["a","","1"])");
  CHECK(texts_of(list_of(texts)) == texts);
  CHECK(texts_of(list_of({})).empty());
}

}  // namespace value_test
