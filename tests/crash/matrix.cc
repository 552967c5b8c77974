// The fault matrix: every phase of a transaction, every fault that can hit it there, every job and every way
// to switch; each cell in a process of its own, which is really killed. Afterwards the node must serve the
// old release or the new one, whole, and nothing may be left over.
//
//   matrix [WORD...]      only cells whose title holds each word
//
// Prints the table and what is wrong. Exit status: 0 all well, 1 not, 77 skipped.

#include "matrix_world.hh"

#include "base/process.hh"
#include "base/process_group.hh"
#include "node/run_place.hh"

#include <fmt/format.h>

#include <algorithm>
#include <csignal>
#include <cstddef>
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include <fcntl.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <sched.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

namespace matrix {
namespace {

using namespace bakehouse;
using config::Switch;
using node::Node;
using Kind = base::Event::Kind;

// --- faults
// -----------------------------------------------------------------------------------------------------

struct Fault {
  const char* name;
  // What the program of the phase does; nullptr: it happens to us, at `moment` of the phase.
  const char* lines;
  const char* moment;
  void (*strike)(const fs::path& root);
};

constexpr const char* children =
    "sleep 600 & echo $! >>$BAKEHOUSE_ROOT/pids; setsid sleep 600 & echo $! >>$BAKEHOUSE_ROOT/pids; ";

void raise_kill(const fs::path&) { ::raise(SIGKILL); }
void raise_term(const fs::path&) { ::raise(SIGTERM); }
void raise_int(const fs::path&) { ::raise(SIGINT); }

void fill_disk(const fs::path& root) {
  const int file = ::open((root / "filler").c_str(), O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
  for (off_t size = off_t{1} << 26; size >= 4096;) {
    const off_t end = ::lseek(file, 0, SEEK_END);
    if (::fallocate(file, 0, end, size) != 0) size /= 2;
  }
  ::close(file);
}

// From here on nothing becomes durable and no name changes any more, as on a broken disk.
void break_disk(const fs::path&) {
  std::vector<sock_filter> filter{BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(seccomp_data, nr))};
  for (const uint32_t call : {SYS_fsync, SYS_fdatasync, SYS_syncfs, SYS_renameat2}) {
    filter.push_back(BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, call, 0, 1));
    filter.push_back(BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | EIO));
  }
  filter.push_back(BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW));
  const sock_fprog program{static_cast<unsigned short>(filter.size()), filter.data()};
  ::prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
  if (::prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program) != 0) ::_exit(99);
}

const std::string leaves_and_fails = std::string(children) + "exit 1";
const std::string leaves_and_kills = std::string(children) + "kill -KILL $PPID; sleep 600";

// What it has filled stays filled while it is undone.
constexpr const char* fills =
    "dd if=/dev/zero of=$BAKEHOUSE_ROOT/filler bs=1M count=100 2>/dev/null || true; echo full "
    ">$BAKEHOUSE_DATA/new";

const Fault faults[] = {
    {"exits 1", "exit 1", nullptr, nullptr},
    {"hangs", "sleep 600", nullptr, nullptr},
    {"killed", "kill -KILL $$", nullptr, nullptr},
    {"children", leaves_and_fails.c_str(), nullptr, nullptr},
    {"children+KILL", leaves_and_kills.c_str(), nullptr, nullptr},
    {"fills the disk", fills, nullptr, nullptr},
    {"KILL before", nullptr, "begin", raise_kill},
    {"KILL behind", nullptr, "done", raise_kill},
    {"TERM", nullptr, "begin", raise_term},
    {"INT", nullptr, "begin", raise_int},
    {"disk full", nullptr, "begin", fill_disk},
    {"EIO", nullptr, "begin", break_disk},
};

constexpr const char* phases[] = {"stage",   "configure",   "stop",  "dump",    "backup", "deploy",
                                  "targets", "post_deploy", "start", "upgrade", "health", "post_install"};
constexpr const char* with_program[] = {"dump", "post_deploy", "upgrade", "health", "post_install"};
constexpr const char* without_moment[] = {"dump", "post_install"};  // no step of their own

template <size_t size>
bool is_one_of(const char* const (&names)[size], const std::string& name) {
  return std::ranges::any_of(names, [&](const char* one) { return name == one; });
}

struct Cell {
  const World& world;
  std::string phase;
  const Fault& fault;

  std::string title() const {
    return fmt::format("{}, {}, {}: {}", config::name_of(world.how()), name_of(world.job()), phase,
                       fault.name);
  }
  bool makes_sense() const {
    if (phase == "dump" && world.job() == Job::first) return false;  // there is nothing to dump
    return fault.lines != nullptr ? is_one_of(with_program, phase) : !is_one_of(without_moment, phase);
  }
};

// --- one cell
// ---------------------------------------------------------------------------------------------------

volatile std::sig_atomic_t stop_wanted = 0;

Node open(const fs::path& root, base::EventSink events) {
  phase::Surroundings around;
  around.clock = base::system_clock();
  around.events = std::move(events);
  around.cancelled = [] { return stop_wanted != 0; };
  return node::open_node(root, "/no/helper", std::move(around));
}

void ignore(const base::Event& /*event*/) {}

// In a process of its own: the exit code of the transaction.
[[noreturn]] void live(const Cell& cell, const fs::path& root) {
  struct sigaction action {};
  action.sa_handler = [](int) { stop_wanted = 1; };
  for (const int number : {SIGINT, SIGTERM}) ::sigaction(number, &action, nullptr);
  const auto watch = [&](const base::Event& event) {
    if (cell.fault.moment == nullptr || event.phase != cell.phase) return;
    const bool is_begin = std::string_view(cell.fault.moment) == "begin";
    if (event.kind == (is_begin ? Kind::phase_started : Kind::phase_done)) cell.fault.strike(root);
  };
  int code = 0;
  try {
    const node::Result result = cell.world.run(open(root, watch));
    if (result.error) code = base::exit_code(result.error->fault());
  } catch (const base::Error& error) {
    code = base::exit_code(error.fault());
  } catch (const std::exception&) {
    code = 98;
  }
  ::_exit(code);
}

struct End {
  int code = 0;
  bool was_killed = false;
};

End live_apart(const Cell& cell, const fs::path& root) {
  const pid_t pid = ::fork();
  if (pid == 0) live(cell, root);
  int raw = 0;
  ::waitpid(pid, &raw, 0);
  return WIFSIGNALED(raw) ? End{0, true} : End{WEXITSTATUS(raw), false};
}

class Examiner {
 public:
  Examiner(const Cell& cell, const fs::path& root, End end) : cell_(cell), root_(root), end_(end) {}

  std::vector<std::string> complaints;
  std::string came_to = "neither";  // "old" or "new"

  void examine() {
    recover();
    if (!complaints.empty()) return;
    find_release();
    check_record();
    check_data();
    check_target();
    check_whole();
    check_litter();
    check_orphans();
  }

 private:
  void complain(std::string what) { complaints.push_back(std::move(what)); }
  std::string read(const std::string& path) const {
    return base::read_file_if_any(root_ / path, 1 << 20).value_or("");
  }
  bool disk_failed() const {
    return cell_.fault.strike == fill_disk || cell_.fault.strike == break_disk || cell_.fault.lines == fills;
  }

  // What happened to the disk is over; whoever was killed, or could not finish, is taken up.
  void recover() {
    fs::remove(root_ / "filler");
    fs::remove(root_ / "fault");
    const bool should_be_killed =
        cell_.fault.strike == raise_kill || cell_.fault.lines == leaves_and_kills.c_str();
    if (end_.was_killed != should_be_killed) complain("it was killed or not, contrary to the plan");
    if (end_.code >= 98) complain(fmt::format("it ended with {}", end_.code));
    if (end_.code == base::exit_code(base::Fault::needs_hands) && !disk_failed())
      complain("it needs hands, and its disk is well");
    try {
      const auto result = node::recover_under_lock(open(root_, ignore), "the matrix");
      if (result && result->outcome == "needs-hands")
        complain("recovery: " + std::string(result->error->what()));
    } catch (const base::Error& error) {
      complain(fmt::format("recovery: {}", error.what()));
    }
  }

  void find_release() {
    const std::string page = read("run/index.html");
    const World& world = cell_.world;
    const auto history = phase::read_history(root_ / ".bakehouse/history.jsonl");
    // One release may be both the old and the new: the record tells, and deploy/current must agree.
    const bool is_good =
        !history.empty() && history.back().outcome == "good" && history.size() > history_before();
    came_to = is_good ? "new" : "old";
    if (page != (is_good ? world.new_page() : world.old_page()))
      complain("run/ holds the wrong release: " + page);
    const bool must_be_new = cell_.phase == "post_install";
    if (!disk_failed() && must_be_new != is_good) complain(fmt::format("it came to the {} release", came_to));
    if (cell_.world.job() == Job::reconfigured) {
      const std::string target = fs::read_symlink(root_ / "run/shared").native();
      if (target.ends_with("elsewhere") != is_good) complain("run/shared leads to " + target);
    }
  }

  size_t history_before() const {
    switch (cell_.world.job()) {
      case Job::first: return 0;
      case Job::rollback: return 2;
      default: return 1;
    }
  }

  void check_record() {
    const auto history = phase::read_history(root_ / ".bakehouse/history.jsonl");
    const auto records = phase::Journal::read(root_ / ".bakehouse/journal");
    const bool began = history.size() > history_before();
    // Where the disk failed before the journal was there, nothing happened and nothing is told.
    if (!began && !disk_failed()) complain("the history does not know of it");
    if (!began) return;
    if (records.back().kind != phase::Record::Kind::closed) complain("the journal is open");
    if (history.size() != history_before() + 1) complain("the history has more than one entry of it");
    const auto& last = history.back();
    if (last.outcome != "good" && (last.cause.empty() || last.step.empty()))
      complain("the record does not say why");
  }

  // Back while nobody was let in, and as it stands afterwards.
  void check_data() {
    const World& world = cell_.world;
    const std::string book = read("data/book");
    const auto position = [](const std::string& phase) {
      return std::ranges::find(phases, phase) - std::begin(phases);
    };
    const bool is_at_start = cell_.phase == "start";
    const bool is_before =
        cell_.fault.strike == raise_kill && std::string_view(cell_.fault.moment) == "begin";
    const bool was_open = position(cell_.phase) > position("start") || (is_at_start && !is_before);
    const std::string wanted = came_to == "new" || was_open ? world.new_book() : world.old_book();
    // Whether the record of the start got to a broken disk nobody can say.
    if (is_at_start && disk_failed() && (book == world.new_book() || book == world.old_book())) return;
    if (book != wanted) complain(fmt::format("data/book holds '{}' instead of '{}'", book, wanted));
  }

  void check_target() {
    const fs::path& target = cell_.world.target();
    const std::string content = base::read_file_if_any(target, 1 << 20).value_or("");
    const std::string wanted = came_to == "new" ? cell_.world.new_target() : cell_.world.old_target();
    if (content != wanted)
      complain(fmt::format("{} holds '{}' instead of '{}'", target.native(), content, wanted));
    for (const std::string& name : base::Dir::open(target.parent_path()).names())
      if (name != target.filename()) complain("left over outside of the root: " + name);
  }

  void check_whole() {
    const Node node = open(root_, ignore);
    const auto serves = node::deployment_in_run(node);
    if (!serves) {
      if (!cell_.world.old_page().empty()) complain("nothing is in service");
      if (fs::exists(fs::symlink_status(root_ / "run"))) complain("a run/ is left of a first release");
      return;
    }
    const node::Verification found = node::verify(node);
    if (!found.run.empty()) complain("run/: " + tree::describe(found.run));
    if (!found.deployment.empty()) complain("the deployment: " + tree::describe(found.deployment));
    if (fs::read_symlink(root_ / "deploy/current") != *serves) complain("deploy/current does not name it");
  }

  void check_litter() {
    size_t good = 0;
    for (const auto& entry : phase::read_history(root_ / ".bakehouse/history.jsonl"))
      if (entry.outcome == "good") ++good;
    const auto names_of = [&](const char* path) {
      const auto dir = base::Dir::open(root_).open_dir_if_any(base::TreePath::parse(path));
      return dir ? dir->names() : std::vector<std::string>();
    };
    for (const auto& name : base::Dir::open(root_).names())
      if (name.starts_with(".") && name != ".bakehouse") complain("left over: " + name);
    for (const auto& name : names_of("deploy"))
      if (name.starts_with(".")) complain("left over: deploy/" + name);
    const size_t current = good == 0 ? 0 : 1;
    if (names_of("deploy").size() != good + current) complain("half a deployment is left in deploy/");
    if (cell_.world.how() == Switch::symlink && names_of("runs").size() != good)
      complain("half a deployment is left in runs/");
    if (fs::exists(root_ / "run/.bakehouse/sync")) complain("left over: the log of a synchronisation");
  }

  void check_orphans() {
    std::ifstream pids(root_ / "pids");
    for (pid_t pid = 0; pids >> pid;)
      if (base::identify_process(pid)) complain(fmt::format("process {} still runs", pid));
    if (!base::processes_with({"BAKEHOUSE_ROOT=" + root_.native()}).empty()) complain("an orphan runs");
  }

  const Cell& cell_;
  const fs::path& root_;
  const End end_;
};

// --- all of them
// ------------------------------------------------------------------------------------------------

// Counts by phase and fault.
using Counts = std::map<std::string, std::map<std::string, std::map<std::string, int>>>;

void print_table(const Counts& counts) {
  fmt::print("| |");
  for (const Fault& fault : faults) fmt::print(" {} |", fault.name);
  fmt::print("\n|---|");
  for (size_t i = 0; i < std::size(faults); ++i) fmt::print("---|");
  fmt::print("\n");
  for (const char* phase : phases) {
    fmt::print("| `{}` |", phase);
    for (const Fault& fault : faults) {
      std::string cell;
      const auto row = counts.find(phase);
      const auto found = row == counts.end() ? std::map<std::string, int>() : [&] {
        const auto column = row->second.find(fault.name);
        return column == row->second.end() ? std::map<std::string, int>() : column->second;
      }();
      for (const auto& [state, count] : found)
        cell += fmt::format("{}{} {}", cell.empty() ? "" : ", ", count, state);
      fmt::print(" {} |", cell);
    }
    fmt::print("\n");
  }
}

// A disk of our own, small enough to be filled; nullopt where that is not allowed.
std::optional<base::TempDir> mount_disk() {
  const uid_t user = ::geteuid();
  const gid_t group = ::getegid();
  const bool is_root = user == 0;
  if (::unshare(is_root ? CLONE_NEWNS : CLONE_NEWNS | CLONE_NEWUSER) != 0) return std::nullopt;
  if (!is_root) {
    base::write_file("/proc/self/setgroups", "deny");
    base::write_file("/proc/self/uid_map", fmt::format("{0} {0} 1", user));
    base::write_file("/proc/self/gid_map", fmt::format("{0} {0} 1", group));
  }
  if (::mount("none", "/", nullptr, MS_REC | MS_PRIVATE, nullptr) != 0) return std::nullopt;
  std::optional<base::TempDir> disk(std::in_place);
  if (::mount("matrix", disk->path().c_str(), "tmpfs", 0, "size=64m") != 0) return std::nullopt;
  return disk;
}

struct Tally {
  Counts counts;
  int cells = 0;
  int failures = 0;
};

void run_cells(const World& world, const fs::path& place, const std::vector<std::string>& words,
               Tally& tally) {
  for (const char* phase : phases) {
    for (const Fault& fault : faults) {
      const Cell cell{world, phase, fault};
      const std::string title = cell.title();
      const auto is_said = [&](const std::string& word) { return title.find(word) != std::string::npos; };
      if (!cell.makes_sense() || !std::ranges::all_of(words, is_said)) continue;
      const fs::path root = place / "root";
      world.copy_to(root);
      if (fault.lines != nullptr)
        base::write_file(root / "fault", fmt::format("{}\n{}\n", phase, fault.lines));
      Examiner examiner(cell, root, live_apart(cell, root));
      examiner.examine();
      ++tally.cells;
      ++tally.counts[phase][fault.name][examiner.came_to];
      if (!examiner.complaints.empty()) ++tally.failures;
      for (const std::string& complaint : examiner.complaints)
        fmt::print(stderr, "matrix: {}: {}\n", title, complaint);
      fs::remove_all(root);
    }
  }
}

int run_all(const std::vector<std::string>& words) {
  if (std::getenv("BAKEHOUSE_LAYOUTS") == nullptr) {
    fmt::print(stderr, "matrix: BAKEHOUSE_LAYOUTS has to name the directory of the layouts\n");
    return 2;
  }
  const auto disk = mount_disk();
  if (!disk) {
    fmt::print("no disk can be mounted here\n");
    return 77;
  }
  Tally tally;
  for (const Switch how : {Switch::exchange, Switch::symlink, Switch::inplace}) {
    for (const Job job : all_jobs) run_cells(World(how, job, disk->path()), disk->path(), words, tally);
  }
  print_table(tally.counts);
  ::umount2(disk->path().c_str(), MNT_DETACH);
  fmt::print("{} cells, {} not as they should be\n", tally.cells, tally.failures);
  return tally.failures == 0 && tally.cells > 0 ? 0 : 1;
}

}  // namespace
}  // namespace matrix

int main(int argc, char** argv) { return matrix::run_all({argv + 1, argv + argc}); }
