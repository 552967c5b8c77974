#include "buildpack/check.hh"

#include "base/encoding.hh"
#include "base/error.hh"
#include "base/files.hh"
#include "buildpack/buildpack.hh"
#include "buildpack/classic.hh"
#include "buildpack/limits.hh"
#include "buildpack/store.hh"
#include "text/toml.hh"

#include <fmt/format.h>

#include <algorithm>

namespace bakehouse::buildpack {
namespace {

namespace fs = std::filesystem;
using base::Error;
using text::Value;

const std::string descriptor = "buildpack.toml";

// The place that stands at the beginning of a message is told once.
Finding to_finding(const Error& error) {
  const std::string message = error.what();
  const size_t end = message.find(": ");
  if (end == std::string::npos || !message.starts_with(descriptor + ":"))
    return {descriptor, message, error.hint(), Finding::Weight::fault};
  return {message.substr(0, end), message.substr(end + 2), error.hint(), Finding::Weight::fault};
}

// Whatever can be found of it; a place without any buildpack has none.
void add_all(Store& store, const fs::path& directory) {
  try {
    store.add_directory(directory);
  } catch (const Error&) {
    return;
  }
}

void check_members(const Value& document, const fs::path& directory, const fs::path& shipped,
                   Findings& findings) {
  const Value* order = document.find("order");
  if (order == nullptr) return;
  Store store;
  add_all(store, fs::canonical(directory).parent_path());
  add_all(store, shipped);
  for (const Value& group : order->items()) {
    const Value* members = group.find("group");
    if (members == nullptr) continue;
    for (const Value& member : members->items()) {
      const Value* id = member.find("id");
      const Value* version = member.find("version");
      if (id == nullptr) continue;
      try {
        store.find(id->text(), version == nullptr ? "" : version->text());
      } catch (const Error& error) {
        findings.push_back({id->origin().describe(), error.what(), error.hint(), Finding::Weight::fault});
      }
    }
  }
}

// What the engine itself would say, where nothing above has said it already.
void check_as_a_build_does(const std::string& toml, Findings& findings) {
  if (has_faults(findings)) return;
  try {
    parse_descriptor(toml, descriptor);
  } catch (const Error& error) {
    findings.push_back(to_finding(error));
  }
}

Programs programs_of(const Value& document) {
  return document.find("order") == nullptr ? Programs::needed : Programs::none;
}

}  // namespace

bool has_faults(const Findings& findings) {
  return std::ranges::any_of(findings,
                             [](const auto& finding) { return finding.weight == Finding::Weight::fault; });
}

Findings check_buildpack(const fs::path& directory, const fs::path& shipped) {
  if (is_classic(directory)) return check_classic_files(directory);
  const std::string toml = base::read_file(directory / descriptor, largest_toml);
  Findings findings;
  Programs programs = Programs::needed;
  try {
    const Value document = text::parse_toml(toml, descriptor);
    programs = programs_of(document);
    findings = check_descriptor(document);
    check_as_a_build_does(toml, findings);
    check_members(document, directory, shipped, findings);
  } catch (const Error& error) {
    findings.push_back(to_finding(error));
  }
  for (Finding& finding : check_files(directory, programs)) findings.push_back(std::move(finding));
  return findings;
}

}  // namespace bakehouse::buildpack
