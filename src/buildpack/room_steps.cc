#include "buildpack/room_steps.hh"

#include "base/encoding.hh"
#include "buildpack/mount_table.hh"
#include "buildpack/room.hh"
#include "buildpack/room_targets.hh"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <optional>

#include <sys/mount.h>
#include <sys/stat.h>
#include <unistd.h>

namespace bakehouse::buildpack {
namespace {

namespace fs = std::filesystem;
using Do = RoomStep::Do;

constexpr unsigned long harmless = MS_NOSUID | MS_NODEV;
constexpr mode_t open_to_all = 01777;
// Where a directory is put together that takes the place of another one.
constexpr const char* workbench = ".workbench";

std::string in_new_root(const fs::path& at) { return at.relative_path().native(); }

std::vector<fs::directory_entry> children_of(const fs::path& directory) {
  std::vector<fs::directory_entry> children;
  std::error_code unreadable;  // then nobody in the room could list it either
  for (fs::directory_iterator entry(directory, unreadable); !unreadable && entry != fs::directory_iterator();
       entry.increment(unreadable))
    children.push_back(*entry);
  return children;
}

bool can_be_bound(const fs::directory_entry& entry) {
  std::error_code gone;
  const auto type = entry.symlink_status(gone).type();
  return type == fs::file_type::directory || type == fs::file_type::regular;
}

// The directory of the host that lacks a place, and what of it is in the way.
struct Gap {
  fs::path source;
  fs::path at;
  fs::path part;
};

// nullopt when `at` can be mounted on as it is.
std::optional<Gap> find_gap(fs::path source, fs::path holder, const fs::path& at, fs::file_type wanted) {
  const fs::path way = at.lexically_relative(holder);
  for (const fs::path& part : way) {
    std::error_code unknown;
    const auto found = fs::symlink_status(source / part, unknown).type();
    const bool last = holder / part == at;
    if (found != (last ? wanted : fs::file_type::directory)) return Gap{source, holder, part};
    source /= part;
    holder /= part;
  }
  return std::nullopt;
}

class Planner {
 public:
  Planner(const RoomPlan& plan, const fs::path& scratch) : plan_(plan), scratch_(scratch) {}
  RoomSteps finish();

 private:
  // What is seen at a path of the room and below it, as far as nothing else is.
  struct Region {
    enum class Kind { memory, writable, read_only } kind;
    fs::path source;
  };

  void add(RoomStep step) { result_.steps.push_back(std::move(step)); }
  void show_host();
  void make_devices();
  void make_processes();
  void place(const RoomTarget& target);
  void show_read_only(const fs::path& source, const fs::path& at, bool may_be_missing);
  void mount_memory(const fs::path& at);
  void make_place(const fs::path& at, fs::file_type wanted);
  void replace_directory(const Gap& gap);
  void seal() {
    for (const std::string& at : sealed_) add({Do::remount, at, {}, harmless | MS_RDONLY});
  }

  const RoomPlan& plan_;
  fs::path scratch_;
  bool at_once_ = kernel_changes_mounts_at_once();
  RoomSteps result_;
  std::map<fs::path, Region> regions_;
  std::vector<std::string> sealed_;  // memory that becomes read-only once everything has its place
};

RoomSteps Planner::finish() {
  result_.offline = plan_.offline;
  result_.new_root = (scratch_ / "room").native();
  const fs::path temporary = scratch_ / "tmp";
  fs::create_directory(result_.new_root);
  fs::create_directory(temporary);
  ::chmod(temporary.c_str(), open_to_all);
  const auto targets = order_targets(plan_, temporary);
  regions_["/"] = {Region::Kind::memory, {}};
  sealed_.emplace_back();
  show_host();
  make_devices();
  make_processes();
  for (const RoomTarget& target : targets) place(target);
  seal();
  return std::move(result_);
}

void Planner::show_host() {
  for (const auto& child : children_of("/")) {
    const fs::path& at = child.path();
    if (at == "/dev" || at == "/proc") continue;
    std::error_code gone;
    if (child.is_symlink(gone)) {
      const fs::path target = fs::read_symlink(at, gone);
      if (!gone) add({Do::link, in_new_root(at), target.native()});
    } else if (can_be_bound(child)) {
      show_read_only(at, at, true);
    }
  }
}

void Planner::show_read_only(const fs::path& source, const fs::path& at, bool may_be_missing) {
  add({Do::bind, in_new_root(at), source.native(), 0, may_be_missing});
  regions_[at] = {Region::Kind::read_only, source};
  if (at_once_) {
    add({Do::read_only, in_new_root(at), {}, 0, may_be_missing});
    return;
  }
  for (const Mounted& mounted : mounts_at_and_below(source)) {
    const fs::path place = mounted.at == source ? at : at / mounted.at.lexically_relative(source);
    add({Do::remount, in_new_root(place), {}, mounted.flags | MS_RDONLY | MS_NODEV, true});
  }
}

void Planner::mount_memory(const fs::path& at) {
  add({Do::memory, in_new_root(at), "mode=0755", harmless});
  regions_[at] = {Region::Kind::memory, {}};
}

void Planner::make_devices() {
  const fs::path devices = "/dev";
  mount_memory(devices);
  sealed_.push_back(in_new_root(devices));
  for (const char* name : {"null", "zero", "full", "random", "urandom"})
    add({Do::bind, in_new_root(devices / name), (devices / name).native()});
  constexpr std::pair<const char*, const char*> links[] = {{"fd", "/proc/self/fd"},
                                                           {"stdin", "/proc/self/fd/0"},
                                                           {"stdout", "/proc/self/fd/1"},
                                                           {"stderr", "/proc/self/fd/2"},
                                                           {"ptmx", "pts/ptmx"}};
  for (const auto& [name, target] : links) add({Do::link, in_new_root(devices / name), target});
  add({Do::terminals, in_new_root(devices / "pts"), {}, MS_NOSUID | MS_NOEXEC, true});
  add({Do::memory, in_new_root(devices / "shm"), "mode=1777", harmless});
  regions_[devices / "shm"] = {Region::Kind::memory, {}};
}

void Planner::make_processes() {
  const fs::path processes = "/proc";
  add({Do::processes, in_new_root(processes), {}, harmless | MS_NOEXEC});
  // For root these are levers of the whole machine; anybody else is refused by their modes.
  if (::geteuid() != 0) return;
  for (const char* name : {"sys", "sysrq-trigger", "irq", "bus", "fs", "acpi"}) {
    const std::string at = in_new_root(processes / name);
    add({Do::bind, at, at, 0, true});
    add({Do::remount, at, {}, harmless | MS_NOEXEC | MS_RDONLY, true});
  }
}

// Makes sure that the steps find a place to mount at. In memory and in what may be written they make it
// themselves; the host cannot be written, and must not be.
void Planner::make_place(const fs::path& at, fs::file_type wanted) {
  const auto holder = std::find_if(regions_.rbegin(), regions_.rend(),
                                   [&](const auto& region) { return is_within(at, region.first); });
  if (holder->second.kind != Region::Kind::read_only) return;
  if (const auto gap = find_gap(holder->second.source, holder->first, at, wanted)) replace_directory(*gap);
}

// By memory that shows all that is seen in the directory now, and can hold more.
void Planner::replace_directory(const Gap& gap) {
  const fs::path bench = workbench;
  add({Do::memory, workbench, "mode=0755", harmless});
  for (const auto& child : children_of(gap.source)) {
    const fs::path name = child.path().filename();
    if (name == gap.part) continue;
    std::error_code gone;
    if (child.is_symlink(gone)) {
      const fs::path target = fs::read_symlink(child.path(), gone);
      if (!gone) add({Do::link, (bench / name).native(), target.native()});
    } else if (can_be_bound(child)) {
      add({Do::bind, (bench / name).native(), in_new_root(gap.at / name), 0, true});
      regions_.try_emplace(gap.at / name, Region{Region::Kind::read_only, gap.source / name});
    }
  }
  add({Do::move, in_new_root(gap.at), workbench});
  regions_[gap.at] = {Region::Kind::memory, {}};
  sealed_.push_back(in_new_root(gap.at));
}

void Planner::place(const RoomTarget& target) {
  const bool is_file = !target.source.empty() && fs::is_regular_file(target.source);
  make_place(target.at, is_file ? fs::file_type::regular : fs::file_type::directory);
  switch (target.kind) {
    case RoomTarget::Kind::memory:
      mount_memory(target.at);
      sealed_.push_back(in_new_root(target.at));
      return;
    case RoomTarget::Kind::read_only: show_read_only(target.source, target.at, false); return;
    case RoomTarget::Kind::writable: add({Do::bind, in_new_root(target.at), target.source.native()}); break;
    case RoomTarget::Kind::tree_again:
      add({Do::bind, in_new_root(target.at), in_new_root(target.source)});
      break;
  }
  regions_[target.at] = {Region::Kind::writable, target.source};
}

}  // namespace

RoomSteps plan_steps(const RoomPlan& plan, const fs::path& scratch) {
  return Planner(plan, scratch).finish();
}

std::string describe(const RoomStep& step) {
  std::string at = base::printable("/" + step.at);
  switch (step.what) {
    case Do::memory: return fmt::format("mount memory at '{}'", at);
    case Do::link: return fmt::format("make the link '{}'", at);
    case Do::bind:
    case Do::move: return fmt::format("show '{}' at '{}'", base::printable(step.source), at);
    case Do::read_only:
    case Do::remount: return fmt::format("make '{}' read-only", at);
    case Do::processes: return fmt::format("mount the processes at '{}'", at);
    case Do::terminals: return fmt::format("mount terminals at '{}'", at);
  }
  return at;
}

}  // namespace bakehouse::buildpack
