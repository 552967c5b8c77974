#include "artifact/hooks.hh"
#include "artifact/read.hh"
#include "artifact/read_tree.hh"
#include "base/error.hh"
#include "cli/release/commands.hh"
#include "crypto/trust.hh"
#include "node/changes.hh"
#include "node/editing.hh"
#include "node/status.hh"

#include <fmt/format.h>

namespace bakehouse::cli {
namespace {

using text::Value;
using Differences = std::vector<tree::Difference>;

void say(const std::string& what, const Differences& differences, const Screen& screen) {
  if (differences.empty()) {
    screen.say(what + ": as it must be");
    return;
  }
  std::string list = tree::describe(differences);
  list.pop_back();  // the last line end, which `say` adds
  screen.say(fmt::format("{}: {} difference{}\n{}", what, differences.size(),
                         differences.size() == 1 ? "" : "s", list));
}

int verify_archive(const config::Root& root, const std::filesystem::path& path, const Screen& screen) {
  const auto policy = crypto::load_trust(node::trust_directory(root), root.project);
  const artifact::Archive archive = artifact::open_archive(path, policy);
  // Trusted are keys for the project of this root: of another they say nothing.
  if (archive.info.name != root.project) {
    throw base::Error(base::Fault::trust,
                      fmt::format("the archive is a release of '{}', this root is for '{}'",
                                  archive.info.name, root.project));
  }
  const auto manifest = artifact::check(archive);
  artifact::check_hooks(manifest);
  std::string signers;
  for (const auto& id : archive.signers) signers += " " + id.text();
  screen.say(fmt::format("{} {}: {} entries, {} bytes, signed by{}", archive.info.name, archive.info.version,
                         manifest.entries.size(), manifest.bytes(), signers));
  screen.answer(Value::map({{"name", archive.info.name},
                            {"version", archive.info.version},
                            {"sequence", archive.info.sequence},
                            {"entries", archive.info.entries},
                            {"bytes", archive.info.bytes}}));
  return 0;
}

// A release that somebody unpacked, with `tar` for instance.
int verify_tree(const config::Root& root, const std::filesystem::path& path, const Screen& screen) {
  const auto policy = crypto::load_trust(node::trust_directory(root), root.project);
  const base::Dir dir = base::Dir::open(path);
  const artifact::SignedTree release = artifact::open_tree(dir, policy);
  const Differences differences = tree::diff_with_directory(release.manifest, dir);
  say(fmt::format("{} {}", release.info.name, release.info.version), differences, screen);
  screen.answer(Value::map(
      {{"name", release.info.name}, {"version", release.info.version}, {"tree", node::encode(differences)}}));
  return differences.empty() ? 0 : base::exit_code(base::Fault::differs);
}

}  // namespace

int run_verify(const GlobalOptions& global, const VerifyCommand& command, const Screen& screen) {
  const node::Node node = open_node(global, screen);
  if (command.subject && std::filesystem::is_directory(*command.subject))
    return verify_tree(node.root, *command.subject, screen);
  if (command.subject) return verify_archive(node.root, *command.subject, screen);
  const node::Verification found = node::verify(node);
  say("the deployment", found.deployment, screen);
  if (found.is_edited) screen.say(std::string(node::says_edited));
  say("run", found.run, screen);
  for (const std::string& line : node::in_lines(found.targets)) screen.say(line);
  screen.answer(Value::map({{"deployment", node::encode(found.deployment)},
                            {"edited", found.is_edited},
                            {"run", node::encode(found.run)},
                            {"targets", node::encode(found.targets.differences)}}));
  const bool is_well = found.deployment.empty() && found.run.empty() && found.targets.differences.empty();
  return is_well ? 0 : base::exit_code(base::Fault::differs);
}

}  // namespace bakehouse::cli
