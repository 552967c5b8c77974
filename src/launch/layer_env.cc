#include "launch/layer_env.hh"

#include "base/encoding.hh"
#include "base/error.hh"
#include "launch/follow.hh"

#include <optional>
#include <utility>

namespace bakehouse::launch {
namespace {

using base::Dir;
using base::Error;
using base::Fault;
using base::FileType;
using base::printable;
using base::TreePath;

// A directory of a layer, and the variables whose search begins in it.
struct SearchRule {
  const char* directory;
  std::vector<const char*> variables;
};

const std::vector<SearchRule>& search_rules(Phase phase) {
  static const std::vector<SearchRule> build{{"bin", {"PATH"}},
                                             {"lib", {"LD_LIBRARY_PATH", "LIBRARY_PATH"}},
                                             {"include", {"CPATH"}},
                                             {"pkgconfig", {"PKG_CONFIG_PATH"}}};
  static const std::vector<SearchRule> launch{{"bin", {"PATH"}}, {"lib", {"LD_LIBRARY_PATH"}}};
  return phase == Phase::build ? build : launch;
}

struct OpenLayer {
  TreePath path;
  Dir dir;
};

// What a link leads to outside of the tree may be a directory where programs see it, and does no harm in a
// search path.
bool has_directory(const LayerTree& tree, const OpenLayer& layer, const char* name) {
  const auto stat = layer.dir.stat(TreePath::parse(name));
  if (!stat) return false;
  if (stat->type != FileType::symlink) return stat->type == FileType::directory;
  const auto kind = follow(tree, layer.path / name).kind;
  return kind == Followed::Kind::directory || kind == Followed::Kind::outside;
}

void search_first(const std::string& directory, const char* variable, Environment& environment) {
  std::string& value = environment[variable];
  value = value.empty() ? directory : directory + ":" + value;
}

void add_directories(const LayerTree& tree, const OpenLayer& layer, Phase phase, Environment& environment) {
  for (const auto& rule : search_rules(phase)) {
    if (!has_directory(tree, layer, rule.directory)) continue;
    const std::string path = (tree.seen_at / layer.path.str() / rule.directory).native();
    for (const char* variable : rule.variables) search_first(path, variable, environment);
  }
}

// A directory of variables, opened through links within the tree; nullopt where there is none.
std::optional<OpenLayer> open_variables(const LayerTree& tree, const TreePath& path) {
  const Followed found = follow(tree, path);
  if (found.kind == Followed::Kind::outside) {
    throw Error(Fault::input, fmt::format("'{}' leads out of the application", printable(path.str())),
                "the files of a layer belong into it");
  }
  if (found.kind != Followed::Kind::directory) return std::nullopt;
  // Opened before the braces: what they have made by then gcc 12 destroys twice when that throws.
  base::Dir dir = tree.dir.open_dir(found.path);
  return OpenLayer{found.path, std::move(dir)};
}

// The content of a file, or of what a link leads to; nullopt for a directory.
std::optional<std::string> read_value(const LayerTree& tree, const OpenLayer& variables,
                                      const std::string& name) {
  const TreePath file = TreePath::parse(name);
  const auto stat = variables.dir.stat(file);
  if (!stat || stat->type == FileType::directory) return std::nullopt;
  if (stat->type != FileType::symlink) return variables.dir.read_file(file, largest_variable);
  const Followed found = follow(tree, variables.path / name);
  if (found.kind == Followed::Kind::directory) return std::nullopt;
  if (found.kind == Followed::Kind::outside || found.kind == Followed::Kind::nothing) {
    throw Error(Fault::input, found.kind == Followed::Kind::outside ? "the link leads out of the application"
                                                                    : "the link leads nowhere");
  }
  return tree.dir.read_file(found.path, largest_variable);
}

// "NAME.suffix", split at the first dot.
struct FileName {
  std::string_view variable;
  std::optional<std::string_view> suffix;
};

FileName split(std::string_view name) {
  const size_t dot = name.find('.');
  if (dot == std::string_view::npos) return {name, std::nullopt};
  return {name.substr(0, dot), name.substr(dot + 1)};
}

enum class Action { override, append, prepend, if_unset, delimit, nothing };

Action action_of(const FileName& name, Unsuffixed unsuffixed) {
  if (name.variable.empty()) return Action::nothing;
  if (!name.suffix) return unsuffixed == Unsuffixed::replaces ? Action::override : Action::if_unset;
  if (*name.suffix == "override") return Action::override;
  if (*name.suffix == "append") return Action::append;
  if (*name.suffix == "prepend") return Action::prepend;
  if (*name.suffix == "default") return Action::if_unset;
  if (*name.suffix == "delim") return Action::delimit;
  return Action::nothing;
}

std::string combine(Action action, const std::string& before, const std::string& given,
                    const std::string& delimiter) {
  const std::string& between = before.empty() ? before : delimiter;
  if (action == Action::append) return before + between + given;
  if (action == Action::prepend) return given + between + before;
  return action == Action::override || before.empty() ? given : before;
}

void require_passable(std::string_view name, std::string_view value) {
  if (name.find('=') != std::string_view::npos) {
    throw Error(Fault::input, "a variable's name cannot contain '='");
  }
  if (value.find('\0') != std::string_view::npos) throw Error(Fault::input, "it contains a NUL byte");
  if (name.size() + value.size() + 2 > largest_variable) {
    throw Error(Fault::input,
                fmt::format("the value of {} would be longer than a program can be given", printable(name)));
  }
}

// The files of one directory, in byte order of their names.
class Variables {
 public:
  Variables(const LayerTree& tree, const OpenLayer& from, Unsuffixed unsuffixed)
      : tree_(tree), from_(from), unsuffixed_(unsuffixed), names_(from.dir.names()) {}

  void apply(Environment& environment) const {
    Environment delimiters;
    each(Kind::delimiter, [&](const FileName& name, Action, const std::string& value) {
      delimiters.insert_or_assign(std::string(name.variable), value);
    });
    each(Kind::value, [&](const FileName& name, Action action, const std::string& value) {
      std::string after =
          combine(action, value_of(name.variable, environment), value, value_of(name.variable, delimiters));
      require_passable(name.variable, after);
      environment.insert_or_assign(std::string(name.variable), std::move(after));
    });
  }

 private:
  enum class Kind { delimiter, value };

  static std::string value_of(std::string_view name, const Environment& variables) {
    const auto found = variables.find(name);
    return found == variables.end() ? std::string() : found->second;
  }

  template <typename Use>
  void each(Kind kind, const Use& use) const {
    for (const std::string& file : names_) {
      const FileName name = split(file);
      const Action action = action_of(name, unsuffixed_);
      if (action == Action::nothing || (action == Action::delimit) != (kind == Kind::delimiter)) continue;
      base::with_context(printable((from_.dir.path() / file).native()), [&] {
        if (const auto value = read_value(tree_, from_, file)) use(name, action, *value);
      });
    }
  }

  const LayerTree& tree_;
  const OpenLayer& from_;
  Unsuffixed unsuffixed_;
  std::vector<std::string> names_;
};

void apply_phase_variables(const LayerTree& tree, const TreePath& layer, Phase phase,
                           std::string_view process_type, Environment& environment) {
  std::vector<std::string> directories{"env", phase == Phase::build ? "env.build" : "env.launch"};
  if (phase == Phase::launch && !process_type.empty())
    directories.push_back(fmt::format("env.launch/{}", process_type));
  for (const std::string& directory : directories)
    apply_variables(tree, layer / directory, Unsuffixed::replaces, environment);
}

}  // namespace

Environment to_environment(const char* const* list) {
  Environment environment;
  for (; *list != nullptr; ++list) {
    const std::string_view entry = *list;
    const size_t equals = entry.find('=');
    if (equals != std::string_view::npos && equals > 0)
      environment.emplace(entry.substr(0, equals), entry.substr(equals + 1));
  }
  return environment;
}

std::vector<std::string> to_list(const Environment& environment) {
  std::vector<std::string> list;
  list.reserve(environment.size());
  for (const auto& [name, value] : environment) list.push_back(name + "=" + value);
  return list;
}

void apply_variables(const LayerTree& tree, const TreePath& directory, Unsuffixed unsuffixed,
                     Environment& environment) {
  const auto from = open_variables(tree, directory);
  if (from) Variables(tree, *from, unsuffixed).apply(environment);
}

void apply_layers(const LayerTree& tree, const std::vector<TreePath>& layers, Phase phase,
                  std::string_view process_type, Environment& environment) {
  std::vector<OpenLayer> open;
  open.reserve(layers.size());
  for (const TreePath& path : layers) {
    base::Dir dir = tree.dir.open_dir(path);
    open.push_back({path, std::move(dir)});
  }
  for (const OpenLayer& layer : open) {
    add_directories(tree, layer, phase, environment);
    if (phase == Phase::build) apply_phase_variables(tree, layer.path, phase, process_type, environment);
  }
  if (phase == Phase::build) return;
  for (const OpenLayer& layer : open)
    apply_phase_variables(tree, layer.path, phase, process_type, environment);
}

}  // namespace bakehouse::launch
