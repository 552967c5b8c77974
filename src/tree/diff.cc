#include "tree/diff.hh"

#include "base/encoding.hh"
#include "tree/scan.hh"

#include <fmt/format.h>

#include <algorithm>

namespace bakehouse::tree {
namespace {

using base::FileType;
using Kind = Difference::Kind;

std::string_view title_of(Kind kind) {
  switch (kind) {
    case Kind::missing: return "missing";
    case Kind::extra: return "not in the manifest";
    case Kind::type: return "another type";
    case Kind::content: return "another content";
    case Kind::mode: return "another mode";
    case Kind::owner: return "another owner";
    case Kind::link: return "another link target";
    case Kind::attributes: return "other attributes";
    case Kind::hard_link: return "other hard links";
    case Kind::time: return "another time";
    case Kind::unreadable: return "unreadable";
  }
  return "";
}

std::string_view name_of(FileType type) {
  switch (type) {
    case FileType::regular: return "file";
    case FileType::directory: return "directory";
    case FileType::symlink: return "link";
    case FileType::other: break;
  }
  return "special file";
}

std::string show(const base::FileTime& time) {
  return time.nanoseconds == 0 ? fmt::format("{}", time.seconds)
                               : fmt::format("{}.{:09}", time.seconds, time.nanoseconds);
}

std::string show(const std::optional<Owner>& owner) { return fmt::format("{}:{}", owner->uid, owner->gid); }

class Comparison {
 public:
  explicit Comparison(const DiffOptions& options) : options_(options) {}

  void only(Kind kind, std::string_view path) {
    differences_.push_back({base::TreePath::parse(path), kind, "", ""});
  }

  void both(const Entry& expected, const Entry& found) {
    if (expected == found) return;
    if (expected.type != found.type) {
      note(found, Kind::type, std::string(name_of(expected.type)), std::string(name_of(found.type)));
      return;
    }
    if (expected.type == FileType::regular && expected.digest != found.digest)
      note(found, Kind::content, "", "");
    if (expected.mode != found.mode)
      note(found, Kind::mode, fmt::format("{:04o}", expected.mode), fmt::format("{:04o}", found.mode));
    if (expected.link != found.link) note(found, Kind::link, expected.link, found.link);
    if (expected.owner && found.owner && expected.owner != found.owner)
      note(found, Kind::owner, show(expected.owner), show(found.owner));
    const bool do_both_tell_all = expected.detail == Detail::all && found.detail == Detail::all;
    if (do_both_tell_all) compare_all(expected, found);
    const bool has_time = expected.type == FileType::regular || do_both_tell_all;
    if (options_.times == DiffOptions::Times::compare && has_time && expected.time != found.time)
      note(found, Kind::time, show(expected.time), show(found.time));
  }

  std::vector<Difference> take() { return std::move(differences_); }

 private:
  void compare_all(const Entry& expected, const Entry& found) {
    if (expected.attributes != found.attributes) note(found, Kind::attributes, "", "");
    if (expected.same_file != found.same_file)
      note(found, Kind::hard_link, expected.same_file.str(), found.same_file.str());
  }

  void note(const Entry& entry, Kind kind, std::string expected, std::string found) {
    differences_.push_back({entry.path, kind, std::move(expected), std::move(found)});
  }

  DiffOptions options_;
  std::vector<Difference> differences_;
};

}  // namespace

std::string_view word_for(Kind kind) {
  switch (kind) {
    case Kind::missing: return "missing";
    case Kind::extra: return "extra";
    case Kind::type: return "type";
    case Kind::content: return "content";
    case Kind::mode: return "mode";
    case Kind::owner: return "owner";
    case Kind::link: return "link";
    case Kind::attributes: return "attributes";
    case Kind::hard_link: return "hard-link";
    case Kind::time: return "time";
    case Kind::unreadable: return "unreadable";
  }
  return "";
}

std::string Difference::describe() const { return tree::describe(kind, path.str(), expected, found); }

std::string describe(Kind kind, std::string_view name, std::string_view expected, std::string_view found) {
  std::string text = fmt::format("{}: {}", title_of(kind), base::printable(name));
  if (kind == Kind::unreadable) return text.append(": ").append(found);
  if (!expected.empty() || !found.empty()) {
    text += fmt::format(": {} instead of {}", found.empty() ? "none" : base::printable(found),
                        expected.empty() ? "none" : base::printable(expected));
  }
  return text;
}

std::vector<Difference> diff(const Manifest& expected, const Manifest& found, const DiffOptions& options) {
  Comparison comparison(options);
  const EntryList& wanted = expected.entries;
  const EntryList& there = found.entries;
  size_t w = 0;
  size_t t = 0;
  while (w < wanted.size() || t < there.size()) {
    if (t == there.size() || (w < wanted.size() && wanted.path(w) < there.path(t))) {
      comparison.only(Kind::missing, wanted.path(w++));
    } else if (w == wanted.size() || there.path(t) < wanted.path(w)) {
      comparison.only(Kind::extra, there.path(t++));
    } else {
      if (!wanted.is_equal(w, there, t)) comparison.both(wanted[w], there[t]);
      ++w;
      ++t;
    }
  }
  return comparison.take();
}

namespace {

bool tells_owners(const Manifest& manifest) {
  for (size_t i = 0; i < manifest.entries.size(); ++i) {
    if (manifest.entries.has_owner(i)) return true;
  }
  return false;
}

// The content of what could not be read is not another one, nor is what it holds missing: who knows.
bool is_unknown(const Difference& difference, const std::vector<ScanFault>& faults) {
  return std::any_of(faults.begin(), faults.end(), [&](const ScanFault& fault) {
    return (difference.kind == Kind::content && difference.path == fault.path) ||
           (difference.kind == Kind::missing && difference.path.is_within(fault.path));
  });
}

}  // namespace

std::vector<Difference> diff_with_directory(const Manifest& expected, const base::Dir& dir,
                                            const LookOptions& look) {
  ScanOptions options;
  options.excluded = [](const base::TreePath& path) { return path.str() == ".bakehouse"; };
  options.index = look.index;
  options.workers = look.workers;
  options.faults = ScanOptions::Faults::report;
  // A file that should not be there, or has another size, differs whatever it holds; and it may be of any
  // size.
  options.wants_content = [&](const base::TreePath& path, uint64_t size) {
    const auto entry = expected.find(path);
    return entry && entry->type == base::FileType::regular && entry->size == size;
  };
  if (tells_owners(expected)) options.detail = Detail::all;
  Scan found = scan(dir, options);
  std::vector<Difference> differences = diff(expected, found.manifest);
  std::erase_if(differences,
                [&](const Difference& difference) { return is_unknown(difference, found.faults); });
  for (auto& special : found.specials) differences.push_back({std::move(special), Kind::extra, "", ""});
  for (auto& fault : found.faults)
    differences.push_back({std::move(fault.path), Kind::unreadable, "", std::move(fault.message)});
  return differences;
}

std::string describe(const std::vector<Difference>& differences) {
  constexpr size_t shown = 10;
  std::string text;
  for (size_t i = 0; i < std::min(shown, differences.size()); ++i)
    text += "  " + differences[i].describe() + "\n";
  if (differences.size() > shown) text += fmt::format("  and {} more\n", differences.size() - shown);
  return text;
}

}  // namespace bakehouse::tree
