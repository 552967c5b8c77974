#include "artifact/find_equal.hh"

#include "artifact/frames.hh"
#include "artifact/tar.hh"
#include "base/threads.hh"

#include <algorithm>
#include <numeric>
#include <tuple>

namespace bakehouse::artifact {
namespace {

using tree::EntryList;

struct Candidate {
  uint64_t size;
  uint32_t mode;
  base::FileTime time;
  tree::Hash128 hash{};
  uint32_t place;

  auto key() const { return std::tie(size, mode, time); }
  auto full_key() const { return std::tie(size, mode, time, hash, place); }
  bool is_like(const Candidate& other) const { return key() == other.key(); }
  bool is_equal(const Candidate& other) const { return is_like(other) && hash == other.hash; }
};

// Files of which another has the same size, mode and time.
std::vector<Candidate> candidates_in(const EntryList& entries) {
  std::vector<Candidate> all;
  for (uint32_t i = 0; i < entries.size(); ++i) {
    if (entries.type(i) != base::FileType::regular || entries.size_of_file(i) < smallest_twin) continue;
    const tree::Entry entry = entries[i];
    all.push_back({entry.size, entry.mode, entry.time, {}, i});
  }
  std::sort(all.begin(), all.end(),
            [](const Candidate& a, const Candidate& b) { return a.full_key() < b.full_key(); });
  std::vector<Candidate> alike;
  for (size_t i = 0; i < all.size(); ++i) {
    const bool has_one =
        (i > 0 && all[i].is_like(all[i - 1])) || (i + 1 < all.size() && all[i].is_like(all[i + 1]));
    if (has_one) alike.push_back(all[i]);
  }
  return alike;
}

bool are_all_known(const EntryList& entries) {
  for (size_t i = 0; i < entries.size(); ++i) {
    if (entries.type(i) == base::FileType::regular && entries[i].digest == crypto::Digest()) return false;
  }
  return true;
}

class Finder {
 public:
  Finder(const base::Dir& tree, tree::Manifest& manifest, unsigned workers)
      : tree_(tree), manifest_(manifest), workers_(workers) {}

  std::vector<uint32_t> run() {
    std::vector<Candidate> candidates = candidates_in(manifest_.entries);
    in_batches(candidates.size(), [&](size_t i) { candidates[i].hash = hash_of(candidates[i].place); });
    std::sort(candidates.begin(), candidates.end(),
              [](const Candidate& a, const Candidate& b) { return a.full_key() < b.full_key(); });
    std::vector<uint32_t> twins(manifest_.entries.size());
    std::iota(twins.begin(), twins.end(), 0);
    std::vector<uint32_t> found;
    for (size_t i = 1; i < candidates.size(); ++i) {
      if (!candidates[i].is_equal(candidates[i - 1])) continue;
      twins[candidates[i].place] = twins[candidates[i - 1].place];
      found.push_back(candidates[i].place);
    }
    in_batches(found.size(), [&](size_t i) { digest(found[i]); });
    return twins;
  }

 private:
  template <typename Work>
  void in_batches(size_t count, Work work) {
    constexpr size_t batch = 64;
    base::Crew crew(workers_);
    for (size_t first = 0; first < count; first += batch) {
      crew.add([=, &work] {
        for (size_t i = first; i < std::min(count, first + batch); ++i) work(i);
      });
    }
    crew.finish();
  }

  tree::Hash128 hash_of(uint32_t place) const {
    tree::Hasher128 hasher;
    read(place, [&](std::string_view piece) { hasher.update(piece); });
    return hasher.finish();
  }

  void digest(uint32_t place) {
    crypto::Sha256 sha;
    read(place, [&](std::string_view piece) { sha.update(piece); });
    const auto found = sha.finish();
    if (manifest_.entries[place].digest == crypto::Digest()) manifest_.entries.set_digest(place, found);
  }

  template <typename See>
  void read(uint32_t place, See see) const {
    const auto path = base::TreePath::parse(manifest_.entries.path(place));
    const base::Fd file = tree_.open_file(path);
    thread_local std::string buffer(256 << 10, '\0');
    while (const size_t count = base::read_some(file, buffer, path.str())) see({buffer.data(), count});
  }

  const base::Dir& tree_;
  tree::Manifest& manifest_;
  unsigned workers_;
};

}  // namespace

std::vector<uint32_t> find_equal(const base::Dir& tree, tree::Manifest& manifest, unsigned workers) {
  if (are_all_known(manifest.entries)) return find_twins(manifest);
  return Finder(tree, manifest, workers).run();
}

}  // namespace bakehouse::artifact
