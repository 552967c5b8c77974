// release.json: signed, and wrong all the same. Threats 3, 5 and 25.
#include "hostile/forge.hh"

#include "base/encoding.hh"

#include <string>

namespace bakehouse::hostile {
namespace {

using artifact::ReleaseInfo;
using support::Draft;

Forgery forge_json(std::string name, std::function<void(std::string&)> change) {
  return forge(std::move(name), [change = std::move(change)](Draft& draft) { draft.change_json = change; });
}

Forgery forge_replaced(std::string name, const std::string& what, const std::string& with) {
  return forge_json(std::move(name),
                    [=](std::string& json) { json.replace(json.find(what), what.size(), with); });
}

Forgery forge_info(std::string name, std::function<void(ReleaseInfo&)> change) {
  return forge(std::move(name), [change = std::move(change)](Draft& draft) {
    draft.change_info = change;
    // No key of ours signs any other; whoever reads name and version stops before the comment.
    draft.change_comment = [](std::string& comment) { comment = base::printable(comment); };
  });
}

Forgery forge_part(std::string name, const std::string& part) {
  return forge_info(std::move(name), [part](ReleaseInfo& info) {
    info.parts[part] = {1, crypto::sha256("x")};
  });
}

Forgeries forged_json() {
  return {
      forge_replaced("json-with-a-blank", ":", ": "),
      forge_json("json-with-a-line-end", [](std::string& json) { json += '\n'; }),
      forge_json("json-twice", [](std::string& json) { json += json; }),
      forge_json("json-with-a-bom", [](std::string& json) { json.insert(0, "\xEF\xBB\xBF"); }),
      forge_json("json-with-a-nul", [](std::string& json) { json += '\0'; }),
      forge_json("json-too-deep", [](std::string& json) { json = std::string(100000, '['); }),
      forge_json("json-of-nothing", [](std::string& json) { json.clear(); }),
      forge_replaced("json-with-a-key-twice", "\"name\":", "\"name\":\"forum\",\"name\":"),
      forge_replaced("json-with-a-member-more", "\"name\":", "\"must\":\"be read\",\"name\":"),
      forge_replaced("json-without-a-member", "\"sequence\":8,", ""),
      forge_replaced("json-of-another-schema", "\"schema\":1", "\"schema\":2"),
      forge_replaced("json-with-a-fraction", "\"sequence\":8", "\"sequence\":8.5"),
      forge_replaced("json-with-an-exponent", "\"sequence\":8", "\"sequence\":8e0"),
      forge_replaced("json-with-an-escaped-name", "\"shop\"", "\"\\u0073hop\""),
      forge_replaced("json-with-bytes-that-are-no-text", "\"shop\"", "\"sh\xFFp\""),
      forge_replaced("sequence-negative", "\"sequence\":8", "\"sequence\":-8"),
      forge_replaced("sequence-of-2-to-the-63", "\"sequence\":8", "\"sequence\":9223372036854775808"),
      forge_replaced("sequence-of-2-to-the-64", "\"sequence\":8", "\"sequence\":18446744073709551616"),
  };
}

Forgeries forged_info() {
  return {
      forge_info("release-of-another-project", [](ReleaseInfo& info) { info.name = "forum"; }),
      forge_info("release-named-like-a-path", [](ReleaseInfo& info) { info.name = "../shop"; }),
      forge_info("release-with-escapes-in-its-name", [](ReleaseInfo& info) { info.name = "shop\x1b[2J"; }),
      forge_info("version-like-a-path", [](ReleaseInfo& info) { info.version = "../../2.0"; }),
      forge_info("version-with-escapes", [](ReleaseInfo& info) { info.version = "2.0\x1b]0;owned\x07"; }),
      forge_info("version-with-a-second-line", [](ReleaseInfo& info) { info.version = "2.0\ngood"; }),
      forge_info("system-with-escapes",
                 [](ReleaseInfo& info) {
                   info.os =
                       "linux\x1b[2J\xC2\x9B"
                       "1m";
                 }),
      forge_info("path-with-escapes", [](ReleaseInfo& info) { info.run_path = "/srv/\x1b[2J\nrun"; }),
      forge_info("created-after-the-end-of-time", [](ReleaseInfo& info) { info.created = 1LL << 41; }),
      forge_part("part-above", "../../victim"),
      forge_part("part-below", "a/b"),
      forge_part("part-named-manifest", "manifest"),
      forge_part("part-named-release-json", "release.json.minisig"),
      forge_part("part-with-escapes", "\x1b[2Jsbom"),
      forge_part("part-of-nobody", "sbom"),
      forge_info("part-of-65-mib", [](ReleaseInfo& info) { info.parts["bake.yaml"].size = 65 << 20; }),
      forge_info("part-of-another-content",
                 [](ReleaseInfo& info) { info.parts["bake.yaml"].digest = crypto::sha256("x"); }),
      forge_info("manifest-of-2-gib", [](ReleaseInfo& info) { info.manifest.size = 1ULL << 31; }),
      forge_info("manifest-of-1-gib", [](ReleaseInfo& info) { info.manifest.size = 1ULL << 30; }),
      forge_info("manifest-of-another-content",
                 [](ReleaseInfo& info) { info.manifest.digest = crypto::sha256("x"); }),
      forge_info("entries-beyond-all", [](ReleaseInfo& info) { info.entries = 1ULL << 33; }),
      forge_info("entries-more", [](ReleaseInfo& info) { ++info.entries; }),
      forge_info("entries-fewer", [](ReleaseInfo& info) { --info.entries; }),
      forge_info("bytes-more", [](ReleaseInfo& info) { ++info.bytes; }),
      forge_info("bytes-fewer", [](ReleaseInfo& info) { --info.bytes; }),
  };
}

}  // namespace

Forgeries forged_releases() {
  Forgeries all = forged_json();
  for (Forgery& forgery : forged_info()) all.push_back(std::move(forgery));
  return all;
}

}  // namespace bakehouse::hostile
