// Trees as text, for tests that are scripts: `describe_tree DIRECTORY` prints all that a manifest could say
// of it, and which of its files have names elsewhere as well.
#include "base/encoding.hh"
#include "base/error.hh"
#include "support/tree_literal.hh"

#include <fmt/format.h>

#include <cstdio>
#include <filesystem>
#include <map>
#include <set>
#include <string>
#include <utility>

#include <sys/stat.h>

using namespace bakehouse;
namespace fs = std::filesystem;

namespace {

std::string names_elsewhere(const fs::path& directory) {
  struct File {
    std::string first;
    nlink_t names = 0;
    nlink_t all = 0;
  };
  std::map<std::pair<dev_t, ino_t>, File> files;
  for (const auto& entry : fs::recursive_directory_iterator(directory)) {
    struct stat found {};
    if (::lstat(entry.path().c_str(), &found) != 0 || S_ISDIR(found.st_mode)) continue;
    File& file = files[{found.st_dev, found.st_ino}];
    const std::string name = entry.path().lexically_relative(directory).native();
    if (file.names == 0 || name < file.first) file.first = name;
    ++file.names;
    file.all = found.st_nlink;
  }
  std::set<std::string> lines;
  for (const auto& [inode, file] : files) {
    if (file.all != file.names)
      lines.insert(fmt::format("elsewhere as well: {}\n", base::printable(file.first)));
  }
  return fmt::format("{}", fmt::join(lines, ""));
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 2) {
    std::fputs("describe_tree: give one directory\n", stderr);
    return 2;
  }
  try {
    const std::string text = support::describe_tree(fs::path(argv[1])) + names_elsewhere(argv[1]);
    return std::fwrite(text.data(), 1, text.size(), stdout) == text.size() ? 0 : 1;
  } catch (const std::exception& error) {
    std::fprintf(stderr, "describe_tree: %s\n", error.what());
    return 1;
  }
}
