// What stands in a body before the tree: manifest and parts, in frames of their own. Private to this
// folder.
#pragma once

#include "artifact/write.hh"

#include <string>
#include <string_view>

namespace bakehouse::artifact {

class FrontWriter {
 public:
  FrontWriter(Body& body, base::Seconds time) : body_(body), time_(time) {}

  void write_manifest(const tree::Manifest& manifest);
  void write_part(const std::string& name, const std::string& content);

 private:
  void begin(const std::string& name, uint64_t size);
  void append(std::string_view bytes);
  void end(uint64_t size);
  void cut();

  Body& body_;
  base::Seconds time_;
  std::string pending_;
};

}  // namespace bakehouse::artifact
