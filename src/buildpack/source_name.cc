#include "buildpack/source_name.hh"

#include "base/encoding.hh"
#include "base/error.hh"

#include <fmt/format.h>

#include <algorithm>
#include <array>

namespace bakehouse::buildpack {
namespace {

using base::Error;
using base::Fault;
using base::printable;
using base::TreePath;

constexpr size_t longest_source_name = 2048;
constexpr size_t commit_digits = 40;
constexpr size_t digest_digits = 64;
constexpr std::array archive_suffixes{".tar", ".tar.gz", ".tgz", ".tar.zst", ".tar.xz", ".cnb"};

bool is_hex(std::string_view text, size_t digits) {
  return text.size() == digits &&
         std::ranges::all_of(text, [](char c) { return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f'); });
}

bool is_path(std::string_view text) { return text.starts_with('.') || text.starts_with('/'); }
bool is_web(std::string_view text) { return text.starts_with("http://") || text.starts_with("https://"); }
bool ends_as_archive(std::string_view text) {
  return std::ranges::any_of(archive_suffixes, [&](const char* suffix) { return text.ends_with(suffix); });
}
bool ends_as_repository(std::string_view text) { return text.ends_with(".git"); }

// Where the "//" of `//DIRECTORY` stands in `text`, or npos. In a path two slashes in a row mean one, but
// behind the name of a file or repository.
size_t find_inside(std::string_view text) {
  const size_t scheme = text.find("://");
  if (scheme != std::string_view::npos) return text.find("//", scheme + 3);
  for (size_t at = text.find("//"); at != std::string_view::npos; at = text.find("//", at + 1)) {
    const std::string_view before = text.substr(0, at);
    if (ends_as_archive(before) || ends_as_repository(before)) return at;
  }
  return std::string_view::npos;
}

void refuse_user(std::string_view url) {
  const size_t host = url.find("://") + 3;
  if (url.substr(host, url.find_first_of("/?", host) - host).find('@') == std::string_view::npos) return;
  throw Error(Fault::input, "the URL names a user, and would be told in every release",
              "leave it out; what needs a password cannot be fetched");
}

// The URL behind "git+"; of git+file:// its path.
std::string repository_of(std::string_view url) {
  constexpr std::string_view file = "file://";
  if (is_web(url)) return std::string(url);
  if (url.starts_with("file:///")) return std::string(url.substr(file.size()));
  throw Error(Fault::input, "git+ stands before https://, http:// or file:///PATH only",
              "another machine's repository by ssh: clone it, and name the clone");
}

[[noreturn]] void refuse_scheme(std::string_view body) {
  throw Error(Fault::input,
              fmt::format("'{}' is no kind of URL that names a buildpack",
                          printable(body.substr(0, body.find("://") + 3))),
              "known are https:// and http:// of an archive, git+https://, git+http:// and git+file://");
}

void require_commit(const SourceName& name, std::string_view fragment) {
  if (is_hex(fragment, commit_digits)) return;
  const std::string find =
      fmt::format("`git ls-remote {}{}` prints it; write #<forty lower-case digits> at the end",
                  printable(name.location), fragment.empty() ? "" : " " + printable(fragment));
  if (fragment.empty()) throw Error(Fault::input, "the repository is named without a commit", find);
  throw Error(Fault::input,
              fmt::format("'{}' is no full commit id, and what a branch or tag names may change",
                          printable(fragment)),
              find);
}

std::string digest_in(const SourceName& name, std::string_view fragment) {
  constexpr std::string_view key = "sha256=";
  const std::string find = fmt::format("`{}` prints it; write #sha256=<64 lower-case digits> at the end",
                                       name.is_remote() ? "curl -L URL | sha256sum" : "sha256sum FILE");
  if (fragment.starts_with(key) && is_hex(fragment.substr(key.size()), digest_digits))
    return std::string(fragment.substr(key.size()));
  if (!fragment.empty())
    throw Error(Fault::input, fmt::format("'#{}' is no SHA-256", printable(fragment)), find);
  if (name.is_remote())
    throw Error(Fault::input, "a URL is named without the SHA-256 of what is there", find);
  return "";
}

// The name without `//DIRECTORY`, which goes to `inside`.
std::string take_inside(std::string_view body, TreePath& inside) {
  const size_t at = find_inside(body);
  if (at == std::string_view::npos) return std::string(body);
  inside = TreePath::parse(body.substr(at + 2));
  return std::string(body.substr(0, at));
}

SourceName classify(std::string_view body) {
  SourceName name;
  constexpr std::string_view git = "git+";
  if (!body.starts_with(git) && !is_path(body) && body.find("://") == std::string_view::npos) return name;
  const bool is_git_url = body.starts_with(git);
  const std::string location = take_inside(is_git_url ? body.substr(git.size()) : body, name.inside);
  name.location = is_git_url ? repository_of(location) : location;
  if (!is_git_url && name.is_remote() && !is_web(location)) refuse_scheme(location);
  if (name.is_remote()) refuse_user(name.location);
  name.kind = SourceName::Kind::directory;
  if (ends_as_archive(location) || name.is_remote()) name.kind = SourceName::Kind::archive;
  if (is_git_url || (is_path(location) && ends_as_repository(location))) name.kind = SourceName::Kind::git;
  if (name.kind == SourceName::Kind::archive && ends_as_repository(location))
    throw Error(Fault::input, "the URL is of a repository", fmt::format("write git+{}", printable(location)));
  return name;
}

SourceName parse(const std::string& written) {
  if (written.size() > longest_source_name)
    throw Error(Fault::input, fmt::format("it is longer than {} bytes", longest_source_name));
  const std::string_view text = written;
  const size_t hash = text.find('#');
  SourceName name = classify(text.substr(0, hash));
  name.written = written;
  const std::string_view fragment = hash == std::string_view::npos ? "" : text.substr(hash + 1);
  switch (name.kind) {
    case SourceName::Kind::git:
      require_commit(name, fragment);
      name.pin = fragment;
      break;
    case SourceName::Kind::archive: name.pin = digest_in(name, fragment); break;
    default: name.location = written;  // a '#' means nothing here
  }
  if (name.is_remote() && printable(name.location) != name.location)
    throw Error(Fault::input, "the URL holds what no URL may hold");
  return name;
}

}  // namespace

bool SourceName::is_image() const { return without_query(location).ends_with(".cnb"); }

SourceName parse_source_name(const std::string& written) {
  return base::with_context(
      fmt::format("the buildpack '{}'", printable(written.substr(0, longest_source_name))),
      [&] { return parse(written); });
}

std::string without_query(std::string_view url) { return std::string(url.substr(0, url.find('?'))); }

}  // namespace bakehouse::buildpack
