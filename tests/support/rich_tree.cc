#include "support/rich_tree.hh"

#include <algorithm>
#include <iterator>

namespace bakehouse::support {
namespace {

constexpr size_t longest_rich_path = 3000;
constexpr std::ptrdiff_t deepest = 40;

template <typename Row, size_t count>
const Row& one_of(Random& random, const Row (&rows)[count]) {
  return rows[random.up_to(count - 1)];
}

std::string content_with_holes(Random& random) {
  std::string content = random.one_in(2) ? random.bytes(random.up_to(6000)) : "";
  for (uint64_t pieces = 1 + random.up_to(2); pieces > 0; --pieces) {
    const uint64_t whole_blocks = (1 + random.up_to(3)) * (64 << 10);
    content.append(whole_blocks + random.up_to(5000), '\0');
    if (!random.one_in(3)) content += random.bytes(1 + random.up_to(6000));
  }
  return content;
}

Xattrs user_xattrs(Random& random) {
  static constexpr const char* names[] = {"user.origin", "user.a", "user.A", "user.\xFF odd=\"name\"\n"};
  Xattrs xattrs;
  if (!random.one_in(4)) return xattrs;
  for (uint64_t count = 1 + random.up_to(2); count > 0; --count)
    xattrs[one_of(random, names)] = random.bytes(random.one_in(4) ? 0 : random.up_to(60));
  return xattrs;
}

std::string random_list(Random& random, uint32_t mode) {
  const auto uid = 1000 + static_cast<uint32_t>(random.up_to(2));
  return posix_acl(mode, uid, static_cast<uint32_t>(random.up_to(7)));
}

std::shared_ptr<Node> some_file_or_link(Random& random, const SharedTree& tree) {
  const auto paths = random.one_in(8) ? paths_of<Link>(tree) : paths_of<File>(tree);
  return paths.empty() ? nullptr : tree.at(paths[random.up_to(paths.size() - 1)]);
}

void add_chain(Random& random, SharedTree& tree) {
  std::string path;
  const bool is_long = random.one_in(2);
  for (std::ptrdiff_t depth = 1; depth < deepest && path.size() + 300 < longest_rich_path; ++depth) {
    const auto letter = static_cast<char>('a' + random.up_to(1));  // so that chains share their beginnings
    path += (depth == 1 ? "" : "/") + std::string(is_long ? 250 : 1, letter);
    const auto place = tree.try_emplace(path, std::make_shared<Node>(random_folder(random))).first;
    if (!std::holds_alternative<Folder>(*place->second)) return;
  }
  tree.try_emplace(path + "/" + std::string(is_long ? 255 : 1, 'f'),
                   std::make_shared<Node>(random_file(random)));
}

}  // namespace

std::string random_content(Random& random) {
  if (random.one_in(80)) return random.bytes((1 << 20) + random.up_to(1 << 19));
  switch (random.up_to(6)) {
    case 0: return {};
    case 1: return std::string(1, static_cast<char>('a' + random.up_to(3)));  // the same in many files
    case 2: return std::string(4096 * (1 + random.up_to(2)), 'b');
    default: return random.bytes(random.up_to(3000));
  }
}

base::FileTime random_time(Random& random) {
  static const base::FileTime rare[] = {{0, 0}, {0, 1}, {-1, 999'999'999}, {1, 0}, {2'000'000'000, 10}};
  if (random.one_in(12)) return one_of(random, rare);
  const auto seconds = some_time - static_cast<base::Seconds>(random.up_to(3));
  return {seconds, random.one_in(3) ? 0 : static_cast<uint32_t>(random.up_to(999'999'999))};
}

uint32_t random_mode(Random& random, const File&) {
  static constexpr uint32_t modes[] = {0644, 0755, 0400,  0600,  0444,  0777, 0640,
                                       0660, 0664, 04755, 02750, 06711, 01644};
  return one_of(random, modes);
}

uint32_t random_mode(Random& random, const Folder&) {
  static constexpr uint32_t modes[] = {0755, 0555, 0700, 0711, 0500, 0777, 01777, 02775, 03770};
  return one_of(random, modes);
}

Xattrs random_xattrs(Random& random, const File& file) {
  Xattrs xattrs = user_xattrs(random);
  if (random.one_in(8)) xattrs[access_list] = random_list(random, file.mode);
  return xattrs;
}

Xattrs random_xattrs(Random& random, const Folder& folder) {
  Xattrs xattrs = user_xattrs(random);
  if (random.one_in(8)) xattrs[access_list] = random_list(random, folder.mode);
  if (random.one_in(8)) xattrs[default_list] = random_list(random, 0750);
  return xattrs;
}

MaybeOwner random_owner(Random& random) {
  if (!random.one_in(5)) return std::nullopt;
  const auto some_id = [&] { return 1000 + static_cast<uint32_t>(random.up_to(2)); };
  const uint32_t uid = some_id();
  return Owner{uid, some_id()};
}

std::string random_target(Random& random, const SharedTree& tree) {
  static constexpr const char* anywhere[] = {"/", ".", "..", "/etc/passwd", "../../../../tmp", "//x/./y/"};
  if (random.one_in(3)) return one_of(random, anywhere);
  if (random.one_in(12)) return std::string(1000, 'x');  // XFS takes 1,023
  if (tree.empty() || random.one_in(4)) return random_name(random);
  const std::string target =
      std::next(tree.begin(), static_cast<std::ptrdiff_t>(random.up_to(tree.size() - 1)))->first;
  return target.size() < 1000 ? target : "x";
}

File random_file(Random& random) {
  File file;
  if (random.one_in(10)) {
    file.content = content_with_holes(random);
    file.storage = random.one_in(4) ? Storage::full : Storage::sparse;
  } else {
    file.content = random_content(random);
  }
  file.mode = random_mode(random, file);
  file.time = random_time(random);
  file.xattrs = random_xattrs(random, file);
  file.owner = random_owner(random);
  return file;
}

Folder random_folder(Random& random) {
  Folder folder;
  folder.mode = random_mode(random, folder);
  folder.xattrs = random_xattrs(random, folder);
  folder.owner = random_owner(random);
  folder.time = random_time(random);
  return folder;
}

Link random_link(Random& random, const SharedTree& tree) {
  return Link{random_target(random, tree), random_owner(random), random_time(random)};
}

std::optional<std::string> free_path(Random& random, const SharedTree& tree) {
  std::vector<std::string> folders = paths_of<Folder>(tree);
  folders.emplace_back();
  const std::string& folder = folders[random.up_to(folders.size() - 1)];
  const std::string path = (folder.empty() ? "" : folder + "/") + random_name(random);
  const bool fits = path.size() <= longest_rich_path && std::count(path.begin(), path.end(), '/') <= deepest;
  if (!fits || tree.contains(path) || path == ".bakehouse") return std::nullopt;
  return path;
}

void add_entry(Random& random, SharedTree& tree, Richness richness) {
  if (random.one_in(60)) return add_chain(random, tree);
  const auto path = free_path(random, tree);
  if (!path) return;
  Node node;
  switch (random.up_to(9)) {
    case 0:
    case 1: node = random_folder(random); break;
    case 2: node = random_link(random, tree); break;
    case 3:
      if (auto existing = some_file_or_link(random, tree)) {
        tree[*path] = std::move(existing);
        return;
      }
      break;
    case 4:
      if (richness == Richness::all_and_specials) {
        node = Special{random.one_in(2) ? Special::Kind::fifo : Special::Kind::socket, 0640};
        break;
      }
      [[fallthrough]];
    default: node = random_file(random);
  }
  tree[*path] = std::make_shared<Node>(std::move(node));
}

}  // namespace bakehouse::support
