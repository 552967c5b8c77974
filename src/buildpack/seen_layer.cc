#include "buildpack/seen_layer.hh"

#include "base/encoding.hh"
#include "base/error.hh"
#include "base/last_dir.hh"
#include "base/threads.hh"
#include "tree/fast_hash.hh"
#include "tree/scan.hh"

#include <fmt/format.h>

#include <algorithm>

#include <sys/stat.h>
#include <unistd.h>

namespace bakehouse::buildpack {
namespace {

using base::Dir;
using base::FileType;
using base::TreePath;

// Enough that taking a batch costs nothing beside linking it.
constexpr size_t batch = 256;

std::string fingerprint_of(const tree::Manifest& manifest) {
  tree::Hasher128 hasher;
  fmt::memory_buffer line;
  for (const tree::Entry& entry : manifest.entries) {
    line.clear();
    fmt::format_to(std::back_inserter(line), "{}\n{} {:o} {} {}.{} {}\n", entry.path.str(),
                   static_cast<int>(entry.type), entry.mode, entry.size, entry.time.seconds,
                   entry.time.nanoseconds, entry.link);
    hasher.update({line.data(), line.size()});
  }
  const tree::Hash128 hash = hasher.finish();
  return base::to_hex({reinterpret_cast<const char*>(hash.data()), hash.size()});
}

void link_files(const Dir& from, const tree::Manifest& manifest, size_t first, size_t last, const Dir& to) {
  base::LastDir source(from);
  base::LastDir target(to);
  for (size_t i = first; i < last; ++i) {
    if (manifest.entries.type(i) != FileType::regular) continue;
    const TreePath path = TreePath::parse(manifest.entries.path(i));
    const std::string name(path.name());
    const int here = source.holding(path).fd().get();
    if (::linkat(here, name.c_str(), target.holding(path).fd().get(), name.c_str(), 0) != 0)
      base::fail_os("link", (from.path() / path.str()).native());
  }
}

// Directories can be filled until `close_directories`.
void make_all_but_files(const tree::Manifest& manifest, const Dir& to) {
  base::LastDir target(to);
  for (size_t i = 0; i < manifest.entries.size(); ++i) {
    const FileType type = manifest.entries.type(i);
    if (type != FileType::directory && type != FileType::symlink) continue;
    const tree::Entry entry = manifest.entries[i];
    const TreePath name = TreePath::parse(entry.path.name());
    const Dir& holder = target.holding(entry.path);
    if (type == FileType::symlink) {
      holder.make_symlink(entry.link, name);
    } else {
      holder.make_dir(name, entry.mode | S_IRWXU);
    }
  }
}

void close_directories(const tree::Manifest& manifest, const Dir& to) {
  for (size_t i = manifest.entries.size(); i-- > 0;) {
    const uint32_t mode = manifest.entries.mode(i);
    if (manifest.entries.type(i) == FileType::directory && (mode & S_IRWXU) != S_IRWXU)
      to.set_mode(TreePath::parse(manifest.entries.path(i)), mode);
  }
}

}  // namespace

SeenLayer look_at_layer(const Dir& layer) {
  tree::ScanOptions options;
  options.content = tree::ScanOptions::Content::known;
  SeenLayer seen{tree::scan(layer, options).manifest, {}};
  seen.fingerprint = fingerprint_of(seen.manifest);
  return seen;
}

void link_layer(const Dir& from, const SeenLayer& seen, const Dir& to) {
  make_all_but_files(seen.manifest, to);
  const size_t count = seen.manifest.entries.size();
  base::Crew crew;
  for (size_t first = 0; first < count; first += batch) {
    crew.add([&, first] { link_files(from, seen.manifest, first, std::min(count, first + batch), to); });
  }
  crew.finish();
  close_directories(seen.manifest, to);
}

}  // namespace bakehouse::buildpack
