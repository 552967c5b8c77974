#include "config/pillar.hh"

#include "base/dir.hh"
#include "base/encoding.hh"
#include "base/error.hh"
#include "config/limits.hh"
#include "config/merge.hh"
#include "config/names.hh"
#include "text/decode.hh"
#include "text/yaml.hh"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

namespace bakehouse::config {
namespace {

namespace fs = std::filesystem;
using base::printable;
using text::Diagnostics;
using text::Value;

constexpr std::string_view own_key = "bakehouse";

std::string file_of_environment(const std::string& environment) { return environment + ".yaml"; }
std::string file_of_secrets(const std::string& environment) { return "secrets/" + environment + ".yaml"; }

std::pair<std::string_view, std::string_view> split_first(std::string_view key) {
  const size_t dot = key.find('.');
  if (dot == std::string_view::npos) return {key, {}};
  return {key.substr(0, dot), key.substr(dot + 1)};
}

void check_keys(const Value& value, Diagnostics& faults) {
  for (const auto& [key, member] : value.members()) {
    if (key.empty() || key.find('.') != std::string::npos) {
      faults.add(member.origin(), fmt::format("the key '{}' cannot be named in a template", printable(key)),
                 "write a.b as a map: b within a");
    }
    check_keys(member, faults);
  }
}

Value parse_part(const std::string& content, const fs::path& file) {
  Value value = text::parse_yaml(content, file.native());
  Diagnostics faults;
  if (!value.is_null()) text::MapReader(value, "a file of the pillar", faults);
  check_keys(value, faults);
  if (const Value* own = value.find(own_key))
    faults.add(own->origin(), fmt::format("the key '{}' is filled by Bakehouse itself", own_key));
  faults.throw_if_any();
  return value;
}

bool is_below(std::string_view key, std::string_view above) {
  return key.size() > above.size() && key.starts_with(above) && key[above.size()] == '.';
}

// Names only: what is sealed is opened elsewhere.
std::map<std::string, text::Origin> parse_sealed(const std::string& content, const fs::path& file) {
  const Value value = text::parse_yaml(content, file.native());
  Diagnostics faults;
  if (!value.is_null()) text::MapReader(value, "a file of sealed values", faults);
  std::map<std::string, text::Origin> sealed;
  for (const auto& [key, member] : value.members()) {
    if (!is_sealed_key(key))
      faults.add(member.origin(), fmt::format("'{}' is no key of a sealed value", printable(key)),
                 std::string(sealed_key_rule));
    text::as_text(member, "a sealed value", faults);
    sealed.emplace(key, member.origin());
  }
  for (auto one = sealed.begin(); one != sealed.end(); ++one) {
    for (const auto& [other, origin] : sealed)
      if (is_below(other, one->first))
        faults.add(origin, fmt::format("'{}' lies within '{}', which is sealed as well", other, one->first));
  }
  faults.throw_if_any();
  return sealed;
}

void set_below(Value& map, std::string_view key, Value value) {
  const auto [first, rest] = split_first(key);
  if (rest.empty()) {
    map.set(first, std::move(value));
    return;
  }
  const Value* found = map.find(first);
  Value below = found != nullptr && found->is_map() ? *found : Value::map({}, value.origin());
  set_below(below, rest, std::move(value));
  map.set(first, std::move(below));
}

void add_keys(const Value& value, const std::string& path, std::vector<std::string>& keys) {
  for (const auto& [key, member] : value.members()) {
    const std::string name = path.empty() ? key : path + "." + key;
    if (!member.is_map() && is_dotted_key(name)) keys.push_back(name);
    add_keys(member, name, keys);
  }
}

}  // namespace

PillarFiles read_pillar_files(const fs::path& directory, const std::string& environment) {
  PillarFiles files;
  if (!fs::exists(fs::symlink_status(directory))) return files;
  const base::Dir dir = base::Dir::open(directory);
  for (const std::string& name :
       {std::string("common.yaml"), file_of_environment(environment), file_of_secrets(environment)}) {
    const auto path = base::TreePath::parse(name);
    if (!path.parent().is_top() && !dir.open_dir_if_any(path.parent())) continue;
    const auto found = dir.stat(path);
    if (!found) continue;
    if (found->type != base::FileType::regular) {
      throw base::Error(base::Fault::input,
                        fmt::format("'{}' is no plain file", printable((directory / name).native())),
                        "links in a pillar are not followed: put the file itself there");
    }
    files.emplace(name, dir.read_file(path, largest_configuration));
  }
  return files;
}

Pillar merge_pillar(const PillarFiles& files, const fs::path& directory, const std::string& environment) {
  Pillar pillar;
  pillar.environment = environment;
  pillar.directory = directory;
  for (const std::string& name : {std::string("common.yaml"), file_of_environment(environment)}) {
    const auto file = files.find(name);
    if (file != files.end())
      pillar.values = merge(std::move(pillar.values), parse_part(file->second, directory / name));
  }
  const std::string secrets = file_of_secrets(environment);
  const auto file = files.find(secrets);
  if (file != files.end()) pillar.sealed = parse_sealed(file->second, directory / secrets);
  return pillar;
}

void overlay_opened(Pillar& pillar, const std::map<std::string, std::string>& opened) {
  for (const auto& [key, text] : opened) {
    const text::Origin origin = pillar.sealed[key];
    set_below(pillar.values, key, Value::scalar(Value::Kind::string, text, origin));
  }
}

void set_value(Pillar& pillar, const std::string& key, Value value) {
  set_below(pillar.values, key, std::move(value));
}

const Value* find_value(const Pillar& pillar, std::string_view key) {
  const Value* value = &pillar.values;
  while (value != nullptr && !key.empty()) {
    const auto [first, rest] = split_first(key);
    value = value->find(first);
    key = rest;
  }
  return value;
}

bool holds_sealed(const Pillar& pillar, std::string_view key) {
  return std::ranges::any_of(pillar.sealed, [&](const auto& one) {
    return one.first == key || is_below(one.first, key) || is_below(key, one.first);
  });
}

std::vector<std::string> keys_of(const Pillar& pillar) {
  std::vector<std::string> keys;
  add_keys(pillar.values, "", keys);
  for (const auto& [key, origin] : pillar.sealed) keys.push_back(key);
  return keys;
}

Value mask(const Pillar& pillar) {
  Value masked = pillar.values;
  for (const auto& [key, origin] : pillar.sealed)
    set_below(masked, key, Value::scalar(Value::Kind::plain, "(sealed)", origin));
  return masked;
}

std::optional<std::string> why_not_environment(std::string_view name) {
  if (name == "common") return "is the name of what all environments have";
  return why_not_word(name);
}

bool is_dotted_key(std::string_view key) {
  constexpr std::string_view letters = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-.";
  return !key.empty() && key.find_first_not_of(letters) == std::string_view::npos && key.front() != '.' &&
         key.back() != '.' && key.find("..") == std::string_view::npos;
}

bool is_sealed_key(std::string_view key) {
  constexpr size_t longest = 200;
  if (!is_dotted_key(key) || key.size() > longest || key == own_key || is_below(key, own_key)) return false;
  const auto begins_word = [](char c) { return c != '-' && (c < '0' || c > '9'); };
  while (begins_word(key.front())) {
    const auto rest = split_first(key).second;
    if (rest.empty()) return true;
    key = rest;
  }
  return false;
}

}  // namespace bakehouse::config
