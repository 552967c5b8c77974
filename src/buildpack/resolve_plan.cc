#include "base/encoding.hh"
#include "base/error.hh"
#include "buildpack/plan.hh"

#include <fmt/format.h>

#include <algorithm>
#include <map>

namespace bakehouse::buildpack {
namespace {

using base::Error;
using base::Fault;
using base::printable;

// One step is one look at a member's provided or required name; these take less than a second.
constexpr uint64_t most_plan_steps = 30'000'000;
constexpr size_t most_reasons = 20;

// Names as numbers, so that the many trials compare no texts.
struct Option {
  std::vector<size_t> provides;
  std::vector<size_t> requires_;
};

struct Names {
  std::map<std::string, size_t> numbers;  // sorted, as dependencies must be

  size_t number_of(const std::string& name) {
    return numbers.try_emplace(name, numbers.size()).first->second;
  }
};

// What is known of one name while the members of a trial are passed from first to last.
struct Ledger {
  std::vector<size_t> pending;    // provided, and not required since
  std::vector<size_t> providers;  // of those that were required
  std::vector<size_t> unmet;      // who required it before anybody provided it
};

// Why a member cannot stay in a trial.
struct Lack {
  size_t member = 0;
  size_t name = 0;
  bool is_unmet = false;  // otherwise: provided and never required
};

class Resolver {
 public:
  explicit Resolver(const std::vector<PlanMember>& members) : members_(members) {
    for (const PlanMember& member : members) {
      std::vector<Option>& options = options_.emplace_back();
      for (const PlanOption& option : member.plan) options.push_back(numbered(option));
      if (options.empty()) options.emplace_back();
    }
    ledgers_.resize(names_.numbers.size());
    choice_.resize(members.size(), 0);
  }

  PlanResolution run() {
    PlanResolution resolution;
    do {
      ++resolution.trials;
      told_.clear();
      resolution.resolved = try_choice();
      // Of many failures the first is told: it is about what the buildpacks would like best.
      if (resolution.resolved || resolution.trials == 1) resolution.reasons = reasons();
    } while (!resolution.resolved && next_choice());
    if (resolution.resolved) describe_result(resolution);
    return resolution;
  }

 private:
  Option numbered(const PlanOption& option) {
    Option numbers;
    for (const std::string& name : option.provides) numbers.provides.push_back(names_.number_of(name));
    for (const Requirement& requirement : option.requirements)
      numbers.requires_.push_back(names_.number_of(requirement.name));
    return numbers;
  }

  // The last member's option varies fastest.
  bool next_choice() {
    for (size_t i = choice_.size(); i-- > 0;) {
      if (++choice_[i] < options_[i].size()) return true;
      choice_[i] = 0;
    }
    return false;
  }

  // Only with the last of its options a member may stay away: the earlier ones are what it would rather do.
  bool is_optional(size_t member) const {
    return members_[member].optional && choice_[member] + 1 == options_[member].size();
  }

  bool try_choice() {
    staying_.clear();
    for (size_t i = 0; i < members_.size(); ++i) staying_.push_back(i);
    while (true) {
      const std::vector<Lack> lacks = find_lacks();
      if (lacks.empty()) return !staying_.empty();
      for (const Lack& lack : lacks) {
        if (told_.size() < most_reasons) told_.push_back(lack);
      }
      const auto is_needed = [&](const Lack& lack) { return !is_optional(lack.member); };
      if (std::any_of(lacks.begin(), lacks.end(), is_needed)) return false;
      std::erase_if(staying_, [&](size_t member) {
        return std::any_of(lacks.begin(), lacks.end(),
                           [&](const Lack& lack) { return lack.member == member; });
      });
    }
  }

  std::vector<Lack> find_lacks() {
    pass_members();
    std::vector<Lack> lacks;
    for (size_t name = 0; name < ledgers_.size(); ++name) {
      for (const size_t member : ledgers_[name].unmet) lacks.push_back({member, name, true});
      for (const size_t member : ledgers_[name].pending) lacks.push_back({member, name, false});
    }
    return lacks;
  }

  void pass_members() {
    count_steps(ledgers_.size());
    for (Ledger& ledger : ledgers_) {
      ledger.pending.clear();
      ledger.providers.clear();
      ledger.unmet.clear();
    }
    for (const size_t member : staying_) {
      const Option& option = options_[member][choice_[member]];
      count_steps(option.provides.size() + option.requires_.size());
      for (const size_t name : option.provides) ledgers_[name].pending.push_back(member);
      for (const size_t name : option.requires_) pass_requirement(member, ledgers_[name]);
    }
  }

  static void pass_requirement(size_t member, Ledger& ledger) {
    ledger.providers.insert(ledger.providers.end(), ledger.pending.begin(), ledger.pending.end());
    ledger.pending.clear();
    if (ledger.providers.empty()) ledger.unmet.push_back(member);
  }

  void count_steps(size_t steps) {
    steps_ += steps + 1;
    if (steps_ <= most_plan_steps) return;
    std::vector<std::string> many;
    for (const PlanMember& member : members_) {
      if (member.plan.size() > 1)
        many.push_back(fmt::format("{} {}", printable(member.name), member.plan.size()));
    }
    throw Error(Fault::input,
                "the build plans allow more combinations than can be tried, and none of the first fits",
                fmt::format("leave some buildpacks out; ways each one offers: {}", fmt::join(many, ", ")));
  }

  std::vector<std::string> reasons() const {
    std::vector<std::string> texts;
    for (const Lack& lack : told_) {
      const auto name = std::find_if(names_.numbers.begin(), names_.numbers.end(),
                                     [&](const auto& entry) { return entry.second == lack.name; });
      const std::string who = printable(members_[lack.member].name);
      const std::string what = printable(name->first);
      const std::string fact =
          lack.is_unmet ? fmt::format("{} requires '{}', which nobody up to it provides", who, what)
                        : fmt::format("{} provides '{}', which nobody from it on requires", who, what);
      texts.push_back(is_optional(lack.member) ? fact + ", and is left out" : fact);
    }
    return texts;
  }

  // Of the trial that was passed last.
  void describe_result(PlanResolution& resolution) const {
    resolution.members = staying_;
    std::map<std::string, std::vector<Requirement>> requirements;
    for (const size_t member : staying_) {
      if (members_[member].plan.empty()) continue;
      for (const Requirement& requirement : members_[member].plan[choice_[member]].requirements)
        requirements[requirement.name].push_back(requirement);
    }
    for (auto& [name, all] : requirements) {
      std::vector<size_t> providers = ledgers_[names_.numbers.at(name)].providers;
      providers.erase(std::unique(providers.begin(), providers.end()), providers.end());
      resolution.dependencies.push_back({name, std::move(providers), std::move(all)});
    }
  }

  const std::vector<PlanMember>& members_;
  Names names_;
  std::vector<std::vector<Option>> options_;
  std::vector<size_t> choice_;
  std::vector<size_t> staying_;
  std::vector<Ledger> ledgers_;
  std::vector<Lack> told_;  // the first lacks of this trial
  uint64_t steps_ = 0;
};

}  // namespace

PlanResolution resolve_plan(const std::vector<PlanMember>& members) { return Resolver(members).run(); }

}  // namespace bakehouse::buildpack
