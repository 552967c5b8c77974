#include "support/rich_tree.hh"

#include <iterator>
#include <utility>

namespace bakehouse::support {
namespace {

// One change of a tree each; nothing where the tree has nothing to change in this way.

using Paths = std::vector<std::string>;

const std::string& one_of(Random& random, const Paths& paths) {
  return paths[random.up_to(paths.size() - 1)];
}

template <typename Kind>
Kind* some(Random& random, SharedTree& tree) {
  const Paths paths = paths_of<Kind>(tree);
  return paths.empty() ? nullptr : &std::get<Kind>(*tree.at(one_of(random, paths)));
}

std::string some_path(Random& random, const SharedTree& tree) {
  if (tree.empty()) return "";
  return std::next(tree.begin(), static_cast<std::ptrdiff_t>(random.up_to(tree.size() - 1)))->first;
}

bool is_below(const std::string& path, const std::string& folder) { return path.starts_with(folder + "/"); }

void remove_below(SharedTree& tree, const std::string& folder) {
  std::erase_if(tree, [&](const auto& row) { return is_below(row.first, folder); });
}

void rewrite(Random& random, SharedTree& tree) {
  File* file = some<File>(random, tree);
  if (file == nullptr) return;
  file->content = random_content(random);
  file->time = random_time(random);
}

// What a look at size and time takes for unchanged.
void rewrite_unnoticed(Random& random, SharedTree& tree) {
  File* file = some<File>(random, tree);
  if (file == nullptr || file->content.empty()) return;
  char& byte = file->content[random.up_to(file->content.size() - 1)];
  byte = static_cast<char>(byte ^ static_cast<char>(1 + random.up_to(254)));
}

void lengthen_or_shorten(Random& random, SharedTree& tree) {
  File* file = some<File>(random, tree);
  if (file == nullptr) return;
  file->content.resize(random.one_in(2) ? file->content.size() / 2
                                        : file->content.size() + 1 + random.up_to(99));
}

// A new file under one of the names; others keep the old one.
void replace(Random& random, SharedTree& tree) {
  const Paths files = paths_of<File>(tree);
  if (!files.empty()) tree[one_of(random, files)] = std::make_shared<Node>(random_file(random));
}

void change_time(Random& random, SharedTree& tree) {
  File* file = some<File>(random, tree);
  if (file == nullptr) return;
  const uint32_t nanoseconds = file->time.nanoseconds == 0 ? 1 : file->time.nanoseconds - 1;
  file->time = random.one_in(2) ? random_time(random) : base::FileTime(file->time.seconds, nanoseconds);
}

template <typename Kind>
void change_own_time(Random& random, SharedTree& tree) {
  if (Kind* node = some<Kind>(random, tree)) node->time = random_time(random);
}

template <typename Kind>
void change_mode(Random& random, SharedTree& tree) {
  Kind* node = some<Kind>(random, tree);
  if (node == nullptr) return;
  node->mode = random_mode(random, *node);
  node->xattrs.erase(access_list);  // it would say the old mode
}

template <typename Kind>
void change_xattrs(Random& random, SharedTree& tree) {
  if (Kind* node = some<Kind>(random, tree)) node->xattrs = random_xattrs(random, *node);
}

template <typename Kind>
void change_owner(Random& random, SharedTree& tree) {
  if (Kind* node = some<Kind>(random, tree)) node->owner = random_owner(random);
}

void change_target(Random& random, SharedTree& tree) {
  if (Link* link = some<Link>(random, tree)) link->target = random_target(random, tree);
}

void change_type(Random& random, SharedTree& tree) {
  const std::string path = some_path(random, tree);
  if (path.empty()) return;
  const bool was_folder = std::holds_alternative<Folder>(*tree.at(path));
  remove_below(tree, path);
  if (was_folder || std::holds_alternative<Link>(*tree.at(path))) {
    const bool to_link = was_folder && random.one_in(2);
    tree[path] =
        std::make_shared<Node>(to_link ? Node(random_link(random, tree)) : Node(random_file(random)));
  } else {
    tree[path] = std::make_shared<Node>(random_folder(random));
    if (path.size() < 2900) tree[path + "/inside"] = std::make_shared<Node>(random_file(random));
  }
}

void add(Random& random, SharedTree& tree) { add_entry(random, tree, Richness::all); }

void remove(Random& random, SharedTree& tree) {
  const std::string path = some_path(random, tree);
  remove_below(tree, path);
  tree.erase(path);
}

void move(Random& random, SharedTree& tree) {
  const std::string from = some_path(random, tree);
  const auto to = free_path(random, tree);
  if (from.empty() || !to || is_below(*to, from) || to->size() > from.size() + 20) return;
  SharedTree moved;
  for (const auto& [path, node] : tree) {
    const bool moves = path == from || is_below(path, from);
    moved[moves ? *to + path.substr(from.size()) : path] = node;
  }
  tree = std::move(moved);
}

void exchange(Random& random, SharedTree& tree) {
  const Paths files = paths_of<File>(tree);
  if (!files.empty()) std::swap(tree.at(one_of(random, files)), tree.at(one_of(random, files)));
}

template <typename Kind>
void join(Random& random, SharedTree& tree) {
  const Paths paths = paths_of<Kind>(tree);
  if (!paths.empty()) tree.at(one_of(random, paths)) = tree.at(one_of(random, paths));
}

// The same twice, where it was one file with two names.
void part(Random& random, SharedTree& tree) {
  for (auto& [path, node] : tree) {
    if (node.use_count() == 1 || random.one_in(3)) continue;
    node = std::make_shared<Node>(*node);
    return;
  }
}

using Change = void (*)(Random& random, SharedTree& tree);
constexpr Change changes[] = {
    rewrite,
    rewrite_unnoticed,
    lengthen_or_shorten,
    replace,
    change_time,
    change_mode<File>,
    change_mode<Folder>,
    change_xattrs<File>,
    change_xattrs<Folder>,
    change_owner<File>,
    change_owner<Folder>,
    change_owner<Link>,
    change_own_time<Folder>,
    change_own_time<Link>,
    change_target,
    change_type,
    add,
    remove,
    move,
    exchange,
    join<File>,
    join<Link>,
    part,
};

}  // namespace

Tree mutate_tree(Random& random, const Tree& tree) {
  SharedTree later = share_nodes(tree);
  for (uint64_t count = 1 + random.up_to(later.size() / 2); count > 0; --count)
    changes[random.up_to(std::size(changes) - 1)](random, later);
  return name_nodes(later);
}

}  // namespace bakehouse::support
