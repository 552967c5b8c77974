// Looks for what must not be in a release: values of the pillar's secrets, private keys, and tokens whose
// form is known. One pass over what is packed, whatever the number of secrets.
#pragma once

#include "base/dir.hh"
#include "config/sealed.hh"
#include "tree/manifest.hh"

#include <bitset>
#include <cstdint>
#include <functional>
#include <map>
#include <mutex>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

namespace bakehouse::bakery {

class SecretSearch {
 public:
  // Of values that are shorter than 8 bytes nothing could be told; of long ones a part of the middle is
  // looked for. `allowed` are patterns of paths, as .gitignore has them.
  SecretSearch(const std::vector<config::OpenedValues>& opened, std::vector<std::string> allowed);

  // What has to be kept of a piece so that nothing is missed that goes on in the next.
  size_t overlap() const { return overlap_; }
  // By several threads at once.
  void look(const tree::Entry& file, std::string_view piece);
  // Error(build) that names each file of `tree` in which something was found, its line, and what it is; never
  // the text itself.
  void refuse_found(const base::Dir& tree) const;

 private:
  struct Word {
    std::string what;       // "the secret 'database.password'", "a private key (PEM)"
    crypto::Secret anchor;  // the bytes that are looked for
    // Whether what stands around an anchor makes it the real thing; none: it always is.
    std::function<bool(std::string_view before, std::string_view behind)> is_real;
  };
  struct Window {
    size_t word;
    size_t offset;  // in its anchor
  };
  struct Match {
    size_t word;
    size_t at;
  };

  void add(Word word);
  void add_values(const config::OpenedValues& values);
  std::vector<Match> find(std::string_view piece, size_t most) const;
  bool is_allowed(const base::TreePath& file) const;

  std::vector<std::string> allowed_;
  std::vector<Word> words_;
  // Three bytes of each anchor at an even and at an odd place: a look at every second place finds one of
  // them.
  std::unordered_multimap<uint32_t, Window> windows_;
  std::bitset<size_t{1} << 16> filter_;
  size_t overlap_;
  std::mutex mutex_;
  std::map<base::TreePath, std::string> found_;
};

// The values of all environments of a pillar that these identities open; `cannot` is told how many they do
// not, of which environment.
std::vector<config::OpenedValues> open_what_can_be(
    const std::filesystem::path& pillar, const std::vector<crypto::AgeIdentity>& identities,
    const std::function<void(const std::string& environment, size_t count)>& cannot);

}  // namespace bakehouse::bakery
