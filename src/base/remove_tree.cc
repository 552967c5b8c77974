#include "base/remove_tree.hh"

#include "base/beneath.hh"
#include "base/encoding.hh"
#include "base/error.hh"
#include "base/list.hh"

#include <cerrno>
#include <vector>

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

namespace bakehouse::base {
namespace {

// A directory on the way down.
struct Level {
  std::string name;  // in the level above
  dev_t device;
  ino_t inode;                     // by which it is known again on the way up
  std::vector<std::string> names;  // still to be removed
};

// Only the innermost directory is open and only names are remembered, so that no depth exhausts
// the stack, the descriptors or the memory.
class Removal {
 public:
  Removal(Fd holder, const std::string& name, std::string_view shown)
      : innermost_(std::move(holder)), shown_(shown) {
    enter("", {name});
  }

  void run() {
    for (;;) {
      auto& names = way_.back().names;
      if (!names.empty()) {
        const std::string name = std::move(names.back());
        names.pop_back();
        if (!remove(name)) descend(name);
      } else if (way_.size() > 1) {
        ascend();
      } else {
        return;
      }
    }
  }

 private:
  // False for a directory that is not empty.
  bool remove(const std::string& name) const {
    const int dir = innermost_.get();
    if (::unlinkat(dir, name.c_str(), 0) == 0 || errno == ENOENT) return true;
    if (errno != EISDIR && errno != EPERM) fail(name);
    if (::unlinkat(dir, name.c_str(), AT_REMOVEDIR) == 0 || errno == ENOENT) return true;
    if (errno != ENOTEMPTY && errno != EEXIST) fail(name);
    return false;
  }

  void descend(const std::string& name) {
    Fd inner = open_to_empty(name);
    if (!inner) fail(name);
    auto names = list(inner.get());
    if (!names) fail(name);
    innermost_ = std::move(inner);
    enter(name, *std::move(names));
  }

  // An owner may give himself back what the modes of a tree deny him.
  Fd open_to_empty(const std::string& name) const {
    Fd inner(::openat(innermost_.get(), name.c_str(), directory_flags));
    if (!inner && errno == EACCES) {
      ::fchmodat(innermost_.get(), name.c_str(), 0700, 0);
      inner = Fd(::openat(innermost_.get(), name.c_str(), directory_flags));
    }
    if (inner && ::faccessat(inner.get(), ".", W_OK | X_OK, 0) != 0) ::fchmod(inner.get(), 0700);
    return inner;
  }

  void enter(const std::string& name, std::vector<std::string> names) {
    struct stat raw {};
    if (::fstat(innermost_.get(), &raw) != 0) fail(name);
    way_.push_back({name, raw.st_dev, raw.st_ino, std::move(names)});
  }

  void ascend() {
    const std::string name = std::move(way_.back().name);
    way_.pop_back();
    Fd outer(::openat(innermost_.get(), "..", way_flags));
    struct stat raw {};
    if (!outer || ::fstat(outer.get(), &raw) != 0) fail(name);
    if (raw.st_dev != way_.back().device || raw.st_ino != way_.back().inode) {
      throw Error(Fault::input,
                  fmt::format("'{}' was moved while it was being removed", printable(path_of(name))));
    }
    innermost_ = std::move(outer);
    if (::unlinkat(innermost_.get(), name.c_str(), AT_REMOVEDIR) != 0 && errno != ENOENT) fail(name);
  }

  [[noreturn]] void fail(const std::string& name) const {
    const int code = errno;
    throw os_error(code, "remove", path_of(name));
  }

  // Of a name in the innermost directory. The tree itself is `shown`, and what holds it is not.
  std::string path_of(const std::string& name) const {
    std::string path = shown_;
    for (size_t i = 2; i < way_.size(); ++i) path += "/" + way_[i].name;
    return way_.size() > 1 ? path + "/" + name : path;
  }

  Fd innermost_;
  std::string shown_;
  std::vector<Level> way_;  // the holder of the tree first
};

}  // namespace

void remove_tree_in(Fd holder, const std::string& name, std::string_view shown) {
  Removal(std::move(holder), name, shown).run();
}

}  // namespace bakehouse::base
