#include "base/encoding.hh"
#include "config/node_settings.hh"

#include <fmt/format.h>

#include <algorithm>

// The list `configuration` of node.yaml.

namespace bakehouse::config {
namespace {

namespace fs = std::filesystem;
using base::printable;
using base::TreePath;
using text::Diagnostics;
using text::MapReader;
using text::Value;

constexpr size_t most_targets = 100;

std::optional<TreePath> decode_from(MapReader& map, Diagnostics& faults) {
  const Value* value = map.require("template");
  const auto text = map.text("template");
  if (!text) return std::nullopt;
  if (const auto reason = TreePath::why_not(*text)) {
    faults.add(value->origin(), fmt::format("the template '{}' {}", printable(text->substr(0, 200)), *reason),
               "a path below .bake/templates/: nginx.conf");
    return std::nullopt;
  }
  return TreePath::parse(*text);
}

std::optional<fs::path> decode_target(MapReader& map, Diagnostics& faults) {
  const Value* value = map.require("target");
  const auto text = map.text("target");
  if (!text) return std::nullopt;
  const bool is_absolute = text->starts_with('/');
  auto reason = is_absolute ? TreePath::why_not(std::string_view(*text).substr(1)) : "is not absolute";
  if (!reason && printable(*text) != *text) reason = "holds bytes that are no text";
  if (!reason) return fs::path(*text);
  faults.add(value->origin(), fmt::format("the target '{}' {}", printable(text->substr(0, 200)), *reason),
             "an absolute path of a file: /etc/nginx/sites-enabled/shop.conf");
  return std::nullopt;
}

uint32_t decode_mode_of_file(MapReader& map, Diagnostics& faults) {
  constexpr uint32_t usual = 0644;
  const Value* value = map.take("mode");
  const auto text = map.text("mode");
  if (!text) return usual;
  const bool is_octal = (text->size() == 3 || (text->size() == 4 && text->front() == '0')) &&
                        text->find_first_not_of("01234567") == std::string::npos;
  if (is_octal) return static_cast<uint32_t>(std::stoul(*text, nullptr, 8));
  faults.add(value->origin(), fmt::format("the mode '{}' is none of a file", printable(text->substr(0, 20))),
             "0644, or 0640 for what not all may read");
  return usual;
}

}  // namespace

std::vector<TargetFile> decode_targets(const Value& value, Diagnostics& faults) {
  std::vector<TargetFile> targets;
  if (!value.is_list()) {
    faults.add(value.origin(), "'configuration' must be a list of files",
               "[{template: nginx.conf, target: /etc/nginx/sites-enabled/shop.conf}]");
    return targets;
  }
  if (value.items().size() > most_targets)
    faults.add(value.origin(), fmt::format("'configuration' has more than {} files", most_targets));
  for (const Value& item : value.items()) {
    MapReader map(item, "a file in 'configuration'", faults);
    const auto from = decode_from(map, faults);
    const auto target = decode_target(map, faults);
    const uint32_t mode = decode_mode_of_file(map, faults);
    map.finish();
    if (!from || !target) continue;
    const bool is_twice = std::ranges::any_of(
        targets, [&](const TargetFile& one) { return one.target == *target || one.from == *from; });
    if (is_twice)
      faults.add(item.origin(), fmt::format("the template '{}' or the target '{}' stands here twice",
                                            printable(from->str()), target->native()));
    targets.push_back({*from, *target, mode});
  }
  return targets;
}

Value encode_targets(const std::vector<TargetFile>& targets) {
  Value list = Value::list();
  for (const TargetFile& one : targets) {
    list.push(Value::map({{"template", one.from.str()},
                          {"target", one.target.native()},
                          {"mode", fmt::format("0{:03o}", one.mode)}}));
  }
  return list;
}

}  // namespace bakehouse::config
