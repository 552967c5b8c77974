#include "config/root.hh"

#include "base/dir.hh"
#include "base/encoding.hh"
#include "base/error.hh"
#include "base/files.hh"
#include "config/limits.hh"
#include "config/names.hh"
#include "text/decode.hh"
#include "text/json.hh"

#include <system_error>
#include <vector>

namespace bakehouse::config {
namespace fs = std::filesystem;

using base::Error;
using base::Fault;
using base::printable;

namespace {

constexpr int64_t schema = 1;
constexpr Mode modes[] = {Mode::editable, Mode::cooking, Mode::final};

fs::path file_of(const fs::path& root) { return root / ".bakehouse" / "root.json"; }

fs::path resolve(const fs::path& path) {
  std::error_code failure;
  fs::path resolved = fs::canonical(path, failure);
  if (failure) throw base::os_error(failure.value(), "open", path.native());
  return resolved;
}

// First of all: the keys of a schema that is not known would only look like faults.
void check_schema(const text::Value& value) {
  const int64_t found = value.integer_at("schema");
  if (found == schema) return;
  const std::string place = value.origin().source ? printable(*value.origin().source) : "root.json";
  if (found < schema) throw Error(Fault::input, fmt::format("{}: schema {} does not exist", place, found));
  throw Error(Fault::input,
              fmt::format("{}: this root was made by a newer Bakehouse (schema {}, known here is {})", place,
                          found, schema),
              "use the version that made it, or a later one");
}

Mode decode_mode(text::MapReader& map) {
  std::vector<std::string> names;
  for (const Mode mode : modes) names.emplace_back(name_of(mode));
  map.require("mode");
  const auto word = map.choice("mode", names);
  for (const Mode mode : modes) {
    if (word == name_of(mode)) return mode;
  }
  return Mode::final;
}

std::string decode_project_of_root(text::MapReader& map, text::Diagnostics& faults) {
  const text::Value* value = map.require("project");
  if (value == nullptr) return {};
  const auto name = map.text("project");
  if (!name) return {};
  if (const auto reason = why_not_project_name(*name)) {
    faults.add(value->origin(), fmt::format("the project's name '{}' {}", printable(*name), *reason));
  }
  return *name;
}

std::optional<fs::path> decode_key(text::MapReader& map, text::Diagnostics& faults) {
  const text::Value* value = map.take("key");
  const auto path = map.text("key");
  if (!path) return std::nullopt;
  if (!fs::path(*path).is_absolute()) faults.add(value->origin(), "the path of the key is not absolute");
  return *path;
}

Root decode_root(const text::Value& value) {
  check_schema(value);
  text::Diagnostics faults;
  text::MapReader map(value, "root.json", faults);
  map.take("schema");
  Root root;
  root.project = decode_project_of_root(map, faults);
  root.mode = decode_mode(map);
  root.key = decode_key(map, faults);
  const text::Value* layout = map.require("layout");
  map.finish();
  faults.throw_if_any();
  root.layout = decode_layout(*layout);
  return root;
}

}  // namespace

std::string_view name_of(Mode mode) {
  switch (mode) {
    case Mode::editable: return "editable";
    case Mode::cooking: return "cooking";
    case Mode::final: return "final";
  }
  return "";
}

void check_project_name(std::string_view name) {
  const auto reason = why_not_project_name(name);
  if (!reason) return;
  throw Error(Fault::input,
              fmt::format("the project's name '{}' {}", printable(name.substr(0, 100)), *reason),
              "a name is like 'shop' or 'shop-api.v2', at most 64 bytes");
}

void write_root(const Root& root) {
  check_project_name(root.project);
  text::Value value = text::Value::map({{"schema", schema},
                                        {"project", root.project},
                                        {"mode", name_of(root.mode)},
                                        {"layout", encode_layout(root.layout)}});
  if (root.key) value.set("key", fs::absolute(*root.key).native());
  const std::string content = text::to_json(value);
  base::Dir::open_or_make(root.state());
  base::write_file(file_of(root.path), content);
}

Root read_root(const fs::path& path) {
  const fs::path resolved = resolve(path);
  const fs::path file = file_of(resolved);
  const auto content = base::read_file_if_any(file, largest_configuration);
  if (!content) {
    throw Error(Fault::input,
                fmt::format("'{}' is no root: it has no .bakehouse/root.json", printable(resolved.native())),
                "'bake init NAME' or 'release init NAME' makes one; --root says where it is");
  }
  Root root = decode_root(text::parse_json(*content, file.native()));
  root.path = resolved;
  return root;
}

std::optional<fs::path> find_root(const fs::path& start) {
  fs::path directory = resolve(start);
  for (;;) {
    std::error_code ignored;
    if (fs::is_regular_file(file_of(directory), ignored)) return directory;
    if (directory == directory.root_path()) return std::nullopt;
    directory = directory.parent_path();
  }
}

}  // namespace bakehouse::config
