#include "phase/transaction.hh"

#include "base/encoding.hh"

#include <fmt/format.h>

#include <algorithm>
#include <exception>

namespace bakehouse::phase {
namespace {

using base::Error;
using base::Event;
using base::Fault;
using text::Value;
using Kind = Record::Kind;

void tell(const Surroundings& around, Event::Kind kind, const std::string& phase, std::string text = {}) {
  if (around.events) around.events({kind, phase, std::move(text)});
}

// What escapes a step may be any exception; from here on it is an Error. Journal and history hold
// text; what a program or a file name brought into the message may be none.
Error as_error(const std::exception& thrown) {
  const auto* error = dynamic_cast<const Error*>(&thrown);
  return {error != nullptr ? error->fault() : Fault::internal, base::printable_lines(thrown.what()),
          error != nullptr ? error->hint() : std::string()};
}

void run_step(Journal& journal, const Step& step, const Surroundings& around) {
  if (around.cancelled()) throw Error(Fault::reverted, "cancelled");
  if (step.is_needed && !step.is_needed()) return;
  Value facts = step.prepare ? step.prepare() : Value::map();
  tell(around, Event::Kind::phase_started, step.name);
  Record begin{Kind::begin, step.name, facts, around.clock.seconds()};
  // Where there is nothing to undo recovery need not know of it; and that a step is done, never.
  if (step.undo) {
    journal.append(std::move(begin));
  } else {
    journal.defer(std::move(begin));
  }
  step.run(facts);
  journal.defer({Kind::done, step.name, Value::map(), around.clock.seconds()});
  tell(around, Event::Kind::phase_done, step.name);
}

const Value& facts_of(const Journal& journal, std::string_view step) {
  const auto& records = journal.records();
  return std::find_if(records.begin(), records.end(),
                      [&](const Record& record) { return record.kind == Kind::begin && record.step == step; })
      ->facts;
}

// Returns what went wrong, if anything did.
std::optional<std::string> undo_step(Journal& journal, const Step& step, const Surroundings& around) {
  if (!step.undo || journal.has(Kind::undone, step.name)) return std::nullopt;
  journal.append({Kind::undo, step.name, Value::map(), around.clock.seconds()});
  tell(around, Event::Kind::note, step.name, fmt::format("undoing {}", step.name));
  try {
    const Value facts = facts_of(journal, step.name);
    const auto began = [&](std::string_view later) { return journal.has(Kind::begin, later); };
    const auto is_back = [&](std::string_view later) {
      return !began(later) || journal.has(Kind::undone, later);
    };
    step.undo({facts, began, is_back, around});
  } catch (const std::exception& thrown) {
    const std::string cause = fmt::format("undo of {}: {}", step.name, as_error(thrown).what());
    journal.append({Kind::undo_failed, step.name, Value::map({{"cause", cause}}), around.clock.seconds()});
    tell(around, Event::Kind::warning, step.name, cause);
    return cause;
  }
  journal.append({Kind::undone, step.name, Value::map(), around.clock.seconds()});
  return std::nullopt;
}

std::vector<std::string> undo_all(Journal& journal, const std::vector<Step>& steps,
                                  const Surroundings& around) {
  std::vector<std::string> failures;
  for (auto step = steps.rbegin(); step != steps.rend(); ++step) {
    if (!journal.has(Kind::begin, step->name)) continue;
    if (auto failure = undo_step(journal, *step, around)) failures.push_back(*std::move(failure));
  }
  return failures;
}

// Undo itself is not cancelled: whoever presses Ctrl-C twice would be left with a mixture.
Surroundings without_cancel(const Surroundings& around) {
  Surroundings copy = around;
  copy.cancelled = [] { return false; };
  return copy;
}

Reversal revert(Journal& journal, const std::vector<Step>& steps, const Surroundings& around,
                std::string step, const Error& cause) {
  Reversal reversal{std::move(step), cause, undo_all(journal, steps, without_cancel(around))};
  if (reversal.undo_failures.empty()) {
    journal.append({Kind::reverted, "", Value::map({{"cause", cause.what()}}), around.clock.seconds()});
  }
  return reversal;
}

}  // namespace

void require_back(const Undo& undo, std::string_view step, std::string_view waiting) {
  if (undo.is_back(step)) return;
  throw Error(Fault::needs_hands, fmt::format("{} until the undo of {} has succeeded", waiting, step));
}

std::optional<Reversal> run_steps(Journal& journal, const std::vector<Step>& steps,
                                  const Surroundings& around) {
  std::string at;
  around.now(Reversible::yes);
  try {
    for (const Step& step : steps) {
      at = step.name;
      run_step(journal, step, around);
    }
    // The last moment: what is wished after the commit comes too late.
    if (around.cancelled()) throw Error(Fault::reverted, "cancelled");
  } catch (const std::exception& thrown) {
    around.now(Reversible::no);
    const Error cause = as_error(thrown);
    journal.append({Kind::failed, at, Value::map({{"cause", cause.what()}}), around.clock.seconds()});
    return revert(journal, steps, around, at, cause);
  }
  around.now(Reversible::no);
  journal.append({Kind::commit, "", Value::map(), around.clock.seconds()});
  return std::nullopt;
}

Reversal undo_steps(Journal& journal, const std::vector<Step>& steps, const Surroundings& around) {
  std::string last_step = "open";
  std::string cause = "the program was ended before the transaction was";
  for (const Record& record : journal.records()) {
    if (record.kind == Kind::begin || record.kind == Kind::failed) last_step = record.step;
    if (record.kind == Kind::failed) cause = record.facts.string_or("cause", cause);
  }
  return revert(journal, steps, around, last_step, Error(Fault::reverted, cause));
}

Value durations(const Journal& journal) {
  Value seconds = Value::map();
  for (const Record& record : journal.records()) {
    if (record.kind != Kind::done) continue;
    const auto& records = journal.records();
    const auto begin = std::find_if(records.begin(), records.end(), [&](const Record& other) {
      return other.kind == Kind::begin && other.step == record.step;
    });
    seconds.set(record.step, record.time - begin->time);
  }
  return seconds;
}

}  // namespace bakehouse::phase
