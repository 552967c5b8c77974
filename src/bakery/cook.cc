#include "bakery/cook.hh"

#include "bakery/build.hh"
#include "bakery/build_place.hh"
#include "bakery/bundle.hh"
#include "bakery/push.hh"
#include "bakery/workspace.hh"
#include "base/encoding.hh"
#include "base/error.hh"
#include "base/files.hh"
#include "phase/lock.hh"
#include "source/source.hh"

#include <fmt/format.h>

namespace bakehouse::bakery {
namespace {

namespace fs = std::filesystem;
using base::Dir;
using base::Error;
using base::Event;
using base::Fault;

// A root that travels in its own releases would double with every bake.
void refuse_root_inside(const node::Node& node, const fs::path& source, const Dir& tree) {
  const fs::path inside = node.root.path.lexically_relative(fs::canonical(source));
  if (inside.empty() || *inside.begin() == "..") return;
  if (!tree.exists(base::TreePath::parse(inside.native()) / ".bakehouse/root.json")) return;
  throw Error(Fault::input, fmt::format("the source holds the root itself, '{}'", inside.native()),
              "move the root out of the source, or name it in .gitignore");
}

void warn_of_left_out(const node::Node& node, const source::Checkout& checkout) {
  for (const auto& path : checkout.left_out) {
    node.around.events(
        {Event::Kind::warning, "fetch",
         fmt::format("'{}' is no file, directory or link and is left out", base::printable(path.str()))});
  }
}

void refuse_changes(const source::Checkout& checkout) {
  if (!checkout.dirty) return;
  throw Error(
      Fault::input,
      fmt::format("the work tree differs from its commit {}, and a release was asked for", checkout.commit),
      "commit the changes (`git status` lists them), or bake without --release");
}

// Git has been told to ignore it.
void remove_lent(const node::Node& node, const fs::path& source, const Dir& to) {
  std::error_code absent;
  if (!fs::equivalent(source, node.root.at(node.root.layout.source), absent)) return;
  for (const std::string& lent : node::lent_to_source(node)) {
    const base::TreePath path = base::TreePath::parse(lent);
    if (const auto holder = to.open_dir_if_any(path.parent()))
      holder->remove_tree(base::TreePath::parse(path.name()));
  }
}

source::Checkout fetch(const node::Node& node, const CookOptions& options, const Workspace& workspace) {
  const fs::path& source = options.source;
  node.around.events({Event::Kind::phase_started, "fetch", ""});
  if (node.root.path == fs::weakly_canonical(source)) {
    throw Error(Fault::input, "the source is the root itself",
                "bake a directory that holds the source alone");
  }
  source::Checkout checkout =
      options.check_out ? check_out(node, options.check_out, workspace) : check_out(node, source, workspace);
  if (checkout.kind == "directory") remove_lent(node, source, workspace.tree);
  if (options.changes == CookOptions::Changes::refuse) refuse_changes(checkout);
  refuse_root_inside(node, source, workspace.tree);
  warn_of_left_out(node, checkout);
  node.around.events({Event::Kind::phase_done, "fetch", ""});
  return checkout;
}

// In staging the key that signs is the key that is trusted: whoever holds it may deploy here.
node::Result apply_here(const node::Node& node, const Bundle& made, const CookOptions& options) {
  crypto::TrustPolicy policy = crypto::load_trust(node::trust_directory(node.root), node.root.project);
  policy.keys.push_back({"the key of this bake", made.key});
  policy.threshold = 1;
  node::ApplyOptions apply;
  apply.settings = options.settings;
  // In staging the source is what counts. What is left is kept in archives/, and told.
  apply.drift = node::DriftChoice::discard;
  apply.at_begin = options.at_begin;
  return node::apply(node, made.archive, policy, apply);
}

void refuse_while_editing(const node::Node& node) {
  try {
    node::require_not_editing(node);
  } catch (const Error& error) {
    throw error.with_hint(
        "`bake --no-apply` makes a release of it meanwhile; `bake edit --off`, `bake` and `bake edit` go on "
        "with what a build has made");
  }
}

void refuse_production(const node::Node& node) {
  if (node.root.mode != config::Mode::final) return;
  throw Error(Fault::input,
              fmt::format("'{}' is a production root: nothing is built there", node.root.path.native()),
              "make a staging root with `bake init`");
}

}  // namespace

Detected detect(const node::Node& node, const CookOptions& options) {
  refuse_production(node);
  const auto lock = phase::Lock::take(node.root.state() / "build.lock", "bake", node.around.clock);
  const Workspace workspace = make_workspace(node);
  const source::Checkout checkout = fetch(node, options, workspace);
  const Dir& tree = workspace.tree;
  return detect(node, read_project(node, tree, options.settings).project, checkout, tree, options);
}

namespace {

node::Node logged(const node::Node& node, BuildLog& log) {
  return node::with_events(node, [&log, show = node.around.events](const Event& event) {
    log.take(event);
    show(event);
  });
}

Bundle build_and_bundle(const node::Node& node, const CookOptions& options, BuildLog& log) {
  Workspace workspace = make_workspace(node);
  const source::Checkout checkout = fetch(node, options, workspace);
  const ProjectFile file = read_project(node, workspace.tree, options.settings);
  const BuildPlace place(node, file.project, std::move(workspace.tree));
  const Built built = build(node, file.project, checkout, place.tree(), options, log);
  // Nothing that a buildpack or hook wrote is executed below this line, only read.
  node.around.events({Event::Kind::phase_started, "bundle", ""});
  Bundle made = bundle(node, file, checkout, built, place.tree(), options);
  node.around.events({Event::Kind::phase_done, "bundle", ""});
  return made;
}

Cooked cook_logged(const node::Node& node, const CookOptions& options, BuildLog& log) {
  base::open_for_reading(options.key);  // a key that is not there is said now, not after the build
  for (const fs::path& key : options.more_keys) base::open_for_reading(key);
  const Bundle made = build_and_bundle(node, options, log);
  Cooked cooked{made.archive, made.version, std::nullopt};
  if (options.then == CookOptions::Then::apply) cooked.applied = apply_here(node, made, options);
  return cooked;
}

// Only a build has printed what is worth reading there.
std::string hint_of(const Error& error, const BuildLog& log) {
  if (error.fault() != Fault::build) return error.hint();
  return fmt::format("{}{}all that was printed: {}", error.hint(), error.hint().empty() ? "" : "; ",
                     log.path().native());
}

// The bake ended as it did, whatever becomes of its log.
void end(BuildLog& log, const node::Node& node, const std::string& outcome) {
  try {
    log.end(outcome);
  } catch (const Error& error) {
    node.around.events({Event::Kind::warning, "", fmt::format("the log is not whole: {}", error.what())});
  }
}

std::string outcome_of(const Cooked& cooked) {
  if (cooked.applied && cooked.applied->error)
    return fmt::format("failed to apply {}: {}", cooked.version, cooked.applied->error->what());
  return "baked " + cooked.version;
}

}  // namespace

Cooked cook(const node::Node& node, const CookOptions& options) {
  refuse_production(node);
  return cook(node, options, phase::Lock::take(node.root.state() / "build.lock", "bake", node.around.clock));
}

Cooked cook(const node::Node& node, const CookOptions& options, const phase::Lock& /*held*/) {
  refuse_production(node);
  if (options.then == CookOptions::Then::apply) refuse_while_editing(node);
  settle_pillar(node);
  BuildLog log(node.root.state() / "logs/bake", node.around.clock);
  options.log_begun(log.path());
  try {
    Cooked cooked = cook_logged(logged(node, log), options, log);
    end(log, node, outcome_of(cooked));
    return cooked;
  } catch (const buildpack::PlatformFailure& failure) {
    end(log, node, fmt::format("failed: {}", failure.what()));
    throw failure.with_hint(hint_of(failure, log));
  } catch (const Error& error) {
    end(log, node, fmt::format("failed: {}", error.what()));
    throw error.with_hint(hint_of(error, log));
  }
}

}  // namespace bakehouse::bakery
