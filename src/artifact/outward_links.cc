#include "artifact/outward_links.hh"

#include "base/tree_path.hh"

#include <algorithm>
#include <cassert>
#include <limits>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>

namespace bakehouse::artifact {
namespace {

using base::FileType;
using tree::EntryList;

constexpr size_t top = std::numeric_limits<size_t>::max();  // is no entry

// An entry or the top, and so many names beyond it that the tree does not hold.
struct Place {
  size_t entry = top;
  size_t beyond = 0;
};

struct Outcome {
  enum class Kind { underway, inside, outside, endless };
  Kind kind = Kind::underway;
  Place place{};  // where an inside one leads
};

// The entries below a directory: all that begin with its path and a slash, and they stand together.
struct Directory {
  size_t parent = top;
  size_t prefix = 0;  // what those paths have in common
  size_t begin = 0;
  size_t end = 0;
};

// The first of [begin, end) for which `is_before` does not hold.
template <typename IsBefore>
size_t lower_bound(size_t begin, size_t end, IsBefore is_before) {
  while (begin < end) {
    const size_t middle = begin + (end - begin) / 2;
    if (is_before(middle)) {
      begin = middle + 1;
    } else {
      end = middle;
    }
  }
  return begin;
}

// Each name is searched among the entries below its directory only and compared from there on, so that long
// paths cost no more than short ones.
class Directories {
 public:
  explicit Directories(const tree::Manifest& manifest) : manifest_(manifest) {
    known_[top] = {top, 0, 0, manifest.entries.size()};
  }

  size_t parent_of(size_t entry) { return at(entry).parent; }

  std::optional<size_t> find(size_t directory, std::string_view name) {
    const Directory& place = at(directory);
    const EntryList& entries = manifest_.entries;
    const auto rest = [&](size_t i) { return entries.path(i).substr(place.prefix); };
    const size_t found = lower_bound(place.begin, place.end, [&](size_t i) { return rest(i) < name; });
    if (found == place.end || rest(found) != name) return std::nullopt;
    return found;
  }

 private:
  const Directory& at(size_t entry) {
    const auto [known, is_new] = known_.try_emplace(entry);
    if (is_new) known->second = look_at(entry);
    return known->second;
  }

  Directory look_at(size_t entry) const {
    const EntryList& entries = manifest_.entries;
    const std::string path(entries.path(entry));
    Directory directory;
    if (const auto parent = base::parent_of(path); !parent.empty()) {
      const auto found = manifest_.index_of(parent);
      assert(found);
      directory.parent = *found;
    }
    const auto begin_of = [&](const std::string& bound) {
      return lower_bound(entry + 1, entries.size(), [&](size_t i) { return entries.path(i) < bound; });
    };
    directory.prefix = path.size() + 1;
    directory.begin = begin_of(path + '/');
    directory.end = begin_of(path + static_cast<char>('/' + 1));
    return directory;
  }

  const tree::Manifest& manifest_;
  std::unordered_map<size_t, Directory> known_;
};

// A link on whose way we are, as far as its target has been read.
struct Walk {
  size_t link;
  size_t read = 0;
  Place place{};
};

class Resolver {
 public:
  explicit Resolver(const tree::Manifest& manifest) : manifest_(manifest), directories_(manifest) {}

  bool leads_out(size_t link) {
    if (!outcomes_.contains(link)) enter(link);
    while (!walks_.empty()) advance();
    return outcomes_.at(link).kind == Outcome::Kind::outside;
  }

 private:
  // Links that lead through one another may be more than a call stack has room for.
  void enter(size_t link) {
    outcomes_[link] = {};
    walks_.push_back({link, 0, {directories_.parent_of(link), 0}});
  }

  void leave(Outcome::Kind kind) {
    outcomes_[walks_.back().link] = {kind, walks_.back().place};
    walks_.pop_back();
  }

  // Reads on in the innermost target, up to its end or to a link that has to be entered first.
  void advance() {
    Walk& walk = walks_.back();
    const std::string target = manifest_.entries[walk.link].link;
    if (target.starts_with('/')) return leave(Outcome::Kind::outside);
    while (walk.read < target.size()) {
      const size_t end = std::min(target.find('/', walk.read), target.size());
      const std::string_view part = std::string_view(target).substr(walk.read, end - walk.read);
      if (part == ".." && walk.place.beyond == 0 && walk.place.entry == top)
        return leave(Outcome::Kind::outside);
      const auto link = step(walk.place, part);
      if (link && !outcomes_.contains(*link)) return enter(*link);  // and this part once more behind it
      if (link) {
        const Outcome& outcome = outcomes_.at(*link);
        if (outcome.kind == Outcome::Kind::outside) return leave(Outcome::Kind::outside);
        if (outcome.kind != Outcome::Kind::inside) return leave(Outcome::Kind::endless);
        walk.place = outcome.place;
      }
      walk.read = end + 1;
    }
    leave(Outcome::Kind::inside);
  }

  // Goes on by one part that does not lead out of the tree; stays where it is, and returns it, before a link.
  std::optional<size_t> step(Place& place, std::string_view part) {
    if (part.empty() || part == ".") return std::nullopt;
    if (part == "..") {
      if (place.beyond > 0) {
        --place.beyond;
      } else {
        place.entry = directories_.parent_of(place.entry);
      }
      return std::nullopt;
    }
    const auto found = place.beyond > 0 ? std::nullopt : directories_.find(place.entry, part);
    if (!found) {
      ++place.beyond;
    } else if (manifest_.entries.type(*found) == FileType::symlink) {
      return found;
    } else {
      place.entry = *found;
    }
    return std::nullopt;
  }

  const tree::Manifest& manifest_;
  Directories directories_;
  std::unordered_map<size_t, Outcome> outcomes_;
  std::vector<Walk> walks_;
};

}  // namespace

std::vector<size_t> find_outward_links(const tree::Manifest& manifest) {
  Resolver resolver(manifest);
  std::vector<size_t> outward;
  for (size_t i = 0; i < manifest.entries.size(); ++i) {
    if (manifest.entries.type(i) == FileType::symlink && resolver.leads_out(i)) outward.push_back(i);
  }
  return outward;
}

}  // namespace bakehouse::artifact
