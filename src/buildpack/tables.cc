#include "buildpack/tables.hh"

#include <fmt/format.h>

namespace bakehouse::buildpack {
namespace {

using text::Diagnostics;
using text::MapReader;
using text::Value;

std::optional<std::string> without_nul(const Value& value, const std::string& what, Diagnostics& faults) {
  auto text = text::as_text(value, what, faults);
  if (!text || text->find('\0') == std::string::npos) return text;
  faults.add(value.origin(), fmt::format("{} holds a NUL byte", what));
  return std::nullopt;
}

}  // namespace

std::vector<const Value*> take_tables(MapReader& reader, std::string_view key, Diagnostics& faults) {
  const Value* list = reader.take(key);
  if (list == nullptr) return {};
  std::vector<const Value*> tables;
  for (const Value& item : list->items()) {
    if (item.is_map()) tables.push_back(&item);
  }
  if (list->is_list() && tables.size() == list->items().size()) return tables;
  faults.add(list->origin(), fmt::format("'{}' must be a list of tables", key),
             fmt::format("written as [[{}]]", key));
  return {};
}

std::string take_text(MapReader& reader, std::string_view key, Diagnostics& faults) {
  const Value* value = reader.take(key);
  if (value == nullptr) return {};
  return without_nul(*value, fmt::format("'{}'", key), faults).value_or("");
}

std::string require_text(MapReader& reader, std::string_view key, Diagnostics& faults) {
  const Value* value = reader.require(key);
  if (value == nullptr) return {};
  return without_nul(*value, fmt::format("'{}'", key), faults).value_or("");
}

std::vector<std::string> take_texts(MapReader& reader, std::string_view key, Diagnostics& faults) {
  const Value* list = reader.take(key);
  if (list == nullptr) return {};
  if (!list->is_list()) {
    faults.add(list->origin(), fmt::format("'{}' must be a list of texts, not {}", key, list->kind_name()));
    return {};
  }
  std::vector<std::string> texts;
  for (const Value& item : list->items()) {
    if (auto text = without_nul(item, fmt::format("an entry of '{}'", key), faults))
      texts.push_back(std::move(*text));
  }
  return texts;
}

}  // namespace bakehouse::buildpack
