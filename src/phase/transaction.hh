// The engine that walks a list of steps and, when one fails, undoes what was begun in reverse.
// It knows nothing of releases, and the steps nothing of journals.
#pragma once

#include "base/clock.hh"
#include "base/error.hh"
#include "base/event.hh"
#include "phase/journal.hh"
#include "text/value.hh"

#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace bakehouse::phase {

// Whether a wish to stop would still be followed. Once the undo has begun, or the new release counts, it is
// not.
enum class Reversible { yes, no };

// What the engine needs of the world.
struct Surroundings {
  base::Clock clock;
  base::EventSink events;
  // Asked between steps and while waiting; true: undo and end.
  std::function<bool()> cancelled = [] { return false; };
  // Told when the steps of a transaction begin, and when they have ended.
  std::function<void(Reversible)> now = [](Reversible) {};
};

// What an undo is told.
struct Undo {
  const text::Value& facts;                          // what `prepare` of the step returned
  std::function<bool(std::string_view step)> began;  // whether a later step was begun
  // Whether a later step stands in the way no more: it was never begun, or its undo succeeded.
  std::function<bool(std::string_view step)> is_back;
  const Surroundings& around;  // for what waits: the wish to stop that began an undo must not end it
};

// What depends on an undo that failed waits until it has succeeded: Error(needs_hands) saying so.
void require_back(const Undo& undo, std::string_view step, std::string_view waiting);

struct Step {
  std::string name;
  // Everything that undo must know, recorded before `run`; may be empty. Changes nothing.
  std::function<text::Value()> prepare;
  std::function<void(const text::Value& facts)> run;
  // Takes back what `run` did or had begun to do; called again when it was interrupted, so it must
  // be right however much is done already. May be empty.
  std::function<void(const Undo& undo)> undo;
  // Asked when its turn comes; one that has nothing to do is passed over without a word. May be empty.
  std::function<bool()> is_needed = {};
};

struct Reversal {
  std::string step;  // that failed
  base::Error cause;
  std::vector<std::string> undo_failures;  // what a person must look at
};

// Runs the steps and appends `commit`: nullopt. When one fails: undoes, appends `reverted` and
// returns why. An undo that fails does not stop the others, which ask `is_back` where they depend on
// it; then `reverted` is not appended, so
// that recovery tries again.
std::optional<Reversal> run_steps(Journal& journal, const std::vector<Step>& steps,
                                  const Surroundings& around);

// For a journal found open without `commit` or `reverted`: undoes what it says was begun.
Reversal undo_steps(Journal& journal, const std::vector<Step>& steps, const Surroundings& around);

// Seconds each finished step took, by name: for the history.
text::Value durations(const Journal& journal);

}  // namespace bakehouse::phase
