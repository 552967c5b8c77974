#include "bakery/detected.hh"

#include <fmt/format.h>
#include <fmt/ranges.h>

namespace bakehouse::bakery {

using buildpack::Answer;

Detected summarise(const buildpack::Detection& detection) {
  Detected detected{detection.answers, detection.lost, {}, 0};
  if (!detection.selection) {
    detected.platform_exit = static_cast<int>(buildpack::exit_without_selection(detection));
    return detected;
  }
  for (const buildpack::Buildpack* pack : detection.selection->packs)
    detected.builders.push_back(pack->describe());
  return detected;
}

std::string_view name_of(Answer::Kind kind) {
  switch (kind) {
    case Answer::Kind::applies: return "applies";
    case Answer::Kind::does_not: return "does not apply";
    default: return "could not be asked";
  }
}

std::string describe(const Detected& detected) {
  std::string text;
  for (const Answer& answer : detected.answers) {
    text += fmt::format("{} {}", answer.pack, name_of(answer.kind));
    if (!answer.display_name.empty()) text += fmt::format(" ({})", answer.display_name);
    if (!answer.why.empty()) text += ": " + answer.why;
    if (!answer.ignored_target.empty()) text += fmt::format(" (though {})", answer.ignored_target);
    text += answer.said + "\n";
  }
  for (const auto& group : detected.lost)
    text += fmt::format("not {}: {}\n", fmt::join(group.members, ", "), fmt::join(group.reasons, "; "));
  const std::string builders = fmt::format("{}", fmt::join(detected.builders, ", "));
  return text + "would build: " + (builders.empty() ? "nothing, no buildpacks fit" : builders) + "\n";
}

}  // namespace bakehouse::bakery
