#include "bakery/secret_search.hh"

#include "bakery/known_tokens.hh"
#include "base/encoding.hh"
#include "base/error.hh"
#include "buildpack/path_patterns.hh"

#include <fmt/format.h>

#include <algorithm>
#include <cstring>
#include <utility>

namespace bakehouse::bakery {
namespace {

using base::Error;
using base::Fault;
using base::TreePath;

constexpr size_t shortest_value = 8;
constexpr size_t longest_probe = 512;
constexpr size_t window_size = 3;

uint32_t window_at(const char* bytes) {
  const auto byte = [bytes](size_t i) { return uint32_t{static_cast<unsigned char>(bytes[i])}; };
  return byte(0) | byte(1) << 8 | byte(2) << 16;
}

size_t place_in_filter(uint32_t window) { return window * uint32_t{0x9E3779B1} >> 16; }

// Without the line end that a file has and a copy of its text perhaps not.
std::string_view probe_of(std::string_view value) {
  while (value.ends_with('\n') || value.ends_with('\r')) value.remove_suffix(1);
  if (value.size() <= longest_probe) return value;
  return value.substr((value.size() - longest_probe) / 2, longest_probe);
}

// Its line where it is not too long to be counted.
std::string place_of(const base::Dir& tree, const TreePath& file,
                     const std::function<size_t(std::string_view)>& find) {
  constexpr uint64_t longest_counted = uint64_t{64} << 20;
  const std::string name = base::printable(file.str());
  const auto stat = tree.stat(file);
  if (!stat || stat->size > longest_counted) return name;
  const std::string content = tree.read_file(file, longest_counted);
  const size_t at = std::min(find(content), content.size());
  return fmt::format("{}:{}", name,
                     1 + std::count(content.begin(), content.begin() + static_cast<ptrdiff_t>(at), '\n'));
}

}  // namespace

SecretSearch::SecretSearch(const std::vector<config::OpenedValues>& opened, std::vector<std::string> allowed)
    : allowed_(std::move(allowed)), overlap_(longest_known_token) {
  for (const KnownToken& token : known_tokens())
    add({token.what, crypto::Secret(token.anchor), token.is_real});
  for (const auto& values : opened) add_values(values);
}

void SecretSearch::add_values(const config::OpenedValues& values) {
  for (const auto& [key, value] : values) {
    const std::string_view probe = probe_of(value.text());
    if (probe.size() < shortest_value) continue;
    add({fmt::format("the secret '{}'", key), crypto::Secret(probe), {}});
  }
}

void SecretSearch::add(Word word) {
  const std::string_view anchor = word.anchor.text();
  // At its end, since values begin alike more often than they end alike.
  const size_t first = anchor.size() - window_size - 1;
  for (const size_t offset : {first, first + 1}) {
    const uint32_t window = window_at(anchor.data() + offset);
    windows_.emplace(window, Window{words_.size(), offset});
    filter_.set(place_in_filter(window));
  }
  overlap_ = std::max(overlap_, anchor.size());
  words_.push_back(std::move(word));
}

std::vector<SecretSearch::Match> SecretSearch::find(std::string_view piece, size_t most) const {
  std::vector<Match> matches;
  for (size_t at = 0; at + window_size <= piece.size(); at += 2) {
    const uint32_t window = window_at(piece.data() + at);
    // Unlike test(), without asking whether the place is within it, which it always is.
    if (!filter_[place_in_filter(window)]) continue;
    const auto [first, last] = windows_.equal_range(window);
    for (auto each = first; each != last; ++each) {
      const auto [number, offset] = each->second;
      if (at < offset) continue;
      const Word& word = words_[number];
      const std::string_view anchor = word.anchor.text();
      const std::string_view behind = piece.substr(at - offset);
      if (!behind.starts_with(anchor)) continue;
      if (word.is_real && !word.is_real(piece.substr(0, at - offset), behind.substr(anchor.size()))) continue;
      matches.push_back({number, at - offset});
      if (matches.size() == most) return matches;
    }
  }
  return matches;
}

void SecretSearch::look(const tree::Entry& file, std::string_view piece) {
  const std::vector<Match> matches = find(piece, 1);
  if (matches.empty() || is_allowed(file.path)) return;
  const std::lock_guard lock(mutex_);
  found_.emplace(file.path, words_[matches[0].word].what);
}

bool SecretSearch::is_allowed(const TreePath& file) const {
  if (allowed_.empty()) return false;
  const buildpack::PathPatterns patterns(allowed_);
  using Is = buildpack::PathPatterns::Is;
  if (patterns.match(file, Is::other)) return true;
  for (TreePath above = file.parent(); !above.is_top(); above = above.parent())
    if (patterns.match(above, Is::directory)) return true;
  return false;
}

void SecretSearch::refuse_found(const base::Dir& tree) const {
  if (found_.empty()) return;
  constexpr size_t shown = 10;
  std::string message = "files hold what must not be in a release:";
  size_t count = 0;
  for (const auto& [file, what] : found_) {
    if (++count > shown) break;
    const std::string place = place_of(tree, file, [this](std::string_view content) {
      const auto matches = find(content, 1);
      return matches.empty() ? 0 : matches[0].at;
    });
    message += fmt::format("\n  {}: {}", place, what);
  }
  if (found_.size() > shown) message += fmt::format("\n  and {} more", found_.size() - shown);
  throw Error(Fault::build, message,
              "take it out, and change what has been in the open; what is no secret, a key of a test for "
              "instance, is named by `secrets: {allow: [PATTERN]}` in bake.yaml");
}

std::vector<config::OpenedValues> open_what_can_be(
    const std::filesystem::path& pillar, const std::vector<crypto::AgeIdentity>& identities,
    const std::function<void(const std::string& environment, size_t count)>& cannot) {
  std::vector<config::OpenedValues> all;
  for (const std::string& environment : config::sealed_environments(pillar)) {
    const config::SealedPlace place{pillar, environment};
    config::OpenedValues opened;
    size_t closed = 0;
    for (const auto& [key, value] : config::read_sealed(place)) {
      try {
        opened.emplace(key, config::open_value(place, key, value, identities));
      } catch (const Error& error) {
        if (error.fault() != Fault::trust) throw;
        ++closed;
      }
    }
    if (closed > 0) cannot(environment, closed);
    all.push_back(std::move(opened));
  }
  return all;
}

}  // namespace bakehouse::bakery
