#include "node/changes.hh"

#include "base/encoding.hh"

#include <fmt/format.h>

#include <algorithm>

namespace bakehouse::node {
namespace {

using text::Value;
using tree::Difference;

Change::Kind kind_of(Difference::Kind kind) {
  switch (kind) {
    case Difference::Kind::extra: return Change::Kind::added;
    case Difference::Kind::missing: return Change::Kind::removed;
    case Difference::Kind::mode: return Change::Kind::mode;
    default: return Change::Kind::changed;
  }
}

std::string_view sign_of(Change::Kind kind) {
  switch (kind) {
    case Change::Kind::added: return "+";
    case Change::Kind::removed: return "-";
    case Change::Kind::mode: return "m";
    case Change::Kind::changed: break;
  }
  return "~";
}

std::string_view word_for(Change::Kind kind) {
  switch (kind) {
    case Change::Kind::added: return "added";
    case Change::Kind::removed: return "removed";
    case Change::Kind::mode: return "mode";
    case Change::Kind::changed: break;
  }
  return "changed";
}

}  // namespace

std::vector<Change> compare(const tree::Manifest& before, const tree::Manifest& after) {
  std::vector<Change> changes;
  // All differences of one path follow each other, that of its content before that of its mode.
  for (const Difference& difference : tree::diff(before, after)) {
    const std::string& path = difference.path.str();
    if (!changes.empty() && changes.back().path == path) continue;
    Change change{kind_of(difference.kind), path, "", ""};
    if (change.kind == Change::Kind::mode) {
      change.before = difference.expected;
      change.after = difference.found;
    }
    changes.push_back(std::move(change));
  }
  return changes;
}

std::string line_of(const Change& change) {
  std::string line = fmt::format("{} {}", sign_of(change.kind), base::printable(change.path));
  if (change.kind == Change::Kind::mode)
    line += fmt::format(": {} instead of {}", change.after, change.before);
  return line;
}

std::string counts_of(const std::vector<Change>& changes) {
  const auto count = [&](Change::Kind kind) { return std::ranges::count(changes, kind, &Change::kind); };
  return fmt::format("{} added, {} changed, {} with another mode, {} removed", count(Change::Kind::added),
                     count(Change::Kind::changed), count(Change::Kind::mode), count(Change::Kind::removed));
}

Value encode(const std::vector<Change>& changes) {
  Value list = Value::list();
  for (const Change& change : changes) {
    Value row =
        Value::map({{"change", std::string(word_for(change.kind))}, {"path", base::printable(change.path)}});
    if (change.kind == Change::Kind::mode) {
      row.set("before", change.before);
      row.set("after", change.after);
    }
    list.push(std::move(row));
  }
  return list;
}

Value encode(const std::vector<Difference>& differences) {
  Value list = Value::list();
  for (const Difference& difference : differences) {
    Value row = Value::map({{"path", base::printable(difference.path.str())},
                            {"difference", std::string(tree::word_for(difference.kind))}});
    if (!difference.expected.empty()) row.set("expected", base::printable(difference.expected));
    if (!difference.found.empty()) row.set("found", base::printable(difference.found));
    list.push(std::move(row));
  }
  return list;
}

}  // namespace bakehouse::node
