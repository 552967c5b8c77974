// Where a tree stands while it is built.
#pragma once

#include "base/dir.hh"
#include "base/event.hh"
#include "config/project.hh"
#include "node/apply.hh"

#include <filesystem>
#include <string>
#include <vector>

namespace bakehouse::bakery {

// Where no build room shows it its path of production, a tree has to stand there to be built for it. It is
// moved there when `root` of bake.yaml names that path and nothing is in its way; while this object lives.
// Else it stays where it is.
class BuildPlace {
 public:
  BuildPlace(const node::Node& node, const config::Project& project, base::Dir tree);
  // Back to where it was; the directories made for it go.
  ~BuildPlace();
  BuildPlace(const BuildPlace&) = delete;
  BuildPlace& operator=(const BuildPlace&) = delete;
  BuildPlace(BuildPlace&&) = delete;
  BuildPlace& operator=(BuildPlace&&) = delete;

  const base::Dir& tree() const { return tree_; }

 private:
  void move_to(const std::filesystem::path& run);
  void remove_what_was_made();
  void warn(const std::string& text) const noexcept;

  base::EventSink events_;
  std::filesystem::path home_;
  std::vector<std::filesystem::path> made_;  // each before what it holds
  base::Dir tree_;
};

}  // namespace bakehouse::bakery
