#include "service/ground.hh"

#include <array>
#include <string_view>

#include <fmt/format.h>
#include <sys/inotify.h>
#include <unistd.h>

namespace bakehouse::service {
namespace {

// What the kernel says of a descriptor whose name was removed; links are not counted everywhere (btrfs,
// overlays).
constexpr std::string_view removed_mark = " (deleted)";

std::string name_of(const base::Fd& fd) {
  std::array<char, 4096> name{};
  const ssize_t length =
      ::readlink(fmt::format("/proc/self/fd/{}", fd.get()).c_str(), name.data(), name.size());
  return length < 0 ? std::string() : std::string(name.data(), static_cast<size_t>(length));
}

}  // namespace

// Its own removal is not told to who holds it open, but that of an entry of its parent is.
Ground::Ground(const base::Dir& state)
    : state_(state), name_(name_of(state.fd())), news_(::inotify_init1(IN_NONBLOCK | IN_CLOEXEC)) {
  const auto parent = state.path().lexically_normal().parent_path();
  if (news_ && ::inotify_add_watch(news_.get(), parent.c_str(), IN_DELETE | IN_ONLYDIR) < 0) news_.reset();
}

bool Ground::is_gone() const {
  std::array<char, 4096> news{};
  while (news_ && ::read(news_.get(), news.data(), news.size()) > 0) {
  }
  const std::string name = name_of(state_.fd());
  return name != name_ && name.ends_with(removed_mark);
}

}  // namespace bakehouse::service
