#include "tree/copy_torn.hh"

#include "tree/copy_file.hh"

#include <algorithm>
#include <array>

namespace bakehouse::tree {

void copy_torn(const base::Dir& from, const base::TreePath& name, const base::Dir& to, Entry& entry) {
  const std::string shown = (from.path() / name.str()).native();
  const base::Fd source = from.open_file(name);
  base::Fd copy = to.create_file(name, 0600);
  std::array<char, 64 * 1024> buffer{};
  crypto::Sha256 sha;
  uint64_t done = 0;
  while (done < entry.size) {
    const size_t wanted = std::min<uint64_t>(buffer.size(), entry.size - done);
    const size_t count = base::read_some(source, {buffer.data(), wanted}, shown);
    if (count == 0) break;  // it was cut shorter
    sha.update({buffer.data(), count});
    base::write_all(copy, {buffer.data(), count}, shown);
    done += count;
  }
  copy.close(shown);
  entry.size = done;
  entry.digest = sha.finish();
  set_metadata(to, name, entry);
}

}  // namespace bakehouse::tree
