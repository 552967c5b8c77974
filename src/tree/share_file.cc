#include "tree/share_file.hh"

#include "base/error.hh"
#include "tree/attributes.hh"
#include "tree/read_file.hh"

#include <cerrno>

#include <unistd.h>

namespace bakehouse::tree {
namespace {

using base::Dir;
using base::FileStat;
using base::TreePath;

bool has_owner(const FileStat& stat, const Entry& wanted) {
  if (wanted.owner) return stat.uid == wanted.owner->uid && stat.gid == wanted.owner->gid;
  return stat.uid == ::geteuid() && stat.gid == ::getegid();
}

bool looks_right(const FileStat& stat, const Entry& wanted, Lender::Times times) {
  return stat.type == base::FileType::regular && stat.size == wanted.size && stat.mode == wanted.mode &&
         has_owner(stat, wanted) && (times == Lender::Times::any || stat.mtime == wanted.time);
}

// Where links are not to be had (a limit of the file system or of its kind) a copy does as well.
bool link_or_not(const Dir& from, const TreePath& name, const Dir& to) {
  const char* const text = name.str().c_str();
  if (::linkat(from.fd().get(), text, to.fd().get(), text, 0) == 0) return true;
  if (errno == EMLINK || errno == EPERM || errno == EXDEV || errno == EOPNOTSUPP || errno == ENOENT)
    return false;
  base::fail_os("link", (to.path() / name.str()).native());
}

bool is_same_file(const FileStat& a, const FileStat& b) {
  return a.device == b.device && a.inode == b.inode && a.size == b.size && a.mtime == b.mtime &&
         a.mode == b.mode && a.uid == b.uid && a.gid == b.gid;
}

}  // namespace

bool is_lendable(const Entry& wanted, const Entry& lent, Lender::Times times) {
  // A second name of a file would make two wanted files one. Owner and attributes are looked at where
  // the file lies; the manifest may not tell them.
  return lent.same_file.is_top() && lent.type == wanted.type && lent.digest == wanted.digest &&
         lent.size == wanted.size && lent.mode == wanted.mode &&
         (times == Lender::Times::any || lent.time == wanted.time);
}

bool Loans::take(const FileStat& file) {
  if (file.links == 1) return true;
  const std::lock_guard lock(mutex_);
  return lent_.emplace(file.device, file.inode).second;
}

bool share_file(const Dir& from, const TreePath& name, const Dir& to, const Entry& wanted,
                const Lender& lender, Loans& loans, StatIndex* index) {
  const auto when = file_clock();
  const auto seen = from.stat(name);
  if (!seen || !looks_right(*seen, wanted, lender.times) || !lender.may_share(wanted, *seen)) return false;
  if (known_digest(from, name, *seen, when, index) != wanted.digest) return false;
  if (read_attributes(from, name) != wanted.attributes) return false;
  if (!loans.take(*seen) || !link_or_not(from, name, to)) return false;
  const auto linked = to.stat(name);
  if (!linked || !is_same_file(*seen, *linked)) {
    // Somebody put another file there between the look and the link.
    to.remove_file(name);
    return false;
  }
  // The link itself has changed the ctime.
  if (index != nullptr && linked->size > 0) index->add(identity_of(*linked), wanted.digest);
  return true;
}

}  // namespace bakehouse::tree
