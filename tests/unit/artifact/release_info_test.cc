#include "artifact/release_info.hh"

#include "support/archive_draft.hh"
#include "support/failure.hh"
#include "support/mentions.hh"

#include "text/json.hh"

#include <doctest/doctest.h>

#include <string>
#include <vector>

namespace release_info_test {

using namespace bakehouse;
using namespace bakehouse::support;
using artifact::ReleaseInfo;
using text::Value;
using Source = artifact::BuildpackSource::Kind;

namespace {

artifact::Part part(const std::string& content) { return {content.size(), crypto::sha256(content)}; }

artifact::BuildpackUse use(artifact::BuildpackSource::Kind kind, const std::string& url = "",
                           const std::string& pin = "") {
  artifact::BuildpackUse used;
  used.id = "acme/own";
  used.version = "1";
  used.content = crypto::sha256("own");
  used.source = {kind, url, pin};
  return used;
}
const std::string some_commit(40, 'c');
const std::string some_digest(64, 'd');

// Every member there can be.
ReleaseInfo full_release() {
  ReleaseInfo info = some_release();
  info.source_kind = "git";
  info.source_commit = "0123456789abcdef0123456789abcdef01234567";
  info.source_dirty = true;
  info.run_path = "/srv/projects/shop/run";
  info.run_path_in = {"bin/start", "lib/paths"};
  info.manifest = part("manifest");
  info.entries = 3;
  info.bytes = 42;
  info.index = part("index");
  info.tar_size = 10240;
  info.zstd_version = "1.5.4";
  info.zstd_level = 9;
  info.chunker = "member-1M-4M";
  info.parts = {{"bake.yaml", part("name: shop\n")}, {"launch.json", part("{}")}};
  info.buildpacks.push_back(use(Source::directory));
  info.buildpacks.push_back(use(Source::archive, "https://example.org/own.tgz", some_digest));
  info.buildpacks.push_back(use(Source::git, "https://example.org/own.git", some_commit));
  return info;
}

std::string decode_failure(const std::string& json) {
  return failure([&] { artifact::decode_release(json); });
}
std::string decode_failure(const Value& value) { return decode_failure(text::to_json(value)); }

Value parsed(const ReleaseInfo& info) { return text::parse_json(artifact::encode(info), "release.json"); }

// Every map and list inside, the value itself first.
void each_container(Value& value, const std::function<void(Value&)>& visit) {
  if (!value.is_map() && !value.is_list()) return;
  visit(value);
  for (auto& member : value.members()) each_container(member.second, visit);
  for (auto& item : value.items()) each_container(item, visit);
}

// A copy of `value` with `change` made to the container number `place`.
Value changed(const Value& value, size_t place, const std::function<void(Value&)>& change) {
  Value copy = value;
  size_t number = 0;
  each_container(copy, [&](Value& container) {
    if (number++ == place) change(container);
  });
  return copy;
}

std::vector<Value> containers_of(Value value) {
  std::vector<Value> all;
  each_container(value, [&](Value& container) { all.push_back(container); });
  return all;
}

}  // namespace

TEST_CASE("release.json is canonical JSON: keys in byte order, no blanks, one line") {
  ReleaseInfo info = some_release();
  info.manifest = part("manifest");
  info.index = part("index");
  info.zstd_version = "1.5.4";
  info.chunker = "member-1M-4M";
  CHECK(
      artifact::encode(info) ==
      R"({"buildpacks":[{"id":"bakehouse/static",)"
      R"("sha256":")" +
          crypto::sha256("static").hex() +
          R"(","source":{"kind":"shipped"},"version":"1.0.0"}],"created":1700000000,)"
          R"("index":{"sha256":"1bc04b5291c26a46d918139138b992d2de976d6851d0893b0476b85bfbdfc6e6","size":5},)"
          R"("manifest":{"bytes":0,"entries":0,)"
          R"("sha256":"05b3abf2579a5eb66403cd78be557fd860633a1fe2103c7642030defe32c657f","size":8},)"
          R"("name":"shop","parts":{},"schema":1,"sequence":7,"source":{"kind":"directory"},)"
          R"("tar":{"size":0},"target":{"arch":"x86_64","os":"linux","relocatable":true},)"
          R"("version":"1.0","zstd":{"chunker":"member-1M-4M","level":0,"version":"1.5.4"}})");
}

TEST_CASE("what was encoded reads back as it was") {
  for (const ReleaseInfo& info : {some_release(), full_release()}) {
    const std::string json = artifact::encode(info);
    CHECK(artifact::encode(artifact::decode_release(json)) == json);
  }
  const ReleaseInfo again = artifact::decode_release(artifact::encode(full_release()));
  CHECK(again.run_path == "/srv/projects/shop/run");
  CHECK(again.run_path_in == std::vector<std::string>{"bin/start", "lib/paths"});
  CHECK(again.source_dirty);
  CHECK(again.parts.at("launch.json").size == 2);
  CHECK(again.buildpacks.at(0).id == "bakehouse/static");
  CHECK_FALSE(artifact::decode_release(artifact::encode(some_release())).run_path);
}

TEST_CASE("a release.json without one of its members is refused") {
  const Value whole = parsed(full_release());
  const auto containers = containers_of(whole);
  int tried = 0;
  for (size_t place = 0; place < containers.size(); ++place) {
    for (const auto& member : containers[place].members()) {
      const std::string& name = member.first;
      // Only these may be absent: a release without parts lists none, and then there are none.
      const bool is_part = name == "bake.yaml" || name == "launch.json";
      const bool is_commit_of_source = name == "commit" && containers[place].find("dirty") != nullptr;
      if (is_part || is_commit_of_source || name == "url" || name == "run_path_in") continue;
      CAPTURE(name);
      CHECK(decode_failure(changed(whole, place, [&](Value& container) {
              std::erase_if(container.members(), [&](const auto& other) { return other.first == name; });
            })).starts_with("input: "));
      ++tried;
    }
  }
  CHECK(tried == 55);
}

TEST_CASE("a release.json with a member that nobody knows is refused, wherever it stands") {
  const Value whole = parsed(full_release());
  const auto containers = containers_of(whole);
  for (size_t place = 0; place < containers.size(); ++place) {
    if (!containers[place].is_map()) continue;
    CAPTURE(text::to_json(containers[place]));
    const Value more = changed(whole, place, [](Value& container) { container.set("zzz", 1); });
    CHECK(decode_failure(more) == Mentions{"zzz"});
    CHECK(decode_failure(more).starts_with("input: "));
  }
}

TEST_CASE("a member of another type is refused, and crashes nothing") {
  const Value whole = parsed(full_release());
  const auto containers = containers_of(whole);
  const std::vector<Value> others{Value(),
                                  Value(true),
                                  Value(-1),
                                  Value(17),
                                  Value("text"),
                                  Value::list(),
                                  Value::map(),
                                  Value(""),
                                  Value::list({1, "x"}),
                                  Value::map({{"x", 1}})};
  for (size_t place = 0; place < containers.size(); ++place) {
    for (const auto& member : containers[place].members()) {
      for (const Value& other : others) {
        const Value wrong =
            changed(whole, place, [&](Value& container) { container.set(member.first, other); });
        const std::string json = text::to_json(wrong);
        CAPTURE(json);
        try {
          const std::string again = artifact::encode(artifact::decode_release(json));
          CHECK(again == json);  // the same type, another value: what was read is what was said
        } catch (const base::Error& error) {
          CHECK(error.fault() == base::Fault::input);
        }
      }
    }
  }
}

TEST_CASE("every other spelling of the same release is refused") {
  const std::string json = artifact::encode(full_release());
  const auto replaced = [&](const std::string& what, const std::string& by) {
    std::string other = json;
    const size_t place = other.find(what);
    REQUIRE(place != std::string::npos);
    return other.replace(place, what.size(), by);
  };
  const std::vector<std::string> rows{
      json + "\n",
      json + " ",
      " " + json,
      "\xef\xbb\xbf" + json,
      json + "{}",
      replaced("\"entries\":3", "\"entries\": 3"),
      replaced("\"entries\":3", "\"entries\":3.0"),
      replaced("\"entries\":3", "\"entries\":3e0"),
      replaced("\"entries\":3", "\"entries\":03"),
      replaced("\"entries\":3", "\"entries\":3,\"entries\":3"),
      replaced("\"shop\"", "\"\\u0073hop\""),
      replaced("\"/srv/", "\"\\/srv/"),
      replaced("\"bytes\":42,\"entries\":3", "\"entries\":3,\"bytes\":42"),
      replaced("\"dirty\":true,", ""),
      replaced("\"relocatable\":false", "\"relocatable\":true"),
      replaced(",\"run_path\":\"/srv/projects/shop/run\"", ""),
      replaced("\"schema\":1", "\"schema\":1.0"),
      replaced(crypto::sha256("index").hex(), "F" + crypto::sha256("index").hex().substr(1)),
  };
  for (const std::string& other : rows) {
    CAPTURE(other);
    CHECK(decode_failure(other).starts_with("input: "));
  }
}

TEST_CASE("any changed byte of release.json is refused or says something else") {
  const std::string json = artifact::encode(full_release());
  for (size_t place = 0; place < json.size(); ++place) {
    for (const int flip : {1, 2, 32, 128, 255}) {
      std::string other = json;
      other[place] = static_cast<char>(other[place] ^ flip);
      CAPTURE(other);
      try {
        const std::string again = artifact::encode(artifact::decode_release(other));
        CHECK(again == other);
      } catch (const base::Error& error) {
        CHECK(error.fault() == base::Fault::input);
      }
    }
  }
}

TEST_CASE("bad names and absurd numbers are refused") {
  const struct {
    std::string what;
    std::function<void(ReleaseInfo&)> change;
    std::string said;
  } rows[] = {
      {"empty name", [](auto& r) { r.name = ""; }, "no project name"},
      {"path as name", [](auto& r) { r.name = "../shop"; }, "no project name"},
      {"slash in a name", [](auto& r) { r.name = "a/b"; }, "no project name"},
      {"dot as name", [](auto& r) { r.name = ".."; }, "no project name"},
      {"control character", [](auto& r) { r.name = "a\x1b[2J"; }, "no project name"},
      {"long name", [](auto& r) { r.name = std::string(65, 'x'); }, "no project name"},
      {"empty version", [](auto& r) { r.version = ""; }, "is no version"},
      {"slash in a version", [](auto& r) { r.version = "1/2"; }, "is no version"},
      {"blank in a version", [](auto& r) { r.version = "1 2"; }, "is no version"},
      {"line end in a version", [](auto& r) { r.version = "1\n"; }, "is no version"},
      {"sequence", [](auto& r) { r.sequence = uint64_t{1} << 63; }, "sequence"},
      {"created", [](auto& r) { r.created = (int64_t{1} << 40) + 1; }, "created"},
      {"created before 1970", [](auto& r) { r.created = -1; }, "created"},
      {"manifest", [](auto& r) { r.manifest.size = (uint64_t{1} << 30) + 1; }, "size"},
      {"entries", [](auto& r) { r.entries = (uint64_t{1} << 32) + 1; }, "entries"},
      {"bytes", [](auto& r) { r.bytes = (uint64_t{1} << 50) + 1; }, "bytes"},
      {"index", [](auto& r) { r.index.size = (uint64_t{1} << 28) + 1; }, "size"},
      {"tar", [](auto& r) { r.tar_size = (uint64_t{1} << 50) + 1; }, "size"},
      {"level", [](auto& r) { r.zstd_level = 23; }, "level"},
      {"negative level", [](auto& r) { r.zstd_level = -1; }, "level"},
      {"part", [](auto& r) { r.parts["bake.yaml"].size = (uint64_t{1} << 26) + 1; }, "size"},
      {"part manifest", [](auto& r) { r.parts["manifest"] = part("x"); }, "no name of a part"},
      {"part release.json", [](auto& r) { r.parts["release.json"] = part("x"); }, "no name of a part"},
      {"part minisig", [](auto& r) { r.parts["release.json.minisig"] = part("x"); }, "no name of a part"},
      {"part outside", [](auto& r) { r.parts["../x"] = part("x"); }, "no name of a part"},
      {"part ..", [](auto& r) { r.parts[".."] = part("x"); }, "no name of a part"},
      {"part below", [](auto& r) { r.parts["a/b"] = part("x"); }, "no name of a part"},
      {"part absolute", [](auto& r) { r.parts["/etc"] = part("x"); }, "no name of a part"},
      {"part of two lines", [](auto& r) { r.parts["a\nb"] = part("x"); }, "'a\\012b' is no name of a part"},
      {"part with a tab", [](auto& r) { r.parts["a\tb"] = part("x"); }, "no name of a part"},
      {"part with an escape", [](auto& r) { r.parts["\x1b[2J"] = part("x"); }, "no name of a part"},
      {"part with a C1 control", [](auto& r) { r.parts["a\xC2\x9B"] = part("x"); }, "no name of a part"},
      {"nameless part", [](auto& r) { r.parts[""] = part("x"); }, "no name of a part"},
  };
  for (const auto& row : rows) {
    CAPTURE(row.what);
    ReleaseInfo info = full_release();
    row.change(info);
    const std::string said = decode_failure(artifact::encode(info));
    CHECK(said == Mentions{row.said});
    CHECK(said.starts_with("input: "));
  }
}

TEST_CASE("where a buildpack came from reads back, and nothing that does not belong to its kind") {
  const std::string url = "https://example.org/own";
  const struct {
    artifact::BuildpackUse used;
    std::string said;
  } rows[] = {
      {use(Source::shipped), "no failure"},
      {use(Source::directory), "no failure"},
      {use(Source::archive, "", some_digest), "no failure"},
      {use(Source::archive, url, some_digest), "no failure"},
      {use(Source::git, "", some_commit), "no failure"},
      {use(Source::git, url, some_commit), "no failure"},
      {use(Source::archive, url, ""), "'sha256' is not 64 hexadecimal digits"},
      {use(Source::archive, url, some_commit), "'sha256' is not 64 hexadecimal digits"},
      {use(Source::git, url, some_digest), "'commit' is not 40 hexadecimal digits"},
      {use(Source::git, url, std::string(40, 'C')), "'commit' is not 40 hexadecimal digits"},
      {use(Source::git, "https://x/\x1b[2J", some_commit), "no such URL"},
      {use(Source::git, url + std::string(2048, 'x'), some_commit), "no such URL"},
  };
  for (const auto& row : rows) {
    ReleaseInfo info = some_release();
    info.buildpacks = {row.used};
    const std::string json = artifact::encode(info);
    CAPTURE(json);
    CHECK(decode_failure(json) == Mentions{row.said});
    if (row.said == "no failure") CHECK(artifact::encode(artifact::decode_release(json)) == json);
  }
  const auto with_source = [](const Value& source) {
    Value whole = parsed(some_release());
    Value pack = whole.find("buildpacks")->items().front();
    pack.set("source", source);
    whole.set("buildpacks", Value::list({pack}));
    return decode_failure(whole);
  };
  CHECK(with_source(Value::map({{"kind", "shipped"}})) == "no failure");
  CHECK(with_source(Value::map({{"kind", "registry"}})) == Mentions{"'registry' is no kind"});
  CHECK(with_source(Value::map({{"kind", "shipped"}, {"url", url}})) ==
        Mentions{"not in its canonical form"});
  CHECK(with_source(Value::map({{"kind", "directory"}, {"commit", some_commit}})) == Mentions{"commit"});
}

TEST_CASE("a part has the name of a file that is safe to show") {
  for (const std::string name : {"sbom.json", "x y", ".hidden", "\xC3\xA9", "manifest.old", "Release.json"}) {
    CAPTURE(name);
    ReleaseInfo info = full_release();
    info.parts[name] = part("x");
    CHECK(decode_failure(artifact::encode(info)) == "no failure");
  }
}

TEST_CASE("all faults of a release.json are told at once") {
  Value whole = parsed(full_release());
  whole.set("created", "yesterday");
  whole.set("zzz", 1);
  std::erase_if(whole.members(), [](const auto& member) { return member.first == "tar"; });
  const std::string said = decode_failure(whole);
  for (const auto* part : {"created", "zzz", "tar"}) CHECK(said == Mentions{part});
}

TEST_CASE("a later schema is not read at all") {
  Value whole = parsed(full_release());
  whole.set("schema", 2);
  whole.set("a-member-of-the-future", true);
  CHECK(decode_failure(whole) == "input: release.json has schema 2, this program reads 1");
}

TEST_CASE("what is no JSON object is refused") {
  for (const auto* json :
       {"", "{", "null", "[]", "\"x\"", "1", "{}", "{\"schema\":1}", "{\"a\":1,\"a\":1}"}) {
    CAPTURE(json);
    CHECK(decode_failure(std::string(json)).starts_with("input: "));
  }
}

TEST_CASE("the trusted comment names the release in one line") {
  CHECK(artifact::trusted_comment(some_release(), crypto::sha256("json")) ==
        "bakehouse release name=shop version=1.0 sequence=7 sha256=" + crypto::sha256("json").hex());
}

TEST_CASE("a version is a word that is safe in a file name") {
  for (const auto* good : {"1", "1.0", "1.0.0-rc.1+build_7", "v1~beta", "2024-01-01", "A"}) {
    CAPTURE(good);
    CHECK(failure([&] { artifact::check_version(good); }) == "no failure");
  }
  CHECK(failure([&] { artifact::check_version(std::string(128, '1')); }) == "no failure");
  for (const std::string bad : {"", ".1", "-1", "+1", "1/2", "1 2", "1:2", "\xc3\xa9", "1\n", "..", "a\\b"}) {
    CAPTURE(bad);
    CHECK(failure([&] { artifact::check_version(bad); }).starts_with("input: "));
  }
  CHECK(failure([&] { artifact::check_version(std::string(129, '1')); }) != "no failure");
  CHECK(artifact::archive_name("shop", "1.0") == "shop-1.0.tar.zst");
}

}  // namespace release_info_test
