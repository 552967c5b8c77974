#include "buildpack/kept.hh"

#include "base/encoding.hh"
#include "base/error.hh"
#include "base/files.hh"
#include "buildpack/content.hh"
#include "text/json.hh"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <sstream>

namespace bakehouse::buildpack {
namespace {

namespace fs = std::filesystem;
using base::Dir;
using base::Error;
using base::TreePath;
using text::Value;

constexpr uint64_t largest_record = 64 << 10;
constexpr size_t remembered_bakes = 5;
constexpr const char* kinds[] = {"git", "sha256"};

const TreePath& staging_name() {
  static const TreePath name = TreePath::parse("new");
  return name;
}

std::string encode(const crypto::Digest& content, const TreePath& main) {
  return text::to_json(Value::map({{"content", content.hex()}, {"main", main.str()}}));
}

std::vector<std::string> words_in(const std::string& line) {
  std::istringstream words(line);
  return {std::istream_iterator<std::string>(words), std::istream_iterator<std::string>()};
}

std::vector<std::string> lines_in(const std::string& text) {
  std::vector<std::string> lines;
  std::istringstream rest(text);
  for (std::string line; std::getline(rest, line);) lines.push_back(line);
  return lines;
}

void fill_staging(const Dir& staging, const Kept::Fill& fill) {
  const TreePath main = fill(staging);
  const TreePath tree_name = TreePath::parse("tree");
  const Dir tree = staging.open_dir(tree_name);
  restore_executable_bits(tree);
  for (const std::string& other : staging.names()) {
    if (other != tree_name.str()) staging.remove_tree(TreePath::parse(other));
  }
  base::write_file(staging.path() / "kept.json", encode(content_digest(tree), main));
  base::sync_filesystem(staging.fd(), staging.path().native());
}

void remove_unused(const Dir& directory, const std::vector<std::string>& uses) {
  std::vector<std::string> used;
  for (const std::string& line : uses) std::ranges::copy(words_in(line), std::back_inserter(used));
  for (const char* kind : kinds) {
    const auto kept = directory.open_dir_if_any(TreePath::parse(kind));
    if (!kept) continue;
    for (const std::string& name : kept->names()) {
      if (std::ranges::find(used, fmt::format("{}/{}", kind, name)) == used.end())
        kept->remove_tree(TreePath::parse(name));
    }
  }
}

}  // namespace

Kept::Kept(fs::path directory, Warn warn) : directory_(std::move(directory)), warn_(std::move(warn)) {}

std::optional<KeptTree> Kept::read(const TreePath& name) const {
  if (!fs::exists(directory_ / name.str())) return std::nullopt;
  const Dir kept = Dir::open(directory_).open_dir(name);
  const Value record =
      text::parse_json(kept.read_file(TreePath::parse("kept.json"), largest_record), "kept.json");
  if (content_digest(kept.open_dir(TreePath::parse("tree"))).hex() != record.string_at("content"))
    throw Error(base::Fault::input, "its files were changed since");
  const std::string& main = record.string_at("main");
  return KeptTree{name, fs::canonical(kept.path() / "tree"),
                  main.empty() ? TreePath() : TreePath::parse(main)};
}

std::optional<KeptTree> Kept::find(const TreePath& name) const {
  try {
    return read(name);
  } catch (const Error& error) {
    warn_(fmt::format("the kept buildpack {} is not used: {}", name.str(), error.what()));
    return std::nullopt;
  }
}

KeptTree Kept::keep(const TreePath& name, const Fill& fill) const {
  const Dir directory = Dir::open_or_make(directory_, 0755);
  directory.remove_tree(staging_name());  // of a bake that was cut off
  directory.make_dir(staging_name(), 0755);
  try {
    fill_staging(directory.open_dir(staging_name()), fill);
  } catch (...) {
    directory.remove_tree(staging_name());
    throw;
  }
  directory.make_dirs(name.parent(), 0755);
  directory.remove_tree(name);
  directory.rename_new(staging_name(), name);
  directory.open_dir(name.parent()).sync();
  return read(name).value();
}

void Kept::note_use(const std::vector<TreePath>& names) const {
  if (!fs::exists(directory_)) return;
  std::vector<std::string> used;
  used.reserve(names.size());
  for (const TreePath& name : names) used.push_back(name.str());
  std::ranges::sort(used);
  used.erase(std::unique(used.begin(), used.end()), used.end());
  const fs::path file = directory_ / "uses";
  std::vector<std::string> uses = lines_in(base::read_file_if_any(file, largest_record).value_or(""));
  const std::string line = fmt::format("{}", fmt::join(used, " "));
  std::erase(uses, line);
  uses.insert(uses.begin(), line);
  if (uses.size() > remembered_bakes) uses.resize(remembered_bakes);
  base::write_file(file, fmt::format("{}\n", fmt::join(uses, "\n")));
  remove_unused(Dir::open(directory_), uses);
}

}  // namespace bakehouse::buildpack
