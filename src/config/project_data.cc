#include "base/encoding.hh"
#include "config/project_parts.hh"

#include <fmt/format.h>

#include <algorithm>
#include <map>

namespace bakehouse::config {
namespace {

using base::printable;
using base::TreePath;
using text::Diagnostics;
using text::Origin;
using text::Value;

std::optional<TreePath> decode_path(std::string_view text, std::string_view key, const Origin& origin,
                                    Diagnostics& faults) {
  const auto reason = TreePath::why_not(text);
  if (!reason) return TreePath::parse(text);
  const bool ends_in_slash = text.size() > 1 && text.ends_with('/');
  faults.add(origin, fmt::format("the path '{}' in '{}' {}", printable(text.substr(0, 200)), key, *reason),
             ends_in_slash   ? "without the '/' at its end"
             : key == "data" ? "paths are relative: to run/ on the left, to data/ on the right"
                             : "paths are relative to run/");
  return std::nullopt;
}

bool is_reserved_in_run(const TreePath& path) {
  const std::string_view first = path.parts().front();
  return first == ".bakehouse" || first == ".bake";
}

std::optional<TreePath> decode_path_in_run(std::string_view text, std::string_view key, const Origin& origin,
                                           Diagnostics& faults) {
  auto path = decode_path(text, key, origin, faults);
  if (!path || !is_reserved_in_run(*path)) return path;
  faults.add(origin,
             fmt::format("'{}' in '{}' lies in a directory of Bakehouse's own", printable(text), key));
  return std::nullopt;
}

std::optional<DataLink> decode_link(const std::string& in_run, const Value& target, Diagnostics& faults) {
  auto left = decode_path_in_run(in_run, "data", target.origin(), faults);
  const auto text =
      text::as_text(target, fmt::format("the path in data/ of '{}'", printable(in_run)), faults);
  auto right = text ? decode_path(*text, "data", target.origin(), faults) : std::optional<TreePath>();
  if (!left || !right) return std::nullopt;
  return DataLink{std::move(*left), std::move(*right)};
}

// A link within a link would be made in data/, or replace what the other leads to.
void check_apart(const std::map<TreePath, Origin>& links, Diagnostics& faults) {
  for (const auto& [path, origin] : links) {
    for (TreePath above = path.parent(); !above.is_top(); above = above.parent()) {
      if (!links.contains(above)) continue;
      faults.add(origin, fmt::format("the link '{}' in 'data' lies within the link '{}'",
                                     printable(path.str()), printable(above.str())));
      break;
    }
  }
}

}  // namespace

std::vector<DataLink> decode_data(const Value& value, Diagnostics& faults) {
  const text::MapReader shape(value, "'data'", faults);
  std::vector<DataLink> links;
  std::map<TreePath, Origin> places;
  for (const auto& [in_run, target] : value.members()) {
    if (target.is_null()) continue;
    auto link = decode_link(in_run, target, faults);
    if (!link) continue;
    places.emplace(link->in_run, target.origin());
    links.push_back(std::move(*link));
  }
  check_apart(places, faults);
  return links;
}

std::vector<Writable> decode_writable(const Value& value, const std::vector<DataLink>& links,
                                      Diagnostics& faults) {
  text::MapReader shape(value, "'writable'", faults);
  std::vector<Writable> paths;
  for (const auto& [in_run, word] : value.members()) {
    if (word.is_null()) continue;
    const auto path = decode_path_in_run(in_run, "writable", word.origin(), faults);
    const auto then = shape.choice(in_run, {"discard", "keep"});
    if (!path || !then) continue;
    const auto meets = [&](const DataLink& link) {
      return link.in_run.is_within(*path) || path->is_within(link.in_run);
    };
    if (std::ranges::any_of(links, meets)) {
      faults.add(word.origin(), fmt::format("'{}' in 'writable' meets a link to data", printable(in_run)),
                 "what lies in data/ is writable in any case");
    }
    paths.push_back({*path, then == "keep" ? Writable::Then::keep : Writable::Then::discard});
  }
  return paths;
}

}  // namespace bakehouse::config
