#include "matrix_world.hh"

namespace matrix {

using bakehouse::config::Switch;
using bakehouse::node::ApplyOptions;
using bakehouse::node::Node;
using bakehouse::node::Release;
using bakehouse::node::Result;

namespace {

// Each hook does its work, and then what the cell wants of it: `fault` holds the phase and the lines.
std::string hook(const std::string& work) {
  return work + R"sh(
wanted=$BAKEHOUSE_ROOT/fault
if [ -e "$wanted" ] && [ "$(head -n 1 "$wanted")" = "$BAKEHOUSE_PHASE" ]; then
  tail -n +2 "$wanted" >"$wanted.sh"
  . "$wanted.sh"
fi)sh";
}

Release release_of(const std::string& version, uint64_t sequence) {
  const std::string migration = "echo \"$BAKEHOUSE_VERSION\" >\"$BAKEHOUSE_DATA/book\"";
  Release made = bakehouse::node::release(
      version, sequence,
      {{"dump", hook("cp \"$BAKEHOUSE_DATA/book\" \"$BAKEHOUSE_BACKUP/dumps/\"")},
       {"post_deploy", hook(migration)},
       {"upgrade", hook(":")},
       {"post_install", hook(":")}},
      "data: {shared: shared}\n"
      "hooks: {dump: {time-limit: 200ms}, post_deploy: {time-limit: 200ms}, upgrade: {time-limit: 200ms}, "
      "post_install: {time-limit: 200ms}}\n"
      // The check is a program of the project as well.
      "health:\n- {command: 'BAKEHOUSE_PHASE=health; if [ -e $BAKEHOUSE_ROOT/fault ] && [ \"$(head -n 1 "
      "$BAKEHOUSE_ROOT/fault)\" = health ]; then tail -n +2 $BAKEHOUSE_ROOT/fault "
      ">$BAKEHOUSE_ROOT/fault.sh; . $BAKEHOUSE_ROOT/fault.sh; fi', within: 200ms, every: 10ms}\n");
  made.tree[".bake/templates/site.conf"] = bakehouse::support::File{"${bakehouse.version} at ${port}\n"};
  return made;
}

std::string page_of(const std::string& version) { return "page " + version + "\n"; }

}  // namespace

std::string_view name_of(Job job) {
  switch (job) {
    case Job::first: return "first";
    case Job::second: return "second";
    case Job::rollback: return "rollback";
    case Job::reconfigured: return "reconfigured";
  }
  return "";
}

World::World(Switch how, Job job, const fs::path& place)
    : how_(how),
      job_(job),
      target_(place / "etc/site.conf"),
      site_(bakehouse::node::switched_by(how), place) {
  fs::remove_all(target_.parent_path());
  fs::create_directory(target_.parent_path());
  site_.write("node.yaml", "configuration: [{template: site.conf, target: " + target_.native() + "}]\n");
  site_.write("pillar/production.yaml", "port: 80\n");
  const auto apply = [&](const Release& release) {
    const Result result = site_.apply(release);
    if (result.error) throw bakehouse::base::Error(*result.error);
  };
  if (job != Job::first) apply(release_of("1.0", 1));
  if (job == Job::rollback) apply(release_of("2.0", 2));
  archive_ = site_.archive(job == Job::reconfigured || job == Job::first ? release_of("1.0", 1)
                                                                         : release_of("2.0", 2));
  // What visitors have written since.
  if (job != Job::first) site_.write("data/book", old_book());
  if (job == Job::reconfigured) site_.write("pillar/production.yaml", "port: 81\n");
  old_target_ = bakehouse::base::read_file_if_any(target_, 1 << 20).value_or("");
}

void World::copy_to(const fs::path& root) const {
  fs::copy(site_.root(), root, fs::copy_options::recursive | fs::copy_options::copy_symlinks);
  fs::remove_all(target_.parent_path());
  fs::create_directory(target_.parent_path());
  if (!old_target_.empty()) bakehouse::base::write_file(target_, old_target_);
}

Result World::run(const Node& node) const {
  if (job_ == Job::rollback) return bakehouse::node::rollback(node, std::nullopt);
  ApplyOptions options;
  if (job_ == Job::reconfigured) options.settings = {"data.shared=elsewhere"};
  return bakehouse::node::apply(node, archive_, bakehouse::support::trust(site_.key), options);
}

std::string World::old_page() const {
  if (job_ == Job::first) return {};
  return page_of(job_ == Job::rollback ? "2.0" : "1.0");
}

std::string World::new_page() const { return page_of(job_ == Job::second ? "2.0" : "1.0"); }
std::string World::old_book() const { return job_ == Job::first ? std::string() : "signed\n"; }
std::string World::new_book() const { return job_ == Job::second ? "2.0\n" : "1.0\n"; }

std::string World::new_target() const {
  if (job_ == Job::reconfigured) return "1.0 at 81\n";
  return job_ == Job::second ? "2.0 at 80\n" : "1.0 at 80\n";
}

}  // namespace matrix
