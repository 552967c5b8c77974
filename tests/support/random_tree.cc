#include "support/random_tree.hh"

#include "support/rich_tree.hh"

#include <algorithm>
#include <set>
#include <string_view>
#include <vector>

namespace bakehouse::support {
namespace {

constexpr size_t longest_name = 255;
constexpr size_t longest_path = 900;

std::string fold_case(std::string text) {
  for (char& c : text) {
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
  }
  return text;
}

std::string random_content(Random& random, const std::vector<std::string>& seen) {
  if (random.one_in(6)) return {};
  if (!seen.empty() && random.one_in(3)) return seen[random.up_to(seen.size() - 1)];
  if (random.one_in(5)) return std::string(512 * (1 + random.up_to(3)), 'b');  // no padding
  if (random.one_in(60)) return random.bytes((1 << 20) + random.up_to(1 << 19));
  return random.bytes(random.up_to(3000));
}

// From the folder a link stands in up to the top, and down again to one of the paths.
std::string random_target(Random& random, const std::string& link, const std::vector<std::string>& paths) {
  const auto depth = std::count(link.begin(), link.end(), '/');
  std::string target;
  for (auto i = depth; i > 0; --i) target += "../";
  if (!paths.empty() && !random.one_in(4)) return target + paths[random.up_to(paths.size() - 1)];
  return target + random_name(random);  // leads nowhere, which is allowed
}

}  // namespace

uint64_t Random::next() {
  state_ += 0x9E3779B97F4A7C15;
  uint64_t z = state_;
  z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9;
  z = (z ^ (z >> 27)) * 0x94D049BB133111EB;
  return z ^ (z >> 31);
}

std::string Random::bytes(size_t count) {
  std::string bytes(count, '\0');
  for (char& byte : bytes) byte = static_cast<char>(next());
  return bytes;
}

std::string random_name(Random& random) {
  static constexpr std::string_view awkward = " \t\n\\#*?[]=./-\"'$\x7F\x80\xFF\xC3\xA9";
  const size_t length = random.one_in(12) ? longest_name - random.up_to(3) : 1 + random.up_to(11);
  std::string name;
  while (name.size() < length) {
    const uint64_t kind = random.up_to(9);
    char c = static_cast<char>('a' + random.up_to(25));
    if (kind == 0) c = static_cast<char>(random.next());
    if (kind == 1) c = awkward[random.up_to(awkward.size() - 1)];
    if (c != '\0' && c != '/') name += c;
  }
  return name == "." || name == ".." ? "x" + name : name;
}

namespace {

Tree release_tree(Random& random, size_t entries) {
  static constexpr uint32_t file_modes[] = {0644, 0755, 0400, 0600, 0444, 0711, 0640};
  static constexpr uint32_t folder_modes[] = {0755, 0555, 0700, 0711};
  Tree tree;
  std::vector<std::string> folders{""};
  std::vector<std::string> paths;
  std::vector<std::string> contents;
  std::set<std::string> taken{".bakehouse"};
  for (size_t i = 0; i < entries; ++i) {
    const std::string name = random_name(random);
    const std::string path = folders[random.up_to(folders.size() - 1)] + name;
    if (path.size() > longest_path || name.starts_with(".wh.") || !taken.insert(fold_case(path)).second)
      continue;
    switch (random.up_to(5)) {
      case 0:
        tree[path] = Folder{folder_modes[random.up_to(std::size(folder_modes) - 1)]};
        folders.push_back(path + "/");
        break;
      case 1: tree[path] = Link{random_target(random, path, paths)}; break;
      default:
        contents.push_back(random_content(random, contents));
        tree[path] = File{contents.back(), file_modes[random.up_to(std::size(file_modes) - 1)],
                          some_time - static_cast<base::Seconds>(random.up_to(3))};
    }
    paths.push_back(path);
  }
  return tree;
}

}  // namespace

Tree random_tree(Random& random, size_t entries, Richness richness) {
  if (richness == Richness::release) return release_tree(random, entries);
  SharedTree tree;
  for (size_t i = 0; i < entries; ++i) add_entry(random, tree, richness);
  return name_nodes(tree);
}

}  // namespace bakehouse::support
