// The little of libgit2 that is needed, with errors as ours.
#pragma once

#include "source/source.hh"

#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace bakehouse::source {

class Repository {
 public:
  // nullopt when `path` itself is no repository; directories above it are not searched.
  static std::optional<Repository> open(const std::filesystem::path& path);
  Repository(Repository&&) noexcept;
  ~Repository();

  // HEAD, and whether the work tree differs from it.
  Checkout describe() const;
  // Writes the files of HEAD.
  void write_head(const base::Dir& to) const;
  // Throws the Error that names one, if the work tree has any.
  void refuse_submodules() const;
  // Whether a path of the work tree is ignored and not tracked.
  bool ignores(const base::TreePath& path) const;

 private:
  struct State;
  explicit Repository(std::unique_ptr<State> state);
  std::unique_ptr<State> state_;
};

}  // namespace bakehouse::source
