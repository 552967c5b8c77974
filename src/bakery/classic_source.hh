// What an application that was written for classic buildpacks brings along: `.buildpacks`, app.json and
// `.slugignore`.
#pragma once

#include "base/dir.hh"
#include "base/error.hh"
#include "base/event.hh"
#include "buildpack/platform_exit.hh"
#include "config/project.hh"

#include <string>
#include <utility>

namespace bakehouse::bakery {

// Where the project names no buildpacks: those that `.buildpacks` lists, or else app.json. Returns the name
// of the file that did, "" for none. Error(input) names the file.
std::string take_listed_buildpacks(const base::Dir& tree, config::Project& project,
                                   const base::EventSink& events);

// The error within that file, with what may stand in its place.
base::Error blame_list(const std::string& list, const base::Error& error);

template <typename Work>
decltype(auto) in_list(const std::string& list, Work&& work) {
  try {
    return std::forward<Work>(work)();
  } catch (const buildpack::PlatformFailure& failure) {
    throw buildpack::PlatformFailure(failure.exit(), blame_list(list, failure));
  } catch (const base::Error& error) {
    throw blame_list(list, error);
  }
}

// Removes what `.slugignore` names. bake.yaml and .bake stay.
void remove_slug_ignored(const base::Dir& tree);

}  // namespace bakehouse::bakery
