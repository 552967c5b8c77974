// What long work tells whoever watches. The work never formats for a terminal; the watcher
// (progress lines, JSON lines, a test) decides what to show.
#pragma once

#include <functional>
#include <string>

namespace bakehouse::base {

struct Event {
  enum class Kind {
    phase_started,
    phase_done,
    output,    // a line some program of the project printed: foreign text
    note,      // a fact worth a line
    progress,  // how far long work has come; never the only news of it
    warning,   // something failed that does not stop the work
  };
  Kind kind;
  std::string phase;
  std::string text;
};

using EventSink = std::function<void(const Event&)>;

}  // namespace bakehouse::base
