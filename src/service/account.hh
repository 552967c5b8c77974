// Users of this machine, as whom processes run. A supervisor looks up none: it is told numbers.
#pragma once

#include "base/process.hh"
#include "service/spec.hh"

#include <filesystem>
#include <optional>
#include <string>
#include <vector>

namespace bakehouse::service {

// The directory of that user; "/" when there is no such user.
std::string home_of(const std::string& user);
// That of who we are.
std::string own_home();

// What a program becomes that is to run as that user; nullopt when we are that user. Error(refused) when
// there is no such user, or when it is another and we are not root.
std::optional<base::Identity> identity_of(const std::string& user);

// With numbers in place of names.
std::vector<ServiceSpec> with_identities(std::vector<ServiceSpec> specs);

// Error(refused) when one of them could not run as its user at all: none may, here, or he has no way to
// `directory`, where they live.
void require_identities(const std::vector<ServiceSpec>& specs, const std::filesystem::path& directory);

}  // namespace bakehouse::service
