#include "config/sealed.hh"

#include "base/dir.hh"
#include "base/encoding.hh"
#include "base/error.hh"
#include "base/files.hh"
#include "config/limits.hh"
#include "config/names.hh"
#include "config/pillar.hh"
#include "crypto/age.hh"
#include "text/yaml.hh"

#include <fmt/format.h>

#include <algorithm>
#include <functional>
#include <set>
#include <utility>

namespace bakehouse::config {
namespace {

namespace fs = std::filesystem;
using base::Dir;
using base::Error;
using base::Fault;
using base::printable;
using base::TreePath;

constexpr uint64_t largest_recipients_file = uint64_t{1} << 16;
constexpr size_t most_secrets = 1000;
// A comment for `bake secret list`: "# changed 2026-01-31T12:00:00Z database.password".
constexpr std::string_view changed_mark = "# changed ";
constexpr size_t datetime_size = 20;

// In byte order "a.b" follows "a" only with others between them perhaps ("a-c"), so each key asks for those
// that it lies within.
void refuse_hidden(const SealedValues& values) {
  for (const auto& [key, value] : values) {
    for (size_t dot = key.find('.'); dot != std::string::npos; dot = key.find('.', dot + 1)) {
      if (!values.contains(key.substr(0, dot))) continue;
      throw Error(Fault::input,
                  fmt::format("the secret '{}' lies within the secret '{}'", key, key.substr(0, dot)),
                  "give one of them another key");
    }
  }
}

// A file of the pillar and its name, without following a link; nullopt where there is none.
std::optional<std::string> read_in(const fs::path& pillar, const fs::path& file, uint64_t limit) {
  if (!fs::exists(pillar)) return std::nullopt;
  const Dir dir = Dir::open(pillar);
  const TreePath path = TreePath::parse(file.lexically_relative(pillar).native());
  if (!dir.open_dir_if_any(path.parent()) || !dir.exists(path)) return std::nullopt;
  return dir.read_file(path, limit);
}

void write_in(const fs::path& pillar, const fs::path& file, const std::string& content) {
  const TreePath path = TreePath::parse(file.lexically_relative(pillar).native());
  const Dir dir = Dir::open(pillar);
  dir.make_dirs(path.parent(), 0755);
  dir.open_dir(path.parent());  // which a link is not
  base::write_file(file, content);
}

std::map<std::string, std::string> read_changes(std::string_view content) {
  std::map<std::string, std::string> changes;
  while (!content.empty()) {
    std::string_view line = content.substr(0, content.find('\n'));
    content.remove_prefix(std::min(line.size() + 1, content.size()));
    if (!line.starts_with(changed_mark)) continue;
    line.remove_prefix(changed_mark.size());
    const bool is_whole =
        line.size() > datetime_size + 1 && line[datetime_size] == ' ' &&
        line.substr(0, datetime_size).find_first_not_of("0123456789-:TZ") == std::string_view::npos;
    if (is_whole) changes.emplace(line.substr(datetime_size + 1), line.substr(0, datetime_size));
  }
  return changes;
}

void check_members(const text::Value& file, const std::string& name) {
  if (!file.is_map() && !file.is_null())
    throw Error(Fault::input,
                fmt::format("{}: is {}, not a mapping of keys to sealed values", name, file.kind_name()),
                "`bake secret set KEY` writes one");
  if (file.members().size() > most_secrets)
    throw Error(Fault::input, fmt::format("{}: holds more than {} secrets", name, most_secrets));
}

std::string format_value(const std::string& key, const SealedValue& value) {
  std::string text = value.changed.empty() ? "" : fmt::format("{}{} {}\n", changed_mark, value.changed, key);
  text += fmt::format("\"{}\": |\n", key);
  for (size_t at = 0; at < value.armored.size();) {
    const size_t end = std::min(value.armored.find('\n', at), value.armored.size());
    std::string line = value.armored.substr(at, end - at);
    if (line.ends_with('\r')) line.pop_back();
    if (!line.empty()) text += fmt::format("  {}\n", line);
    at = end + 1;
  }
  return text;
}

std::string name_of_value(const SealedPlace& place, const std::string& key) {
  return fmt::format("{}: '{}'", place.values().native(), key);
}

}  // namespace

std::vector<std::string> sealed_environments(const fs::path& pillar) {
  std::set<std::string> found;
  if (!fs::exists(pillar)) return {};
  const Dir dir = Dir::open(pillar);
  for (const auto& [folder, suffix] : {std::pair{"secrets", ".yaml"}, std::pair{"recipients", ".txt"}}) {
    const auto inside = dir.open_dir_if_any(TreePath::parse(folder));
    if (!inside) continue;
    for (const std::string& name : inside->names()) {
      const fs::path file(name);
      if (file == std::string("common") + suffix)
        throw Error(Fault::input,
                    fmt::format("'{}': there are no sealed values for all environments",
                                printable((pillar / folder / file).native())),
                    "seal them for each: `bake secret set KEY --environment NAME`");
      if (file.extension() == suffix && !why_not_word(file.stem().native())) found.insert(file.stem());
    }
  }
  return {found.begin(), found.end()};
}

void check_environment(std::string_view environment) {
  const auto reason = why_not_environment(environment);
  if (!reason) return;
  throw base::Error(
      base::Fault::input,
      fmt::format("the environment '{}' {}", base::printable(environment.substr(0, 100)), *reason),
      "a name is like 'staging' or 'production-eu'");
}

void check_secret_key(std::string_view key) {
  if (is_sealed_key(key)) return;
  constexpr size_t shown = 200;
  throw Error(Fault::input, fmt::format("'{}' is no key of a secret", printable(key.substr(0, shown))),
              std::string(sealed_key_rule));
}

SealedValues read_sealed(const SealedPlace& place) {
  check_environment(place.environment);
  const auto content = read_in(place.pillar, place.values(), largest_configuration);
  if (!content) return {};
  const std::string name = place.values().native();
  const text::Value file = text::parse_yaml(*content, name);
  check_members(file, name);
  std::map<std::string, std::string> changes = read_changes(*content);
  SealedValues values;
  for (const auto& [key, value] : file.members()) {
    base::with_context(value.origin().describe(), [&key = key] { check_secret_key(key); });
    if (value.kind() != text::Value::Kind::string && value.kind() != text::Value::Kind::plain)
      throw Error(Fault::input,
                  fmt::format("{}: '{}' is {}, not a sealed value", value.origin().describe(), key,
                              value.kind_name()),
                  fmt::format("`bake secret set {}` seals one", key));
    values[key] = {value.text(), changes[key]};
  }
  base::with_context(name, [&] { refuse_hidden(values); });
  return values;
}

void write_sealed(const SealedPlace& place, const SealedValues& values) {
  check_environment(place.environment);
  refuse_hidden(values);
  if (values.size() > most_secrets)
    throw Error(Fault::input, fmt::format("more than {} secrets in one environment", most_secrets));
  std::string content = fmt::format("# Secrets of {}, sealed by age: `bake secret` writes this file whole.\n",
                                    place.environment);
  if (values.empty()) content += "{}\n";
  for (const auto& [key, value] : values) content += format_value(key, value);
  // What whoever deploys would not read is not written.
  if (content.size() > largest_configuration)
    throw Error(Fault::input,
                fmt::format("the secrets of {} would take {} bytes sealed, more than the {} of a file",
                            place.environment, content.size(), largest_configuration),
                "seal a key to them instead, and keep what is large in data/");
  write_in(place.pillar, place.values(), content);
}

std::vector<crypto::AgeRecipient> read_recipients(const SealedPlace& place) {
  check_environment(place.environment);
  const auto content = read_in(place.pillar, place.recipients(), largest_recipients_file);
  if (!content) return {};
  return crypto::parse_age_recipients(*content, place.recipients().native());
}

void put_recipient(const SealedPlace& place, const crypto::AgeRecipient& recipient,
                   const std::vector<crypto::AgeRecipient>& before) {
  const std::string old = read_in(place.pillar, place.recipients(), largest_recipients_file).value_or("");
  std::set<std::string, std::less<>> replaced{recipient.text()};
  for (const auto& each : before) replaced.insert(each.text());
  std::string content;
  bool is_there = false;
  for (size_t at = 0; at < old.size();) {
    const size_t end = std::min(old.find('\n', at), old.size());
    std::string_view line = std::string_view(old).substr(at, end - at);
    if (line.ends_with('\r')) line.remove_suffix(1);
    at = end + 1;
    const bool is_ours = replaced.contains(line);
    if (is_ours && std::exchange(is_there, true)) continue;
    content += fmt::format("{}\n", is_ours ? recipient.text() : line);
  }
  if (!is_there) content += recipient.text() + "\n";
  write_in(place.pillar, place.recipients(), content);
}

crypto::Secret open_value(const SealedPlace& place, const std::string& key, const SealedValue& value,
                          const std::vector<crypto::AgeIdentity>& identities) {
  return crypto::open_age(value.armored, identities, name_of_value(place, key));
}

OpenedValues open_sealed(const fs::path& pillar, const std::string& environment,
                         const std::vector<crypto::AgeIdentity>& identities) {
  const SealedPlace place{pillar, environment};
  OpenedValues opened;
  for (const auto& [key, value] : read_sealed(place))
    opened.emplace(key, open_value(place, key, value, identities));
  return opened;
}

}  // namespace bakehouse::config
