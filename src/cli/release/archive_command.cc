// What an archive is and holds, without applying it: `show`, `list`, `extract`.
#include "artifact/read.hh"
#include "base/encoding.hh"
#include "base/error.hh"
#include "cli/release/commands.hh"
#include "crypto/trust.hh"
#include "node/node.hh"
#include "text/json.hh"

#include <fmt/format.h>

namespace bakehouse::cli {
namespace {

using text::Value;

artifact::Archive open_archive(const GlobalOptions& global, const std::filesystem::path& path) {
  const config::Root root = config::read_root(require_root(global));
  return artifact::open_archive(path, crypto::load_trust(node::trust_directory(root), root.project));
}

std::string_view type_of(const tree::Entry& entry) {
  switch (entry.type) {
    case base::FileType::directory: return "directory";
    case base::FileType::symlink: return "link";
    default: return "file";
  }
}

Value encode(const tree::Entry& entry) {
  Value row = Value::map({{"path", base::printable(entry.path.str())},
                          {"type", std::string(type_of(entry))},
                          {"mode", fmt::format("{:04o}", entry.mode)}});
  if (entry.type == base::FileType::symlink) row.set("link", base::printable(entry.link));
  if (entry.type == base::FileType::regular) {
    row.set("size", entry.size);
    row.set("time", entry.time.seconds);
    row.set("sha256", entry.digest.hex());
  }
  return row;
}

std::string line_of(const tree::Entry& entry) {
  const char type = entry.type == base::FileType::directory ? 'd'
                    : entry.type == base::FileType::symlink ? 'l'
                                                            : '-';
  std::string line =
      fmt::format("{} {:04o} {:>12}  {}", type, entry.mode, entry.size, base::printable(entry.path.str()));
  if (entry.type == base::FileType::symlink) line += " -> " + base::printable(entry.link);
  return line;
}

std::string join(const std::vector<crypto::KeyId>& keys) {
  std::string text;
  for (const auto& key : keys) text += (text.empty() ? "" : ", ") + key.text();
  return text;
}

// "shipped", "archive <digest>", "git <commit> of <URL>"
std::string describe(const artifact::BuildpackSource& source) {
  std::string text(artifact::name_of(source.kind));
  if (!source.pin.empty()) text += " " + source.pin;
  if (!source.url.empty()) text += " of " + base::printable(source.url);
  return text;
}

void say_all(const artifact::Archive& archive, const Screen& screen) {
  const artifact::ReleaseInfo& info = archive.info;
  screen.say(fmt::format("release     {} {}, sequence {}", info.name, info.version, info.sequence));
  screen.say(fmt::format("signed by   {}", join(archive.signers)));
  screen.say(fmt::format("source      {}{} of {}",
                         info.source_commit.empty() ? info.source_kind : info.source_commit,
                         info.source_dirty ? ", with changes" : "", base::iso_datetime(info.created)));
  screen.say(fmt::format("for         {} {}, {}", info.os, info.arch,
                         info.run_path ? "at " + base::printable(*info.run_path) : "at any path"));
  for (const auto& pack : info.buildpacks)
    screen.say(fmt::format("built by    {} {} ({})", base::printable(pack.id), base::printable(pack.version),
                           describe(pack.source)));
  screen.say(fmt::format("holds       {} entries, {} bytes", info.entries, info.bytes));
  screen.say(fmt::format("manifest    {}", info.manifest.digest.hex()));
}

}  // namespace

int run_show(const GlobalOptions& global, const ArchiveCommand& command, const Screen& screen) {
  const artifact::Archive archive = open_archive(global, command.archive);
  say_all(archive, screen);
  Value answer = text::parse_json(archive.release_json, "release.json");
  Value signers = Value::list();
  for (const auto& key : archive.signers) signers.push(key.text());
  answer.set("signers", std::move(signers));
  screen.answer(answer);
  return 0;
}

int run_list(const GlobalOptions& global, const ArchiveCommand& command, const Screen& screen) {
  const tree::Manifest manifest = artifact::list(open_archive(global, command.archive));
  Value entries = Value::list();
  for (const tree::Entry& entry : manifest.entries) {
    if (screen.json()) {
      entries.push(encode(entry));
    } else {
      screen.say(line_of(entry));
    }
  }
  screen.answer(Value::map({{"entries", std::move(entries)}}));
  return 0;
}

int run_extract(const GlobalOptions& global, const ArchiveCommand& command, const Screen& screen) {
  std::vector<base::TreePath> paths;
  for (std::string text : command.paths) {
    // As the shell completes a directory, and as `tar -t` prints it.
    while (text.size() > 1 && text.ends_with('/')) text.pop_back();
    paths.push_back(base::TreePath::parse(text));
  }
  const artifact::Archive archive = open_archive(global, command.archive);
  const auto count = artifact::extract(archive, paths, base::Dir::open_or_make(command.to));
  screen.say(
      fmt::format("{} {} written to '{}'", count, count == 1 ? "entry" : "entries", command.to.native()));
  screen.answer(Value::map({{"entries", count}, {"to", command.to.native()}}));
  return 0;
}

}  // namespace bakehouse::cli
