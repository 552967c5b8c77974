#include "node/in_use.hh"

#include <algorithm>
#include <fstream>

namespace bakehouse::node {
namespace {

namespace fs = std::filesystem;

class Finder {
 public:
  explicit Finder(const fs::path& root) : prefix_(root.native() + "/") {}

  void look_at(const fs::path& process) {
    for (const char* link : {"cwd", "root", "exe"}) take_link(process / link);
    std::error_code gone;
    for (auto file = fs::directory_iterator(process / "fd", gone); !gone && file != fs::directory_iterator();
         file.increment(gone))
      take_link(file->path());
    std::ifstream maps(process / "maps");
    for (std::string line; std::getline(maps, line);) {
      const size_t at = line.find(prefix_);
      if (at != std::string::npos) take(line.substr(at));
    }
  }

  std::vector<std::string> sorted() {
    std::sort(paths_.begin(), paths_.end());
    paths_.erase(std::unique(paths_.begin(), paths_.end()), paths_.end());
    return std::move(paths_);
  }

 private:
  void take_link(const fs::path& link) {
    std::error_code unreadable;
    const fs::path target = fs::read_symlink(link, unreadable);
    if (!unreadable) take(target.native());
  }
  void take(const std::string& path) {
    if (path.starts_with(prefix_)) paths_.push_back(path.substr(prefix_.size()));
  }

  std::string prefix_;
  std::vector<std::string> paths_;
};

bool is_process(const std::string& name) {
  return std::all_of(name.begin(), name.end(), [](char c) { return c >= '0' && c <= '9'; });
}

}  // namespace

PathsInUse::PathsInUse(const Node& node) {
  Finder finder(node.root.path);
  std::error_code failure;
  for (auto entry = fs::directory_iterator("/proc", failure); !failure && entry != fs::directory_iterator();
       entry.increment(failure))
    if (is_process(entry->path().filename().native())) finder.look_at(entry->path());
  paths_ = finder.sorted();
}

bool PathsInUse::within(const base::TreePath& tree) const {
  const std::string& path = tree.str();
  const auto first = std::lower_bound(paths_.begin(), paths_.end(), path);
  return std::any_of(first, paths_.end(), [&](const std::string& used) {
    return used.starts_with(path) &&
           (used.size() == path.size() || used[path.size()] == '/' || used[path.size()] == ' ');
  });
}

}  // namespace bakehouse::node
