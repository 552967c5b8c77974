// A tar archive from a stranger: unpacked, or refused for what is in it; beside its directory nothing
// changes.
#include "source/foreign_tar.hh"

#include "base/files.hh"
#include "fuzz/memory_file.hh"
#include "fuzz/target.hh"

namespace bakehouse::fuzz {

void test_one(std::string_view input) {
  const base::TempDir scratch;
  const base::Dir outer = base::Dir::open_or_make(scratch.path() / "outer");
  outer.make_dir(base::TreePath::parse("to"), 0755);
  const base::Dir to = outer.open_dir(base::TreePath::parse("to"));
  const MemoryFile file(input);
  source::Budget budget({1 << 20, 1000, 500});
  const auto digest =
      accepted([&] { return source::unpack_tar(base::open_for_reading(file.path()), "input", to, budget); });
  if (digest) require(*digest == crypto::sha256(input), "the digest is of what was read");
  require(outer.names() == std::vector<std::string>{"to"}, "nothing is written outside");
}

}  // namespace bakehouse::fuzz
