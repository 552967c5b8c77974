#include "buildpack/refused_write.hh"

#include <doctest/doctest.h>

#include <string>

namespace refused_write_test {

using namespace bakehouse::buildpack;

TEST_CASE("decision 1: a write that was refused is recognised in many programs' words, with its path") {
  const struct {
    const char* line;
    const char* path;
  } rows[] = {
      {"touch: cannot touch '/etc/x': Read-only file system", "/etc/x"},
      {"touch: cannot touch \u2018/etc/x\u2019: Read-only file system", "/etc/x"},
      {"mkdir: can't create directory '/opt/a b': Read-only file system", "/opt/a b"},
      {"mv: cannot move 'a' to '/etc/a': Read-only file system", "/etc/a"},
      {"tar: lib/x: Cannot open: Read-only file system", "lib/x"},
      {"/packs/1/bin/build: line 3: /etc/x: Read-only file system", "/etc/x"},
      {"/packs/1/bin/build: 3: cannot create /etc/x: Read-only file system", "/etc/x"},
      {"/usr/bin/ld: cannot open output file /etc/x: Read-only file system", "/etc/x"},
      {"OSError: [Errno 30] Read-only file system: '/usr/lib/x'", "/usr/lib/x"},
      {"Error: EROFS: read-only file system, open '/etc/x'", "/etc/x"},
      {"open /etc/x: read-only file system", "/etc/x"},
      {"x.rb:1:in `initialize': Read-only file system @ rb_sysopen - /etc/x (Errno::EROFS)", "/etc/x"},
      {"java.io.FileNotFoundException: /etc/x (Read-only file system)", "/etc/x"},
      {"PHP Warning:  fopen(/etc/x): Failed to open stream: Read-only file system", "/etc/x"},
      {"Cannot open /etc/x: Read-only file system at /packs/1/x.pl line 1.", "/etc/x"},
      {"Cannot open x: Read-only file system at /packs/1/x.pl line 1.", ""},
      {"/packs/1/bin/build: line 3: x: Read-only file system", ""},
      {"Error: Read-only file system (os error 30)", ""},
      {"Read-only file system", ""},
  };
  for (const auto& row : rows) {
    CAPTURE(row.line);
    const auto found = find_refused_write(row.line);
    REQUIRE(found);
    CHECK(found->path == row.path);
  }
}

TEST_CASE("other lines tell of no refused write") {
  for (const char* line :
       {"", "/etc/x: Permission denied", "the file system is fine", "read-only", "\xff\xfe /x"}) {
    CAPTURE(line);
    CHECK_FALSE(find_refused_write(line));
  }
}

}  // namespace refused_write_test
