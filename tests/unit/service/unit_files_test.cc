#include "service/unit_files.hh"

#include "base/error.hh"
#include "base/files.hh"
#include "support/failure.hh"

#include <doctest/doctest.h>

#include <string>

#include <sys/stat.h>

namespace unit_files_test {

using namespace bakehouse;
using namespace bakehouse::service;
using support::failure;
using Names = std::vector<std::string>;

namespace {

const std::filesystem::path root = "/srv/shop";

Unit unit(const std::string& name, const std::string& text) { return {name, unit_mark(root) + "\n" + text}; }

uint64_t inode_of(const std::filesystem::path& path) {
  struct stat found {};
  REQUIRE(::lstat(path.c_str(), &found) == 0);
  return found.st_ino;
}

}  // namespace

TEST_CASE("units are written once, replaced when they change, and removed when nobody needs them") {
  const base::TempDir scratch;
  const auto dir = scratch.path() / "systemd/user";
  CHECK(units_of(dir, root).empty());
  CHECK(install_units(dir, root,
                      {unit("bakehouse-shop-web.service", "1\n"), unit("bakehouse-shop.target", "t\n")}));
  CHECK(units_of(dir, root) == Names{"bakehouse-shop-web.service", "bakehouse-shop.target"});
  const uint64_t target = inode_of(dir / "bakehouse-shop.target");
  CHECK_FALSE(install_units(
      dir, root, {unit("bakehouse-shop-web.service", "1\n"), unit("bakehouse-shop.target", "t\n")}));
  CHECK(install_units(dir, root,
                      {unit("bakehouse-shop-web.service", "2\n"), unit("bakehouse-shop.target", "t\n")}));
  CHECK(inode_of(dir / "bakehouse-shop.target") == target);
  CHECK(base::read_file(dir / "bakehouse-shop-web.service", 1000) == unit("", "2\n").text);
  CHECK(install_units(dir, root, {unit("bakehouse-shop.target", "t\n")}));
  CHECK(units_of(dir, root) == Names{"bakehouse-shop.target"});
}

TEST_CASE("what other people have made is neither replaced nor removed") {
  const base::TempDir scratch;
  const auto& dir = scratch.path();
  base::write_file(dir / "bakehouse-shop-web.service", "[Service]\nExecStart=/bin/true\n");
  base::write_file(dir / "bakehouse-other.target", unit_mark("/srv/shop2") + "\n");
  std::filesystem::create_symlink("/dev/null", dir / "bakehouse-shop-mail.service");
  for (const char* name :
       {"bakehouse-shop-web.service", "bakehouse-other.target", "bakehouse-shop-mail.service"}) {
    CAPTURE(name);
    const std::string told = failure([&] { install_units(dir, root, {unit(name, "1\n")}); });
    CAPTURE(told);
    CHECK(told.find("is there already, and was not made for '/srv/shop'") != std::string::npos);
  }
  CHECK_FALSE(install_units(dir, root, {}));
  CHECK(std::filesystem::exists(dir / "bakehouse-other.target"));
  CHECK(units_of(dir, root).empty());
}

}  // namespace unit_files_test
