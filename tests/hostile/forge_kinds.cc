// What is neither file, directory nor link, and rights that no release gives: threat 8.
#include "hostile/forge.hh"

#include <string>

namespace bakehouse::hostile {

using support::File;
using support::Folder;

Forgeries forged_kinds() {
  const std::string digest = "sha256digest=" + crypto::sha256("").hex();
  const std::string file = "./a type=file mode=0644";
  const std::string content = " size=0 time=0.0 " + digest + "\n";
  return {
      forge_tree("set-user-id", {{"a", File{"x", 04755}}}),
      forge_tree("set-group-id", {{"a", File{"x", 02755}}}),
      forge_tree("set-group-id-of-a-directory", {{"a", Folder{02755}}}),
      forge_tree("sticky-directory", {{"a", Folder{01755}}}),
      forge_tree("sticky-file", {{"a", File{"x", 01644}}}),
      forge_tree("writable-by-all", {{"a", File{"x", 0666}}}),
      forge_tree("writable-by-all-directory", {{"a", Folder{0777}}}),
      forge_tree("writable-by-all-sticky-directory", {{"a", Folder{01777}}}),
      forge_tree("writable-by-others-only", {{"a", File{"x", 0602}}}),
      forge_tree("writable-by-its-group", {{"a", File{"x", 0664}}}),
      forge_tree("writable-by-its-group-directory", {{"a", Folder{0775}}}),
      forge_lines("kind-character-device", "./a type=char mode=0644\n"),
      forge_lines("kind-block-device", "./a type=block mode=0644\n"),
      forge_lines("kind-fifo", "./a type=fifo mode=0644\n"),
      forge_lines("kind-socket", "./a type=socket mode=0644\n"),
      forge_lines("kind-of-nobody", "./a type=\x1b[2J mode=0644\n"),
      forge_lines("kind-missing", "./a mode=0644\n"),
      forge_lines("owner-root", file + " uid=0 gid=0" + content),
      forge_lines("owner-of-a-directory", "./a type=dir mode=0755 uid=33 gid=33\n"),
      forge_lines("owner-by-name", file + " uname=root" + content),
      forge_lines("attributes", file + " xattr.security.capability=AQAAAg" + content),
      forge_lines("flags", file + " flags=schg" + content),
      forge_lines("device-number", file + " device=1,3" + content),
      forge_lines("mode-beyond-twelve-bits", "./a type=file mode=0100644" + content),
      forge_lines("mode-with-a-zero-more", "./a type=file mode=00644" + content),
      forge_lines("mode-in-words", "./a type=file mode=u=rwx" + content),
      forge_lines("time-with-a-fraction", file + " size=0 time=1.5 " + digest + "\n"),
      forge_lines("time-without-nanoseconds", file + " size=0 time=1 " + digest + "\n"),
      forge_lines("time-beyond-all", file + " size=0 time=99999999999999999999.0 " + digest + "\n"),
      forge_lines("size-negative", file + " size=-1 time=0.0 " + digest + "\n"),
      forge_lines("size-of-2-to-the-64", file + " size=18446744073709551616 time=0.0 " + digest + "\n"),
      forge_lines("digest-of-another-kind", file + " size=0 time=0.0 md5digest=00\n"),
      forge_lines("digest-missing", file + " size=0 time=0.0\n"),
      forge_lines("digest-in-capitals",
                  file + " size=0 time=0.0 sha256digest=" + std::string(64, 'A') + "\n"),
  };
}

}  // namespace bakehouse::hostile
