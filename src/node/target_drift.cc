#include "node/target_drift.hh"

#include "base/encoding.hh"
#include "base/error.hh"
#include "node/targets.hh"

#include <fmt/format.h>

namespace bakehouse::node {
namespace {

namespace fs = std::filesystem;
using base::TreePath;
using text::Value;
using tree::Difference;

std::string octal(uint32_t mode) { return fmt::format("{:04o}", mode); }

void compare(const WrittenTarget& written, std::vector<TargetDifference>& differences) {
  const auto note = [&](Difference::Kind kind, std::string expected = {}, std::string found = {}) {
    differences.push_back({written.target, kind, std::move(expected), std::move(found)});
  };
  if (!fs::is_directory(written.target.parent_path())) return note(Difference::Kind::missing);
  const base::Dir directory = base::Dir::open(written.target.parent_path());
  const TreePath name = TreePath::parse(written.target.filename().native());
  const auto there = directory.stat(name);
  if (!there) return note(Difference::Kind::missing);
  if (there->type != base::FileType::regular) return note(Difference::Kind::type);
  if (!written.sha256.empty() && !written.holds(directory.read_file(name, largest_target)))
    note(Difference::Kind::content);
  if (written.mode && there->mode != *written.mode)
    note(Difference::Kind::mode, octal(*written.mode), octal(there->mode));
}

}  // namespace

std::string TargetDifference::describe() const {
  return tree::describe(kind, target.native(), expected, found);
}

TargetLook look_at_targets(const Node& node, const std::string& deployment) {
  TargetLook look;
  for (const WrittenTarget& written : written_targets(node, deployment)) {
    ++look.count;
    try {
      compare(written, look.differences);
    } catch (const std::exception& error) {
      look.differences.push_back({written.target, Difference::Kind::unreadable, "", error.what()});
    }
  }
  return look;
}

std::vector<std::string> in_lines(const TargetLook& look) {
  if (look.count == 0) return {};
  if (look.differences.empty()) return {"files outside of the root: as they must be"};
  std::vector<std::string> lines{fmt::format("files outside of the root: {} difference{}",
                                             look.differences.size(),
                                             look.differences.size() == 1 ? "" : "s")};
  for (const TargetDifference& one : look.differences) lines.push_back("  " + one.describe());
  return lines;
}

Value encode(const std::vector<TargetDifference>& differences) {
  Value list = Value::list();
  for (const TargetDifference& one : differences) {
    Value row = Value::map({{"target", base::printable(one.target.native())},
                            {"difference", std::string(tree::word_for(one.kind))}});
    if (!one.expected.empty()) row.set("expected", one.expected);
    if (!one.found.empty()) row.set("found", base::printable(one.found));
    list.push(std::move(row));
  }
  return list;
}

}  // namespace bakehouse::node
