// The one recoverable step that puts another tree into service.
#pragma once

#include "base/dir.hh"
#include "base/tree_path.hh"

#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace bakehouse::tree {

enum class Way {
  exchange,  // two directories change names
  symlink,   // `run` is a link, replaced by another
  inplace,   // the content of `run` is made what the other's is: see sync.hh
};
std::string_view name_of(Way way);
Way parse_way(std::string_view name);  // Error(input) for any other

// After it `run` is what `next` was, and the other way round; where there was no `run`, `next` is
// gone. Durable when it returns. Run again it switches back.
void exchange(const base::Dir& root, const base::TreePath& run, const base::TreePath& next);

// `run` becomes a link to `target`, a path as seen from where the link stands. Whoever opens it
// meanwhile gets the old tree or the new one. Durable when it returns; run again it changes nothing.
void point_to(const base::Dir& root, const base::TreePath& run, const std::string& target);

// What a `point_to` that was cut off leaves beside `run`.
void clear_unfinished_link(const base::Dir& root, const base::TreePath& run);

// Why a way cannot work here; nullopt when it can. Tried on two names of its own in `.bakehouse/`,
// and by a look at `run`.
std::optional<std::string> why_not(Way way, const base::Dir& root, const base::TreePath& run);

struct Choice {
  Way way;
  std::vector<std::string> passed_over;  // why not those before it
};
// The first of `ways` that works here; Error(refused) with all reasons when none does.
Choice choose_way(std::span<const Way> ways, const base::Dir& root, const base::TreePath& run);

bool is_mount_point(const base::Dir& root, const base::TreePath& path);

}  // namespace bakehouse::tree
