#include "bakery/cook.hh"
#include "bakery/push_record.hh"
#include "base/error.hh"
#include "base/files.hh"
#include "cli/bake/commands.hh"
#include "cli/bake/cook_options.hh"
#include "cli/bake/passphrase.hh"
#include "cli/bake/platform.hh"

#include <fmt/format.h>

#include <charconv>
#include <cstdlib>

namespace bakehouse::cli {
namespace {

using base::Error;
using base::Fault;
using text::Value;

std::optional<base::Seconds> source_date_epoch() {
  const char* text = std::getenv("SOURCE_DATE_EPOCH");
  if (text == nullptr || *text == '\0') return std::nullopt;
  const std::string_view digits = text;
  base::Seconds seconds = 0;
  const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), seconds);
  if (error != std::errc() || end != digits.data() + digits.size() || seconds < 0) {
    throw Error(Fault::input, "SOURCE_DATE_EPOCH is not a number of seconds",
                "unset it, or set it as `date +%s` prints it");
  }
  return seconds;
}

std::vector<std::filesystem::path> choose_keys(const CookCommand& command, const config::Root& root) {
  if (!command.keys.empty()) return command.keys;
  if (root.key) return {*root.key};
  throw Error(Fault::usage, "no key to sign with", "pass --key FILE; `bake key new FILE` makes one");
}

int tell(const bakery::Cooked& cooked, const std::string& log, const node::Node& node, const Screen& screen) {
  screen.say(fmt::format("baked {} {}: {}", node.root.project, cooked.version, cooked.archive.native()));
  Value facts = Value::map(
      {{"outcome", "good"}, {"version", cooked.version}, {"archive", cooked.archive.native()}, {"log", log}});
  if (cooked.applied) {
    facts.set("outcome", cooked.applied->outcome);
    facts.set("deployment", cooked.applied->deployment);
    if (const auto& error = cooked.applied->error) {
      screen.fail(error->within("applying it here"), facts);
      return base::exit_code(error->fault());
    }
    screen.say(fmt::format("in service here as {}", cooked.applied->deployment));
  }
  screen.done(facts);
  return 0;
}

// What is checked out in the root; where nothing is, what was pushed to it.
std::filesystem::path usual_source(const config::Root& root) {
  std::filesystem::path checkout = root.at(root.layout.source);
  std::error_code unreadable;
  if (!std::filesystem::is_empty(checkout, unreadable)) return checkout;
  std::filesystem::path remote = bakery::remote_path(root, "project");
  const bool is_there = std::filesystem::exists(remote, unreadable);
  return is_there && source::Remote::open(remote).commit_of("HEAD") ? remote : checkout;
}

}  // namespace

bakery::CookOptions cook_options(const CookCommand& command, const node::Node& node,
                                 const Installation& installed) {
  bakery::CookOptions options;
  options.source = command.path ? *command.path : usual_source(node.root);
  options.buildpacks = installed.buildpacks;
  const auto keys = choose_keys(command, node.root);
  options.key = keys.front();
  options.more_keys.assign(keys.begin() + 1, keys.end());
  options.ask_passphrase = ask_passphrase(command.passphrase);
  options.version = command.version;
  options.sequence = command.sequence;
  options.source_date_epoch = source_date_epoch();
  options.settings = command.settings;
  options.offline = command.offline;
  if (command.release) options.changes = bakery::CookOptions::Changes::refuse;
  if (command.level) options.level = *command.level;
  if (command.fast) options.level = 3;
  if (command.best) options.level = 19;
  if (command.solid) options.rule = artifact::solid_rule;
  options.then = command.no_apply ? bakery::CookOptions::Then::stop : bakery::CookOptions::Then::apply;
  return options;
}

int run_cook(const GlobalOptions& global, const CookCommand& command, const Screen& screen) {
  const Installation installed = find_installation();
  node::Node node = node::open_node(require_root(global), installed.launch, make_surroundings(screen));
  node.supervise = installed.supervise;
  bakery::CookOptions options = cook_options(command, node, installed);
  bakery::tell_unmoved(node);
  std::string log;
  options.log_begun = [&](const std::filesystem::path& file) { log = file.native(); };
  try {
    return tell(bakery::cook(node, options), log, node, screen);
  } catch (const Error& error) {
    if (log.empty()) throw;
    Value facts = failure_facts(error);
    facts.set("log", log);
    screen.fail(error, facts);
    return base::exit_code(error.fault());
  }
}

}  // namespace bakehouse::cli
