// Looks for paths of this machine in what is packed: a release that holds the path it was built at does
// not work elsewhere, and one that holds the path of run/ works there only.
#pragma once

#include "tree/manifest.hh"

#include <mutex>
#include <set>
#include <string>
#include <string_view>

namespace bakehouse::bakery {

class PathSearch {
 public:
  PathSearch(std::string build, std::string run);

  // What has to be kept of a piece so that no path is missed that goes on in the next.
  size_t overlap() const;
  // By several threads at once.
  void look(const tree::Entry& file, std::string_view piece);
  void look_at_links(const tree::Manifest& manifest);

  const std::string& build() const { return build_; }
  const std::set<base::TreePath>& with_build() const { return with_build_; }
  const std::set<base::TreePath>& with_run() const { return with_run_; }

 private:
  std::string build_;
  std::string run_;
  std::mutex mutex_;
  std::set<base::TreePath> with_build_;
  std::set<base::TreePath> with_run_;
};

}  // namespace bakehouse::bakery
