// A production root of project "shop", and releases that were never baked but are really signed.
#pragma once

#include "artifact/release_info.hh"
#include "base/files.hh"
#include "config/layout.hh"
#include "launch/launch_file.hh"
#include "node/apply.hh"
#include "node/node.hh"
#include "node/status.hh"
#include "phase/journal.hh"
#include "support/archive_draft.hh"
#include "support/tree_literal.hh"

#include <cstdlib>
#include <filesystem>
#include <functional>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include <sys/statvfs.h>
#include <sys/utsname.h>

namespace bakehouse::node {

using support::File;
using support::Tree;

// In memory, where programs may be executed there: each deployment makes a file system durable.
inline std::filesystem::path scratch_parent() {
  struct statvfs found {};
  const bool is_good = ::statvfs("/dev/shm", &found) == 0 && (found.f_flag & (ST_NOEXEC | ST_RDONLY)) == 0;
  return is_good ? std::filesystem::path("/dev/shm") : std::filesystem::temp_directory_path();
}

inline std::string this_machine() {
  utsname machine{};
  ::uname(&machine);
  return machine.machine;
}

inline File script(const std::string& lines) { return File{"#!/bin/sh\nset -e\n" + lines + "\n", 0755}; }

struct Release {
  std::string version;
  uint64_t sequence;
  Tree tree;
  std::string settings;  // more lines of bake.yaml
  std::string name = "shop";
  std::string arch = this_machine();
  launch::LaunchFile launch = {};
};

// A page that names the version, with such hooks.
inline Release release(const std::string& version, uint64_t sequence,
                       const std::vector<std::pair<std::string, std::string>>& hooks = {},
                       const std::string& settings = {}) {
  Release made{version,
               sequence,
               {{"index.html", File{"page " + version + "\n"}}, {"lib/code", File{version}}},
               settings};
  for (const auto& [phase, lines] : hooks) made.tree[".bake/hooks/" + phase] = script(lines);
  return made;
}

// Ends a transaction at once, as a signal would: no `catch` of the product knows it.
struct Kill {};

inline config::Layout makina() { return config::load_layout("makina", {std::getenv("BAKEHOUSE_LAYOUTS")}); }

// The same places, switched in such a way.
inline config::Layout switched_by(config::Switch how) {
  config::Layout layout = makina();
  layout.switches = {how};
  if (layout.run_is_link()) layout.runs = base::TreePath::parse("runs");
  return layout;
}

class Site {
 public:
  explicit Site(const config::Layout& layout = makina(),
                const std::filesystem::path& parent = scratch_parent())
      : scratch_(parent) {
    init_root(root(), "shop", config::Mode::final, layout, std::nullopt);
  }

  std::filesystem::path root() const { return scratch_.path() / "shop"; }
  std::filesystem::path archive(const Release& release) const {
    support::Draft draft = support::draft_of(release.tree);
    draft.info.name = release.name;
    draft.info.version = release.version;
    draft.info.sequence = release.sequence;
    draft.info.arch = release.arch;
    draft.parts = {{"bake.yaml", "name: shop\n" + release.settings},
                   {"launch.json", launch::format_launch(release.launch)}};
    auto path = scratch_.path() / (release.version + ".tar.zst");
    base::write_file(path, support::seal(draft, key));
    return path;
  }

  Node node() {
    phase::Surroundings around;
    around.clock = base::system_clock();
    around.events = [this](const base::Event& event) {
      using Kind = base::Event::Kind;
      if (event.kind == Kind::output) output += event.text + "\n";
      if (event.kind == Kind::warning) warnings += event.text + "\n";
      if (event.kind == Kind::phase_started) at("begin " + event.phase);
      if (event.kind == Kind::phase_done) at("done " + event.phase);
      if (event.kind == Kind::note && event.text.starts_with("undoing ")) at("undo " + event.phase);
    };
    around.cancelled = [this] { return cancelled; };
    Node opened = open_node(root(), "/no/helper", std::move(around));
    opened.open_sealed = open_sealed;
    return opened;
  }

  Result apply(const Release& release, const ApplyOptions& options = {}) {
    return node::apply(node(), archive(release), support::trust(key), options);
  }
  Result rollback(const std::optional<std::string>& deployment = {}) {
    return node::rollback(node(), deployment);
  }
  std::optional<Result> recover() { return recover_under_lock(node(), "a test"); }
  Status status() { return read_status(node()); }
  bool is_verified() {
    const Verification found = verify(node());
    return found.deployment.empty() && found.run.empty() && found.targets.differences.empty();
  }
  std::vector<phase::HistoryEntry> history() { return phase::read_history(node().history_path()); }

  std::string read(const std::string& path) const {
    return base::read_file_if_any(root() / path, 1 << 20).value_or("(nothing)");
  }
  void write(const std::string& path, const std::string& content) const {
    std::filesystem::create_directories((root() / path).parent_path());
    base::write_file(root() / path, content);
  }
  bool exists(const std::string& path) const { return std::filesystem::exists(root() / path); }
  std::string describe(const std::string& path) const {
    return exists(path) ? support::describe_tree(root() / path) : "(nothing)\n";
  }
  // All that a transaction may change and nobody sees changing: releases, data, what serves.
  std::string describe_all() const {
    return "run:\n" + describe("run") + "data:\n" + describe("data") + "deploy:\n" + describe("deploy");
  }
  // What half a transaction leaves about, if it does.
  std::string litter() const {
    std::string names;
    for (const auto& name : base::Dir::open(root()).names()) {
      if (name.starts_with(".") && name != ".bakehouse") names += name + " ";
    }
    return names;
  }

  crypto::SecretKey key = crypto::SecretKey::generate();
  std::string output;
  std::string warnings;
  std::vector<std::string> moments;                          // "begin stage", "done stage", "undo stage", ...
  std::function<void(const std::string& moment)> on_moment;  // sees each as it comes
  bool cancelled = false;
  OpenSealed open_sealed;

 private:
  void at(const std::string& moment) {
    moments.push_back(moment);
    if (on_moment) on_moment(moment);
  }

  base::TempDir scratch_;
};

// "7: message", as the result of a transaction or of a throw, or "good".
inline std::string describe(const Result& result) {
  if (!result.error) return result.outcome;
  return std::to_string(base::exit_code(result.error->fault())) + " " + result.outcome + ": " +
         result.error->what();
}
template <typename Work>
std::string refusal(Work&& work) {
  try {
    return "not refused: " + describe(work());
  } catch (const base::Error& error) {
    return std::to_string(base::exit_code(error.fault())) + ": " + error.what();
  }
}

}  // namespace bakehouse::node
