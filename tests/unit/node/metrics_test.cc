#include "node/metrics.hh"

#include "node/backups.hh"
#include "node/freeze.hh"
#include "site.hh"

#include <doctest/doctest.h>

#include <optional>
#include <string>

namespace node_metrics_test {

using namespace bakehouse;
using namespace bakehouse::node;

namespace {

// "name label=value ...", without the project's.
std::optional<int64_t> value_of(Site& site, const std::string& wanted) {
  for (const auto& metric : read_metrics(site.node())) {
    CHECK(metric.name.starts_with("bakehouse_"));
    CHECK((metric.type == text::Metric::Type::counter) == metric.name.ends_with("_total"));
    for (const auto& sample : metric.samples) {
      CHECK(sample.labels.front() == std::pair<std::string, std::string>("project", "shop"));
      std::string words = metric.name.substr(10);
      for (size_t i = 1; i < sample.labels.size(); ++i)
        words += " " + sample.labels[i].first + "=" + sample.labels[i].second;
      if (words == wanted) return sample.value;
    }
  }
  return std::nullopt;
}

}  // namespace

TEST_CASE("of a root without deployments there are numbers, too") {
  Site site;
  CHECK(value_of(site, "deployments_total kind=apply outcome=reverted") == 0);
  CHECK(value_of(site, "recovery_needed") == 0);
  CHECK(value_of(site, "backups") == 0);
  CHECK(value_of(site, "filesystem_avail_bytes part=root").value_or(0) > 0);
  CHECK(value_of(site, "filesystem_avail_bytes part=data").value_or(0) > 0);
  CHECK_FALSE(value_of(site, "last_good_timestamp_seconds"));
  CHECK_FALSE(value_of(site, "last_backup_timestamp_seconds"));
}

TEST_CASE("deployments are counted by kind and outcome, and the last one is described") {
  Site site;
  REQUIRE(describe(site.apply(release("1.0", 1))) == "good");
  REQUIRE(site.apply(release("2.0", 2, {{"post_deploy", "exit 1"}})).outcome == "reverted");
  CHECK(value_of(site, "last_deployment_good") == 0);
  site.write("data/book", std::string(100'000, 'x'));
  REQUIRE(describe(site.apply(release("3.0", 3))) == "good");
  REQUIRE(describe(site.rollback()) == "good");
  CHECK(value_of(site, "deployments_total kind=apply outcome=good") == 2);
  CHECK(value_of(site, "deployments_total kind=apply outcome=reverted") == 1);
  CHECK(value_of(site, "deployments_total kind=rollback outcome=good") == 1);
  CHECK(value_of(site, "last_deployment_good") == 1);
  CHECK(value_of(site, "last_good_timestamp_seconds") == site.history().back().ended);
  CHECK(value_of(site, "last_deployment_phase_duration_seconds phase=stage"));
  CHECK(value_of(site, "release_info version=1.0 deployment=" + site.history().back().deployment) == 1);
  CHECK(value_of(site, "backups") == 4);
  CHECK(value_of(site, "last_backup_size_bytes").value_or(0) >= 100'000);
  CHECK(value_of(site, "last_backup_timestamp_seconds").value_or(0) > 1'700'000'000);
}

TEST_CASE("a backup by hand counts as well, and a forgotten one does not") {
  Site site;
  REQUIRE(describe(site.apply(release("1.0", 1))) == "good");
  site.write("data/book", "first\n");
  const Backup made = create_backup(site.node()).backup;
  CHECK(value_of(site, "backups") == 2);
  CHECK(value_of(site, "last_backup_timestamp_seconds") == made.record.time);
  site.write("archives/" + made.id + "/forgotten.json", "{}");
  CHECK(value_of(site, "backups") == 1);
}

TEST_CASE("what waits for somebody is told") {
  Site site;
  REQUIRE(describe(site.apply(release("1.0", 1))) == "good");
  CHECK(value_of(site, "drift_found") == 0);
  CHECK(value_of(site, "frozen") == 0);
  CHECK_FALSE(value_of(site, "provisional_deadline_timestamp_seconds"));

  site.write("run/index.html", "changed\n");
  CHECK(says(refusal([&] { return site.apply(release("2.0", 2)); }), "10: "));
  CHECK(value_of(site, "drift_found") == 1);
  ApplyOptions options;
  options.drift = DriftChoice::discard;
  options.confirm_within = std::chrono::hours(1);
  REQUIRE(describe(site.apply(release("2.0", 2), options)) == "good");
  CHECK(value_of(site, "drift_found") == 0);
  CHECK(value_of(site, "provisional_deadline_timestamp_seconds").value_or(0) > site.history().back().ended);
  freeze(site.node(), "a sale");
  CHECK(value_of(site, "frozen") == 1);
  REQUIRE(describe(site.rollback()) == "good");
  CHECK_FALSE(value_of(site, "provisional_deadline_timestamp_seconds"));
}

TEST_CASE("an interrupted transaction is a number somebody can be woken by") {
  Site site;
  site.on_moment = [](const std::string& moment) {
    if (moment == "done deploy") throw Kill();
  };
  CHECK_THROWS_AS(site.apply(release("1.0", 1)), Kill);
  CHECK(value_of(site, "recovery_needed") == 1);
  site.on_moment = {};
  REQUIRE(site.recover());
  CHECK(value_of(site, "recovery_needed") == 0);
}

}  // namespace node_metrics_test
