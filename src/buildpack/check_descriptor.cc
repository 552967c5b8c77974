#include "base/encoding.hh"
#include "base/error.hh"
#include "buildpack/api_version.hh"
#include "buildpack/check.hh"
#include "buildpack/exec_env.hh"
#include "buildpack/tables.hh"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <optional>
#include <regex>

namespace bakehouse::buildpack {
namespace {

using base::Error;
using base::printable;
using text::Diagnostics;
using text::MapReader;
using text::Value;

constexpr std::array<std::string_view, 3> sbom_types{"application/vnd.cyclonedx+json",
                                                     "application/spdx+json", "application/vnd.syft+json"};

bool is_in(char c, std::string_view set) { return set.find(c) != std::string_view::npos; }

bool is_letter_or_digit(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
}

// The expression recurses for each character, and the text is foreign.
bool is_semantic(const std::string& version) {
  static const std::regex semantic(
      "(0|[1-9][0-9]*)\\.(0|[1-9][0-9]*)\\.(0|[1-9][0-9]*)(-[0-9A-Za-z.-]+)?(\\+[0-9A-Za-z.-]+)?");
  constexpr size_t longest = 256;
  return version.size() <= longest && std::regex_match(version, semantic);
}

class DescriptorCheck {
 public:
  explicit DescriptorCheck(const Value& document) : document_(document) {}

  Findings run() {
    MapReader reader(document_, "the file", faults_);
    check_api(reader);
    if (const Value* table = reader.require("buildpack")) check_buildpack_table(*table);
    for (const Value* target : take_tables(reader, "targets", faults_)) check_target(*target);
    for (const Value* stack : take_tables(reader, "stacks", faults_)) check_stack(*stack);
    for (const Value* group : take_tables(reader, "order", faults_)) check_group(*group);
    reader.take("metadata");
    reader.finish();
    check_kind();
    return findings();
  }

 private:
  void check_api(MapReader& reader) {
    const Value* value = reader.require("api");
    if (value == nullptr) return;
    try {
      if (const auto text = text::as_text(*value, "'api'", faults_)) api_ = parse_api(*text);
    } catch (const Error& error) {
      faults_.add(value->origin(), error.what(), error.hint());
    }
  }

  void check_buildpack_table(const Value& table) {
    MapReader reader(table, "'buildpack'", faults_);
    if (const Value* id = reader.require("id")) check_id(*id);
    if (const Value* version = reader.require("version")) check_version(*version);
    for (const char* key : {"name", "homepage", "description"}) take_text(reader, key, faults_);
    take_texts(reader, "keywords", faults_);
    check_truth(reader, "clear-env");
    check_exec_env(reader);
    check_sbom_formats(reader.take("sbom-formats"));
    for (const Value* item : take_tables(reader, "licenses", faults_)) {
      MapReader license(*item, "a license", faults_);
      for (const char* key : {"type", "uri"}) take_text(license, key, faults_);
      license.finish();
    }
    reader.finish();
  }

  void check_id(const Value& value) {
    const auto id = text::as_text(value, "'id'", faults_);
    const bool is_id = id && !id->empty() && std::ranges::all_of(*id, [](char c) {
                         return is_letter_or_digit(c) || is_in(c, "./-");
                       });
    if (id && !is_id) {
      faults_.add(value.origin(), fmt::format("'{}' is no id of a buildpack", printable(*id)),
                  "letters, digits, '.', '/' and '-'; other platforms refuse anything else");
    }
  }

  void check_version(const Value& value) {
    const auto version = text::as_text(value, "'version'", faults_);
    if (version && !is_semantic(*version))
      faults_.add(value.origin(), fmt::format("'{}' is no semantic version", printable(*version)),
                  "three numbers: \"1.0.0\"");
  }

  // Strictly TOML's own, as other platforms read it.
  void check_truth(MapReader& reader, const char* key) {
    const Value* value = reader.take(key);
    if (value != nullptr && value->kind() != Value::Kind::boolean)
      faults_.add(value->origin(),
                  fmt::format("'{}' must be true or false, not {}", key, value->kind_name()));
  }

  void check_exec_env(MapReader& reader) {
    const Value* value = reader.take("exec-env");
    if (value == nullptr) return;
    read_exec_envs(reader, faults_);
    if (api_ && !api_->has_exec_env())
      advice_.add(value->origin(), "'exec-env' counts since API 0.12 only", "raise `api`");
  }

  void check_sbom_formats(const Value* list) {
    if (list == nullptr) return;
    for (const Value& item : list->items()) {
      const std::string type = item.text().substr(0, item.text().find(';'));
      if (std::ranges::find(sbom_types, type) == sbom_types.end())
        faults_.add(item.origin(), fmt::format("'{}' is no format of an SBOM", printable(item.text())),
                    fmt::format("known are {}, {} and {}", sbom_types[0], sbom_types[1], sbom_types[2]));
    }
    if (!list->is_list()) faults_.add(list->origin(), "'sbom-formats' must be a list of texts");
  }

  void check_target(const Value& table) {
    MapReader reader(table, "a target", faults_);
    for (const char* key : {"os", "arch", "variant", "arch-variant"}) take_text(reader, key, faults_);
    for (const Value* item : take_tables(reader, "distros", faults_)) {
      MapReader distro(*item, "a distribution", faults_);
      for (const char* key : {"name", "version"}) take_text(distro, key, faults_);
      distro.finish();
    }
    reader.finish();
  }

  void check_stack(const Value& table) {
    MapReader reader(table, "a stack", faults_);
    require_text(reader, "id", faults_);
    take_texts(reader, "mixins", faults_);
    reader.finish();
  }

  void check_group(const Value& table) {
    MapReader reader(table, "an order", faults_);
    const auto members = take_tables(reader, "group", faults_);
    if (members.empty()) faults_.add(table.origin(), "an order must have a group with at least one member");
    for (const Value* item : members) {
      MapReader member(*item, "a member of a group", faults_);
      if (const Value* id = member.require("id")) check_id(*id);
      if (member.take("version") == nullptr)
        advice_.add(item->origin(), "a member without a version is whichever there is",
                    "other platforms want one");
      else
        take_text(member, "version", faults_);
      check_truth(member, "optional");
      check_exec_env(member);
      member.finish();
    }
    reader.finish();
  }

  // It either builds itself or consists of others.
  void check_kind() {
    const Value* order = document_.find("order");
    const Value* targets = document_.find("targets");
    const Value* stacks = document_.find("stacks");
    if (order != nullptr) {
      for (const Value* value : {targets, stacks}) {
        if (value != nullptr)
          faults_.add(value->origin(), "a buildpack with an order has no targets or stacks of its own",
                      "they are those of its members");
      }
    } else if (stacks != nullptr) {
      advice_.add(stacks->origin(), "stacks are deprecated",
                  targets == nullptr ? "write [[targets]] with `os`, and `arch` where it matters"
                                     : "they do not count where there are targets");
    }
  }

  Findings findings() const {
    Findings all;
    const auto add = [&](const Diagnostics& diagnostics, Finding::Weight weight) {
      for (const auto& found : diagnostics.list()) {
        std::string place = found.origin.describe();
        all.push_back({place.empty() ? "buildpack.toml" : place, found.message, found.hint, weight});
      }
    };
    add(faults_, Finding::Weight::fault);
    add(advice_, Finding::Weight::advice);
    return all;
  }

  const Value& document_;
  std::optional<ApiVersion> api_;
  Diagnostics faults_;
  Diagnostics advice_;
};

}  // namespace

Findings check_descriptor(const Value& document) { return DescriptorCheck(document).run(); }

}  // namespace bakehouse::buildpack
