#include "buildpack/sources.hh"

#include "base/encoding.hh"
#include "base/error.hh"
#include "base/files.hh"
#include "buildpack/buildpackage.hh"
#include "buildpack/classic.hh"
#include "buildpack/content.hh"
#include "buildpack/room_targets.hh"
#include "net/http.hh"
#include "source/foreign_tar.hh"
#include "source/git_commit.hh"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>

#include <unistd.h>

namespace bakehouse::buildpack {
namespace {

namespace fs = std::filesystem;
using artifact::BuildpackSource;
using base::Dir;
using base::Error;
using base::Fault;
using base::printable;
using base::TreePath;

constexpr uint64_t largest_archive = uint64_t{1} << 30;
constexpr uint64_t largest_download = uint64_t{256} << 20;  // it is held in memory
constexpr std::chrono::minutes longest_download{10};
constexpr int most_redirects = 5;
const TreePath& tree_name() {
  static const TreePath name = TreePath::parse("tree");
  return name;
}

std::string shown(const SourceName& name) { return printable(name.written); }

// A file that nobody has a name for any more, which is read from its beginning.
base::Fd spool(std::string_view bytes) {
  const base::TempDir scratch;
  base::Fd file = Dir::open(scratch.path()).create_file(TreePath::parse("download"), 0600);
  base::write_all(file, bytes, "the download");
  return file;
}

base::Fd download(const SourceName& name) {
  net::HttpLimits limits{longest_download, largest_download};
  limits.redirects = most_redirects;
  const net::HttpAnswer answer = net::http_get(name.location, limits);
  constexpr int ok = 200;
  if (answer.status != ok)
    throw Error(Fault::input, fmt::format("cannot get '{}': the answer is {}",
                                          printable(without_query(name.location)), answer.status));
  return spool(answer.body);
}

base::Fd open_archive_file(const fs::path& path) {
  std::error_code missing;
  const fs::path real = fs::canonical(path, missing);
  if (missing) throw base::os_error(missing.value(), "open the archive", path.native());
  base::Fd file = Dir::open(real.parent_path()).open_file(TreePath::parse(real.filename().native()));
  if (base::stat_of(file, path.native()).size <= largest_archive) return file;
  throw Error(Fault::input,
              fmt::format("'{}' is larger than {} bytes", printable(path.native()), largest_archive));
}

crypto::Digest digest_of(const base::Fd& file, const SourceName& name) {
  if (::lseek(file.get(), 0, SEEK_SET) != 0) base::fail_os("read", name.location);
  return crypto::sha256_of(file, name.location);
}

void check_pin(const SourceName& name, const crypto::Digest& digest) {
  if (name.pin.empty() || name.pin == digest.hex()) return;
  throw Error(
      Fault::input,
      fmt::format("the archive is another than the one that is pinned: its SHA-256 is {}", digest.hex()),
      "find out who changed it; if it is to be used, write this digest behind #sha256=");
}

[[noreturn]] void fail_several(const SourceName& name, const std::vector<TreePath>& found) {
  constexpr size_t most_names_listed = 20;
  std::vector<std::string> names;
  names.reserve(found.size());
  for (const TreePath& directory : found) names.push_back("//" + printable(directory.str()));
  std::string more;
  if (names.size() > most_names_listed) {
    more = fmt::format(" and {} more", names.size() - most_names_listed);
    names.resize(most_names_listed);
  }
  const size_t end = std::min(name.written.find('#'), name.written.size());
  throw Error(Fault::input,
              fmt::format("it holds {} buildpacks, and none is named: {}{}", found.size(),
                          fmt::join(names, ", "), more),
              fmt::format("name one: {}{}{}", printable(name.written.substr(0, end)), names.front(),
                          printable(name.written.substr(end))));
}

TreePath choose(const SourceName& name, const KeptTree& kept) {
  const Dir tree = Dir::open(kept.tree);
  const std::vector<TreePath> found = find_buildpacks(tree);
  if (!name.inside.is_top()) {
    if (tree.exists(name.inside / "buildpack.toml") || tree.exists(name.inside / "extension.toml") ||
        is_classic(kept.tree / name.inside.str()))
      return name.inside;
    throw Error(Fault::input,
                fmt::format("there is no buildpack at '//{}' in it", printable(name.inside.str())),
                found.empty() ? what_is_a_buildpack
                              : fmt::format("there is one at '//{}'", printable(found.front().str())));
  }
  if (!kept.main.is_top()) return kept.main;
  if (found.empty()) throw Error(Fault::input, "there is no buildpack in it", what_is_a_buildpack);
  if (found.size() > 1) fail_several(name, found);
  return found.front();
}

std::string told_url(const SourceName& name) {
  return name.is_remote() ? without_query(name.location) : std::string();
}

}  // namespace

Sources::Sources(SourcesRequest request)
    : request_(std::move(request)), kept_(request_.kept, request_.warn) {}

Buildpack Sources::open(const std::string& written) {
  const SourceName name = parse_source_name(written);
  if (name.kind == SourceName::Kind::shipped || name.kind == SourceName::Kind::directory)
    return find_buildpack(name.location, request_.shipped, request_.project);
  return base::with_context(fmt::format("the buildpack '{}'", shown(name)), [&] {
    return name.kind == SourceName::Kind::git ? open_commit(name) : open_archive(name);
  });
}

Buildpack Sources::open_archive(const SourceName& name) {
  const TreePath place = TreePath::parse("sha256");
  std::optional<KeptTree> kept;
  std::string digest = name.pin;
  if (!digest.empty()) kept = kept_.find(place / digest);
  if (!kept) {
    const base::Fd file = obtain_archive(name);
    const crypto::Digest found = digest_of(file, name);
    check_pin(name, found);
    digest = found.hex();
    kept = name.pin.empty() ? kept_.find(place / digest) : std::nullopt;
    if (!kept) kept = keep_archive(name, file, found);
  }
  BuildpackSource source{BuildpackSource::Kind::archive, told_url(name), digest};
  return take(name, {*std::move(kept), std::move(source)});
}

Buildpack Sources::open_commit(const SourceName& name) {
  std::optional<KeptTree> kept = kept_.find(TreePath::parse("git") / name.pin);
  if (!kept) kept = keep_commit(name);
  BuildpackSource source{BuildpackSource::Kind::git, told_url(name), name.pin};
  return take(name, {*std::move(kept), std::move(source)});
}

Buildpack Sources::take(const SourceName& name, Fetched fetched) {
  fetched_.push_back(std::move(fetched));
  const KeptTree& kept = fetched_.back().kept;
  const TreePath inside = choose(name, kept);
  Buildpack pack = load_buildpack(kept.tree / inside.str());
  // It is called by where it came from, not by where we keep it.
  if (pack.is_classic()) pack.id = classic_id(inside.is_top() ? without_query(name.location) : inside.str());
  return pack;
}

void Sources::require_network(const SourceName& name) const {
  if (!name.is_remote() || request_.network == SourcesRequest::Network::allowed) return;
  throw Error(Fault::input, "it is not kept here, and the network is not to be used",
              "bake once with the network");
}

base::Fd Sources::obtain_archive(const SourceName& name) const {
  require_network(name);
  return name.is_remote() ? download(name) : open_archive_file(request_.project / name.location);
}

KeptTree Sources::keep_archive(const SourceName& name, const base::Fd& file, const crypto::Digest& digest) {
  const std::string told = fs::path(without_query(name.location)).filename().native();
  return kept_.keep(TreePath::parse("sha256") / digest.hex(), [&](const Dir& staging) {
    source::Budget budget{source::Limits{}};
    Buildpackage package;
    if (name.is_image()) {
      package = unpack_buildpackage(file, told, staging, budget);
    } else {
      staging.make_dir(tree_name(), 0755);
      package.digest = source::unpack_tar(file, told, staging.open_dir(tree_name()), budget);
    }
    if (package.digest != digest) throw Error(Fault::input, "the archive changed while it was read");
    return package.main;
  });
}

KeptTree Sources::keep_commit(const SourceName& name) {
  require_network(name);
  return kept_.keep(TreePath::parse("git") / name.pin, [&](const Dir& staging) {
    staging.make_dir(tree_name(), 0755);
    source::CommitRequest request;
    request.from = name.is_remote() ? name.location : (request_.project / name.location).native();
    request.commit = name.pin;
    request.cancelled = request_.cancelled;
    source::check_out_commit(request, staging.open_dir(tree_name()), staging.path() / "fetched");
    return TreePath();
  });
}

const Sources::Fetched* Sources::holder_of(const Buildpack& pack) const {
  const auto holder = std::ranges::find_if(
      fetched_, [&](const Fetched& fetched) { return is_within(pack.directory, fetched.kept.tree); });
  return holder == fetched_.end() ? nullptr : &*holder;
}

std::vector<fs::path> Sources::beside(const Buildpack& pack) const {
  std::vector<fs::path> places{pack.directory.parent_path()};
  const Fetched* holder = holder_of(pack);
  if (holder == nullptr) return places;
  for (const TreePath& other : find_buildpacks(Dir::open(holder->kept.tree))) {
    const fs::path place = (holder->kept.tree / other.str()).lexically_normal();
    const fs::path parent = other.is_top() ? holder->kept.tree.parent_path() : place.parent_path();
    if (std::ranges::find(places, parent) == places.end()) places.push_back(parent);
  }
  return places;
}

artifact::BuildpackUse Sources::describe(const Buildpack& pack) const {
  artifact::BuildpackUse use;
  use.id = pack.id;
  use.version = pack.version;
  use.content = content_digest(Dir::open(pack.directory));
  std::error_code missing;
  const fs::path shipped = fs::canonical(request_.shipped, missing);
  const bool is_shipped = !missing && is_within(pack.directory, shipped);
  use.source.kind = is_shipped ? BuildpackSource::Kind::shipped : BuildpackSource::Kind::directory;
  if (const Fetched* holder = holder_of(pack)) use.source = holder->source;
  return use;
}

void Sources::finish() {
  std::vector<TreePath> used;
  for (const Fetched& fetched : fetched_) used.push_back(fetched.kept.name);
  kept_.note_use(used);
}

}  // namespace bakehouse::buildpack
