#include "tree/entry_list.hh"

#include "support/random_tree.hh"

#include <doctest/doctest.h>

#include <limits>
#include <string>
#include <utility>
#include <vector>

namespace entry_list_test {

using namespace bakehouse;
using namespace bakehouse::support;
using base::FileType;
using base::TreePath;
using tree::Entry;
using tree::EntryList;

namespace {

crypto::Digest random_digest(Random& random) { return crypto::sha256(random.bytes(8)); }

Entry file(const std::string& path) {
  Entry entry;
  entry.path = TreePath::parse(path);
  entry.mode = 0644;
  return entry;
}

std::string longest_path() {
  std::string path(255, 'x');
  for (int i = 1; i < 15; ++i) path += "/" + std::string(255, 'y');
  return path + "/" + std::string(255, 'z');
}

Entry random_entry(Random& random) {
  static constexpr FileType types[] = {FileType::regular, FileType::directory, FileType::symlink};
  Entry entry = file(random_name(random) + "/" + random_name(random));
  entry.type = types[random.up_to(2)];
  entry.mode = static_cast<uint32_t>(random.up_to(07777));
  entry.time = {static_cast<base::Seconds>(random.next()), static_cast<uint32_t>(random.up_to(999'999'999))};
  if (entry.type == FileType::regular) {
    entry.size = random.next();
    entry.digest = random_digest(random);
  }
  if (entry.type == FileType::symlink) entry.link = random.bytes(1 + random.up_to(4094));
  if (random.one_in(2))
    entry.owner = {static_cast<uint32_t>(random.next()), static_cast<uint32_t>(random.next())};
  if (random.one_in(3)) entry.same_file = TreePath::parse(random_name(random));
  for (uint64_t count = random.one_in(3) ? random.up_to(4) : 0; count > 0; --count)
    entry.attributes["user." + random_name(random)] = random.bytes(random.up_to(300));
  return entry;
}

std::vector<Entry> random_entries(Random& random, size_t count) {
  std::vector<Entry> entries;
  for (size_t i = 0; i < count; ++i) entries.push_back(random_entry(random));
  return entries;
}

// As a vector again, so that each entry is compared in all its fields.
std::vector<Entry> all_of(const EntryList& list) { return {list.begin(), list.end()}; }

EntryList pushed(const std::vector<Entry>& entries) {
  EntryList list;
  for (const Entry& entry : entries) list.push_back(entry);
  return list;
}

// The same where room was made before.
EntryList pushed_into_room(const std::vector<Entry>& entries) {
  EntryList list;
  size_t bytes = 0;
  for (const Entry& entry : entries) bytes += EntryList::bytes_of_file(entry.path.str().size());
  list.reserve(entries.size(), bytes);
  for (const Entry& entry : entries) list.push_back(entry);
  return list;
}

}  // namespace

TEST_CASE("a list gives back what was put in, whatever way it came in") {
  Random random(1);
  for (const size_t count : {0, 1, 2, 50, 3000}) {
    CAPTURE(count);
    const auto entries = random_entries(random, count);
    const EntryList one_by_one = pushed(entries);
    const EntryList at_once = pushed_into_room(entries);
    CHECK(all_of(one_by_one) == entries);
    CHECK(all_of(at_once) == entries);
    CHECK(one_by_one == at_once);
    CHECK(one_by_one.size() == count);
    CHECK(one_by_one.empty() == (count == 0));
  }
}

TEST_CASE("every field goes to its limit and back") {
  Entry least = file("a");
  least.mode = 0;
  least.time = {std::numeric_limits<base::Seconds>::min(), 0};
  least.owner = {0, 0};
  Entry most = file(longest_path());
  most.mode = 07777;
  most.size = std::numeric_limits<uint64_t>::max();
  most.time = {std::numeric_limits<base::Seconds>::max(), 999'999'999};
  most.owner = {std::numeric_limits<uint32_t>::max(), std::numeric_limits<uint32_t>::max()};
  most.digest.bytes.fill(0xFF);
  Entry odd = file("\xff\n");
  odd.type = FileType::symlink;
  odd.link = std::string(4095, '\n');
  odd.attributes = {{"user.empty", ""}, {"user.zeros", std::string(5, '\0')}};
  Entry special = file("pipe");
  special.type = FileType::other;
  const std::vector<Entry> entries{least, most, odd, special};
  CHECK(all_of(pushed_into_room(entries)) == entries);
  CHECK(pushed_into_room(entries).front() == least);
  CHECK(pushed_into_room(entries).back() == special);
}

TEST_CASE("an owner 0:0 is not the same as none") {
  Entry owned = file("a");
  owned.owner = {0, 0};
  CHECK_FALSE(pushed({owned}) == pushed({file("a")}));
  CHECK_FALSE(pushed({file("a")})[0].owner);
}

TEST_CASE("attributes may be as large as the kernel takes them, and many") {
  Entry entry = file("a");
  constexpr size_t largest = 65536;
  for (int i = 0; i < 20; ++i) entry.attributes["user." + std::to_string(i)] = std::string(largest, 'v');
  entry.same_file = TreePath::parse("0/first");
  const std::vector<Entry> entries{file("0"), entry, file("b"), entry, file("c")};
  CHECK(all_of(pushed(entries)) == entries);
  CHECK(all_of(pushed_into_room(entries)) == entries);
}

TEST_CASE("a copy is a list of its own") {
  Random random(2);
  const auto entries = random_entries(random, 200);
  EntryList list = pushed(entries);
  const EntryList copy = list;
  EntryList assigned = pushed({file("other")});
  assigned = list;
  list.set(0, file("changed"));
  for (size_t i = 0; i < list.size(); ++i) {
    if (list.type(i) == FileType::regular) list.set_digest(i, crypto::sha256("changed"));
  }
  list.push_back(file("more"));
  CHECK(all_of(copy) == entries);
  CHECK(all_of(assigned) == entries);
  EntryList& itself = assigned;
  assigned = itself;
  CHECK(all_of(assigned) == entries);
}

TEST_CASE("a list that was moved from can be filled again") {
  Random random(3);
  const auto entries = random_entries(random, 20);
  EntryList list = pushed(entries);
  const EntryList moved = std::move(list);
  CHECK(all_of(moved) == entries);
  list = EntryList();
  for (const Entry& entry : entries) list.push_back(entry);
  CHECK(list == moved);
}

TEST_CASE("a set entry replaces the old one, longer or shorter, and leaves its neighbours") {
  Random random(4);
  auto entries = random_entries(random, 60);
  EntryList list = pushed(entries);
  for (int round = 0; round < 300; ++round) {
    const size_t i = random.up_to(entries.size() - 1);
    entries[i] = random_entry(random);
    list.set(i, entries[i]);
  }
  CHECK(all_of(list) == entries);
}

TEST_CASE("a set digest is the entry's, and of no other") {
  EntryList list = pushed({file("a"), file("b"), file("c")});
  list.set_digest(1, crypto::sha256("b"));
  CHECK(list[0].digest == crypto::Digest());
  CHECK(list[1].digest == crypto::sha256("b"));
  CHECK(list[2].digest == crypto::Digest());
}

TEST_CASE("path, type and size are told without making an entry") {
  Random random(5);
  const auto entries = random_entries(random, 100);
  const EntryList list = pushed_into_room(entries);
  for (size_t i = 0; i < entries.size(); ++i) {
    CHECK(list.path(i) == entries[i].path.str());
    CHECK(list.type(i) == entries[i].type);
    CHECK(list.size_of_file(i) == entries[i].size);
  }
}

TEST_CASE("lists that differ in one field of one entry are not equal") {
  const std::vector<Entry> entries{file("a"), file("b"), file("c")};
  const struct {
    std::string what;
    void (*change)(Entry&);
  } rows[] = {
      {"path", [](Entry& e) { e.path = TreePath::parse("bb"); }},
      {"type", [](Entry& e) { e.type = FileType::directory; }},
      {"mode", [](Entry& e) { e.mode = 0600; }},
      {"size", [](Entry& e) { e.size = 1; }},
      {"seconds", [](Entry& e) { e.time.seconds = 1; }},
      {"nanoseconds", [](Entry& e) { e.time.nanoseconds = 1; }},
      {"link", [](Entry& e) { e.link = "x"; }},
      {"digest", [](Entry& e) { e.digest = crypto::sha256("x"); }},
      {"owner", [](Entry& e) { e.owner.emplace(); }},
      {"attributes", [](Entry& e) { e.attributes["user.x"]; }},
      {"hard link", [](Entry& e) { e.same_file = TreePath::parse("a"); }},
  };
  for (const auto& row : rows) {
    CAPTURE(row.what);
    EntryList changed = pushed(entries);
    Entry entry = changed[1];
    row.change(entry);
    changed.set(1, entry);
    CHECK_FALSE(changed == pushed(entries));
  }
  CHECK_FALSE(pushed(entries) == pushed({file("a"), file("b")}));
  CHECK(EntryList() == EntryList());
}

TEST_CASE("entries of many lists become one, in whatever order, whose parts may go") {
  Random random(6);
  std::vector<Entry> expected;
  EntryList all;
  all.push_back(file("first"));
  expected.push_back(file("first"));
  for (int part = 0; part < 30; ++part) {
    const auto entries = random_entries(random, random.up_to(200));
    EntryList list = pushed_into_room(entries);
    for (size_t i = list.size(); i-- > 0;) {
      all.link_to(list, i);
      expected.push_back(entries[i]);
    }
    all.adopt(std::move(list));
    all.push_back(file("between"));
    expected.push_back(file("between"));
  }
  CHECK(all_of(all) == expected);
  EntryList whole;
  for (size_t i = 0; i < all.size(); ++i) whole.link_to(all, i);
  whole.adopt(std::move(all));
  CHECK(all_of(whole) == expected);
  const EntryList copy = whole;
  whole = EntryList();
  CHECK(all_of(copy) == expected);
}

}  // namespace entry_list_test
