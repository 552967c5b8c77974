#include "bakery/cook.hh"
#include "base/error.hh"
#include "cli/bake/commands.hh"

namespace bakehouse::cli {
namespace {

using buildpack::Answer;
using text::Value;

Value to_value(const bakery::Detected& detected) {
  Value answers = Value::list();
  for (const Answer& answer : detected.answers) {
    answers.push(Value::map({{"buildpack", answer.pack},
                             {"answer", std::string(bakery::name_of(answer.kind))},
                             {"why", answer.why},
                             {"display-name", answer.display_name},
                             {"said", answer.said}}));
  }
  Value lost = Value::list();
  for (const auto& group : detected.lost)
    lost.push(
        Value::map({{"members", text::list_of(group.members)}, {"reasons", text::list_of(group.reasons)}}));
  return Value::map({{"buildpacks", std::move(answers)},
                     {"lost-groups", std::move(lost)},
                     {"would-build", text::list_of(detected.builders)},
                     {"platform-exit", static_cast<int64_t>(detected.platform_exit)}});
}

}  // namespace

int run_detect(const GlobalOptions& global, const DetectCommand& command, const Screen& screen) {
  const Installation installed = find_installation();
  const node::Node node = node::open_node(require_root(global), installed.launch, make_surroundings(screen));
  bakery::CookOptions options;
  options.source = command.path.value_or(node.root.at(node.root.layout.source));
  options.buildpacks = installed.buildpacks;
  options.settings = command.settings;
  options.offline = command.offline;
  const bakery::Detected detected = bakery::detect(node, options);
  if (screen.json()) {
    screen.answer(to_value(detected));
  } else {
    std::fputs(bakery::describe(detected).c_str(), stdout);
  }
  return detected.builders.empty() ? base::exit_code(base::Fault::build) : 0;
}

}  // namespace bakehouse::cli
