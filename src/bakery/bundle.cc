#include "bakery/bundle.hh"

#include "artifact/hooks.hh"
#include "artifact/read.hh"
#include "artifact/rules.hh"
#include "artifact/write.hh"
#include "bakery/path_search.hh"
#include "bakery/secret_search.hh"
#include "bakery/sign.hh"
#include "base/encoding.hh"
#include "base/error.hh"
#include "base/files.hh"
#include "base/progress.hh"
#include "config/identity.hh"
#include "phase/history.hh"
#include "text/json.hh"
#include "tree/scan.hh"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <functional>
#include <limits>
#include <mutex>
#include <set>

#include <sys/utsname.h>

namespace bakehouse::bakery {
namespace {

namespace fs = std::filesystem;
using base::Error;
using base::Event;
using base::Fault;
using base::TreePath;

// What must not depend on who baked, where and when: modes are 0755 or 0644, no time is younger
// than the source. Set-id bits stay: they are refused by name, not dropped.
void normalise(tree::Manifest& manifest, base::Seconds created) {
  constexpr uint32_t executable_bits = 0111;
  constexpr uint32_t set_id_bits = 06000;
  tree::EntryList normal;
  for (tree::Entry entry : manifest.entries) {
    const uint32_t refused = entry.mode & set_id_bits;
    if (entry.type == base::FileType::directory) entry.mode = 0755 | refused;
    if (entry.type == base::FileType::regular) {
      entry.mode = ((entry.mode & executable_bits) != 0 ? 0755 : 0644) | refused;
      entry.time = std::clamp(entry.time.seconds, base::Seconds{0}, created);
    }
    normal.push_back(entry);
  }
  manifest.entries = std::move(normal);
}

void refuse_build_paths(const PathSearch& search) {
  const std::set<TreePath>& files = search.with_build();
  if (files.empty()) return;
  constexpr size_t shown = 10;
  std::string message = fmt::format("files hold the path of the build directory, '{}':", search.build());
  size_t count = 0;
  for (const TreePath& file : files) {
    if (++count <= shown) message += "\n  " + base::printable(file.str());
  }
  if (count > shown) message += fmt::format("\n  and {} more", count - shown);
  throw Error(
      Fault::build, message,
      "build them with relative paths, or by a buildpack in a build room: hooks run in the build "
      "directory, and so do buildpacks where no rooms are made, unless `root:` names a path that is free");
}

std::string resolve_version(const config::Project& project, const source::Checkout& checkout,
                            const base::Dir& tree, const CookOptions& options, base::Seconds created) {
  constexpr uint64_t largest_version_file = 4096;
  std::string version;
  if (options.version) {
    version = *options.version;
  } else if (project.version.kind == config::VersionSource::Kind::literal) {
    version = project.version.text;
  } else if (project.version.kind == config::VersionSource::Kind::file) {
    version = tree.read_file(TreePath::parse(project.version.text), largest_version_file);
    while (!version.empty() && std::string_view(" \t\r\n").find(version.back()) != std::string_view::npos)
      version.pop_back();
  } else if (checkout.kind == "git") {
    version = checkout.description;
    // What no commit holds may change between two bakes; the version must change with it.
    if (checkout.dirty) version += fmt::format("-dirty.{}", base::compact_datetime(created));
  } else {
    throw Error(Fault::input, "the source is no git repository, so it has no version",
                "say `version:` in bake.yaml, or bake with --as VERSION");
  }
  artifact::check_version(version);
  return version;
}

struct Dating {
  base::Seconds created;
  uint64_t sequence;
};

fs::path last_sequence_file(const node::Node& node) { return node.root.state() / "last-sequence"; }

// The highest sequence that was ever baked or good here; 0 when there was none.
uint64_t highest_sequence(const node::Node& node) {
  constexpr uint64_t largest_file = 64;
  uint64_t highest = 0;
  const std::string baked = base::read_file_if_any(last_sequence_file(node), largest_file).value_or("");
  std::from_chars(baked.data(), baked.data() + baked.size(), highest);
  for (const auto& entry : phase::read_history(node.history_path())) {
    if (entry.outcome == "good") highest = std::max(highest, entry.sequence);
  }
  return highest;
}

// A directory, or a work tree that differs from its commit, has no time of its own: it gets the present one,
// and a sequence above all before it.
Dating date(const node::Node& node, const source::Checkout& checkout, const CookOptions& options) {
  const auto known = options.source_date_epoch || checkout.dirty ? options.source_date_epoch : checkout.time;
  Dating dating{known.value_or(node.around.clock.seconds()), 0};
  dating.sequence = static_cast<uint64_t>(dating.created);
  if (!known || options.sequence_rule == CookOptions::Sequence::above)
    dating.sequence = std::max(dating.sequence, highest_sequence(node) + 1);
  if (options.sequence) dating.sequence = *options.sequence;
  constexpr base::Seconds latest = base::Seconds{1} << 40;
  if (dating.created < 0 || dating.created > latest ||
      dating.sequence > std::numeric_limits<int64_t>::max()) {
    throw Error(Fault::input,
                fmt::format("the time of the source ({}) or its sequence ({}) is out of range",
                            dating.created, dating.sequence),
                "look at the date of the commit, SOURCE_DATE_EPOCH and --sequence");
  }
  return dating;
}

crypto::TrustPolicy trust_in(const crypto::PublicKey& key) {
  crypto::TrustPolicy policy;
  policy.keys.push_back({"the key of this bake", key});
  policy.where = "the key of this bake";
  return policy;
}

// A version says which files: the same one never stands for others.
void refuse_other_release(const fs::path& archive, const crypto::Digest& manifest,
                          const crypto::PublicKey& key, const std::string& option) {
  if (!fs::exists(archive)) return;
  const std::string hint =
      fmt::format("give the new one another version with {}, or remove the archive", option);
  const auto existing =
      base::with_context("it exists already", [&] { return artifact::open_archive(archive, trust_in(key)); });
  if (existing.info.manifest.digest != manifest) {
    throw Error(Fault::input, fmt::format("'{}' exists and holds other files", archive.native()), hint);
  }
}

void sign_whole_file(const fs::path& archive, const crypto::SecretKey& key) {
  const base::Fd file = base::open_for_reading(archive);
  crypto::MessageHash hash;
  std::string buffer(1 << 20, '\0');
  while (const size_t count = base::read_some(file, buffer, archive.native()))
    hash.update({buffer.data(), count});
  const auto signature =
      key.sign(hash.finish(), fmt::format("bakehouse archive {}", archive.filename().native()));
  base::write_file(archive.native() + ".minisig",
                   crypto::format_signature(signature, "signature of the whole archive"));
}

tree::Scan look_at(const base::Dir& tree, const node::Node& node) {
  // Packing reads the files; to look at them is enough here.
  tree::ScanOptions options;
  options.content = tree::ScanOptions::Content::known;
  tree::Scan found = tree::scan(tree, options);
  for (const TreePath& special : found.specials) {
    node.around.events(
        {Event::Kind::warning, "bundle",
         fmt::format("'{}' is no file, directory or link and is left out", base::printable(special.str()))});
  }
  return found;
}

// Files are searched as they are packed; a link that no release may hold comes before that, and then what
// else is wrong is to be said with it.
void search_links(const base::Dir& tree, const tree::Manifest& manifest, PathSearch& search) {
  search.look_at_links(manifest);
  if (search.with_build().empty()) return;
  tree::ScanOptions options;
  options.overlap = search.overlap();
  options.inspect = [&](const tree::Entry& file, std::string_view piece) { search.look(file, piece); };
  tree::scan(tree, options);
  refuse_build_paths(search);
}

std::vector<config::OpenedValues> open_secrets(const node::Node& node) {
  return open_what_can_be(
      node.root.at(node.root.layout.pillar), config::read_identities(node.root),
      [&](const std::string& environment, size_t count) {
        node.around.events(
            {Event::Kind::note, "bundle",
             fmt::format("{} of the secrets of {} are sealed to others, and are not looked for", count,
                         environment)});
      });
}

artifact::ReleaseInfo describe_release(const ProjectFile& file, const source::Checkout& checkout,
                                       const Built& built, const Dating& dating, std::string version) {
  artifact::ReleaseInfo info;
  info.name = file.project.name;
  info.version = std::move(version);
  info.sequence = dating.sequence;
  info.created = dating.created;
  info.source_kind = checkout.kind;
  info.source_commit = checkout.commit;
  info.source_dirty = checkout.dirty;
  utsname machine{};
  ::uname(&machine);
  info.os = "linux";
  info.arch = machine.machine;
  info.buildpacks = built.buildpacks;
  return info;
}

// What is unusual of a build, for whoever wonders.
std::string describe_build(const Built& built) {
  text::Value ignored = text::Value::list();
  for (const auto& answer : built.misfits)
    ignored.push(text::Value::map({{"buildpack", answer.pack}, {"reason", answer.ignored_target}}));
  return text::to_json(text::Value::map({{"ignored-targets", std::move(ignored)}, {"schema", int64_t{1}}}));
}

std::map<std::string, std::string> parts_of(const ProjectFile& file, const Built& built) {
  std::map<std::string, std::string> parts = built.sboms;
  parts["bake.yaml"] = file.text;
  parts["launch.json"] = launch::format_launch(built.launch);
  if (!built.misfits.empty()) parts["build.json"] = describe_build(built);
  return parts;
}

}  // namespace

Bundle bundle(const node::Node& node, const ProjectFile& file, const source::Checkout& checkout,
              const Built& built, const base::Dir& tree, const CookOptions& options) {
  tree::Scan found = look_at(tree, node);
  const std::string run = run_path_of(node, file.project).native();
  // Also when the tree stands at `run` now: a layer may come from a build that was elsewhere.
  PathSearch search(node.root.at(node.root.layout.build).native(), run);
  search_links(tree, found.manifest, search);
  artifact::check_hooks(found.manifest);
  const Dating dating = date(node, checkout, options);
  normalise(found.manifest, dating.created);
  artifact::require_allowed(found.manifest);
  artifact::ReleaseInfo info = describe_release(
      file, checkout, built, dating, resolve_version(file.project, checkout, tree, options, dating.created));
  // All of them before anything is packed: a pass phrase that is wrong is said now.
  const crypto::SecretKey key = crypto::SecretKey::read(options.key, options.ask_passphrase);
  const auto more_keys = read_keys(options.more_keys, options.ask_passphrase);
  const fs::path archive =
      node.root.at(node.root.layout.releases) / artifact::archive_name(info.name, info.version);

  const std::map<std::string, std::string> parts = parts_of(file, built);
  const crypto::NoDumps no_dumps;
  SecretSearch secrets(open_secrets(node), file.project.allowed_secrets);
  const artifact::Inspect inspect{[&](const tree::Entry& packed, std::string_view piece) {
                                    search.look(packed, piece);
                                    secrets.look(packed, piece);
                                  },
                                  std::max(search.overlap(), secrets.overlap())};
  const artifact::Body body =
      artifact::pack_body({tree, found.manifest, parts, info.created, options.level, options.rule, inspect,
                           base::tell_tenths(node.around.events, "bundle")},
                          archive.parent_path());
  secrets.refuse_found(tree);
  refuse_build_paths(search);
  if (!search.with_run().empty()) info.run_path = run;
  for (const TreePath& file : search.with_run()) {
    constexpr size_t told = 10;
    if (info.run_path_in.size() < told) info.run_path_in.push_back(file.str());
  }
  refuse_other_release(archive, body.manifest.digest, key.public_key(), options.version_option);
  artifact::write_archive(
      body, info,
      [&](const std::string& json, const std::string& comment) {
        return crypto::format_signature(key.sign(crypto::message_hash(json), comment),
                                        artifact::untrusted_comment);
      },
      archive);
  sign_whole_file(archive, key);
  sign_beside(archive, more_keys);
  base::write_file(last_sequence_file(node),
                   fmt::format("{}\n", std::max(dating.sequence, highest_sequence(node))));
  return {archive, info.version, key.public_key()};
}

}  // namespace bakehouse::bakery
