#include "buildpack/store.hh"

#include "base/dir.hh"
#include "base/encoding.hh"
#include "base/error.hh"
#include "base/files.hh"
#include "buildpack/classic.hh"
#include "buildpack/limits.hh"
#include "buildpack/platform_exit.hh"
#include "text/decode.hh"
#include "text/toml.hh"

#include <fmt/format.h>

#include <algorithm>

namespace bakehouse::buildpack {
namespace {

namespace fs = std::filesystem;
using base::Error;
using base::Fault;
using base::printable;

constexpr size_t most_buildpacks_listed = 50;

bool is_there(const fs::path& path) {
  std::error_code unreadable;
  return fs::exists(path, unreadable);
}

bool is_buildpack(const fs::path& directory) {
  return is_there(directory / "buildpack.toml") || is_there(directory / "extension.toml") ||
         is_classic(directory);
}

std::vector<fs::path> directories_in(const fs::path& directory) {
  std::vector<fs::path> found;
  for (const std::string& name : base::Dir::open(directory).names()) {
    std::error_code unreadable;
    if (fs::is_directory(directory / name, unreadable)) found.push_back(directory / name);
  }
  return found;
}

struct Identity {
  std::string id;
  std::string version;
};

// Of a descriptor that is otherwise not in order.
std::optional<Identity> identity_in(const fs::path& directory) {
  try {
    const fs::path file = directory / "buildpack.toml";
    const text::Value document = text::parse_toml(base::read_file(file, largest_toml), file.native());
    const text::Value& table = document.at("buildpack");
    return Identity{table.string_at("id"), table.string_at("version")};
  } catch (const Error&) {
    return std::nullopt;
  }
}

std::string listed(std::vector<std::string> names) {
  const size_t all = names.size();
  if (all > most_buildpacks_listed) names.resize(most_buildpacks_listed);
  const std::string text = fmt::format("{}", fmt::join(names, ", "));
  return all > most_buildpacks_listed ? fmt::format("{} and {} more", text, all - most_buildpacks_listed)
                                      : text;
}

}  // namespace

bool Store::OlderFirst::operator()(const std::string& one, const std::string& other) const {
  return is_older(one, other);
}

void Store::add(Buildpack pack) {
  Versions& versions = packs_[pack.id];
  const std::string version = pack.version;
  versions.try_emplace(version, Entry{std::move(pack), nullptr});
}

void Store::add_one_of_several(const fs::path& directory) {
  try {
    add(load_buildpack(directory));
  } catch (const Error& error) {
    auto identity = identity_in(directory);
    if (!identity) {
      nameless_.emplace_back(error.what());
      return;
    }
    Entry entry{{}, std::current_exception()};
    entry.pack.id = identity->id;
    entry.pack.version = identity->version;
    packs_[identity->id].try_emplace(identity->version, std::move(entry));
  }
}

void Store::add_directory(const fs::path& directory) {
  if (is_buildpack(directory)) return add(load_buildpack(directory));
  bool is_empty = true;
  const auto take = [&](const fs::path& candidate) {
    if (!is_buildpack(candidate)) return false;
    add_one_of_several(candidate);
    is_empty = false;
    return true;
  };
  for (const fs::path& child : directories_in(directory)) {
    if (take(child)) continue;
    for (const fs::path& grandchild : directories_in(child)) take(grandchild);
  }
  if (!is_empty) return;
  throw Error(Fault::input, fmt::format("there is no buildpack in '{}'", printable(directory.native())),
              std::string(what_is_a_buildpack) + "; one, some in a directory, or <id>/<version>/");
}

const Store::Versions* Store::versions_of(std::string_view id) const {
  const auto found = packs_.find(id);
  return found == packs_.end() ? nullptr : &found->second;
}

const Buildpack* Store::look_up(std::string_view id, std::string_view version) const {
  const Versions* versions = versions_of(id);
  if (versions == nullptr) return nullptr;
  for (auto entry = versions->rbegin(); entry != versions->rend(); ++entry) {
    const bool is_wanted = version.empty() || entry->first == version;
    if (is_wanted && entry->second.fault == nullptr) return &entry->second.pack;
  }
  return nullptr;
}

const Buildpack& Store::find(std::string_view id, std::string_view version) const {
  if (const Buildpack* pack = look_up(id, version)) return *pack;
  if (const Versions* versions = versions_of(id)) {
    // What is there and of this version has a fault, or it would have been found.
    const auto entry = version.empty() ? std::prev(versions->end()) : versions->find(std::string(version));
    if (entry != versions->end()) {
      const std::string context =
          fmt::format("the buildpack {} cannot be used", printable(entry->second.pack.describe()));
      with_platform_exit(PlatformExit::failed, context, [&] { std::rethrow_exception(entry->second.fault); });
    }
  }
  fail_missing(id, version);
}

void Store::fail_missing(std::string_view id, std::string_view version) const {
  std::string message;
  std::vector<std::string> known;
  std::string hint = "known are: ";
  if (const Versions* versions = versions_of(id)) {
    message =
        fmt::format("there is no version '{}' of the buildpack '{}'", printable(version), printable(id));
    for (const auto& [name, entry] : *versions) known.push_back(printable(name));
    hint = "there are: ";
  } else {
    message = fmt::format("there is no buildpack '{}'", printable(id));
    std::vector<std::string> ids;
    for (const auto& [name, versions_there] : packs_) {
      ids.push_back(name);
      for (const auto& [number, entry] : versions_there) known.push_back(printable(entry.pack.describe()));
    }
    if (const auto meant = text::nearest(id, ids))
      message += fmt::format(" (did you mean '{}'?)", printable(*meant));
  }
  hint += known.empty() ? "none" : listed(known);
  if (!nameless_.empty()) hint += "; not readable: " + listed(nameless_);
  throw PlatformFailure(PlatformExit::failed, Error(Fault::input, message, hint));
}

std::vector<const Buildpack*> Store::all() const {
  std::vector<const Buildpack*> packs;
  for (const auto& [id, versions] : packs_) {
    for (const auto& [version, entry] : versions) {
      if (entry.fault == nullptr) packs.push_back(&entry.pack);
    }
  }
  return packs;
}

std::vector<std::string> Store::unusable() const {
  std::vector<std::string> faults = nameless_;
  for (const auto& [id, versions] : packs_) {
    for (const auto& [version, entry] : versions) {
      try {
        if (entry.fault != nullptr) std::rethrow_exception(entry.fault);
      } catch (const Error& error) {
        faults.emplace_back(error.what());
      }
    }
  }
  return faults;
}

}  // namespace bakehouse::buildpack
