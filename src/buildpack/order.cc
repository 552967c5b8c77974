#include "buildpack/order.hh"

#include "base/encoding.hh"
#include "base/error.hh"
#include "buildpack/exec_env.hh"
#include "buildpack/platform_exit.hh"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <set>

namespace bakehouse::buildpack {
namespace {

using base::Error;
using base::Fault;

// Composites multiply: twenty optional ones of two groups each make three thousand million groups.
constexpr size_t longest_group = 200;
constexpr size_t most_order_steps = 20'000;

[[noreturn]] void refuse(const std::string& message, const std::string& hint) {
  throw PlatformFailure(PlatformExit::detect, Error(Fault::input, message, hint));
}

class CycleCheck {
 public:
  explicit CycleCheck(const Store& store) : store_(store) {}

  void visit(const Order& order) {
    for (const Group& group : order) {
      for (const Reference& reference : group) {
        const Buildpack* pack = store_.look_up(reference.id, reference.version);
        if (pack != nullptr && pack->is_composite()) enter(*pack);
      }
    }
  }

 private:
  void enter(const Buildpack& pack) {
    const auto begin = std::find(way_.begin(), way_.end(), &pack);
    if (begin != way_.end()) {
      std::string around;
      for (auto step = begin; step != way_.end(); ++step) around += (*step)->describe() + " -> ";
      refuse(fmt::format("the composite buildpack {} contains itself: {}{}", pack.describe(), around,
                         pack.describe()),
             fmt::format("correct the order in '{}'",
                         base::printable((pack.directory / "buildpack.toml").native())));
    }
    if (!done_.insert(&pack).second) return;
    way_.push_back(&pack);
    visit(pack.order);
    way_.pop_back();
  }

  const Store& store_;
  std::set<const Buildpack*> done_;
  std::vector<const Buildpack*> way_;
};

class Walker {
 public:
  Walker(const Store& store, const OrderWalk& walk) : store_(store), walk_(walk) {}

  // Each group of the order in turn, with `next` behind it.
  bool try_order(const Order& order, const Candidates& done, const Group& next) {
    return std::any_of(order.begin(), order.end(), [&](const Group& group) {
      Group members = group;
      members.insert(members.end(), next.begin(), next.end());
      return try_members(members, done);
    });
  }

 private:
  bool try_members(const Group& members, Candidates done) {
    count_step(members.size() + done.size());
    for (size_t i = 0; i < members.size(); ++i) {
      const Reference& member = members[i];
      if (is_dropped(member, done)) continue;
      const Buildpack& pack = store_.find(member.id, member.version);
      if (!is_meant_for(pack.exec_envs, walk_.exec_env)) continue;
      if (pack.is_composite()) {
        const Group rest(members.begin() + static_cast<ptrdiff_t>(i) + 1, members.end());
        if (try_order(pack.order, done, rest)) return true;
        return member.optional && try_members(rest, done);
      }
      check_layers_directory(pack, done);
      done.push_back({&pack, member.optional});
    }
    return !done.empty() && walk_.try_group(done);
  }

  void count_step(size_t length) {
    if (length > longest_group)
      refuse(fmt::format("a group of more than {} buildpacks", longest_group),
             "an order this long cannot be meant");
    if (++steps_ > most_order_steps)
      refuse(fmt::format("the composite buildpacks make more than {} groups, and none of the first passed",
                         most_order_steps),
             "name the buildpacks that are needed, without alternatives");
  }

  bool is_dropped(const Reference& member, const Candidates& done) {
    if (!is_meant_for(member.exec_envs, walk_.exec_env)) return true;
    const auto same = std::find_if(done.begin(), done.end(),
                                   [&](const Candidate& one) { return one.pack->id == member.id; });
    if (same == done.end()) return false;
    const std::string& version = same->pack->version;
    if (!member.version.empty() && member.version != version && walk_.warn) {
      const std::string text = fmt::format("the buildpack {} stands in one group as {} and as {}: {} is used",
                                           member.id, version, base::printable(member.version), version);
      if (told_.insert(text).second) walk_.warn(text);
    }
    return true;
  }

  static void check_layers_directory(const Buildpack& pack, const Candidates& done) {
    for (const Candidate& other : done) {
      if (other.pack->escaped_id() != pack.escaped_id()) continue;
      refuse(fmt::format("the buildpacks {} and {} would share one directory of layers, '{}'", other.pack->id,
                         pack.id, pack.escaped_id()),
             "leave one of them out of the group");
    }
  }

  const Store& store_;
  const OrderWalk& walk_;
  size_t steps_ = 0;
  std::set<std::string> told_;
};

}  // namespace

Order with_ends(const Order& order, const Group& pre, const Group& post) {
  Order framed;
  for (const Group& group : order) {
    const auto is_new = [&](const Reference& end) {
      return std::none_of(group.begin(), group.end(),
                          [&](const auto& member) { return member.id == end.id; });
    };
    Group& members = framed.emplace_back();
    std::copy_if(pre.begin(), pre.end(), std::back_inserter(members), is_new);
    members.insert(members.end(), group.begin(), group.end());
    std::copy_if(post.begin(), post.end(), std::back_inserter(members), is_new);
  }
  return framed;
}

bool walk_order(const Order& order, const Store& store, const OrderWalk& walk) {
  CycleCheck(store).visit(order);
  return Walker(store, walk).try_order(order, {}, {});
}

}  // namespace bakehouse::buildpack
