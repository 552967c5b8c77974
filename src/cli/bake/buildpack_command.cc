#include "base/encoding.hh"
#include "buildpack/check.hh"
#include "buildpack/store.hh"
#include "cli/bake/commands.hh"

#include <fmt/format.h>
#include <fmt/ranges.h>

namespace bakehouse::cli {
namespace {

using buildpack::Finding;
using buildpack::Findings;
using text::Value;

std::string describe(const Finding& finding) {
  const bool is_advice = finding.weight == Finding::Weight::advice;
  const std::string hint = finding.hint.empty() ? "" : fmt::format(" ({})", finding.hint);
  return fmt::format("{}: {}{}{}\n", finding.place, is_advice ? "advice: " : "", finding.message, hint);
}

Value to_value(const Finding& finding) {
  return Value::map({{"place", finding.place},
                     {"message", finding.message},
                     {"hint", finding.hint},
                     {"weight", finding.weight == Finding::Weight::advice ? "advice" : "fault"}});
}

Value to_value(const Findings& findings) {
  Value list = Value::list();
  for (const Finding& finding : findings) list.push(to_value(finding));
  return Value::map({{"outcome", buildpack::has_faults(findings) ? "faults" : "ok"}, {"findings", list}});
}

std::string describe(const std::vector<buildpack::Target>& targets) {
  std::vector<std::string> all;
  all.reserve(targets.size());
  for (const auto& target : targets)
    all.push_back(buildpack::Machine{target.os, target.arch, target.variant,
                                     target.distros.empty() ? buildpack::Distro() : target.distros.front()}
                      .describe());
  return fmt::format("{}", fmt::join(all, "; "));
}

// The members of a composite have targets of their own.
std::optional<std::string> why_it_does_not_fit(const buildpack::Buildpack& pack) {
  if (pack.is_composite()) return std::nullopt;
  return buildpack::why_no_target_fits(pack.targets, buildpack::this_machine());
}

std::string describe(const buildpack::Buildpack& pack) {
  const auto misfit = why_it_does_not_fit(pack);
  return fmt::format("{}  {}  {}{}\n", pack.describe(),
                     pack.is_classic() ? "classic" : "api " + pack.api.str(),
                     pack.is_composite() ? "made of others" : describe(pack.targets),
                     misfit ? "  not here: " + *misfit : "");
}

Value to_value(const buildpack::Buildpack& pack) {
  return Value::map({{"id", pack.id},
                     {"version", pack.version},
                     {"api", pack.is_classic() ? "classic" : pack.api.str()},
                     {"targets", describe(pack.targets)},
                     {"composite", pack.is_composite()},
                     {"misfit", why_it_does_not_fit(pack).value_or("")},
                     {"directory", pack.directory.native()}});
}

Value to_value(const buildpack::Store& store) {
  Value usable = Value::list();
  for (const buildpack::Buildpack* pack : store.all()) usable.push(to_value(*pack));
  Value unusable = Value::list();
  for (const std::string& fault : store.unusable()) unusable.push(fault);
  return Value::map({{"buildpacks", std::move(usable)}, {"unusable", std::move(unusable)}});
}

}  // namespace

int run_buildpack_check(const BuildpackCheckCommand& command, const Screen& screen) {
  const Findings findings = buildpack::check_buildpack(command.directory, find_installation().buildpacks);
  if (screen.json()) {
    screen.answer(to_value(findings));
  } else {
    for (const Finding& finding : findings) std::fputs(describe(finding).c_str(), stdout);
    if (findings.empty()) screen.say("nothing to complain of");
  }
  return buildpack::has_faults(findings) ? base::exit_code(base::Fault::input) : 0;
}

int run_buildpack_list(const BuildpackListCommand& command, const Screen& screen) {
  buildpack::Store store;
  store.add_directory(find_installation().buildpacks);
  for (const auto& directory : command.directories) store.add_directory(directory);
  if (screen.json()) {
    screen.answer(to_value(store));
    return 0;
  }
  for (const buildpack::Buildpack* pack : store.all()) std::fputs(describe(*pack).c_str(), stdout);
  for (const std::string& fault : store.unusable())
    fmt::print("cannot be used: {}\n", base::printable_lines(fault));
  return 0;
}

}  // namespace bakehouse::cli
