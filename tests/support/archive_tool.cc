// The artifact module as a program, for benches and for tests that need archives of trees as they are.
//
//   archive_tool pack TREE ARCHIVE --key FILE [--level N] [--solid] [--workers N]
//                     [--least KIB --average KIB --most KIB]        other frames
//   archive_tool unpack ARCHIVE TO --key FILE [--earlier DEPLOYMENT] [--index FILE] [--workers N]
//   archive_tool check ARCHIVE --key FILE [--workers N]
//   archive_tool list ARCHIVE --key FILE
//   archive_tool extract ARCHIVE PATH TO --key FILE
//   archive_tool key FILE
//
// TO is made; what is unpacked is durable at the end. The key is one without a pass phrase, and the only
// one that is trusted.
#include "artifact/read.hh"
#include "artifact/rules.hh"
#include "artifact/write.hh"
#include "base/error.hh"
#include "base/files.hh"
#include "crypto/secret_key.hh"
#include "tree/scan.hh"

#include <fmt/format.h>

#include <charconv>
#include <iostream>
#include <map>
#include <set>

using namespace bakehouse;

namespace {

struct Arguments {
  std::vector<std::string> words;
  std::map<std::string, std::string> options;

  const std::string& word(size_t i) const {
    if (i >= words.size()) throw base::Error(base::Fault::usage, "a word is missing");
    return words[i];
  }
  bool has(const std::string& name) const { return options.contains(name); }
  std::string option(const std::string& name) const { return has(name) ? options.at(name) : ""; }
  int number(const std::string& name, int otherwise) const {
    const std::string text = option(name);
    int value = otherwise;
    std::from_chars(text.data(), text.data() + text.size(), value);
    return value;
  }
  unsigned workers() const { return static_cast<unsigned>(number("--workers", 0)); }
};

Arguments read_arguments(int argc, char** argv) {
  const std::set<std::string> flags{"--solid"};
  Arguments arguments;
  for (int i = 2; i < argc; ++i) {
    const std::string word = argv[i];
    if (!word.starts_with("--")) {
      arguments.words.push_back(word);
    } else if (flags.contains(word) || i + 1 == argc) {
      arguments.options[word] = "";
    } else {
      arguments.options[word] = argv[++i];
    }
  }
  return arguments;
}

crypto::SecretKey key_of(const Arguments& arguments) {
  return crypto::SecretKey::read(arguments.option("--key"), [](const auto&) { return crypto::Secret(""); });
}

artifact::Archive open(const Arguments& arguments) {
  crypto::TrustPolicy policy;
  policy.keys.push_back({"the key", key_of(arguments).public_key()});
  return artifact::open_archive(arguments.word(0), policy);
}

int run_key(const Arguments& arguments) {
  const crypto::Secret secret = crypto::SecretKey::generate().format();
  base::AtomicFile file(arguments.word(0), 0600);
  file.write(secret.text());
  file.commit();
  return 0;
}

// What `bake` does with modes and times.
void normalise(tree::Manifest& manifest, base::Seconds created) {
  for (size_t i = 0; i < manifest.entries.size(); ++i) {
    tree::Entry entry = manifest.entries[i];
    if (entry.type == base::FileType::directory) entry.mode = 0755;
    if (entry.type == base::FileType::regular) {
      entry.mode = (entry.mode & 0111) != 0 ? 0755 : 0644;
      entry.time = {std::clamp<base::Seconds>(entry.time.seconds, 0, created), 0};
    }
    manifest.entries.set(i, entry);
  }
}

artifact::ReleaseInfo some_release() {
  artifact::ReleaseInfo info;
  info.name = "bench";
  info.version = "1.0";
  info.created = 1'800'000'000;
  info.source_kind = "directory";
  info.os = "linux";
  info.arch = "any";
  return info;
}

int run_pack(const Arguments& arguments) {
  const base::Dir tree = base::Dir::open(arguments.word(0));
  const std::filesystem::path archive = arguments.word(1);
  tree::ScanOptions options;
  options.content = tree::ScanOptions::Content::known;
  options.workers = arguments.workers();
  tree::Scan found = tree::scan(tree, options);
  artifact::ReleaseInfo info = some_release();
  normalise(found.manifest, info.created);
  const std::map<std::string, std::string> parts;
  artifact::BodyRequest request{tree, found.manifest, parts, info.created};
  request.level = arguments.number("--level", 9);
  if (arguments.has("--solid")) request.rule = artifact::solid_rule;
  if (arguments.has("--least")) {
    const auto size = [&](const char* name) {
      return static_cast<uint64_t>(arguments.number(name, 0)) << 10;
    };
    request.rule = {size("--least"), size("--average"), size("--most")};
  }
  request.workers = arguments.workers();
  const auto body = artifact::pack_body(request, archive.has_parent_path() ? archive.parent_path() : ".");
  const crypto::SecretKey key = key_of(arguments);
  info = artifact::write_archive(
      body, info,
      [&](const std::string& json, const std::string& comment) {
        return crypto::format_signature(key.sign(crypto::message_hash(json), comment),
                                        artifact::untrusted_comment);
      },
      archive);
  fmt::print("{} entries, {} bytes, {} frames\n", info.entries, info.bytes, body.frames.size());
  return 0;
}

int run_unpack(const Arguments& arguments) {
  const artifact::Archive archive = open(arguments);
  const base::Dir to = base::Dir::open_or_make(arguments.word(1));
  std::optional<tree::StatIndex> index;
  if (arguments.has("--index")) index = tree::StatIndex::load(arguments.option("--index"));
  artifact::UnpackOptions options;
  options.index = index ? &*index : nullptr;
  options.workers = arguments.workers();
  std::optional<base::Dir> earlier;
  tree::Manifest manifest;
  std::optional<tree::Lender> lender;
  if (arguments.has("--earlier")) {
    earlier = base::Dir::open(arguments.option("--earlier"));
    constexpr uint64_t largest = 1ULL << 30;
    manifest = tree::parse_manifest(earlier->read_file(base::TreePath::parse(".bakehouse/manifest"), largest),
                                    "manifest");
    lender.emplace(tree::Lender{*earlier, manifest, [](const auto&, const auto&) { return true; }});
    options.lender = &*lender;
  }
  const auto done = artifact::unpack(archive, to, options);
  base::sync_filesystem(to.fd(), to.path().native());
  if (index) index->save(arguments.option("--index"));
  fmt::print("{} entries, {} linked, {} of {} frames skipped\n", done.manifest.entries.size(), done.linked,
             done.skipped, done.frames);
  return 0;
}

int run_check(const Arguments& arguments) {
  fmt::print("{} entries\n", artifact::check(open(arguments), arguments.workers()).entries.size());
  return 0;
}

int run_list(const Arguments& arguments) {
  std::fputs(tree::format_manifest(artifact::list(open(arguments))).c_str(), stdout);
  return 0;
}

int run_extract(const Arguments& arguments) {
  const base::Dir to = base::Dir::open_or_make(arguments.word(2));
  const auto count = artifact::extract(open(arguments), {base::TreePath::parse(arguments.word(1))}, to);
  fmt::print("{} entries\n", count);
  return 0;
}

}  // namespace

int main(int argc, char** argv) {
  const std::map<std::string, int (*)(const Arguments&)> commands{
      {"pack", run_pack}, {"unpack", run_unpack},   {"check", run_check},
      {"list", run_list}, {"extract", run_extract}, {"key", run_key}};
  try {
    const auto command = commands.find(argc > 1 ? argv[1] : "");
    if (command == commands.end()) throw base::Error(base::Fault::usage, "unknown command");
    return command->second(read_arguments(argc, argv));
  } catch (const base::Error& error) {
    std::cerr << "archive_tool: " << error.what() << '\n';
    return base::exit_code(error.fault());
  }
}
