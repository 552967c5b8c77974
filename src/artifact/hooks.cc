#include "artifact/hooks.hh"

#include "base/encoding.hh"
#include "base/error.hh"
#include "text/decode.hh"

#include <fmt/format.h>

#include <algorithm>

#include <unistd.h>

namespace bakehouse::artifact {
namespace {

using base::Error;
using base::Fault;
using base::FileType;
using base::TreePath;

constexpr uint32_t executable_bits = 0111;
constexpr std::string_view hooks_directory = ".bake/hooks";

const std::vector<std::string>& hook_phases() {
  static const std::vector<std::string> phases{"pre_install", "post_build", "dump",        "restore",
                                               "post_deploy", "upgrade",    "post_install"};
  return phases;
}

// The phase a file below the hooks' directory belongs to: "P" or "P.d/name". Anywhere else it
// belongs to none, and what is returned names none.
std::string phase_of(const TreePath& path) {
  const auto parts = path.parts();
  if (parts.size() == 3) return std::string(parts[2]);
  if (parts.size() == 4 && parts[2].ends_with(".d"))
    return std::string(parts[2].substr(0, parts[2].size() - 2));
  return path.str().substr(hooks_directory.size() + 1);
}

// A link or file there would hide every hook without a word.
bool hides_hooks(const tree::Entry& entry) {
  return entry.type != FileType::directory &&
         (entry.path.str() == ".bake" || entry.path.str() == hooks_directory);
}

bool is_hook_file(const tree::Entry& entry) {
  static const TreePath directory = TreePath::parse(hooks_directory);
  return entry.type != FileType::directory && entry.path.is_within(directory) && entry.path != directory;
}

// Names go to journal, log and messages, where they are to be read and not to be escaped.
bool is_plain(std::string_view name) {
  constexpr std::string_view plain = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789._-";
  return name.find_first_not_of(plain) == std::string_view::npos;
}

std::string why_no_hook(const tree::Entry& entry) {
  const std::string phase = phase_of(entry.path);
  const auto& phases = hook_phases();
  if (std::find(phases.begin(), phases.end(), phase) == phases.end()) {
    const auto meant = text::nearest(phase, phases);
    return fmt::format("no phase has that name{}", meant ? fmt::format(" (did you mean '{}'?)", *meant) : "");
  }
  if (!is_plain(entry.path.name())) return "its name holds something other than A-Z a-z 0-9 . _ -";
  if (entry.type != FileType::regular) return "it is not a regular file";
  if ((entry.mode & executable_bits) == 0) return "it is not executable (chmod +x)";
  return {};
}

}  // namespace

void check_hooks(const tree::Manifest& manifest) {
  std::string faults;
  for (const tree::Entry& entry : manifest.entries) {
    std::string reason;
    if (hides_hooks(entry)) reason = "it is not a directory";
    if (is_hook_file(entry)) reason = why_no_hook(entry);
    if (!reason.empty()) faults += fmt::format("\n  '{}': {}", base::printable(entry.path.str()), reason);
  }
  if (!faults.empty()) throw Error(Fault::input, "not every file of .bake/hooks is a hook:" + faults);
}

std::vector<HookFile> open_hooks(const base::Dir& tree, const tree::Manifest& manifest,
                                 std::string_view phase) {
  std::vector<HookFile> hooks;
  for (const tree::Entry& entry : manifest.entries) {
    if (!is_hook_file(entry) || phase_of(entry.path) != phase) continue;
    base::Fd file = tree.open_file(entry.path);
    const std::string shown = (tree.path() / entry.path.str()).native();
    if (crypto::sha256_of(file, shown) != entry.digest) {
      throw Error(Fault::refused,
                  fmt::format("the hook '{}' is not what its manifest says", base::printable(shown)),
                  "apply the release's archive again");
    }
    // An interpreter reads the script from where the descriptor stands.
    if (::lseek(file.get(), 0, SEEK_SET) != 0) base::fail_os("rewind", shown);
    hooks.push_back({entry.path.str().substr(hooks_directory.size() + 1), std::move(file)});
  }
  return hooks;
}

}  // namespace bakehouse::artifact
