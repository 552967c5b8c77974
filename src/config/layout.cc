#include "config/layout.hh"

#include "base/encoding.hh"
#include "base/error.hh"
#include "base/files.hh"
#include "config/limits.hh"
#include "config/names.hh"
#include "text/decode.hh"
#include "text/yaml.hh"

#include <fmt/ranges.h>

#include <algorithm>
#include <optional>

namespace bakehouse::config {
namespace fs = std::filesystem;

using base::Error;
using base::Fault;
using base::printable;
using base::TreePath;

namespace {

struct Role {
  std::string_view name;
  TreePath Layout::*path;
};

constexpr Role roles[] = {
    {"source-remote", &Layout::source_remote},
    {"pillar-remote", &Layout::pillar_remote},
    {"source", &Layout::source},
    {"pillar", &Layout::pillar},
    {"build", &Layout::build},
    {"run", &Layout::run},
    {"runs", &Layout::runs},
    {"data", &Layout::data},
    {"deployments", &Layout::deployments},
    {"releases", &Layout::releases},
    {"archives", &Layout::archives},
};

constexpr Switch all_switches[] = {Switch::exchange, Switch::symlink, Switch::inplace};

std::optional<Switch> decode_switch(const text::Value& value, text::Diagnostics& faults) {
  const auto word = text::as_text(value, "'switch' in the layout", faults);
  if (!word) return std::nullopt;
  std::vector<std::string> names;
  for (const Switch one : all_switches) {
    if (*word == name_of(one)) return one;
    names.emplace_back(name_of(one));
  }
  const auto meant = text::nearest(*word, names);
  faults.add(value.origin(),
             fmt::format("'switch' in the layout must be one of {}, not '{}'{}", fmt::join(names, ", "),
                         printable(*word), meant ? fmt::format(" (did you mean '{}'?)", *meant) : ""));
  return std::nullopt;
}

Switches decode_switches(text::MapReader& layout, text::Diagnostics& faults) {
  const text::Value* value = layout.take("switch");
  if (value == nullptr) return {Switch::exchange};
  Switches switches;
  const auto add = [&](const text::Value& one) {
    const auto decoded = decode_switch(one, faults);
    if (!decoded) return;
    if (std::ranges::find(switches, *decoded) == switches.end()) {
      switches.push_back(*decoded);
    } else {
      faults.add(one.origin(), fmt::format("'switch' in the layout names {} twice", name_of(*decoded)));
    }
  };
  if (value->is_list()) {
    for (const text::Value& one : value->items()) add(one);
  } else {
    add(*value);
  }
  if (value->is_list() && value->items().empty())
    faults.add(value->origin(), "'switch' in the layout names none");
  if (switches.size() > 1 && std::ranges::find(switches, Switch::symlink) != switches.end()) {
    faults.add(value->origin(), "'switch' in the layout names symlink beside another",
               "run/ is either a link or a directory");
  }
  return switches.empty() ? Switches{Switch::exchange} : switches;
}

// Bakehouse's own state, and runs being prepared, stand beside the roles.
bool is_reserved_in_root(const TreePath& path) {
  const std::string_view first = path.parts().front();
  return first == ".bakehouse" || first.starts_with(".run.");
}

std::optional<TreePath> decode_role(const Role& role, text::MapReader& map, text::Diagnostics& faults) {
  const text::Value* value = role.path == &Layout::runs ? map.take(role.name) : map.require(role.name);
  if (value == nullptr) return std::nullopt;
  const auto text = text::as_text(*value, fmt::format("the role '{}'", role.name), faults);
  if (!text) return std::nullopt;
  if (const auto reason = TreePath::why_not(*text)) {
    faults.add(value->origin(),
               fmt::format("the path '{}' of the role '{}' {}", printable(*text), role.name, *reason),
               "a path below the root");
    return std::nullopt;
  }
  const TreePath path = TreePath::parse(*text);
  if (is_reserved_in_root(path)) {
    faults.add(value->origin(), fmt::format("the role '{}' has a path that Bakehouse keeps for itself: '{}'",
                                            role.name, printable(*text)));
    return std::nullopt;
  }
  return path;
}

// Two roles at one place, or one within another, would be switched, wiped or backed up together.
void check_apart(const Layout& layout, const text::Value& map, text::Diagnostics& faults) {
  for (const Role& one : roles) {
    const TreePath& path = layout.*one.path;
    for (const Role& other : roles) {
      const TreePath& place = layout.*other.path;
      const bool is_told_already = path == place && &one <= &other;
      if (&one == &other || path.is_top() || place.is_top() || is_told_already) continue;
      if (!path.is_within(place)) continue;
      faults.add(map.find(one.name)->origin(),
                 fmt::format("the role '{}' ({}) {} the role '{}' ({})", one.name, printable(path.str()),
                             path == place ? "is at the place of" : "lies within", other.name,
                             printable(place.str())));
    }
  }
}

// Whatever cannot be decoded stays the top, which no role can be.
void decode_roles(const text::Value& value, Layout& layout, text::Diagnostics& faults) {
  text::MapReader map(value, "the roles of the layout", faults);
  for (const Role& role : roles) layout.*role.path = decode_role(role, map, faults).value_or(TreePath());
  map.finish();
  if (!value.is_map()) return;
  if (layout.run_is_link() && value.find("runs") == nullptr)
    faults.add(value.origin(), "'runs' is missing in the roles of the layout: where run/ is to link to");
  if (const text::Value* runs = value.find("runs"); runs != nullptr && !layout.run_is_link())
    faults.add(runs->origin(), "the role 'runs' is for layouts whose switch is symlink");
  check_apart(layout, value, faults);
}

std::string decode_layout_name(text::MapReader& layout, text::Diagnostics& faults) {
  const text::Value* value = layout.require("name");
  if (value == nullptr) return {};
  const auto name = text::as_text(*value, "the name of the layout", faults);
  if (!name) return {};
  if (const auto reason = why_not_word(*name)) {
    faults.add(value->origin(), fmt::format("the name of the layout '{}' {}", printable(*name), *reason));
  }
  return *name;
}

Layout load_file(const fs::path& path, const std::string& content) {
  return decode_layout(text::parse_yaml(content, path.native()));
}

Layout find_layout(const std::string& name, const std::vector<fs::path>& directories) {
  if (const auto reason = why_not_word(name)) {
    throw Error(Fault::input, fmt::format("the name of the layout '{}' {}", printable(name), *reason),
                "a file is given by a path with a '/'");
  }
  std::vector<std::string> looked_in;
  for (const auto& directory : directories) {
    const fs::path path = directory / (name + ".yaml");
    looked_in.push_back(printable(directory.native()));
    const auto content = base::read_file_if_any(path, largest_configuration);
    if (!content) continue;
    Layout layout = load_file(path, *content);
    if (layout.name == name) return layout;
    throw Error(Fault::input, fmt::format("{}: the layout in this file calls itself '{}'",
                                          printable(path.native()), layout.name));
  }
  throw Error(Fault::input, fmt::format("there is no layout '{}' in {}", name, fmt::join(looked_in, ", ")),
              "name one that is there, or give the path of a file");
}

}  // namespace

std::string_view name_of(Switch how) {
  switch (how) {
    case Switch::exchange: return "exchange";
    case Switch::symlink: return "symlink";
    case Switch::inplace: return "inplace";
  }
  return "";
}

Layout load_layout(const std::string& name_or_path, const std::vector<fs::path>& directories) {
  if (name_or_path.find('/') == std::string::npos) return find_layout(name_or_path, directories);
  return load_file(name_or_path, base::read_file(name_or_path, largest_configuration));
}

Layout decode_layout(const text::Value& value) {
  text::Diagnostics faults;
  Layout layout;
  text::MapReader map(value, "the layout", faults);
  layout.name = decode_layout_name(map, faults);
  layout.switches = decode_switches(map, faults);
  if (const text::Value* places = map.require("roles")) decode_roles(*places, layout, faults);
  map.finish();
  faults.throw_if_any();
  return layout;
}

text::Value encode_layout(const Layout& layout) {
  text::Value places = text::Value::map();
  for (const Role& role : roles) {
    const TreePath& path = layout.*role.path;
    if (!path.is_top()) places.set(role.name, path.str());
  }
  text::Value switches = text::Value::list();
  for (const Switch one : layout.switches) switches.push(name_of(one));
  return text::Value::map({{"name", layout.name},
                           {"switch", switches.items().size() == 1 ? switches.items().front() : switches},
                           {"roles", std::move(places)}});
}

}  // namespace bakehouse::config
