#include "service/account.hh"

#include "base/error.hh"

#include "scene.hh"

#include <doctest/doctest.h>

#include <functional>
#include <string>

#include <pwd.h>
#include <sys/stat.h>
#include <unistd.h>

namespace account_test {

using namespace bakehouse;
using namespace bakehouse::service;

namespace {

std::string refusal(const std::function<void()>& work) {
  try {
    work();
  } catch (const base::Error& error) {
    CHECK(error.fault() == base::Fault::refused);
    return error.what();
  }
  return "accepted";
}

std::string our_name() {
  const passwd* us = ::getpwuid(::geteuid());
  REQUIRE(us != nullptr);
  return us->pw_name;
}

bool is_root() {
  if (::geteuid() != 0) MESSAGE("left out: only root can run as another user");
  return ::geteuid() == 0;
}

}  // namespace

TEST_CASE("whoever is to run as who we are becomes nobody else") {
  CHECK_FALSE(identity_of(our_name()).has_value());
  ServiceSpec spec;
  spec.user = our_name();
  const auto specs = with_identities({spec});
  CHECK(specs.front().user.empty());
  CHECK_FALSE(specs.front().identity.has_value());
  CHECK(home_of(our_name()) == own_home());
}

TEST_CASE("a user whom this machine does not have is refused by name") {
  CHECK(refusal([] { identity_of("nobody-else"); }) == "this machine has no user 'nobody-else'");
  CHECK(home_of("nobody-else") == "/");
}

TEST_CASE("another user is refused by name where we are not root") {
  if (!is_root()) {
    CHECK(refusal([] { identity_of("root"); }) ==
          "only root can run processes as 'root', and this is '" + our_name() + "'");
  }
}

TEST_CASE("a user without a way to where his processes live is refused before anything is touched") {
  if (!is_root()) return;
  const passwd* nobody = ::getpwnam("nobody");
  REQUIRE(nobody != nullptr);
  Scene scene;
  ServiceSpec spec = scene.steady("web");
  spec.user = "nobody";
  REQUIRE(::chmod(scene.path().c_str(), 0700) == 0);
  const std::string refused = refusal([&] { require_identities({spec}, scene.path()); });
  CHECK(refused.starts_with("the user 'nobody': cannot enter the directory '" + scene.path().native() + "'"));
  REQUIRE(::chmod(scene.path().c_str(), 0711) == 0);
  CHECK(refusal([&] { require_identities({spec}, scene.path()); }) == "accepted");
}

}  // namespace account_test
