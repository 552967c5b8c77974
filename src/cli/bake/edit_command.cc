#include "base/error.hh"
#include "cli/bake/commands.hh"
#include "node/edit.hh"

#include <fmt/format.h>

namespace bakehouse::cli {
namespace {

using text::Value;

std::string how(node::EditWay way) {
  switch (way) {
    case node::EditWay::unit: return "mounted at run/ by a unit of systemd";
    case node::EditWay::fstab: return "mounted at run/, as /etc/fstab says";
    case node::EditWay::link: return "run/ is a link to it";
  }
  return "";
}

}  // namespace

int run_edit(const GlobalOptions& global, const EditCommand& command, const Screen& screen) {
  const Installation installed = find_installation();
  node::Node node = node::open_node(require_root(global), installed.launch, make_surroundings(screen));
  node.supervise = installed.supervise;
  const auto way = command.link ? node::EditWay::link : node::best_edit_way();
  const node::Edited edited = command.off ? node::end_edit(node) : node::edit(node, way);
  const Value facts = Value::map({{"outcome", edited.result.outcome},
                                  {"mode", command.off ? "cooking" : "editable"},
                                  {"way", node::name_of(edited.way)}});
  if (edited.result.error) {
    screen.fail(*edited.result.error, facts);
    return base::exit_code(edited.result.error->fault());
  }
  screen.say(command.off ? "the release runs again, as it was"
                         : fmt::format("'{}' is what runs: {}",
                                       node.root.at(node.root.layout.source).native(), how(edited.way)));
  screen.done(facts);
  return 0;
}

}  // namespace bakehouse::cli
