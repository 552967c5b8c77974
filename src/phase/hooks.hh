// Running a project's hooks: executables that came with a verified release, run by descriptor.
#pragma once

#include "base/fd.hh"
#include "base/process.hh"
#include "config/project.hh"
#include "phase/journal.hh"
#include "phase/transaction.hh"

#include <filesystem>
#include <functional>
#include <optional>
#include <string>
#include <vector>

namespace bakehouse::phase {

// An open program whose content was checked; the file of that name is not looked at again.
struct HookProgram {
  std::string name;  // for messages: "post_deploy" or "post_deploy.d/10-migrate"
  base::Fd program;
};

struct HookRun {
  std::string phase;
  std::vector<std::string> environment;  // whole
  // Words of it by which what a hook started is known again, in whatever group it is: see processes_with.
  std::vector<std::string> marks;
  std::filesystem::path directory;
  config::HookSettings settings;
  std::filesystem::path log;                    // appended to
  std::optional<base::Identity> identity = {};  // none: ours
};

// Runs them one after the other. What each prints goes to the log and, line by line, to the
// events. Who runs is in the journal before it executes (`journal` may be null, outside a
// transaction). What a hook leaves running is ended with it. The first that fails is an Error(build) with
// its last lines.
void run_hooks(const std::vector<HookProgram>& programs, const HookRun& run, Journal* journal,
               const Surroundings& around);

// Ends what bears all `marks`. Returns when none is left; Error(needs_hands) when one stays.
void end_marked(const std::vector<std::string>& marks, const Surroundings& around);
// Does the work, and then, however it ended, ends what bears all `marks` and runs still.
void end_what_stays(const std::vector<std::string>& marks, const Surroundings& around,
                    const std::function<void()>& work);

// Ends the processes that the journal says were started on this boot, with what they started in
// their groups, also where they themselves are gone already. Strangers that were given their numbers
// since are left alone. Then those that bear all `marks`. Returns when none is left; Error(needs_hands) when
// one stays.
void end_recorded_processes(const Journal& journal, const std::vector<std::string>& marks,
                            const Surroundings& around);

}  // namespace bakehouse::phase
