// A process that goes on in its release while another one takes the place of run/.
#include "service/pinned_view.hh"

#include "base/dir.hh"
#include "base/files.hh"

#include <doctest/doctest.h>

#include <filesystem>
#include <string>

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

namespace pinned_view_test {

using namespace bakehouse;
using namespace bakehouse::service;
namespace fs = std::filesystem;

namespace {

struct Place {
  base::TempDir scratch;
  base::Dir dir = base::Dir::open(scratch.path());
  Place() {
    for (const char* name : {"run", "next", "data"}) fs::create_directory(path() / name);
    write("run/page", "old");
    write("next/page", "new");
    write("data/book", "before");
    write("note", "n");
    fs::create_symlink("data", path() / "link");
    REQUIRE(::mkfifo((path() / "run/go").c_str(), 0600) == 0);
  }
  const fs::path& path() const { return scratch.path(); }
  void write(const std::string& name, const std::string& text) const {
    base::write_file(path() / name, text, 0644);
  }
};

}  // namespace

TEST_CASE("who has a view of its own finds its release by its path after another one was put there") {
  if (!PinnedView::is_possible()) return;
  Place place;
  const PinnedView view(place.path() / "run");
  base::Pipe output = base::make_pipe();
  base::Command command;
  // Every path is absolute, as a program's that loads something late.
  const std::string root = place.path().native();
  command.argv = {"/bin/sh", "-c",
                  "cd /; echo ready; read line <" + root + "/run/go; cat " + root + "/run/page; cat " + root +
                      "/data/book " + root + "/link/book " + root + "/note; echo x >" + root +
                      "/data/written; ls " + root + "; echo no 2>/dev/null >" + root +
                      "/stray || echo closed"};
  command.directory = place.path() / "run";
  command.output = &output.write;
  command.child_work = &view.child_work();
  base::Process process = base::Process::start(command);
  output.write.reset();
  char ready[6];
  REQUIRE(base::read_some(output.read, {ready, sizeof ready}, "it") == sizeof ready);
  place.dir.exchange(base::TreePath::parse("run"), base::TreePath::parse("next"));
  place.write("data/book", "after");
  CHECK(base::read_file(place.path() / "run/page", 100) == "new");
  {
    const base::Fd go(::open((place.path() / "next/go").c_str(), O_WRONLY | O_CLOEXEC));
    base::write_all(go, "\n", "go");
  }
  CHECK(base::read_all(output.read, 10'000, "it") == "oldafterafterndata\nlink\nnext\nnote\nrun\nclosed\n");
  CHECK(process.wait().ok());
  CHECK(base::read_file(place.path() / "data/written", 100) == "x\n");
  CHECK_FALSE(fs::exists(place.path() / "stray"));
}

TEST_CASE("the view is put together before its process becomes another user") {
  if (::geteuid() != 0 || !PinnedView::is_possible()) return;
  Place place;
  REQUIRE(::chmod(place.path().c_str(), 0711) == 0);
  const PinnedView view(place.path() / "run");
  base::Command command;
  const std::string root = place.path().native();
  command.argv = {"/bin/sh", "-c",
                  "id -u; cat " + root + "/run/page; grep -c ' " + root + " ' /proc/self/mountinfo"};
  command.directory = place.path() / "run";
  command.child_work = &view.child_work();
  command.identity = base::Identity{1234, 1234, {1234}};
  std::string said;
  CHECK(base::run(command, {}, [&](std::string_view line) { said += std::string(line) + "|"; }).ok());
  CHECK(said == "1234|old1|");
}

}  // namespace pinned_view_test
