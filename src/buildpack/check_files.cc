#include "base/dir.hh"
#include "base/encoding.hh"
#include "base/error.hh"
#include "base/files.hh"
#include "buildpack/check.hh"
#include "tree/scan.hh"

#include <fmt/format.h>

#include <algorithm>
#include <sstream>

#include <sys/stat.h>
#include <unistd.h>

namespace bakehouse::buildpack {
namespace {

namespace fs = std::filesystem;
using base::printable;
using Weight = Finding::Weight;

// Enough of a script to judge it; programs may be large.
constexpr size_t most_read = 1 << 20;
constexpr size_t most_listed = 20;

std::string beginning_of(const fs::path& file) {
  const base::Fd opened = base::open_for_reading(file);
  std::string text(most_read, '\0');
  text.resize(base::read_some(opened, text, file.native()));
  return text;
}

// Where the build would find it: /usr/bin/env looks through PATH.
bool is_program(const std::string& name) {
  if (name.starts_with('/')) return ::access(name.c_str(), X_OK) == 0;
  for (const char* directory :
       {"/usr/local/sbin", "/usr/local/bin", "/usr/sbin", "/usr/bin", "/sbin", "/bin"}) {
    if (::access((fs::path(directory) / name).c_str(), X_OK) == 0) return true;
  }
  return false;
}

// "#!/usr/bin/env -S bash -e" -> "bash"; "#!/bin/sh -e" -> "/bin/sh"; "" when there is none.
std::string interpreter_in(const std::string& first_line) {
  if (!first_line.starts_with("#!")) return {};
  std::istringstream words(first_line.substr(2));
  std::string word;
  words >> word;
  if (word != "/usr/bin/env") return word;
  while (words >> word && word.starts_with('-')) {
  }
  return word;
}

void check_script(const std::string& place, const std::string& text, Findings& findings) {
  std::string first_line = text.substr(0, text.find('\n'));
  if (first_line.ends_with('\r')) {
    findings.push_back(
        {place, "its lines end as on Windows, and the kernel takes that for a part of the interpreter",
         "write it with \\n alone", Weight::fault});
    first_line.pop_back();
  }
  const std::string interpreter = interpreter_in(first_line);
  if (interpreter.empty()) {
    findings.push_back({place, "it is no program: it begins neither with #! nor as an ELF file",
                        "the first line names the interpreter: #!/bin/sh", Weight::fault});
  } else if (!is_program(interpreter)) {
    findings.push_back(
        {place, fmt::format("its interpreter '{}' is not on this machine", printable(interpreter)),
         "a path that every machine has, such as /bin/sh or /usr/bin/env bash", Weight::fault});
  }
}

bool begins_with_digit(std::string_view text) {
  return !text.empty() && text.front() >= '0' && text.front() <= '9';
}

bool exits_with_1(std::string_view script) {
  constexpr std::string_view exit = "exit";
  for (size_t at = script.find(exit); at != std::string_view::npos; at = script.find(exit, at + 1)) {
    const std::string_view behind = script.substr(at + exit.size());
    const size_t code = std::min(behind.find_first_not_of(" \t"), behind.size());
    if (code > 0 && behind.substr(code, 1) == "1" && !begins_with_digit(behind.substr(code + 1))) return true;
  }
  return false;
}

// For a script whose "no" cannot be told from a failure.
void advise_of_exit(const std::string& place, const std::string& text, Findings& findings) {
  if (text.find("100") != std::string::npos || !exits_with_1(text)) return;
  findings.push_back({place, "it exits with 1 and never with 100",
                      "100 says that it does not apply; anything else but 0 is a failure", Weight::advice});
}

// A classic one works here without that bit, for our copy of it has it.
Finding lacks_bit(const std::string& place, Weight weight) {
  return {place, "it is not executable for everybody", "chmod +x " + place, weight};
}

// Anything but 0 means to a classic buildpack what 100 means to others.
enum class Kind { cloud_native, classic };

void check_program(const fs::path& directory, const std::string& place, Kind kind, Findings& findings) {
  const fs::path file = directory / place;
  struct stat found {};
  if (::stat(file.c_str(), &found) != 0) {
    findings.push_back({place, "it is missing", "a program; see docs/write-a-buildpack.md", Weight::fault});
    return;
  }
  if (!S_ISREG(found.st_mode)) {
    findings.push_back({place, "it is no file", "", Weight::fault});
    return;
  }
  if ((found.st_mode & 0111) != 0111)
    findings.push_back(lacks_bit(place, kind == Kind::classic ? Weight::advice : Weight::fault));
  const std::string text = beginning_of(file);
  if (text.starts_with("\x7f"
                       "ELF"))
    return;
  check_script(place, text, findings);
  if (place == "bin/detect" && kind == Kind::cloud_native) advise_of_exit(place, text, findings);
}

// Whoever may write a program decides what the next build runs.
void check_modes(const base::Dir& top, Findings& findings) {
  tree::ScanOptions options;
  options.content = tree::ScanOptions::Content::known;
  size_t count = 0;
  for (const tree::Entry& entry : tree::scan(top, options).manifest.entries) {
    if (entry.type == base::FileType::symlink || (entry.mode & S_IWOTH) == 0) continue;
    if (++count > most_listed) continue;
    const std::string place = printable(entry.path.str());
    findings.push_back({place, "everybody may write it", "chmod o-w " + place, Weight::fault});
  }
  if (count > most_listed)
    findings.push_back({".", fmt::format("everybody may write {} more", count - most_listed),
                        "chmod -R o-w .", Weight::fault});
}

}  // namespace

Findings check_files(const fs::path& directory, Programs programs) {
  Findings findings;
  for (const char* place : {"bin/detect", "bin/build"}) {
    if (programs == Programs::needed) {
      check_program(directory, place, Kind::cloud_native, findings);
    } else if (fs::exists(directory / place)) {
      findings.push_back(
          {place, "a buildpack with an order is never run itself", "remove it, or the order", Weight::fault});
    }
  }
  check_modes(base::Dir::open(directory), findings);
  return findings;
}

Findings check_classic_files(const fs::path& directory) {
  Findings findings;
  for (const char* place : {"bin/detect", "bin/compile"})
    check_program(directory, place, Kind::classic, findings);
  if (fs::exists(directory / "bin/release")) check_program(directory, "bin/release", Kind::classic, findings);
  check_modes(base::Dir::open(directory), findings);
  return findings;
}

}  // namespace bakehouse::buildpack
