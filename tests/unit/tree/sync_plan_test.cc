#include "tree/sync_plan.hh"

#include "support/failure.hh"
#include "support/mentions.hh"
#include "support/random_tree.hh"

#include <doctest/doctest.h>

#include <string>

namespace sync_plan_test {

using namespace bakehouse;
using namespace bakehouse::support;
using base::FileType;
using base::TreePath;
using tree::Entry;
using tree::Move;
using tree::SyncPlan;

namespace {

Entry metadata(const TreePath& path, FileType type, Random& random) {
  Entry entry;
  entry.path = path;
  entry.type = type;
  entry.mode = static_cast<uint32_t>(random.up_to(07777));
  entry.detail = tree::Detail::all;
  entry.owner = {static_cast<uint32_t>(random.next()), static_cast<uint32_t>(random.next())};
  entry.time = {static_cast<base::Seconds>(random.next()), static_cast<uint32_t>(random.up_to(999'999'999))};
  for (const std::string value : {"", "-", "\\055", " ", "end 00000000\n", "\n", "v"}) {
    if (random.one_in(3)) entry.attributes["user." + value] = value;
  }
  if (random.one_in(2)) entry.attributes["user." + random_name(random)] = random.bytes(random.up_to(50));
  return entry;
}

tree::Inode random_inode(Random& random) {
  tree::Inode inode;
  inode.number = random.next();
  inode.mode = static_cast<uint32_t>(random.up_to(07777));
  inode.time = {static_cast<base::Seconds>(random.next()), static_cast<uint32_t>(random.up_to(999'999'999))};
  return inode;
}

SyncPlan random_plan(Random& random) {
  static constexpr Move::Kind kinds[] = {Move::Kind::add, Move::Kind::replace, Move::Kind::remove};
  static constexpr FileType types[] = {FileType::regular, FileType::directory, FileType::symlink,
                                       FileType::other};
  SyncPlan plan;
  plan.way = random.one_in(2) ? SyncPlan::Way::exchange : SyncPlan::Way::rename;
  for (uint64_t count = random.up_to(6); count > 0; --count) {
    const TreePath path = TreePath::parse(random_name(random) + "/" + random_name(random));
    plan.moves.push_back({kinds[random.up_to(2)], path, random_inode(random), random_inode(random)});
  }
  for (uint64_t count = random.up_to(6); count > 0; --count) {
    const TreePath path = TreePath::parse(random_name(random));
    const FileType type = types[random.up_to(3)];
    plan.adjustments.push_back({metadata(path, type, random), metadata(path, type, random), random.next()});
  }
  return plan;
}

bool is_equal(const tree::Inode& a, const tree::Inode& b) {
  return a.number == b.number && a.mode == b.mode && a.time == b.time;
}

bool is_equal(const SyncPlan& a, const SyncPlan& b) {
  if (a.way != b.way || a.moves.size() != b.moves.size() || a.adjustments.size() != b.adjustments.size())
    return false;
  for (size_t i = 0; i < a.moves.size(); ++i) {
    const Move& one = a.moves[i];
    const Move& other = b.moves[i];
    if (one.kind != other.kind || one.path != other.path || !is_equal(one.old_inode, other.old_inode) ||
        !is_equal(one.new_inode, other.new_inode))
      return false;
  }
  for (size_t i = 0; i < a.adjustments.size(); ++i) {
    if (!(a.adjustments[i].before == b.adjustments[i].before &&
          a.adjustments[i].after == b.adjustments[i].after &&
          a.adjustments[i].inode == b.adjustments[i].inode))
      return false;
  }
  return true;
}

std::string refusal(const std::string& text) {
  return failure([&] { tree::decode_plan(text); });
}

}  // namespace

TEST_CASE("a plan reads back as it was written, whatever the names") {
  Random random(77);
  for (int round = 0; round < 300; ++round) {
    CAPTURE(round);
    const SyncPlan plan = random_plan(random);
    const std::string text = tree::encode_plan(plan);
    CHECK(is_equal(tree::decode_plan(text), plan));
    CHECK(tree::encode_plan(tree::decode_plan(text)) == text);
  }
}

TEST_CASE("a name that is a dash, or looks like an end, is a name") {
  for (const char* name : {"-", "end", "end 00000000", "\\055", "exchange", " ", "\n"}) {
    SyncPlan plan;
    plan.moves.push_back({Move::Kind::add, TreePath::parse(name), {}, {}});
    CHECK(tree::decode_plan(tree::encode_plan(plan)).moves.at(0).path.str() == name);
  }
}

TEST_CASE("every changed byte of a plan is refused") {
  Random random(78);
  SyncPlan plan = random_plan(random);
  while (plan.moves.size() < 3 || plan.adjustments.size() < 2) plan = random_plan(random);
  const std::string text = tree::encode_plan(plan);
  for (size_t i = 0; i < text.size(); ++i) {
    CAPTURE(i);
    for (int round = 0; round < 8; ++round) {
      std::string changed = text;
      changed[i] = static_cast<char>(changed[i] ^ static_cast<char>(1 + random.up_to(254)));
      CHECK(refusal(changed) == Mentions{"fault 7: the plan of the synchronisation is damaged: "});
    }
  }
}

TEST_CASE("a plan that was cut off, or has more behind it, is refused") {
  Random random(79);
  const std::string text = tree::encode_plan(random_plan(random));
  for (size_t size = 0; size < text.size(); ++size) {
    CAPTURE(size);
    CHECK(refusal(text.substr(0, size)) == Mentions{"is damaged"});
  }
  for (const std::string more : {"\n", "x", "end 00000000\n"})
    CHECK(refusal(text + more) == Mentions{"is damaged"});
}

}  // namespace sync_plan_test
