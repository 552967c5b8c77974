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
#include <map>
#include <optional>
#include <set>
#include <string_view>

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

// What a target held, or is to hold.
struct Held {
  std::string content;
  uint32_t mode = 0;
  uint32_t uid = 0;
  uint32_t gid = 0;

  friend bool operator==(const Held&, const Held&) = default;
};

// nullopt: nothing was there.
using MaybeHeld = std::optional<Held>;

struct SavedTarget {
  fs::path target;
  MaybeHeld before;
  // Before the first of ours; nullopt where a version wrote it that did not keep that.
  std::optional<MaybeHeld> original;
  TreePath sign_of_ours;  // there once we have begun to write: what came before that is a stranger's
};

// One file may have several names, by links among the directories above it.
fs::path place_of(const fs::path& target) {
  std::error_code unreadable;
  const fs::path real = fs::weakly_canonical(target.parent_path(), unreadable);
  return unreadable ? target : real / target.filename();
}

bool is_same(const fs::path& one, const fs::path& other) { return place_of(one) == place_of(other); }

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

MaybeHeld look_at(const Dir& directory, const fs::path& target) {
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
  if (held.uid != ::geteuid() || held.gid != ::getegid()) directory.set_owner(unfinished, held.uid, held.gid);
  directory.set_mode(unfinished, held.mode);  // which a change of owner may have cut
  base::sync_file(file, shown(target));
  file.close(shown(target));
  directory.rename(unfinished, name_in_directory(target));
  directory.sync();
}

Value keep(const Node& node, const std::string& deployment, const std::string& name, const MaybeHeld& held) {
  if (!held) return Value::map();
  base::write_file(node.root.at(saved_place(node, deployment) / name), held->content, 0600);
  return Value::map({{"saved", name},
                     {"mode", static_cast<uint64_t>(held->mode)},
                     {"uid", static_cast<uint64_t>(held->uid)},
                     {"gid", static_cast<uint64_t>(held->gid)}});
}

MaybeHeld read_kept(const Node& node, const std::string& deployment, const Value& facts) {
  if (facts.find("saved") == nullptr) return std::nullopt;
  return Held{node.dir.read_file(saved_place(node, deployment) / facts.string_at("saved"), largest_target),
              static_cast<uint32_t>(facts.unsigned_at("mode")),
              static_cast<uint32_t>(facts.unsigned_at("uid")),
              static_cast<uint32_t>(facts.unsigned_at("gid"))};
}

TreePath sign_of_ours(const Node& node, const std::string& deployment, size_t number) {
  return saved_place(node, deployment) / fmt::format("{}.begun", number);
}

std::vector<Value> list_saved(const Node& node, const std::string& deployment) {
  const TreePath file = list_of_saved(node, deployment);
  if (!node.dir.exists(file.parent()) || !node.dir.exists(file)) return {};
  return text::parse_json(node.dir.read_file(file, artifact::largest_part), file.str()).items();
}

std::optional<MaybeHeld> read_original(const Node& node, const std::string& deployment, const Value& saved) {
  const Value* original = saved.find("original");
  if (original == nullptr) return std::nullopt;
  return read_kept(node, deployment, *original);
}

SavedTarget read_saved(const Node& node, const std::string& deployment, const Value& saved, size_t number) {
  return {saved.string_at("target"), read_kept(node, deployment, saved),
          read_original(node, deployment, saved), sign_of_ours(node, deployment, number)};
}

Value save(const Node& node, const std::string& deployment, const SavedTarget& target, size_t number) {
  Value facts = keep(node, deployment, std::to_string(number), target.before);
  facts.set("target", target.target.native());
  if (target.original)
    facts.set("original", keep(node, deployment, fmt::format("{}.original", number), *target.original));
  return facts;
}

// What stood at each target of a deployment before the first of ours; only where that is known.
std::map<fs::path, MaybeHeld> originals(const Node& node, const std::string& deployment) {
  std::map<fs::path, MaybeHeld> all;
  if (deployment.empty()) return all;
  for (const Value& one : list_saved(node, deployment))
    if (const auto original = read_original(node, deployment, one))
      all.emplace(place_of(one.string_at("target")), *original);
  return all;
}

void tell(const Node& node, Event::Kind kind, std::string text) {
  node.around.events({kind, "configure", std::move(text)});
}

// What the deployment before has written, with what stood there before the first of ours.
struct Earlier {
  std::vector<WrittenTarget> written;
  std::map<fs::path, MaybeHeld> originals;  // by place

  const WrittenTarget* find(const fs::path& target) const {
    const auto found =
        std::ranges::find_if(written, [&](const auto& one) { return is_same(one.target, target); });
    return found == written.end() ? nullptr : &*found;
  }
  std::optional<MaybeHeld> original_of(const fs::path& target, const MaybeHeld& now) const {
    if (find(target) == nullptr) return now;
    const auto known = originals.find(place_of(target));
    if (known == originals.end()) return std::nullopt;
    return known->second;
  }
};

// Only root can give a file to somebody else, and anybody a group to which he belongs.
void require_owner_can_stay(const fs::path& target, const MaybeHeld& before) {
  if (::geteuid() == 0 || !before) return;
  std::vector<gid_t> groups(static_cast<size_t>(std::max(0, ::getgroups(0, nullptr))));
  groups.resize(
      static_cast<size_t>(std::max(0, ::getgroups(static_cast<int>(groups.size()), groups.data()))));
  groups.push_back(::getegid());
  if (before->uid == ::geteuid() && std::ranges::find(groups, before->gid) != groups.end()) return;
  throw Error(Fault::refused, fmt::format("'{}' belongs to somebody else", shown(target)),
              "let its owner deploy, or root");
}

void require_each_once(const std::vector<ConfiguredFile>& files) {
  std::set<fs::path> places;
  for (const ConfiguredFile& file : files) {
    if (!places.insert(place_of(file.target)).second)
      throw Error(Fault::refused,
                  fmt::format("'{}' is the file of another entry of `configuration:` in node.yaml, too",
                              shown(file.target)),
                  "take one of them out");
  }
}

SavedTarget look_before_writing(const Node& node, const std::string& deployment, const Earlier& earlier,
                                const fs::path& target) {
  name_of_unfinished(target, deployment);  // there must be room for it
  MaybeHeld before = look_at(open_parent(node, target), target);
  require_owner_can_stay(target, before);
  const WrittenTarget* written = earlier.find(target);
  if (written != nullptr && before && !written->holds(before->content))
    tell(node, Event::Kind::warning,
         fmt::format("'{}' was changed by somebody; what it held is kept in '{}'", shown(target),
                     node.root.at(saved_place(node, deployment)).native()));
  auto original = earlier.original_of(target, before);
  return {target, std::move(before), std::move(original), {}};
}

// What nothing names any more becomes what it was before us, if it still is what we made of it.
std::optional<SavedTarget> look_before_leaving(const Node& node, const Earlier& earlier,
                                               const WrittenTarget& written) {
  const auto stays = [&](std::string_view why) {
    tell(node, Event::Kind::warning,
         fmt::format("'{}', which nothing names any more, stays as it is: {}", shown(written.target), why));
    return std::nullopt;
  };
  try {
    MaybeHeld before = look_at(open_parent(node, written.target), written.target);
    if (!before) return std::nullopt;
    if (!written.holds(before->content)) return stays("it was changed by somebody");
    auto original = earlier.original_of(written.target, before);
    if (!original) return stays("what was there before is not known");
    tell(node, Event::Kind::note,
         fmt::format("'{}', which nothing names any more, {}", shown(written.target),
                     *original ? "becomes what it was before" : "is removed"));
    return SavedTarget{written.target, std::move(before), std::move(original), {}};
  } catch (const Error& error) {
    return stays(error.what());
  }
}

// Owner and group stay, where there was a file.
Held wanted(const ConfiguredFile& file, const MaybeHeld& before) {
  return {file.content, file.entry.mode, before ? before->uid : ::geteuid(),
          before ? before->gid : ::getegid()};
}

void replace(const Dir& directory, const fs::path& target, const std::string& deployment,
             const MaybeHeld& held) {
  if (held) {
    put(directory, target, deployment, *held);
  } else {
    directory.remove_file(name_in_directory(target));
    directory.sync();
  }
}

void write(const Node& node, const std::string& deployment, const SavedTarget& saved, const MaybeHeld& held) {
  const Dir directory = open_parent(node, saved.target);
  if (look_at(directory, saved.target) != saved.before)
    throw Error(Fault::build, fmt::format("'{}' was changed by somebody meanwhile", shown(saved.target)),
                "see who writes it, and try again");
  if (saved.before == held) return;
  base::write_file(node.root.at(saved.sign_of_ours), "", 0600);
  replace(directory, saved.target, deployment, held);
}

void restore(const Node& node, const std::string& deployment, const SavedTarget& saved) {
  const Dir directory = open_parent(node, saved.target);
  directory.remove_tree(name_of_unfinished(saved.target, deployment));
  if (look_at(directory, saved.target) != saved.before)
    replace(directory, saved.target, deployment, saved.before);
}

}  // namespace

void save_targets(const Node& node, const std::string& deployment, const std::string& previous,
                  const std::vector<ConfiguredFile>& files) {
  require_each_once(files);
  const Earlier earlier{written_targets(node, previous), originals(node, previous)};
  std::vector<SavedTarget> all;
  all.reserve(files.size());
  for (const ConfiguredFile& file : files)
    all.push_back(look_before_writing(node, deployment, earlier, file.target));
  for (const WrittenTarget& written : earlier.written) {
    const auto is_it = [&](const ConfiguredFile& file) { return is_same(file.target, written.target); };
    if (std::ranges::any_of(files, is_it)) continue;
    if (auto left = look_before_leaving(node, earlier, written)) all.push_back(*std::move(left));
  }
  if (all.empty()) return;
  node.dir.make_dirs(saved_place(node, deployment), 0700);
  Value list = Value::list();
  for (const SavedTarget& one : all) list.push(save(node, deployment, one, list.items().size()));
  base::write_file(node.root.at(list_of_saved(node, deployment)), text::to_json(list) + "\n", 0600);
}

bool changes_targets(const Node& node, const std::string& deployment) {
  return !list_saved(node, deployment).empty();
}

void write_targets(const Node& node, const std::string& deployment,
                   const std::vector<ConfiguredFile>& files) {
  const auto all = list_saved(node, deployment);
  for (size_t i = 0; i < all.size(); ++i) {
    const SavedTarget saved = read_saved(node, deployment, all[i], i);
    const auto file = std::ranges::find(files, saved.target, &ConfiguredFile::target);
    write(node, deployment, saved, file == files.end() ? *saved.original : wanted(*file, saved.before));
  }
}

void restore_targets(const Node& node, const std::string& deployment) {
  std::string failures;
  const auto all = list_saved(node, deployment);
  for (size_t i = 0; i < all.size(); ++i) {
    if (!node.dir.exists(sign_of_ours(node, deployment, i))) continue;
    try {
      restore(node, deployment, read_saved(node, deployment, all[i], i));
    } catch (const Error& error) {
      failures += fmt::format("{}'{}' is not what it was: {}", failures.empty() ? "" : "\n",
                              shown(all[i].string_at("target")), error.what());
    }
  }
  if (!failures.empty()) throw Error(Fault::needs_hands, failures, "mend that, then run `release recover`");
}

void forget_sealed_targets(const Node& node, const std::string& deployment, const std::string& previous) {
  const auto written = written_targets(node, previous);
  for (const Value& one : list_saved(node, deployment)) {
    const fs::path target = one.string_at("target");
    const auto known = std::ranges::find(written, target, &WrittenTarget::target);
    const bool was_sealed = known != written.end() && known->sha256.empty();
    if (was_sealed && one.find("saved") != nullptr)
      node.dir.remove_tree(saved_place(node, deployment) / one.string_at("saved"));
  }
}

}  // namespace bakehouse::node
