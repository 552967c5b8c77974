#include "buildpack/detect.hh"

#include "base/encoding.hh"
#include "base/error.hh"
#include "base/threads.hh"
#include "buildpack/classic_place.hh"
#include "buildpack/environment.hh"
#include "buildpack/wanted_network.hh"
#include "launch/launch_file.hh"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <map>

namespace bakehouse::buildpack {
namespace {

namespace fs = std::filesystem;
using base::Error;
using base::Event;
using base::Fault;

constexpr int does_not_apply = 100;
// It is shown whole only when nothing fits.
constexpr size_t most_lines = 50;

struct Asked {
  Answer answer;
  BuildPlan plan;
};

Asked erred(const Buildpack& pack, std::string why, std::string said = "") {
  return {{Answer::Kind::erred, pack.describe(), std::move(why), std::move(said), ""}, {}};
}

std::string complain(const base::ExitStatus& status) {
  std::string why = "it " + status.describe();
  if (status.code == 1) why += ", where one that does not apply should exit with 100";
  return why;
}

bool is_target_ignored(const Buildpack& pack, const Site& site) {
  const auto& ids = site.workshop().settings.ignored_targets;
  return std::ranges::find(ids, pack.id) != ids.end();
}

Asked run_detect(const Buildpack& pack, const Site& site) {
  const fs::path plan = site.make_plan(pack, Site::Purpose::detect, "");
  Site::Call call{pack, "bin/detect", {site.platform().native(), plan.native()}, first_environment(site)};
  complete_environment(site, pack, plan, call.environment);
  base::LastLines said(most_lines);
  bool wanted_network = false;
  try {
    const auto status = site.run(call, [&](std::string_view line) {
      said.take(line);
      wanted_network = wanted_network || speaks_of_network(line);
    });
    if (status.cancelled) throw Error(Fault::build, "the build was cancelled");
    if (status.ok()) {
      // Not within the braces below: what they have made by then gcc 12 destroys twice when this throws.
      BuildPlan written = parse_build_plan(site.read_plan(pack, Site::Purpose::detect), "its build plan");
      return {{Answer::Kind::applies, pack.describe(), "", said.text(), ""}, std::move(written)};
    }
    if (status.code != does_not_apply) {
      const bool is_missed = wanted_network && site.workshop().offline;
      return erred(pack, complain(status) + (is_missed ? "; it wanted the network, and this is offline" : ""),
                   said.text());
    }
    return {{Answer::Kind::does_not, pack.describe(), "", said.text(), ""}, {}};
  } catch (const Error& error) {
    if (site.workshop().cancelled()) throw;
    return erred(pack, error.what(), said.text());
  }
}

// It has no word for a failure of its own: whatever it exits with but 0, it does not apply. Its copy is
// there.
Asked run_classic_detect(const Buildpack& pack, const Site& site) {
  base::LastLines said(most_lines);
  std::vector<std::string> lines;
  Answer answer{Answer::Kind::does_not, pack.describe(), "", "", ""};
  try {
    const fs::path copy = site.writable() / classic_copy_path(pack).str();
    const Site::Call call{pack,
                          (copy / "bin/detect").native(),
                          {site.application().native()},
                          classic_environment(site, first_environment(site)),
                          copy};
    const auto status = site.run(call, [&](std::string_view line) {
      said.take(line);
      if (!line.empty() && lines.size() < most_lines) lines.push_back(base::printable(line));
    });
    if (status.cancelled) throw Error(Fault::build, "the build was cancelled");
    if (status.signal != 0 || status.timed_out) return erred(pack, "it " + status.describe(), said.text());
    if (status.ok()) answer.kind = Answer::Kind::applies;
  } catch (const Error& error) {
    if (site.workshop().cancelled()) throw;
    return erred(pack, error.what(), said.text());
  }
  if (answer.kind == Answer::Kind::applies && !lines.empty()) answer.display_name = lines.back();
  // One that applies says its name, and mostly nothing else.
  if (answer.display_name.empty() || lines.size() > 1) answer.said = said.text();
  return {std::move(answer), {}};
}

Asked ask(const Buildpack& pack, const Site& site) {
  if (pack.is_classic()) return run_classic_detect(pack, site);
  const auto misfit = why_no_target_fits(pack.targets, site.machine());
  if (misfit && !is_target_ignored(pack, site)) return erred(pack, *misfit);
  Asked asked = run_detect(pack, site);
  asked.answer.ignored_target = misfit.value_or("");
  return asked;
}

class Detector {
 public:
  Detector(const Order& order, const Store& store, const Site& site)
      : order_(order), store_(store), site_(site) {}

  Detection run() {
    const OrderWalk walk{std::string(launch::usual_exec_env),
                         [this](const Candidates& group) { return try_group(group); },
                         [this](const std::string& text) {
                           site_.workshop().events({Event::Kind::warning, "build", text});
                         }};
    walk_order(order_, store_, walk);
    return std::move(detection_);
  }

 private:
  bool try_group(const Candidates& group) {
    ask_all(group);
    LostGroup lost;
    std::vector<const Buildpack*> passed;
    std::vector<PlanMember> members;
    for (const Candidate& candidate : group) {
      const Asked& asked = known_.at(candidate.pack);
      lost.members.push_back(candidate.pack->describe());
      if (asked.answer.kind == Answer::Kind::applies) {
        passed.push_back(candidate.pack);
        members.push_back({candidate.pack->describe(), candidate.optional, asked.plan});
      } else if (!candidate.optional) {
        const bool erred = asked.answer.kind == Answer::Kind::erred;
        lost.reasons.push_back(
            fmt::format("{} {}", candidate.pack->describe(), erred ? "failed" : "does not apply"));
      }
    }
    if (lost.reasons.empty() && members.empty()) lost.reasons.push_back("no member applies");
    lost.did_all_apply = lost.reasons.empty();
    if (lost.did_all_apply && resolve(passed, members, lost.reasons)) return true;
    detection_.lost.push_back(std::move(lost));
    return false;
  }

  bool resolve(const std::vector<const Buildpack*>& passed, const std::vector<PlanMember>& members,
               std::vector<std::string>& reasons) {
    PlanResolution resolution = resolve_plan(members);
    if (!resolution.resolved) {
      reasons = std::move(resolution.reasons);
      return false;
    }
    Selection selection;
    std::map<size_t, size_t> places;  // of members among those that are left
    for (const size_t member : resolution.members) {
      places[member] = selection.packs.size();
      selection.packs.push_back(passed[member]);
    }
    selection.dependencies = std::move(resolution.dependencies);
    for (Dependency& dependency : selection.dependencies) {
      for (size_t& provider : dependency.providers) provider = places.at(provider);
    }
    detection_.selection = std::move(selection);
    return true;
  }

  // All at once, but for those that have answered already.
  void ask_all(const Candidates& group) {
    std::vector<std::pair<const Buildpack*, Asked>> fresh;
    for (const Candidate& candidate : group) {
      if (!known_.contains(candidate.pack)) fresh.emplace_back(candidate.pack, Asked());
    }
    // Before any program starts: one that is about to start holds what other threads have open, and a file
    // that is open for writing cannot be executed.
    for (const auto& [pack, asked] : fresh) {
      if (pack->is_classic()) make_classic_copy(site_, *pack);
    }
    base::Crew crew;
    for (auto& [pack, asked] : fresh)
      crew.add([this, pack = pack, &asked = asked] { asked = ask(*pack, site_); });
    crew.finish();
    for (auto& [pack, asked] : fresh) {
      detection_.answers.push_back(asked.answer);
      if (!asked.answer.ignored_target.empty()) warn_of(asked.answer);
      known_.emplace(pack, std::move(asked));
    }
  }

  void warn_of(const Answer& answer) const {
    site_.workshop().events({Event::Kind::warning, "build",
                             fmt::format("{} is asked all the same (build.ignore-targets): {}", answer.pack,
                                         answer.ignored_target)});
  }

  const Order& order_;
  const Store& store_;
  const Site& site_;
  std::map<const Buildpack*, Asked> known_;
  Detection detection_;
};

std::string describe(const Answer& answer) {
  const bool erred = answer.kind == Answer::Kind::erred;
  return fmt::format("\n  {} {}{}", answer.pack,
                     erred ? "could not be asked: " + answer.why : "does not apply", answer.said);
}

}  // namespace

Detection detect(const Order& order, const Store& store, const Site& site) {
  return Detector(order, store, site).run();
}

PlatformExit exit_without_selection(const Detection& detection) {
  const bool erred = std::ranges::any_of(
      detection.answers, [](const Answer& answer) { return answer.kind == Answer::Kind::erred; });
  return erred ? PlatformExit::none_detected_and_error : PlatformExit::none_detected;
}

Selection require_selection(Detection detection) {
  if (detection.selection) return std::move(*detection.selection);
  std::string message = "no buildpacks for this source:";
  for (const Answer& answer : detection.answers) {
    if (answer.kind == Answer::Kind::applies) continue;
    message += describe(answer);
  }
  for (const LostGroup& group : detection.lost) {
    // Of the only group nothing is left to say but what its members said.
    if (detection.lost.size() == 1 && !group.did_all_apply) continue;
    message += fmt::format("\n  {}: {}", fmt::join(group.members, ", "), fmt::join(group.reasons, "; "));
  }
  throw PlatformFailure(exit_without_selection(detection),
                        Error(Fault::build, message, "a Procfile says which processes an application has"));
}

}  // namespace bakehouse::buildpack
