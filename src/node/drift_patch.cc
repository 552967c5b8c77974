#include "node/drift_patch.hh"

#include "node/configure.hh"
#include "node/run_place.hh"

#include "base/encoding.hh"
#include "base/error.hh"
#include "base/files.hh"
#include "base/process.hh"

#include <fmt/format.h>

#include <optional>
#include <set>

namespace bakehouse::node {
namespace {

namespace fs = std::filesystem;
using base::Dir;
using base::FileType;
using base::TreePath;
using tree::Difference;

constexpr size_t most_paths = 1000;
constexpr uint64_t largest_text = 1 << 20;
constexpr uint64_t most_text = 16 << 20;  // in all: the application may have written anything
constexpr uint32_t mode_of_file = 0100000;
constexpr uint32_t mode_of_link = 0120000;

// One side of a path: what a patch can say of it. Without a mode there is nothing, or nothing that a patch
// knows.
struct Side {
  std::optional<uint32_t> mode;     // as git writes it
  std::optional<std::string> text;  // nullopt: it is none, or a long one
  std::string unknown;              // why it could not be looked at
};
const Side nothing{{}, "", ""};

bool is_text(const std::string& content) { return content.find('\0') == std::string::npos; }

Side look_at(const Dir& tree, const TreePath& path) {
  const auto stat = tree.stat(path);
  if (!stat) return nothing;
  if (stat->type == FileType::symlink) return {mode_of_link, tree.read_link(path), ""};
  if (stat->type != FileType::regular) return nothing;
  Side side{mode_of_file | ((stat->mode & 0100) != 0 ? 0755U : 0644U), std::nullopt, ""};
  if (stat->size > largest_text) return side;
  std::string content = tree.read_file(path, largest_text);
  if (is_text(content)) side.text = std::move(content);
  return side;
}

// The application may have made anything of it.
Side try_to_look_at(const Dir& tree, const TreePath& path) {
  try {
    return look_at(tree, path);
  } catch (const base::Error& error) {
    return {{}, std::nullopt, error.what()};
  }
}

// As git writes it: quoted where there is more than text, so that a name in a patch ends with its line.
std::string name_in_patch(std::string_view before, const TreePath& path) {
  const std::string shown = base::printable(path.str());
  return shown == path.str() ? fmt::format("{}/{}", before, shown) : fmt::format("\"{}/{}\"", before, shown);
}

// In the lines of names a blank would end it.
std::string ended(const std::string& name) {
  return name.find(' ') == std::string::npos ? name : name + "\t";
}

class Patch {
 public:
  explicit Patch(const base::Fd& out) : out_(out) {}

  void add(const TreePath& path, const Side& before, const Side& after) {
    constexpr uint32_t type = 0170000;
    if (before.mode && after.mode && (*before.mode & type) != (*after.mode & type)) {
      add(path, before, nothing);
      add(path, nothing, after);
      return;
    }
    // Of another mode than git knows, the line that tells of it is all there is.
    if (before.mode == after.mode && before.text && before.text == after.text) return;
    say("diff --git {} {}", name_in_patch("a", path), name_in_patch("b", path));
    if (before.mode && after.mode && *before.mode != *after.mode)
      say("old mode {:o}\nnew mode {:o}", *before.mode, *after.mode);
    if (!before.mode) say("new file mode {:o}", *after.mode);
    if (!after.mode) say("deleted file mode {:o}", *before.mode);
    const std::string from = before.mode ? name_in_patch("a", path) : "/dev/null";
    const std::string to = after.mode ? name_in_patch("b", path) : "/dev/null";
    if (before.text && after.text) compared_ += before.text->size() + after.text->size();
    if (!before.text || !after.text || compared_ > most_text)
      say("Binary files {} and {} differ", from, to);
    else if (*before.text != *after.text)
      compare(from, *before.text, to, *after.text);
  }

  template <typename... Facts>
  void say(fmt::format_string<Facts...> format, Facts&&... facts) {
    base::write_all(out_, fmt::format(format, std::forward<Facts>(facts)...) + "\n", "the patch");
  }

 private:
  // Copies are compared: what the application may change meanwhile, or make a device, is nothing for another
  // program.
  void compare(const std::string& from, const std::string& before, const std::string& to,
               const std::string& after) {
    base::write_file(scratch_.path() / "before", before);
    base::write_file(scratch_.path() / "after", after);
    base::Command diff;
    diff.argv = {"diff", "-u", "--label", ended(from), "--label", ended(to), "before", "after"};
    diff.environment = {"PATH=/usr/bin:/bin", "LC_ALL=C"};
    diff.directory = scratch_.path();
    diff.output = &out_;
    const base::ExitStatus status = base::Process::start(diff).wait();
    constexpr int different = 1;
    if (status.code != different) say("# `diff` {}", status.describe());
  }

  const base::Fd& out_;
  base::TempDir scratch_;
  uint64_t compared_ = 0;
};

void write(const Node& node, const std::string& deployment, const std::vector<Difference>& differences,
           Patch patch) {
  const Dir before = node.dir.open_dir(places_of(node.root.layout, deployment).tree);
  const Dir after = open_run(node);
  const std::set<TreePath> configured = configured_paths(node, deployment);
  const TreePath* last = nullptr;
  size_t paths = 0;
  for (const Difference& difference : differences) {
    patch.say("# {}", difference.describe());
    if (last != nullptr && *last == difference.path) continue;
    last = &difference.path;
    // It may hold what nobody is to read, and its template is no earlier state of it.
    if (configured.contains(difference.path)) continue;
    if (++paths > most_paths) {
      patch.say("# and more: the first {} are here", most_paths);
      break;
    }
    const Side old_side = try_to_look_at(before, difference.path);
    const Side new_side = try_to_look_at(after, difference.path);
    if (!old_side.unknown.empty() || !new_side.unknown.empty())
      patch.say("# {}{}", base::printable(old_side.unknown), base::printable(new_side.unknown));
    else if (old_side.mode || new_side.mode)
      patch.add(difference.path, old_side, new_side);
  }
}

}  // namespace

fs::path save_patch(const Node& node, const std::string& deployment,
                    const std::vector<Difference>& differences) {
  const auto directory = TreePath::parse(".bakehouse/drift");
  node.dir.make_dirs(directory, 0700);
  fs::path file = node.root.path / directory.str() / (deployment + ".patch");
  base::AtomicFile out(file, 0600);
  write(node, deployment, differences, Patch(out.fd()));
  out.commit();
  return file;
}

std::string patch_text(const Node& node, const std::string& deployment,
                       const std::vector<Difference>& differences) {
  constexpr uint64_t most_bytes = 16 * most_text;
  const base::TempDir scratch;
  const base::Fd out = Dir::open(scratch.path()).create_file(TreePath::parse("patch"), 0600);
  write(node, deployment, differences, Patch(out));
  return base::read_file(scratch.path() / "patch", most_bytes);
}

}  // namespace bakehouse::node
