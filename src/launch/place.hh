// The path at which the processes of a release see it.
#pragma once

#include <filesystem>
#include <string>

namespace bakehouse::launch {

// `application` itself when the release asks for no path. Otherwise `app_path`: it leads there already, by a
// link or a mount; or it is an empty directory, and then the application is mounted there for this process
// and its children, which needs the rights to do so or a user namespace. Error(input) when neither is
// possible.
std::filesystem::path place(const std::filesystem::path& application, const std::string& app_path);
// Before that, and before `application` need be there: Error(input) when nothing was prepared for it here.
// Until it is there, a link has to name it directly.
void require_place(const std::filesystem::path& application, const std::string& app_path);

}  // namespace bakehouse::launch
