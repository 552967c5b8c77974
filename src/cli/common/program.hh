// What both programs share: global options, where things are installed, how results are shown.
#pragma once

#include "base/error.hh"
#include "base/event.hh"
#include "cli/common/interrupt.hh"
#include "phase/transaction.hh"
#include "text/value.hh"

#include <filesystem>
#include <functional>
#include <optional>
#include <string>

namespace bakehouse::cli {

struct GlobalOptions {
  std::optional<std::filesystem::path> root;
  bool json = false;
  bool quiet = false;
  bool no_color = false;
  bool yes = false;  // to every question
};

// Layouts, buildpacks and the helpers: beside the program where it is installed, in the
// source and build trees where it was just built.
struct Installation {
  std::filesystem::path layouts;
  std::filesystem::path buildpacks;
  std::filesystem::path launch;
  std::filesystem::path supervise;
};
Installation find_installation();

// Shows events, results and errors as the options want them: lines for people, JSON for programs.
class Screen {
 public:
  Screen(std::string program, const GlobalOptions& options);

  base::EventSink events() const;
  // A line for people; with --json and --quiet nothing.
  void say(const std::string& line) const;
  // The one object of a command that answers at once; with --json only.
  void answer(const text::Value& object) const;
  bool json() const { return json_; }
  Asking asking() const { return asking_; }
  // The last line of long work.
  void done(const text::Value& facts) const;
  // To standard error; with --json also the last line of standard output, with `facts` in it.
  void fail(const base::Error& error, text::Value facts = text::Value::map({{"outcome", "error"}})) const;

 private:
  void show(const base::Event& event) const;
  std::string paint(std::string_view color, const std::string& text) const;

  std::string program_;
  bool json_;
  bool quiet_;
  Asking asking_;
  bool color_;
};

// The root to work on: --root, else the nearest above the working directory.
std::filesystem::path require_root(const GlobalOptions& options);
std::optional<std::filesystem::path> find_root(const GlobalOptions& options);

// The real clock, the screen's events, and signals as the wish to stop.
phase::Surroundings make_surroundings(const Screen& screen);

// Runs `work` and turns what it throws into a message and an exit code.
int guarded(const Screen& screen, const std::function<int()>& work);

}  // namespace bakehouse::cli
