#include "node/targets.hh"

#include "artifact/metadata.hh"
#include "base/encoding.hh"
#include "base/error.hh"
#include "base/files.hh"
#include "crypto/ownership.hh"
#include "text/json.hh"

#include <fmt/format.h>

#include <algorithm>
#include <filesystem>
#include <optional>

#include <unistd.h>

namespace bakehouse::node {
namespace {

namespace fs = std::filesystem;
using base::Dir;
using base::Error;
using base::Event;
using base::Fault;
using base::FileType;
using base::TreePath;
using text::Value;

constexpr uint64_t largest_target = uint64_t{16} << 20;

// What a target held, or is to hold.
struct Held {
  std::string content;
  uint32_t mode = 0;
  uint32_t uid = 0;
  uint32_t gid = 0;

  friend bool operator==(const Held&, const Held&) = default;
};

struct SavedTarget {
  fs::path target;
  std::optional<Held> before;  // nothing was there
  TreePath sign_of_ours;       // there once we have begun to write: what came before that is a stranger's
};

TreePath saved_place(const Node& node, const std::string& deployment) {
  return places_of(node.root.layout, deployment).records / "targets";
}

TreePath list_of_saved(const Node& node, const std::string& deployment) {
  return saved_place(node, deployment) / "saved.json";
}

std::string shown(const fs::path& target) { return base::printable(target.native()); }
TreePath name_in_directory(const fs::path& target) { return TreePath::parse(target.filename().native()); }

// So that whoever takes up what was interrupted knows it.
TreePath name_of_unfinished(const fs::path& target, const std::string& deployment) {
  return TreePath::parse(fmt::format(".{}.{}", target.filename().native(), deployment));
}

std::optional<Held> look_at(const Dir& directory, const fs::path& target) {
  const TreePath name = name_in_directory(target);
  const auto found = directory.stat(name);
  if (!found) return std::nullopt;
  if (found->type != FileType::regular) {
    throw Error(Fault::refused, fmt::format("the target '{}' is no plain file", shown(target)),
                "a link would be replaced, not followed: name the file itself in node.yaml");
  }
  return Held{directory.read_file(name, largest_target), found->mode, found->uid, found->gid};
}

Dir open_parent(const Node& node, const fs::path& target) {
  const fs::path parent = target.parent_path();
  std::error_code failure;
  const fs::path real = fs::canonical(parent, failure);
  if (failure || !fs::is_directory(real)) {
    throw Error(
        Fault::refused,
        fmt::format("there is no directory '{}' for a file of `configuration:` in node.yaml", shown(parent)),
        "make it, or take the entry out");
  }
  const auto [end, rest] = std::ranges::mismatch(node.root.path, real);
  if (end == node.root.path.end())
    throw Error(Fault::refused, fmt::format("the target '{}' lies within the root", shown(target)),
                "a template becomes a file of run/ without an entry in node.yaml");
  // Who may replace the directory would choose what root writes.
  if (::geteuid() == 0) crypto::check_only_owner_writes(parent);
  return Dir::open(parent);
}

void put(const Dir& directory, const fs::path& target, const std::string& deployment, const Held& held) {
  const TreePath unfinished = name_of_unfinished(target, deployment);
  directory.remove_tree(unfinished);
  base::Fd file = directory.create_file(unfinished, held.mode);
  base::write_all(file, held.content, shown(target));
  if (::geteuid() == 0) directory.set_owner(unfinished, held.uid, held.gid);
  directory.set_mode(unfinished, held.mode);  // which a change of owner may have cut
  base::sync_file(file, shown(target));
  file.close(shown(target));
  directory.rename(unfinished, name_in_directory(target));
  directory.sync();
}

std::vector<SavedTarget> read_saved(const Node& node, const std::string& deployment) {
  std::vector<SavedTarget> all;
  const TreePath file = list_of_saved(node, deployment);
  if (!node.dir.exists(file.parent()) || !node.dir.exists(file)) return all;
  const Value list = text::parse_json(node.dir.read_file(file, artifact::largest_part), file.str());
  for (const Value& one : list.items()) {
    const TreePath sign = saved_place(node, deployment) / fmt::format("{}.begun", all.size());
    SavedTarget saved{one.string_at("target"), std::nullopt, sign};
    if (one.find("saved") != nullptr) {
      Held held{node.dir.read_file(saved_place(node, deployment) / one.string_at("saved"), largest_target),
                static_cast<uint32_t>(one.unsigned_at("mode")), static_cast<uint32_t>(one.unsigned_at("uid")),
                static_cast<uint32_t>(one.unsigned_at("gid"))};
      saved.before = std::move(held);
    }
    all.push_back(std::move(saved));
  }
  return all;
}

Value save(const Node& node, const std::string& deployment, const ConfiguredFile& file,
           const std::optional<Held>& before, size_t number) {
  Value facts = Value::map({{"target", file.target.native()}});
  if (!before) return facts;
  const std::string name = std::to_string(number);
  base::write_file(node.root.at(saved_place(node, deployment) / name), before->content, 0600);
  facts.set("saved", name);
  facts.set("mode", static_cast<uint64_t>(before->mode));
  facts.set("uid", static_cast<uint64_t>(before->uid));
  facts.set("gid", static_cast<uint64_t>(before->gid));
  return facts;
}

// What a deployment has written to `target`, as its record tells it; nullopt when it did not.
std::optional<Value> written_by(const Node& node, const std::string& deployment, const fs::path& target) {
  if (deployment.empty()) return std::nullopt;
  const TreePath file = places_of(node.root.layout, deployment).records / "configuration.json";
  if (!node.dir.exists(file)) return std::nullopt;
  const Value record = text::parse_json(node.dir.read_file(file, artifact::largest_part), file.str());
  for (const Value& one : record.at("files").items())
    if (one.string_or("target", "") == target.native()) return one;
  return std::nullopt;
}

void warn_if_changed(const Node& node, const std::string& deployment, const std::string& previous,
                     const ConfiguredFile& file, const std::optional<Held>& before) {
  const auto written = written_by(node, previous, file.target);
  if (!written || !before || written->at("sealed").text() == "true") return;
  if (crypto::sha256(before->content).hex() == written->string_at("sha256")) return;
  node.around.events({Event::Kind::warning, "configure",
                      fmt::format("'{}' was changed by somebody; what it held is kept in '{}'",
                                  shown(file.target), node.root.at(saved_place(node, deployment)).native())});
}

// Owner and group stay, where there was a file.
Held wanted(const ConfiguredFile& file, const std::optional<Held>& before) {
  return {file.content, file.entry.mode, before ? before->uid : ::geteuid(),
          before ? before->gid : ::getegid()};
}

void restore(const Node& node, const std::string& deployment, const SavedTarget& saved) {
  if (!node.dir.exists(saved.sign_of_ours)) return;
  const Dir directory = open_parent(node, saved.target);
  directory.remove_tree(name_of_unfinished(saved.target, deployment));
  if (look_at(directory, saved.target) == saved.before) return;
  if (saved.before) {
    put(directory, saved.target, deployment, *saved.before);
  } else {
    directory.remove_file(name_in_directory(saved.target));
    directory.sync();
  }
}

}  // namespace

void save_targets(const Node& node, const std::string& deployment, const std::string& previous,
                  const std::vector<ConfiguredFile>& files) {
  if (files.empty()) return;
  node.dir.make_dirs(saved_place(node, deployment), 0700);
  Value list = Value::list();
  for (const ConfiguredFile& file : files) {
    const auto before = look_at(open_parent(node, file.target), file.target);
    list.push(save(node, deployment, file, before, list.items().size()));
    warn_if_changed(node, deployment, previous, file, before);
  }
  base::write_file(node.root.at(list_of_saved(node, deployment)), text::to_json(list) + "\n", 0600);
}

void write_targets(const Node& node, const std::string& deployment,
                   const std::vector<ConfiguredFile>& files) {
  const auto saved = read_saved(node, deployment);
  for (const ConfiguredFile& file : files) {
    const auto known = std::ranges::find(saved, file.target, &SavedTarget::target);
    const Dir directory = open_parent(node, file.target);
    if (known == saved.end() || look_at(directory, file.target) != known->before)
      throw Error(Fault::build, fmt::format("'{}' was changed by somebody meanwhile", shown(file.target)),
                  "see who writes it, and try again");
    const Held held = wanted(file, known->before);
    if (known->before == held) continue;
    base::write_file(node.root.at(known->sign_of_ours), "", 0600);
    put(directory, file.target, deployment, held);
  }
}

void restore_targets(const Node& node, const std::string& deployment) {
  std::string failures;
  for (const SavedTarget& saved : read_saved(node, deployment)) {
    try {
      restore(node, deployment, saved);
    } catch (const Error& error) {
      failures += fmt::format("{}'{}' is not what it was: {}", failures.empty() ? "" : "\n",
                              shown(saved.target), error.what());
    }
  }
  if (!failures.empty()) throw Error(Fault::needs_hands, failures, "mend that, then run `release recover`");
}

void forget_sealed_targets(const Node& node, const std::string& deployment, const std::string& previous) {
  const TreePath file = list_of_saved(node, deployment);
  if (!node.dir.exists(file.parent()) || !node.dir.exists(file)) return;
  const Value list = text::parse_json(node.dir.read_file(file, artifact::largest_part), file.str());
  for (const Value& one : list.items()) {
    const auto written = written_by(node, previous, one.string_at("target"));
    if (written && written->at("sealed").text() == "true" && one.find("saved") != nullptr)
      node.dir.remove_tree(saved_place(node, deployment) / one.string_at("saved"));
  }
}

}  // namespace bakehouse::node
