#include "buildpack/check.hh"

#include "base/files.hh"
#include "buildpack/find_links.hh"
#include "text/toml.hh"
#include "workbench.hh"

#include <doctest/doctest.h>

namespace check_test {

using namespace bakehouse;
using namespace bakehouse::buildpack;
namespace fs = std::filesystem;

namespace {

const std::string head = "api = \"0.12\"\n[buildpack]\nid = \"acme/a\"\nversion = \"1.0.0\"\n";

std::string told(const Findings& findings) {
  std::string text;
  for (const Finding& finding : findings) {
    const bool is_advice = finding.weight == Finding::Weight::advice;
    text += fmt::format("{}{}: {}\n", is_advice ? "advice " : "", finding.place, finding.message);
  }
  return text;
}

std::string told_of_descriptor(const std::string& toml) {
  return told(check_descriptor(text::parse_toml(toml, "buildpack.toml")));
}

std::string told_of_detect(const std::string& script, mode_t mode = 0755) {
  const base::TempDir scratch;
  write_pack(scratch.path(), head, {});
  fs::remove(scratch.path() / "bin/detect");
  base::write_file(scratch.path() / "bin/detect", script, mode);
  return told(check_files(scratch.path(), Programs::needed));
}

}  // namespace

TEST_CASE("check: a descriptor in order has no findings") {
  CHECK(told_of_descriptor(head) == "");
  CHECK(told_of_descriptor(
            head + "name = \"A\"\nhomepage = \"x\"\ndescription = \"y\"\nkeywords = [\"k\"]\n"
                   "clear-env = true\nsbom-formats = [\"application/vnd.cyclonedx+json;version=1.4\"]\n"
                   "exec-env = [\"production\"]\n[[buildpack.licenses]]\ntype = \"MIT\"\n"
                   "[[targets]]\nos = \"linux\"\narch = \"arm\"\nvariant = \"v7\"\n[[targets.distros]]\n"
                   "name = \"debian\"\nversion = \"12\"\n[metadata]\nanything = 1\n") == "");
}

TEST_CASE("check: each fault of a descriptor is told with its place") {
  struct Row {
    std::string toml;
    std::string found;
  };
  const Row rows[] = {
      {"api = \"0.99\"\n[buildpack]\nid = \"a\"\nversion = \"1.0.0\"\n",
       "buildpack.toml:1:1: its buildpack API is 0.99, this program speaks 0.7 to 0.12\n"},
      {"api = \"0.12\"\n[buildpack]\nid = \"a_b\"\nversion = \"1.0.0\"\n",
       "buildpack.toml:3:1: 'a_b' is no id of a buildpack\n"},
      {"api = \"0.12\"\n[buildpack]\nid = \"a\"\nversion = \"01.0.0\"\n",
       "buildpack.toml:4:1: '01.0.0' is no semantic version\n"},
      {"api = \"0.12\"\n[buildpack]\nid = \"a\"\nversion = \"" + std::string(100'000, '1') + "\"\n",
       "buildpack.toml:4:1: '" + std::string(100'000, '1') + "' is no semantic version\n"},
      {head + "clear-env = 1\n",
       "buildpack.toml:5:1: 'clear-env' must be true or false, not a whole number\n"},
      {head + "sbom-formats = [\"text/plain\"]\n",
       "buildpack.toml:5:17: 'text/plain' is no format of an SBOM\n"},
      {head + "[[stacks]]\nid = \"*\"\n", "advice buildpack.toml:5:1: stacks are deprecated\n"},
      {head + "[[order]]\n[[order.group]]\nid = \"b\"\nversion = \"1.0.0\"\n[[targets]]\nos = \"linux\"\n",
       "buildpack.toml:9:1: a buildpack with an order has no targets or stacks of its own\n"},
      {head + "[[order]]\n", "buildpack.toml:5:1: an order must have a group with at least one member\n"},
      {head + "[[order]]\n[[order.group]]\nid = \"b\"\n",
       "advice buildpack.toml:6:1: a member without a version is whichever there is\n"},
      {"api = \"0.11\"\n[buildpack]\nid = \"a\"\nversion = \"1.0.0\"\nexec-env = [\"test\"]\n",
       "advice buildpack.toml:5:1: 'exec-env' counts since API 0.12 only\n"},
      {head + "[[targets]]\nso = \"linux\"\n", "buildpack.toml:6:1: unknown key 'so' in a target\n"},
  };
  for (const Row& row : rows) {
    CAPTURE(row.toml.substr(0, 200));
    CHECK(told_of_descriptor(row.toml) == row.found);
  }
}

TEST_CASE("check: a program is judged by its first line and its modes, and never run") {
  CHECK(told_of_detect("#!/bin/sh\n") == "");
  CHECK(told_of_detect("#!/usr/bin/env -S bash -e\nexit 100\n") == "");
  CHECK(told_of_detect("\x7f"
                       "ELF") == "");
  CHECK(told_of_detect("#!/bin/sh\n", 0644) == "bin/detect: it is not executable for everybody\n");
  CHECK(told_of_detect("#!/bin/sh\n", 0757) == "bin/detect: everybody may write it\n");
  CHECK(told_of_detect("") == "bin/detect: it is no program: it begins neither with #! nor as an ELF file\n");
  CHECK(told_of_detect("#!/no/such/shell\n") ==
        "bin/detect: its interpreter '/no/such/shell' is not on this machine\n");
  CHECK(told_of_detect("#!/usr/bin/env no-such-shell\n") ==
        "bin/detect: its interpreter 'no-such-shell' is not on this machine\n");
  CHECK(told_of_detect("#!/bin/sh\r\n") ==
        "bin/detect: its lines end as on Windows, and the kernel takes that for a part of the interpreter\n");
  const std::string advice = "advice bin/detect: it exits with 1 and never with 100\n";
  CHECK(told_of_detect("#!/bin/sh\n[ -f x ] || exit  1\n") == advice);
  CHECK(told_of_detect("#!/bin/sh\nexit 1") == advice);
  CHECK(told_of_detect("#!/bin/sh\nexit 10\nexit\n# exit") == "");
}

TEST_CASE("check: programs are needed, but not by a composite") {
  const base::TempDir scratch;
  CHECK(told(check_files(scratch.path(), Programs::needed)) ==
        "bin/detect: it is missing\nbin/build: it is missing\n");
  CHECK(told(check_files(scratch.path(), Programs::none)) == "");
  write_pack(scratch.path(), head, {});
  CHECK(told(check_files(scratch.path(), Programs::none)) ==
        "bin/detect: a buildpack with an order is never run itself\n"
        "bin/build: a buildpack with an order is never run itself\n");
}

TEST_CASE("check: what a build would refuse is never passed over") {
  const base::TempDir scratch;
  write_pack(scratch.path(), "api = \"0.12\"\n[buildpack]\nid = \"app\"\nversion = \"1.0.0\"\n", {});
  CHECK(told(check_buildpack(scratch.path(), scratch.path())) ==
        "buildpack.toml:3:1: 'app' is no id of a buildpack, it is reserved\n");
}

TEST_CASE("all links of a tree are found, and none is followed") {
  const base::TempDir scratch;
  fs::create_directories(scratch.path() / "a/b");
  fs::create_symlink("/etc", scratch.path() / "a/b/etc");
  fs::create_symlink("..", scratch.path() / "a/up");
  base::write_file(scratch.path() / "file", "");
  std::vector<std::string> found;
  for (const auto& link : find_links(base::Dir::open(scratch.path()))) found.push_back(link.str());
  CHECK(found == std::vector<std::string>{"a/up", "a/b/etc"});
}

}  // namespace check_test
