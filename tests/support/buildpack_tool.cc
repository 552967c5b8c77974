// The engine of buildpacks as a program, for benches: what `bake` does between the source and the packing.
//
//   buildpack_tool detect APPLICATION PACKS
//   buildpack_tool build APPLICATION PACKS CACHE
//
// All buildpacks in the directory PACKS must apply. APPLICATION is made anew, as `build/` is for every bake;
// the buildpacks see it at APPLICATION/../production/run.
#include "base/error.hh"
#include "base/files.hh"
#include "buildpack/build.hh"
#include "buildpack/layer_cache.hh"

#include <fmt/format.h>

#include <iostream>

using namespace bakehouse;

namespace {

struct Arguments {
  std::string verb;
  std::filesystem::path application, packs, cache;
};

Arguments read_arguments(const std::vector<std::string>& words) {
  const bool is_detect = words.size() == 3 && words[0] == "detect";
  const bool is_build = words.size() == 4 && words[0] == "build";
  if (!is_detect && !is_build)
    throw base::Error(base::Fault::usage, "detect APPLICATION PACKS, or build APPLICATION PACKS CACHE");
  return {words[0], std::filesystem::absolute(words[1]), words[2], is_build ? words[3] : ""};
}

buildpack::Workshop make_workshop(const Arguments& arguments, const base::TempDir& scratch) {
  const auto application = std::filesystem::canonical(arguments.application);
  const auto tell = [](const base::Event& event) {
    if (event.kind == base::Event::Kind::warning) std::cerr << "warning: " << event.text << '\n';
  };
  return {application,
          application.parent_path() / "production",
          application.parent_path() / "production/run",
          scratch.path(),
          arguments.cache,
          {},
          tell,
          [] { return false; }};
}

void begin_application(const Arguments& arguments) {
  const base::Dir holder = base::Dir::open(arguments.application.parent_path());
  const auto name = base::TreePath::parse(arguments.application.filename().native());
  if (const auto left = holder.open_dir_if_any(name)) buildpack::take_over_layers(arguments.cache, *left);
  holder.remove_tree(name);
  holder.make_dir(name, 0755);
}

int run(const Arguments& arguments) {
  begin_application(arguments);
  buildpack::Store store;
  store.add_directory(arguments.packs);
  buildpack::Order order(1);
  for (const buildpack::Buildpack* pack : store.all())
    order.front().push_back({pack->id, pack->version, false, {}});
  const base::TempDir scratch;
  const buildpack::Site site(make_workshop(arguments, scratch), store);
  buildpack::Selection selection = buildpack::require_selection(buildpack::detect(order, store, site));
  fmt::print("{} apply\n", selection.packs.size());
  if (arguments.verb == "build") buildpack::build(std::move(selection), site);
  return 0;
}

}  // namespace

int main(int argc, char** argv) {
  try {
    return run(read_arguments({argv + 1, argv + argc}));
  } catch (const base::Error& error) {
    std::cerr << "buildpack_tool: " << error.what() << '\n';
    return base::exit_code(error.fault());
  }
}
