// Runs a program as if the kernel could not do something, so that fallbacks are tested on any machine.
//
//   without THING[,THING]... -- PROGRAM [ARGUMENT]...
//
// The things are the table below. All processes that the program starts are under the same rule, and
// privileges are not gained any more. Exit status: the program's; 2 usage, 77 this machine does not filter
// system calls, 127 the program cannot be executed.

#include <algorithm>
#include <cerrno>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <cstring>
#include <optional>
#include <string_view>
#include <vector>

#include <fcntl.h>
#include <linux/audit.h>
#include <linux/filter.h>
#include <linux/fs.h>
#include <linux/seccomp.h>
#include <sched.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#if defined(__x86_64__)
#define NATIVE_ARCH AUDIT_ARCH_X86_64
#elif defined(__aarch64__)
#define NATIVE_ARCH AUDIT_ARCH_AARCH64
#else
#error "name the AUDIT_ARCH_... of this machine here"
#endif

// Both machines are little-endian: the low half of an argument comes first.
static_assert(__BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__);

namespace {

constexpr int usage = 2;
constexpr int skipped = 77;
constexpr int cannot_execute = 127;

// Which calls are meant: all, or those whose argument, masked, has a value.
struct Argument {
  unsigned index = 0;
  uint32_t mask = 0;
  uint32_t value = 0;
};

struct Rule {
  std::string_view thing;
  uint32_t call;
  std::optional<Argument> argument;
  uint32_t answer;  // an errno; 0: success, and nothing was done
};

constexpr Rule rules[] = {
    {"openat2", SYS_openat2, {}, ENOSYS},
    {"openat2=EPERM", SYS_openat2, {}, EPERM},
    {"exchange", SYS_renameat2, Argument{4, RENAME_EXCHANGE, RENAME_EXCHANGE}, EINVAL},
    {"link", SYS_linkat, {}, EPERM},
#ifdef SYS_link
    {"link", SYS_link, {}, EPERM},
#endif
    {"clone", SYS_ioctl, Argument{1, UINT32_MAX, FICLONE}, EOPNOTSUPP},
    {"clone", SYS_ioctl, Argument{1, UINT32_MAX, FICLONERANGE}, EOPNOTSUPP},
    {"copy_range", SYS_copy_file_range, {}, EXDEV},
    {"mount_setattr", SYS_mount_setattr, {}, ENOSYS},
    {"unshare", SYS_unshare, {}, EPERM},
    // The newer call keeps its flags where no filter sees them; without it the older one is used.
    {"threads", SYS_clone3, {}, ENOSYS},
    {"threads", SYS_clone, Argument{0, CLONE_THREAD, CLONE_THREAD}, EAGAIN},
    {"sync", SYS_fsync, {}, 0},
    {"sync", SYS_fdatasync, {}, 0},
    {"sync", SYS_syncfs, {}, 0},
    {"sync", SYS_sync, {}, 0},
    {"sync", SYS_sync_file_range, {}, 0},
    {"sync", SYS_msync, {}, 0},
};

using Filter = std::vector<sock_filter>;

void load(Filter& filter, size_t offset) {
  filter.push_back(BPF_STMT(BPF_LD | BPF_W | BPF_ABS, static_cast<uint32_t>(offset)));
}

void skip_unless_equal(Filter& filter, uint32_t value, uint8_t skip) {
  filter.push_back(BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, value, 0, skip));
}

void finish(Filter& filter, uint32_t action) { filter.push_back(BPF_STMT(BPF_RET | BPF_K, action)); }

void add(Filter& filter, const Rule& rule) {
  load(filter, offsetof(seccomp_data, nr));
  skip_unless_equal(filter, rule.call, rule.argument ? 4 : 1);
  if (rule.argument) {
    load(filter, offsetof(seccomp_data, args) + rule.argument->index * sizeof(uint64_t));
    filter.push_back(BPF_STMT(BPF_ALU | BPF_AND | BPF_K, rule.argument->mask));
    skip_unless_equal(filter, rule.argument->value, 1);
  }
  finish(filter, SECCOMP_RET_ERRNO | rule.answer);
}

// nullopt when a thing is not in the table.
std::optional<Filter> make_filter(std::string_view things) {
  Filter filter;
  load(filter, offsetof(seccomp_data, arch));
  // Numbers of another machine's calls (a 32-bit program's) mean something else.
  filter.push_back(BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, NATIVE_ARCH, 1, 0));
  finish(filter, SECCOMP_RET_ALLOW);
  while (!things.empty()) {
    const std::string_view thing = things.substr(0, things.find(','));
    things.remove_prefix(std::min(things.size(), thing.size() + 1));
    bool known = false;
    for (const Rule& rule : rules) {
      if (rule.thing != thing) continue;
      add(filter, rule);
      known = true;
    }
    if (!known) return std::nullopt;
  }
  finish(filter, SECCOMP_RET_ALLOW);
  return filter;
}

bool install(Filter& filter) {
  const sock_fprog program{static_cast<unsigned short>(filter.size()), filter.data()};
  // Without it only root may filter.
  return ::prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0 &&
         ::syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, 0, &program) == 0;
}

}  // namespace

int main(int argc, char** argv) {
  auto filter = argc >= 4 && std::string_view(argv[2]) == "--" ? make_filter(argv[1]) : std::nullopt;
  if (!filter) {
    std::fprintf(stderr, "usage: without THING[,THING]... -- PROGRAM [ARGUMENT]...; a THING is one of:");
    std::string_view last;
    for (const Rule& rule : rules) {
      if (rule.thing != last) std::fprintf(stderr, " %s", rule.thing.data());
      last = rule.thing;
    }
    std::fprintf(stderr, "\n");
    return usage;
  }
  if (!install(*filter)) {
    std::fprintf(stderr, "this machine does not filter system calls: %s\n", std::strerror(errno));
    return skipped;
  }
  ::execvp(argv[3], argv + 3);
  std::fprintf(stderr, "without: cannot execute '%s': %s\n", argv[3], std::strerror(errno));
  return cannot_execute;
}
