// CACHE_DIR: one directory for all classic buildpacks of an application. A build works on a copy, which takes
// its place when the build has succeeded.
#pragma once

#include <filesystem>
#include <functional>
#include <string>

namespace bakehouse::buildpack {

// Of the cache of an application the directory that a build gets; made when missing.
std::filesystem::path make_classic_cache(const std::filesystem::path& cache);

// Puts into it what the last successful build left, and nothing else. What cannot be read is told to `warn`,
// and the build begins without.
void restore_classic_cache(const std::filesystem::path& cache,
                           const std::function<void(const std::string&)>& warn);

// After a build that succeeded; then it is no longer there.
void commit_classic_cache(const std::filesystem::path& cache);

}  // namespace bakehouse::buildpack
