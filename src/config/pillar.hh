// The pillar: the private configuration of a root, apart from every release. What `common.yaml` says is for
// all environments, `<environment>.yaml` lies over it, and over that the sealed values of
// `secrets/<environment>.yaml`.
#pragma once

#include "text/value.hh"

#include <filesystem>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace bakehouse::config {

// Contents by name ("common.yaml", "secrets/staging.yaml"); what is absent is not in it.
using PillarFiles = std::map<std::string, std::string>;

// The files that count for that environment. Nothing where there is no such directory; links in it are not
// followed.
PillarFiles read_pillar_files(const std::filesystem::path& directory, const std::string& environment);

struct Pillar {
  std::string environment;
  std::filesystem::path directory;  // for messages: where a value that is missing belongs
  text::Value values = text::Value::map();
  // Dotted keys of what is sealed, and where. It is in `values` only once it was opened.
  std::map<std::string, text::Origin> sealed;
};

// Error(input) with file, line and column.
Pillar merge_pillar(const PillarFiles& files, const std::filesystem::path& directory,
                    const std::string& environment);

// Lays sealed values that were opened over the others.
void overlay_opened(Pillar& pillar, const std::map<std::string, std::string>& opened);
// The same for what the product itself knows: "bakehouse.run".
void set_value(Pillar& pillar, const std::string& key, text::Value value);

// "a.b.c"; nullptr where nothing is.
const text::Value* find_value(const Pillar& pillar, std::string_view key);
// Whether what stands at `key` holds, or is part of, what is sealed.
bool holds_sealed(const Pillar& pillar, std::string_view key);
// Of all single values, sealed or not.
std::vector<std::string> keys_of(const Pillar& pillar);
// Every value with its origin, and "(sealed)" in place of each sealed one.
text::Value mask(const Pillar& pillar);

// [A-Za-z0-9][A-Za-z0-9._-]*, and not "common". As config/names.hh tells it.
std::optional<std::string> why_not_environment(std::string_view name);
// One or more words of letters, digits, '_' and '-' with a dot between each two.
bool is_dotted_key(std::string_view key);
// What a sealed value may be named: such words, at most 200 bytes in all, each begins with a letter or '_';
// not `bakehouse` nor what lies within it, which would hide what the product says there.
bool is_sealed_key(std::string_view key);
inline constexpr std::string_view sealed_key_rule =
    "words that begin with a letter, of letters, digits, '_' and '-', with dots between: database.password; "
    "`bakehouse` is not free";

}  // namespace bakehouse::config
