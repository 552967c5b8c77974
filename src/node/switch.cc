#include "node/switch.hh"

#include "base/error.hh"
#include "node/run_place.hh"
#include "tree/scan.hh"
#include "tree/sync.hh"

#include <fmt/format.h>

#include <algorithm>

namespace bakehouse::node {
namespace {

using base::Dir;
using base::Error;
using base::Fault;
using base::TreePath;
using tree::Way;

// In run/ itself, which may be a mount of its own.
const TreePath log_in_run = TreePath::parse(".bakehouse/sync");

Way way_of(config::Switch how) {
  switch (how) {
    case config::Switch::exchange: return Way::exchange;
    case config::Switch::symlink: return Way::symlink;
    case config::Switch::inplace: return Way::inplace;
  }
  return Way::exchange;
}

[[noreturn]] void fail_without_old(const Transaction& t, const TreePath& place) {
  throw Error(Fault::needs_hands, fmt::format("the old release is not in '{}', where the switch left it",
                                              t.node.root.at(place).native()));
}

tree::Scan look(const Node& node, const Dir& dir, tree::StatIndex& index) {
  tree::ScanOptions options;
  options.detail = tree::Detail::all;
  options.index = &index;
  options.excluded = [&](const TreePath& path) { return path == log_in_run || belongs_to_mount(node, path); };
  return tree::scan(dir, options);
}

// Gives `work` the index of run/, and keeps what it learns.
template <typename Work>
void with_index(const Node& node, Work work) {
  tree::StatIndex index = tree::StatIndex::load(node.index_path());
  work(index);
  index.save(node.index_path(), runs_remembered);
}

void replace_in_place(const Transaction& t) {
  const Dir& root = t.node.dir;
  const Dir from = root.open_dir(t.places.next);
  const Dir to = root.open_dir(t.node.root.layout.run);
  to.make_dirs(log_in_run.parent(), 0755);
  to.make_dir(log_in_run, 0700);
  const Dir log = to.open_dir(log_in_run);
  with_index(t.node, [&](tree::StatIndex& index) {
    const tree::Manifest wanted = look(t.node, from, index).manifest;
    const tree::Scan there = look(t.node, to, index);
    tree::SyncRequest request{from, wanted, to, there, log};
    request.index = &index;
    tree::stage_sync(request);
    tree::perform_sync(to, log, &index);
  });
}

void remove_log(const Dir& run) {
  run.remove_tree(log_in_run);
  // Of a first deployment nothing stays.
  const TreePath ours = log_in_run.parent();
  if (run.open_dir(ours).names().empty()) run.remove_tree(ours);
  run.sync();
}

void restore_in_place(const Transaction& t) {
  const auto run = t.node.dir.open_dir_if_any(t.node.root.layout.run);
  if (!run) return;
  const auto log = run->open_dir_if_any(log_in_run);
  if (!log) return;
  with_index(t.node, [&](tree::StatIndex& index) { tree::undo_sync(*run, *log, &index); });
  remove_log(*run);
}

void exchange_back(const Transaction& t) {
  const Dir& root = t.node.dir;
  const TreePath& run = t.node.root.layout.run;
  if (serving(t.node, t.plan) == Serving::fresh) {
    if (t.plan.previous.empty()) {
      root.rename_new(run, t.places.next);
    } else if (deployment_in(root, t.places.next) == t.plan.previous) {
      root.exchange(run, t.places.next);
    } else {
      fail_without_old(t, t.places.next);
    }
  }
  // Also when an earlier try had come as far and was ended before this.
  root.open_dir(run.parent()).sync();
}

void point_back(const Transaction& t) {
  const Dir& root = t.node.dir;
  const config::Layout& layout = t.node.root.layout;
  if (serving(t.node, t.plan) == Serving::fresh) {
    if (t.plan.previous.empty()) {
      root.remove_file(layout.run);
    } else {
      const TreePath old = places_of(layout, t.plan.previous).next;
      if (deployment_in(root, old) != t.plan.previous) fail_without_old(t, old);
      tree::point_to(root, layout.run, link_to_run(layout, t.plan.previous));
    }
  }
  tree::clear_unfinished_link(root, layout.run);
  root.open_dir(layout.run.parent()).sync();
}

// What is there without being ours: nothing but an empty directory gets as far as here.
bool is_filled_in_place(const Node& node) {
  return node.dir.exists(node.root.layout.run) && !deployment_in_run(node);
}

void keep_exchanged(const Transaction& t) {
  const Dir& root = t.node.dir;
  if (t.plan.previous.empty() || !root.exists(t.places.next)) return;
  root.make_dirs(t.places.backup, 0700);
  root.rename_new(t.places.next, t.places.backup / "run");
  root.open_dir(t.places.next.parent()).sync();
  root.open_dir(t.places.backup).sync();
}

void discard_log(const Transaction& t) {
  const Dir run = open_run(t.node);
  if (run.exists(log_in_run)) remove_log(run);
  t.node.dir.remove_tree(t.places.next);
}

}  // namespace

Way choose_switch(const Node& node) {
  std::vector<Way> ways;
  for (const config::Switch how : node.root.layout.switches) ways.push_back(way_of(how));
  if (is_filled_in_place(node)) ways = {Way::inplace};
  const tree::Choice choice = tree::choose_way(ways, node.dir, node.root.layout.run);
  for (const std::string& reason : choice.passed_over) {
    node.around.events({base::Event::Kind::warning, "preflight",
                        fmt::format("{}\nrun/ is switched by {}", reason, tree::name_of(choice.way))});
  }
  return choice.way;
}

void switch_to_next(const Transaction& t) {
  const config::Layout& layout = t.node.root.layout;
  switch (t.plan.way) {
    case Way::exchange: tree::exchange(t.node.dir, layout.run, t.places.next); return;
    case Way::symlink: tree::point_to(t.node.dir, layout.run, link_to_run(layout, t.plan.id)); return;
    case Way::inplace:
      if (!t.node.dir.exists(layout.run)) {
        // There is no inode yet that has to stay.
        tree::exchange(t.node.dir, layout.run, t.places.next);
      } else {
        replace_in_place(t);
      }
  }
}

void switch_back(const Transaction& t) {
  switch (t.plan.way) {
    case Way::exchange: exchange_back(t); return;
    case Way::symlink: point_back(t); return;
    case Way::inplace:
      // With a tree to run beside it, run/ is not that tree, and was filled in place.
      if (t.node.dir.exists(t.places.next)) {
        restore_in_place(t);
      } else {
        exchange_back(t);
      }
  }
}

void retire_old_run(const Transaction& t) {
  switch (t.plan.way) {
    case Way::exchange: keep_exchanged(t); return;
    case Way::symlink: return;  // it stays where it is: what still runs there goes on
    case Way::inplace: discard_log(t); return;
  }
}

}  // namespace bakehouse::node
