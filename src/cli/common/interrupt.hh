// What Ctrl-C means: the wish to stop; but while a transaction runs at a terminal, a question first. Who
// pressed it by mistake loses nothing, who is in a hurry presses it again.
#pragma once

#include "phase/transaction.hh"

namespace bakehouse::cli {

enum class Asking { at_terminal, never };

// From now on SIGINT, SIGTERM and SIGHUP are wishes of whoever uses this program. The transaction goes on
// while the question stands; only a SIGINT that it can still undo is one, and only where a person reads and
// answers.
void watch_signals(Asking asking);
// Also takes an answer, if one was given.
bool is_stop_wanted();
void now_reversible(phase::Reversible reversible);

}  // namespace bakehouse::cli
