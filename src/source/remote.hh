// The bare repository that people push to, as the hook of a push sees it.
#pragma once

#include "base/dir.hh"
#include "source/source.hh"

#include <filesystem>
#include <memory>
#include <optional>
#include <string>

namespace bakehouse::source {

// A wish of a push. Forty zeros stand for a ref that is not there.
struct RefUpdate {
  std::string ref;
  std::string before;
  std::string after;

  bool creates() const;
  bool deletes() const;
};

// Forty digits of a commit, as git writes them.
bool is_object_id(std::string_view text);

class Remote {
 public:
  // Nothing of it is executed. `quarantine` is where git keeps the objects of a push until its hook has
  // agreed: they are read as if they were in the repository.
  static Remote open(const std::filesystem::path& path,
                     const std::optional<std::filesystem::path>& quarantine = std::nullopt);
  Remote(Remote&&) noexcept;
  ~Remote();

  // What a ref leads to, tags followed to their commit; nullopt when there is no such ref.
  std::optional<std::string> commit_of(const std::string& ref) const;
  // The commit that an object of the push leads to; nullopt when it leads to none.
  std::optional<std::string> peel(const std::string& object) const;
  // Whether the object is there: what no ref leads to may have been pruned.
  bool has(const std::string& object) const;
  // Whether `commit` is `earlier` or came after it.
  bool holds(const std::string& commit, const std::string& earlier) const;
  // Fills the empty directory `to`. Error(input) names what no build takes: a submodule, a pointer to Git
  // LFS, a
  // `.git`, a link that leads out.
  Checkout check_out(const std::string& commit, const base::Dir& to) const;

  // Links the objects of the quarantine into the repository, durably: then a ref may lead to them, whatever
  // becomes of the push.
  void keep_objects() const;
  // Compare and swap: false, and nothing is changed, when the ref is not at `before` any more.
  bool move(const RefUpdate& update) const;
  // HEAD leads to this branch unless it leads to one that exists: what is cloned, and baked, without a name.
  void begin_with(const std::string& ref) const;

 private:
  struct State;
  explicit Remote(std::unique_ptr<State> state);
  std::unique_ptr<State> state_;
};

// Hooks that hand each push over to `bake receive NAME`. The program is looked for in the PATH as well, and
// the root relative to the repository, so that both may be moved.
struct PushHooks {
  std::filesystem::path program;
  std::filesystem::path root;
  std::string name;
};
void write_push_hooks(const std::filesystem::path& repository, const PushHooks& hooks);

}  // namespace bakehouse::source
