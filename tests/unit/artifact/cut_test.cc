#include "artifact/cut.hh"

#include "support/archive_draft.hh"
#include "support/random_tree.hh"

#include <doctest/doctest.h>

#include <fmt/format.h>

#include <algorithm>
#include <functional>
#include <set>
#include <string>
#include <vector>

namespace cut_test {

using namespace bakehouse;
using namespace bakehouse::support;
using artifact::CutRule;
using artifact::TarLayout;

namespace {

constexpr CutRule rule{16 << 10, 64 << 10, 256 << 10};

tree::Entry file_of(const std::string& path, uint64_t size, std::string_view content) {
  tree::Entry entry;
  entry.path = base::TreePath::parse(path);
  entry.mode = 0644;
  entry.size = size;
  entry.digest = crypto::sha256(content);
  return entry;
}

// Nearly all its frames end because no more fits.
constexpr CutRule seldom_by_path{16 << 10, 1 << 30, 64 << 10};

// Sizes as trees have them: many small files, a few large ones.
uint64_t some_size(Random& random) {
  if (random.one_in(300)) return random.up_to(2 << 20);
  if (random.one_in(10)) return random.up_to(100'000);
  return random.up_to(6000);
}

std::string path_of(size_t i) { return fmt::format("module-{:04}/file-{:05}.js", i / 20, i); }

std::vector<tree::Entry> some_files(uint64_t seed, size_t count) {
  Random random(seed);
  std::vector<tree::Entry> files;
  for (size_t i = 0; i < count; ++i)
    files.push_back(file_of(path_of(i), some_size(random), std::to_string(i)));
  return files;
}

tree::Manifest listed(const std::vector<tree::Entry>& files) {
  tree::Manifest manifest;
  for (const auto& file : files) manifest.entries.push_back(file);
  return manifest;
}

TarLayout layout_of(const tree::Manifest& manifest) {
  return {manifest, artifact::find_twins(manifest), some_time};
}

std::vector<uint64_t> cuts_of(const tree::Manifest& manifest) {
  return artifact::cut(layout_of(manifest), rule);
}

// What stands in each frame, as text: members with where in the frame they lie, and their content.
std::set<std::string> frames_of(const tree::Manifest& manifest) {
  const TarLayout layout = layout_of(manifest);
  std::set<std::string> frames;
  uint64_t begin = 0;
  for (const uint64_t end : artifact::cut(layout, rule)) {
    std::string text;
    for (size_t i = layout.member_at(begin); i < layout.members() && layout.begin(i) < end; ++i) {
      const tree::Entry entry = manifest.entries[i];
      text += fmt::format("{} {} {} {}\n", static_cast<int64_t>(layout.begin(i) - begin), entry.path.str(),
                          entry.size, entry.digest.hex());
    }
    frames.insert(fmt::format("{} bytes\n{}", end - begin, text));
    begin = end;
  }
  return frames;
}

size_t count_new(const std::set<std::string>& before, const std::set<std::string>& after) {
  return static_cast<size_t>(
      std::count_if(after.begin(), after.end(), [&](const auto& frame) { return !before.contains(frame); }));
}

}  // namespace

TEST_CASE("cuts ascend to the end of the stream, and no frame is larger than the rule allows") {
  for (const size_t count : {0, 1, 2, 30, 3000}) {
    for (const CutRule& some :
         {rule, artifact::default_rule, artifact::solid_rule, CutRule{1, 512, 1024}, seldom_by_path}) {
      CAPTURE(count);
      CAPTURE(artifact::name_of(some));
      const tree::Manifest manifest = listed(some_files(count, count));
      const TarLayout layout = layout_of(manifest);
      const auto ends = artifact::cut(layout, some);
      REQUIRE_FALSE(ends.empty());
      CHECK(ends.back() == layout.size());
      uint64_t begin = 0;
      for (size_t i = 0; i < ends.size(); ++i) {
        CHECK(ends[i] > begin);
        CHECK(ends[i] - begin <= some.most + (i + 1 == ends.size() ? artifact::tar_end_size : 0));
        begin = ends[i];
      }
    }
  }
}

TEST_CASE("a member stands whole in a frame, or in frames of its own") {
  const tree::Manifest manifest = listed(some_files(5, 3000));
  const TarLayout layout = layout_of(manifest);
  const auto ends = artifact::cut(layout, rule);
  const std::set<uint64_t> cuts(ends.begin(), ends.end());
  size_t large = 0;
  for (size_t i = 0; i < layout.members(); ++i) {
    CAPTURE(manifest.entries.path(i));
    const auto inside = std::count_if(
        cuts.begin(), cuts.end(), [&](uint64_t cut) { return layout.begin(i) < cut && cut < layout.end(i); });
    if (layout.end(i) - layout.begin(i) <= rule.most) {
      CHECK(inside == 0);
      continue;
    }
    ++large;
    CHECK((i == 0 || cuts.contains(layout.begin(i))));
    CHECK(cuts.contains(layout.end(i)));
    CHECK(static_cast<uint64_t>(inside) == (layout.end(i) - layout.begin(i) - 1) / rule.most);
  }
  CHECK(large > 0);
}

TEST_CASE("frames of a tree of many files are about as large as the rule says") {
  const tree::Manifest manifest = listed(some_files(6, 5000));
  const TarLayout layout = layout_of(manifest);
  const uint64_t average = layout.size() / artifact::cut(layout, rule).size();
  CHECK(average > rule.average / 3);
  CHECK(average < rule.average * 3);
}

TEST_CASE("the same manifest has the same cuts, whatever the files hold") {
  auto files = some_files(7, 2000);
  const auto cuts = cuts_of(listed(files));
  CHECK(cuts_of(listed(files)) == cuts);
  for (auto& file : files) {
    file.digest = crypto::sha256(file.path.str() + " changed");
    file.mode = 0755;
    file.time = some_time;
  }
  CHECK(cuts_of(listed(files)) == cuts);
}

TEST_CASE("one file more, one less or another size leaves nearly all frames as they were") {
  const struct {
    std::string what;
    std::function<void(std::vector<tree::Entry>&, size_t)> change;
    size_t most;  // new frames, on average
  } rows[] = {
      {"inserted",
       [](auto& files, size_t i) {
         files.insert(files.begin() + static_cast<std::ptrdiff_t>(i),
                      file_of(path_of(i - 1) + "-new", 3000, "new"));
       },
       2},
      {"removed", [](auto& files, size_t i) { files.erase(files.begin() + static_cast<std::ptrdiff_t>(i)); },
       2},
      {"grown", [](auto& files, size_t i) { files[i].size += 2000; }, 2},
      {"grown beyond a frame", [](auto& files, size_t i) { files[i].size += 1 << 20; },
       8},  // five for it alone
      {"emptied", [](auto& files, size_t i) { files[i].size = 0; }, 2},
  };
  const auto files = some_files(8, 5000);
  const auto before = frames_of(listed(files));
  REQUIRE(before.size() > 200);
  for (const auto& row : rows) {
    CAPTURE(row.what);
    size_t all_new = 0;
    size_t worst = 0;
    Random random(9);
    constexpr size_t rounds = 30;
    for (size_t round = 0; round < rounds; ++round) {
      auto changed = files;
      row.change(changed, 1 + random.up_to(files.size() - 2));
      const size_t fresh = count_new(before, frames_of(listed(changed)));
      all_new += fresh;
      worst = std::max(worst, fresh);
    }
    CHECK(all_new <= row.most * rounds);
    CHECK(worst <= before.size() / 50);
  }
}

TEST_CASE("another content of a file changes the frames that hold it alone") {
  auto files = some_files(10, 5000);
  const auto before = frames_of(listed(files));
  files[2500].digest = crypto::sha256("changed");
  CHECK(count_new(before, frames_of(listed(files))) == 1);
}

TEST_CASE("a rule is named by its sizes") {
  CHECK(artifact::name_of(artifact::default_rule) == "path-128K-512K-2M");
  CHECK(artifact::name_of(artifact::solid_rule) == "path-8M-16M-16M");
  CHECK(artifact::name_of({64 << 10, 1 << 20, 1536 << 10}) == "path-64K-1M-1536K");
}

}  // namespace cut_test
