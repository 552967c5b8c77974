// What an application that was written for classic buildpacks brings along: `.buildpacks`, app.json and
// `.slugignore`.
#pragma once

#include "base/dir.hh"
#include "base/event.hh"
#include "config/project.hh"

namespace bakehouse::bakery {

// Where the project names no buildpacks: those that `.buildpacks` lists, or else app.json. Error(input) names
// the file.
void take_listed_buildpacks(const base::Dir& tree, config::Project& project, const base::EventSink& events);

// Removes what `.slugignore` names. bake.yaml and .bake stay.
void remove_slug_ignored(const base::Dir& tree);

}  // namespace bakehouse::bakery
