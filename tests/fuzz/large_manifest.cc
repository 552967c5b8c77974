// Large manifests are read by all processors at once: the same answers, whatever the lines are.
#include "fuzz/manifest_readers.hh"

#include "tree/manifest_line.hh"

namespace bakehouse::fuzz {
namespace {

constexpr std::string_view first_lines = "#mtree\n. type=dir\n";

// More than a reader takes for small, in few lines, before all else in byte order.
const std::string& padding() {
  static const std::string text = [] {
    constexpr size_t enough = 520 * 1024;
    constexpr size_t longest_target = 4095;
    std::string lines;
    tree::Entry entry;
    entry.type = base::FileType::symlink;
    entry.link = std::string(longest_target, 'x');
    for (std::string name = "\x01"; lines.size() < enough; name += '\x01') {
      entry.path = base::TreePath::parse(name);
      tree::append_line(lines, entry);
    }
    return lines;
  }();
  return text;
}

}  // namespace

void test_one(std::string_view input) {
  constexpr size_t piece = 64 * 1024;
  if (!input.starts_with(first_lines)) return;
  const std::string_view lines = input.substr(first_lines.size());
  require_agreement(std::string(first_lines) + padding() + std::string(lines), piece);
}

}  // namespace bakehouse::fuzz
