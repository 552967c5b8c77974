#include "artifact/release_info.hh"

#include "artifact/metadata.hh"
#include "base/encoding.hh"
#include "base/error.hh"
#include "base/tree_path.hh"
#include "text/decode.hh"
#include "text/json.hh"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <limits>

namespace bakehouse::artifact {
namespace {

using base::Error;
using base::Fault;
using text::Diagnostics;
using text::MapReader;
using text::Value;

constexpr int schema = 1;
constexpr int64_t largest = std::numeric_limits<int64_t>::max();
// Bounds that no honest release meets and that keep a hostile one from asking for all memory.
constexpr size_t longest_url = 2048;
constexpr std::array pack_sources{BuildpackSource::Kind::shipped, BuildpackSource::Kind::directory,
                                  BuildpackSource::Kind::archive, BuildpackSource::Kind::git};

Value encode_use(const BuildpackUse& used) {
  Value source = Value::map({{"kind", name_of(used.source.kind)}});
  if (used.source.kind == BuildpackSource::Kind::archive) source.set("sha256", used.source.pin);
  if (used.source.kind == BuildpackSource::Kind::git) source.set("commit", used.source.pin);
  const bool may_have_url = !used.source.pin.empty();
  if (may_have_url && !used.source.url.empty()) source.set("url", used.source.url);
  return Value::map({{"id", used.id},
                     {"version", used.version},
                     {"sha256", used.content.hex()},
                     {"source", std::move(source)}});
}

Value encode_part(const Part& part) {
  return Value::map({{"sha256", part.digest.hex()}, {"size", part.size}});
}

Part decode_part(const Value& value, const std::string& what, int64_t limit, Diagnostics& faults) {
  MapReader reader(value, what, faults);
  Part part;
  if (reader.require("size") != nullptr)
    part.size = static_cast<uint64_t>(reader.integer("size", 0, limit).value_or(0));
  if (reader.require("sha256") != nullptr) {
    const auto digest = crypto::Digest::parse(reader.text("sha256").value_or(""));
    if (digest) {
      part.digest = *digest;
    } else {
      faults.add(value.origin(), what + ": the digest is not 64 hexadecimal digits");
    }
  }
  reader.finish();
  return part;
}

// Reads a map whose members are always there.
class Strict {
 public:
  Strict(const Value& value, std::string what, Diagnostics& faults)
      : reader_(value, std::move(what), faults) {}

  std::string text(std::string_view key) {
    reader_.require(key);
    return reader_.text(key).value_or("");
  }
  int64_t integer(std::string_view key, int64_t most = largest) {
    reader_.require(key);
    return reader_.integer(key, 0, most).value_or(0);
  }
  bool boolean(std::string_view key) {
    reader_.require(key);
    return reader_.boolean(key).value_or(false);
  }
  const Value& value(std::string_view key) {
    static const Value nothing = Value::map();
    const Value* found = reader_.require(key);
    return found != nullptr ? *found : nothing;
  }
  // For the members that may be absent.
  MapReader& optional() { return reader_; }
  void finish() { reader_.finish(); }

 private:
  MapReader reader_;
};

std::string decode_pin(Strict& source, std::string_view key, size_t digits, Diagnostics& faults) {
  const Value& value = source.value(key);
  std::string pin = source.text(key);
  const auto is_digit = [](char c) { return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f'); };
  if (pin.size() != digits || !std::ranges::all_of(pin, is_digit))
    faults.add(value.origin(), fmt::format("'{}' is not {} hexadecimal digits", key, digits));
  return pin;
}

void decode_source(const Value& value, ReleaseInfo& info, Diagnostics& faults) {
  Strict source(value, "source", faults);
  info.source_kind = source.text("kind");
  info.source_commit = source.optional().text("commit").value_or("");
  info.source_dirty = source.optional().boolean("dirty").value_or(false);
  source.finish();
}

void decode_target(const Value& value, ReleaseInfo& info, Diagnostics& faults) {
  Strict target(value, "target", faults);
  info.os = target.text("os");
  info.arch = target.text("arch");
  const bool relocatable = target.boolean("relocatable");
  info.run_path = target.optional().text("run_path");
  if (relocatable == info.run_path.has_value()) {
    faults.add(value.origin(), "a release is either relocatable or has a run_path");
  }
  info.run_path_in = target.optional().texts("run_path_in").value_or(std::vector<std::string>{});
  if (!info.run_path_in.empty() && !info.run_path)
    faults.add(value.origin(), "files hold a path, and it is not said which");
  target.finish();
}

// One that is kept from being a line of a terminal.
std::string decode_url(MapReader& source, const Value& value, Diagnostics& faults) {
  std::string url = source.text("url").value_or("");
  if (url.size() > longest_url || base::printable(url) != url)
    faults.add(value.origin(), "a buildpack's source has no such URL");
  return url;
}

// Members that do not belong to the kind are not written, so that the one form there is does not have them.
BuildpackSource decode_pack_source(const Value& value, Diagnostics& faults) {
  Strict source(value, "source of a buildpack", faults);
  BuildpackSource decoded;
  const std::string word = source.text("kind");
  const auto kind = std::ranges::find(pack_sources, word, [](auto known) { return name_of(known); });
  if (kind == pack_sources.end()) {
    faults.add(value.origin(), fmt::format("'{}' is no kind of a buildpack's source", base::printable(word)));
  } else {
    decoded.kind = *kind;
  }
  if (decoded.kind == BuildpackSource::Kind::archive) decoded.pin = decode_pin(source, "sha256", 64, faults);
  if (decoded.kind == BuildpackSource::Kind::git) decoded.pin = decode_pin(source, "commit", 40, faults);
  decoded.url = decode_url(source.optional(), value, faults);
  source.finish();
  return decoded;
}

void decode_buildpacks(const Value& value, ReleaseInfo& info, Diagnostics& faults) {
  if (!value.is_list()) faults.add(value.origin(), "buildpacks: expected a list");
  for (const Value& item : value.items()) {
    Strict used(item, "buildpack", faults);
    BuildpackUse use;
    use.id = used.text("id");
    use.version = used.text("version");
    const auto digest = crypto::Digest::parse(used.text("sha256"));
    if (!digest) faults.add(item.origin(), "buildpack: the digest is not 64 hexadecimal digits");
    use.content = digest.value_or(crypto::Digest());
    use.source = decode_pack_source(used.value("source"), faults);
    used.finish();
    info.buildpacks.push_back(std::move(use));
  }
}

void decode_parts(const Value& value, ReleaseInfo& info, Diagnostics& faults) {
  for (const auto& [name, part] : value.members()) {
    // A part is named in messages, so that its name may not be one that could forge a line of them.
    if (base::TreePath::why_not(name) || base::printable(name) != name ||
        name.find('/') != std::string::npos || name == "manifest" || name.starts_with("release.json")) {
      faults.add(part.origin(), fmt::format("'{}' is no name of a part", base::printable(name)));
      continue;
    }
    info.parts[name] = decode_part(part, name, largest_part, faults);
  }
}

bool is_word(std::string_view text, std::string_view also, size_t most) {
  const auto alphanumeric = [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
  };
  if (text.empty() || text.size() > most || !alphanumeric(text[0])) return false;
  for (const char c : text) {
    if (!alphanumeric(c) && also.find(c) == std::string_view::npos) return false;
  }
  return true;
}

}  // namespace

std::string_view name_of(BuildpackSource::Kind kind) {
  switch (kind) {
    case BuildpackSource::Kind::shipped: return "shipped";
    case BuildpackSource::Kind::directory: return "directory";
    case BuildpackSource::Kind::archive: return "archive";
    case BuildpackSource::Kind::git: return "git";
  }
  return "";
}

void check_version(std::string_view version) {
  if (is_word(version, ".+_~-", 128)) return;
  throw Error(Fault::input, fmt::format("'{}' is no version", base::printable(version)),
              "a version begins with a letter or digit and holds letters, digits and . + _ ~ - only");
}

std::string archive_name(std::string_view name, std::string_view version) {
  return fmt::format("{}-{}.tar.zst", name, version);
}

std::string encode(const ReleaseInfo& info) {
  Value source = Value::map({{"kind", info.source_kind}});
  if (!info.source_commit.empty()) {
    source.set("commit", info.source_commit);
    source.set("dirty", info.source_dirty);
  }
  Value target =
      Value::map({{"os", info.os}, {"arch", info.arch}, {"relocatable", !info.run_path.has_value()}});
  if (info.run_path) target.set("run_path", *info.run_path);
  if (!info.run_path_in.empty()) target.set("run_path_in", text::list_of(info.run_path_in));
  Value buildpacks = Value::list();
  for (const auto& used : info.buildpacks) buildpacks.push(encode_use(used));
  Value manifest = encode_part(info.manifest);
  manifest.set("entries", info.entries);
  manifest.set("bytes", info.bytes);
  Value parts = Value::map();
  for (const auto& [name, part] : info.parts) parts.set(name, encode_part(part));
  return text::to_json(Value::map({
      {"schema", schema},
      {"name", info.name},
      {"version", info.version},
      {"sequence", info.sequence},
      {"created", info.created},
      {"source", source},
      {"target", target},
      {"buildpacks", buildpacks},
      {"manifest", manifest},
      {"index", encode_part(info.index)},
      {"tar", Value::map({{"size", info.tar_size}})},
      {"zstd",
       Value::map({{"version", info.zstd_version}, {"level", info.zstd_level}, {"chunker", info.chunker}})},
      {"parts", parts},
  }));
}

ReleaseInfo decode_release(std::string_view json) {
  const Value document = text::parse_json(json, "release.json");
  Diagnostics faults;
  ReleaseInfo info;
  Strict top(document, "release.json", faults);
  const int64_t found_schema = top.integer("schema");
  if (found_schema != schema) {
    throw Error(Fault::input,
                fmt::format("release.json has schema {}, this program reads {}", found_schema, schema),
                "use a Bakehouse as new as the one that made the archive");
  }
  info.name = top.text("name");
  info.version = top.text("version");
  info.sequence = static_cast<uint64_t>(top.integer("sequence"));
  info.created = top.integer("created", 1LL << 40);
  decode_source(top.value("source"), info, faults);
  decode_target(top.value("target"), info, faults);
  decode_buildpacks(top.value("buildpacks"), info, faults);
  {
    // The manifest's member carries two counts beside what every part has.
    Value manifest = top.value("manifest");
    Strict counts(manifest, "manifest", faults);
    info.entries = static_cast<uint64_t>(counts.integer("entries", 1LL << 32));
    info.bytes = static_cast<uint64_t>(counts.integer("bytes", 1LL << 50));
    std::erase_if(manifest.members(),
                  [](const auto& member) { return member.first == "entries" || member.first == "bytes"; });
    info.manifest = decode_part(manifest, "manifest", largest_manifest, faults);
  }
  info.index = decode_part(top.value("index"), "index", largest_index, faults);
  Strict tar(top.value("tar"), "tar", faults);
  info.tar_size = static_cast<uint64_t>(tar.integer("size", 1LL << 50));
  tar.finish();
  Strict zstd(top.value("zstd"), "zstd", faults);
  info.zstd_version = zstd.text("version");
  info.zstd_level = static_cast<int>(zstd.integer("level", 22));
  info.chunker = zstd.text("chunker");
  zstd.finish();
  decode_parts(top.value("parts"), info, faults);
  top.finish();
  faults.throw_if_any();
  if (!is_word(info.name, "._-", 64)) {
    throw Error(Fault::input,
                fmt::format("release.json: '{}' is no project name", base::printable(info.name)));
  }
  check_version(info.version);
  // One spelling only: what was signed is what every other reader would write.
  if (encode(info) != json) throw Error(Fault::input, "release.json is not in its canonical form");
  return info;
}

std::string trusted_comment(const ReleaseInfo& info, const crypto::Digest& digest_of_json) {
  return fmt::format("bakehouse release name={} version={} sequence={} sha256={}", info.name, info.version,
                     info.sequence, digest_of_json.hex());
}

}  // namespace bakehouse::artifact
