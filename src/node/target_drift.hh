// What has become of the files outside of the root since a deployment wrote them.
#pragma once

#include "node/configure.hh"
#include "text/value.hh"
#include "tree/diff.hh"

#include <cstddef>
#include <filesystem>
#include <string>
#include <vector>

namespace bakehouse::node {

struct TargetDifference {
  std::filesystem::path target;
  tree::Difference::Kind kind;
  std::string expected;
  std::string found;

  // "another content: /etc/nginx/shop.conf"
  std::string describe() const;
};

struct TargetLook {
  size_t count = 0;  // of the files that the deployment has
  std::vector<TargetDifference> differences;
};
// Of files with a sealed value nobody can tell whether their content is what it was.
TargetLook look_at_targets(const Node& node, const std::string& deployment);
// For people; none where the deployment has no such files.
std::vector<std::string> in_lines(const TargetLook& look);
text::Value encode(const std::vector<TargetDifference>& differences);

}  // namespace bakehouse::node
