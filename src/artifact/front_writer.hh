// What stands in a body before the tree: manifest and parts, in frames of their own. Private to this
// folder.
#pragma once

#include "artifact/write.hh"

#include <string>
#include <string_view>
#include <vector>

namespace bakehouse::artifact {

class FrontWriter {
 public:
  FrontWriter(Body& body, base::Seconds time, unsigned workers)
      : body_(body), time_(time), workers_(workers) {}

  void write_manifest(const tree::Manifest& manifest);
  void write_part(const std::string& name, const std::string& content);

 private:
  void begin(const std::string& name, uint64_t size);
  void append(std::string_view bytes);
  void end(uint64_t size);
  void cut();
  void compress();

  Body& body_;
  const base::Seconds time_;
  const unsigned workers_;
  std::string pending_;
  std::vector<std::string> whole_;  // frames that wait to be compressed, all at once
};

}  // namespace bakehouse::artifact
