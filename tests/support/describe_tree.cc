#include "base/encoding.hh"
#include "base/error.hh"
#include "crypto/digest.hh"
#include "support/tree_literal.hh"

#include <fmt/format.h>

#include <algorithm>
#include <functional>
#include <utility>

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

namespace bakehouse::support {
namespace {

using base::Dir;
using base::FileStat;
using base::FileType;
using base::TreePath;

constexpr size_t longest_shown = 60;

// --- a directory as a literal ---

MaybeOwner owner_of(const FileStat& stat) {
  if (stat.uid == ::geteuid() && stat.gid == ::getegid()) return std::nullopt;
  return Owner{stat.uid, stat.gid};
}

File read_file(const Dir& dir, const TreePath& name, const FileStat& stat) {
  constexpr uint64_t largest = 1 << 30;
  const base::Fd fd = dir.open_file(name);
  File file;
  file.content = base::read_all(fd, largest, name.str());
  file.mode = stat.mode;
  file.time = stat.mtime;
  file.xattrs = read_xattrs(fd);
  file.owner = owner_of(stat);
  return file;
}

Special read_special(const Dir& dir, const TreePath& name) {
  struct stat raw {};
  if (::fstatat(dir.fd().get(), name.str().c_str(), &raw, AT_SYMLINK_NOFOLLOW) != 0)
    base::fail_os("look at", name.str());
  Special special{Special::Kind::device, raw.st_mode & 07777U};
  if (S_ISFIFO(raw.st_mode)) special.kind = Special::Kind::fifo;
  if (S_ISSOCK(raw.st_mode)) special.kind = Special::Kind::socket;
  return special;
}

using Visit =
    std::function<void(const Dir& dir, const TreePath& name, const TreePath& path, const FileStat&)>;

// What vanishes meanwhile is not there.
void walk(const Dir& dir, const TreePath& above, const Visit& visit) {
  for (const std::string& each : dir.names()) {
    const TreePath name = TreePath::parse(each);
    const auto stat = dir.stat(name);
    if (!stat) continue;
    visit(dir, name, above / each, *stat);
    if (stat->type == FileType::directory) walk(dir.open_dir(name), above / each, visit);
  }
}

Node read_node(const Dir& dir, const TreePath& name, const FileStat& stat, Times times) {
  const MaybeTime time = times == Times::of_all ? MaybeTime(stat.mtime) : std::nullopt;
  switch (stat.type) {
    case FileType::directory:
      return Folder{stat.mode, read_xattrs(dir.open_dir(name).fd()), owner_of(stat), time};
    case FileType::symlink: return Link{dir.read_link(name), owner_of(stat), time};
    case FileType::regular: return read_file(dir, name, stat);
    case FileType::other: break;
  }
  return read_special(dir, name);
}

// --- a literal as text ---

std::string quote(const std::string& text) { return fmt::format("\"{}\"", base::printable(text)); }

std::string show(const std::string& content) {
  if (content.size() <= longest_shown) return quote(content);
  return fmt::format("{} bytes {}", content.size(), crypto::sha256(content).hex().substr(0, 12));
}

std::string show(const base::FileTime& time) {
  if (time.nanoseconds == 0) return fmt::format("{}", time.seconds);
  return fmt::format("{}.{:09}", time.seconds, time.nanoseconds);
}

std::string show(const MaybeTime& time) { return time ? " " + show(*time) : ""; }

std::string show(const MaybeOwner& owner) {
  if (!owner || *owner == Owner{::geteuid(), ::getegid()}) return "";
  return fmt::format(" {}:{}", owner->uid, owner->gid);
}

std::string show(const Xattrs& xattrs) {
  std::string text;
  for (const auto& [name, value] : xattrs) {
    const std::string shown = name.starts_with("user.") ? quote(value) : base::to_hex(value);
    text += fmt::format(" {}={}", base::printable(name), shown);
  }
  return text;
}

std::string_view name_of(Special::Kind kind) {
  switch (kind) {
    case Special::Kind::fifo: return "fifo";
    case Special::Kind::socket: return "socket";
    case Special::Kind::device: return "device";
  }
  return "";
}

// What stands behind the name.
std::string describe(const File& file) {
  return fmt::format(" {:04o} {}{}{} {}", file.mode, show(file.time), show(file.owner), show(file.xattrs),
                     show(file.content));
}
std::string describe(const Folder& folder) {
  return fmt::format("/ {:04o}{}{}{}", folder.mode, show(folder.time), show(folder.owner),
                     show(folder.xattrs));
}
std::string describe(const Link& link) {
  return fmt::format("{}{} -> {}", show(link.time), show(link.owner), base::printable(link.target));
}
std::string describe(const HardLink& link) { return fmt::format(" = {}", base::printable(link.first)); }
std::string describe(const Special& special) {
  return fmt::format(" {} {:04o}", name_of(special.kind), special.mode);
}

}  // namespace

Tree read_tree(const Dir& dir, Times times) {
  SharedTree tree;
  std::map<std::pair<uint64_t, uint64_t>, std::shared_ptr<Node>> known;  // by device and inode
  walk(dir, TreePath(),
       [&](const Dir& holder, const TreePath& name, const TreePath& path, const FileStat& stat) {
         const bool may_have_names = stat.type != FileType::directory && stat.links > 1;
         std::shared_ptr<Node> node = may_have_names ? known[{stat.device, stat.inode}] : nullptr;
         if (!node) node = std::make_shared<Node>(read_node(holder, name, stat, times));
         if (may_have_names) known[{stat.device, stat.inode}] = node;
         tree[path.str()] = std::move(node);
       });
  return name_nodes(tree);
}

std::string describe_tree(const Tree& tree) {
  std::string text;
  for (const auto& [path, node] : name_nodes(share_nodes(tree))) {
    text += base::printable(path) + std::visit([](const auto& kind) { return describe(kind); }, node) + "\n";
  }
  return text;
}

std::string describe_tree(const Dir& dir, Times times) { return describe_tree(read_tree(dir, times)); }

std::string describe_tree(const std::filesystem::path& dir, Times times) {
  return describe_tree(Dir::open(dir), times);
}

std::string differing_lines(const std::string& expected, const std::string& found) {
  constexpr size_t most = 10;
  std::map<std::string, int> balance;  // how many more times a line was expected than found
  const auto count = [&](const std::string& text, int by) {
    for (size_t start = 0; start < text.size();) {
      const size_t end = std::min(text.find('\n', start), text.size());
      balance[text.substr(start, end - start)] += by;
      start = end + 1;
    }
  };
  count(expected, 1);
  count(found, -1);
  std::erase_if(balance, [](const auto& line) { return line.second == 0; });
  std::string shown;
  size_t left = most;
  for (auto line = balance.begin(); line != balance.end() && left > 0; ++line, --left)
    shown += (line->second > 0 ? "-" : "+") + line->first + "\n";
  if (balance.size() > most) shown += fmt::format("and {} more\n", balance.size() - most);
  return shown;
}

uint64_t allocated_bytes(const Dir& dir) {
  std::map<std::pair<uint64_t, uint64_t>, uint64_t> files;
  walk(dir, TreePath(), [&](const Dir&, const TreePath&, const TreePath&, const FileStat& stat) {
    if (stat.type == FileType::regular) files[{stat.device, stat.inode}] = stat.allocated;
  });
  uint64_t sum = 0;
  for (const auto& [file, bytes] : files) sum += bytes;
  return sum;
}

}  // namespace bakehouse::support
