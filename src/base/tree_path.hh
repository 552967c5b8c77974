// A path inside a tree or an archive. The type is the proof: relative, no empty part, no "." or
// "..", no NUL, no part over 255 bytes, at most 4095 bytes in all. Everything else is any byte.
#pragma once

#include <compare>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace bakehouse::base {

class TreePath {
 public:
  // The tree's own top.
  TreePath() = default;

  // Throws Error(input) with the reason.
  static TreePath parse(std::string_view text);
  // Why `text` is no TreePath, or nullopt when it is one.
  static std::optional<std::string> why_not(std::string_view text);

  bool is_top() const { return text_.empty(); }
  // "a/b"; empty for the top.
  const std::string& str() const { return text_; }
  std::string_view name() const;
  TreePath parent() const;
  // `part` may itself be a path; it is checked.
  TreePath operator/(std::string_view part) const;
  bool is_within(const TreePath& ancestor) const;
  std::vector<std::string_view> parts() const;

  // Byte order of the whole text: the order of manifests and archives. A directory stands before
  // what it holds.
  friend bool operator==(const TreePath&, const TreePath&) = default;
  // clang-tidy takes the 0 that "<" is rewritten with for a pointer.
  // NOLINTNEXTLINE(modernize-use-nullptr)
  friend std::strong_ordering operator<=>(const TreePath&, const TreePath&) = default;

 private:
  std::string text_;
};

// The same of a TreePath's text, without making another one.
std::string_view parent_of(std::string_view path);

}  // namespace bakehouse::base
