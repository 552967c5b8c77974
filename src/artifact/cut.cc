#include "artifact/cut.hh"

#include "tree/fast_hash.hh"

#include <fmt/format.h>

#include <algorithm>

namespace bakehouse::artifact {
namespace {

std::string show_size(uint64_t size) {
  return size % (1 << 20) == 0 ? fmt::format("{}M", size >> 20) : fmt::format("{}K", size >> 10);
}

// True for one path in (average / weight), always the same ones. A large member counts for as many
// small ones, so that frames are of one size wherever they are.
bool begins_frame(std::string_view path, uint64_t member_size, const CutRule& rule) {
  constexpr uint64_t least_weight = 16 << 10;
  const uint64_t chance = tree::hash64(path) >> 32;
  return chance * rule.average < std::max(member_size, least_weight) << 32;
}

class Cutter {
 public:
  Cutter(const TarLayout& layout, const CutRule& rule) : layout_(layout), rule_(rule) {}

  std::vector<uint64_t> run() {
    for (size_t i = 0; i < layout_.members(); ++i) {
      const uint64_t size = layout_.end(i) - layout_.begin(i);
      if (size > rule_.most) {
        cut_alone(i);
      } else if (must_begin(i, size)) {
        cut_at(layout_.begin(i));
      }
    }
    cut_at(layout_.size());
    return std::move(ends_);
  }

 private:
  uint64_t begin() const { return ends_.empty() ? 0 : ends_.back(); }

  bool must_begin(size_t i, uint64_t size) const {
    const uint64_t held = layout_.begin(i) - begin();
    if (held + size > rule_.most) return true;
    return held >= rule_.least && begins_frame(layout_.manifest().entries.path(i), size, rule_);
  }

  void cut_alone(size_t i) {
    cut_at(layout_.begin(i));
    while (layout_.end(i) - begin() > rule_.most) cut_at(begin() + rule_.most);
    cut_at(layout_.end(i));
  }

  void cut_at(uint64_t offset) {
    if (offset > begin()) ends_.push_back(offset);
  }

  const TarLayout& layout_;
  const CutRule& rule_;
  std::vector<uint64_t> ends_;
};

}  // namespace

std::string name_of(const CutRule& rule) {
  return fmt::format("path-{}-{}-{}", show_size(rule.least), show_size(rule.average), show_size(rule.most));
}

std::vector<uint64_t> cut(const TarLayout& layout, const CutRule& rule) { return Cutter(layout, rule).run(); }

}  // namespace bakehouse::artifact
