#include "base/tree_path.hh"

#include "base/encoding.hh"
#include "base/error.hh"

namespace bakehouse::base {
namespace {

constexpr size_t longest_path = 4095;
constexpr size_t longest_part = 255;

std::optional<std::string> why_not_part(std::string_view part) {
  if (part.empty()) return "has an empty part";
  if (part == ".") return "has the part '.'";
  if (part == "..") return "has the part '..'";
  if (part.size() > longest_part)
    return fmt::format("has a part of {} bytes (at most {})", part.size(), longest_part);
  return std::nullopt;
}

template <typename Visit>
void each_part(std::string_view text, Visit visit) {
  for (;;) {
    const size_t slash = text.find('/');
    visit(text.substr(0, slash));
    if (slash == std::string_view::npos) return;
    text.remove_prefix(slash + 1);
  }
}

}  // namespace

std::optional<std::string> TreePath::why_not(std::string_view text) {
  if (text.empty()) return "is empty";
  if (text.front() == '/') return "is absolute";
  if (text.size() > longest_path)
    return fmt::format("is {} bytes long (at most {})", text.size(), longest_path);
  if (text.find('\0') != std::string_view::npos) return "contains a NUL byte";
  std::optional<std::string> reason;
  each_part(text, [&](std::string_view part) {
    if (!reason) reason = why_not_part(part);
  });
  return reason;
}

TreePath TreePath::parse(std::string_view text) {
  if (const auto reason = why_not(text)) {
    throw Error(Fault::input, fmt::format("the path '{}' {}", printable(text.substr(0, 200)), *reason));
  }
  TreePath path;
  path.text_ = text;
  return path;
}

std::string_view TreePath::name() const {
  const std::string_view text = text_;
  const size_t slash = text.rfind('/');
  return slash == std::string_view::npos ? text : text.substr(slash + 1);
}

TreePath TreePath::parent() const {
  TreePath up;
  up.text_ = parent_of(text_);
  return up;
}

std::string_view parent_of(std::string_view path) {
  const size_t slash = path.rfind('/');
  return slash == std::string_view::npos ? std::string_view() : path.substr(0, slash);
}

TreePath TreePath::operator/(std::string_view part) const {
  std::string text = text_;
  if (!is_top()) text += '/';
  return parse(text.append(part));
}

bool TreePath::is_within(const TreePath& ancestor) const {
  if (ancestor.is_top() || *this == ancestor) return true;
  return text_.size() > ancestor.text_.size() && text_[ancestor.text_.size()] == '/' &&
         text_.compare(0, ancestor.text_.size(), ancestor.text_) == 0;
}

std::vector<std::string_view> TreePath::parts() const {
  std::vector<std::string_view> parts;
  if (!is_top()) each_part(text_, [&](std::string_view part) { parts.push_back(part); });
  return parts;
}

}  // namespace bakehouse::base
