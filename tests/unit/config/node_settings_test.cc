#include "config/node_settings.hh"

#include "base/files.hh"
#include "config/merge.hh"
#include "failure.hh"
#include "text/yaml.hh"

#include <doctest/doctest.h>

#include <string>

namespace node_settings_test {

using namespace bakehouse;
using namespace bakehouse::config;
using namespace std::chrono_literals;

namespace {

NodeSettings decode(const std::string& document) {
  text::Diagnostics faults;
  NodeSettings settings = decode_node_settings(text::parse_yaml(document, "node.yaml"), faults);
  faults.throw_if_any();
  return settings;
}

std::string fault_of(const std::string& document) {
  return failure([&] { decode(document); });
}

}  // namespace

TEST_CASE("each kind of receiver is decoded, and what is not said has its default") {
  const NodeSettings settings = decode(R"(
processes: {web: {port: 8080}}
notify:
  - {webhook: "https://ops:pa55@example.org:8443/hook?x=1", secret-file: /etc/s, ca-file: /etc/ca, on: [failure, expired]}
  - {mail: ops+shop@example.org, from: shop@web1.example.org, sendmail: /opt/sendmail, on: success}
  - {mail: root}
  - {command: [/usr/local/bin/tell, --loudly], time-limit: 30s}
logging: {events: [/var/log/bakehouse/events.jsonl, syslog, journal]}
)");
  REQUIRE(settings.notify.size() == 4);
  const Receiver& hook = settings.notify[0];
  CHECK(hook.kind == Receiver::Kind::webhook);
  CHECK(hook.target == "https://ops:pa55@example.org:8443/hook?x=1");
  CHECK(describe(hook) == "webhook https://example.org:8443/...");
  CHECK(hook.secret_file == "/etc/s");
  CHECK(hook.ca_file == "/etc/ca");
  CHECK(hook.on == std::set<std::string>{"failure", "expired"});
  CHECK(hook.time_limit == 10s);
  CHECK(settings.notify[1].sendmail == "/opt/sendmail");
  CHECK(settings.notify[1].from == "shop@web1.example.org");
  CHECK(settings.notify[1].on == std::set<std::string>{"success"});
  CHECK(settings.notify[2].sendmail == "/usr/sbin/sendmail");
  CHECK(describe(settings.notify[2]) == "mail root");
  CHECK(settings.notify[3].argv == std::vector<std::string>{"/usr/local/bin/tell", "--loudly"});
  CHECK(settings.notify[3].time_limit == 30s);
  CHECK(settings.events.file == "/var/log/bakehouse/events.jsonl");
  CHECK(settings.events.to_syslog);
  CHECK(settings.events.to_journal);
}

TEST_CASE("nobody is told where nobody was named") {
  for (const char* document : {"", "notify:\n", "notify: []\n", "logging: {}\n", "logging:\n"}) {
    CAPTURE(document);
    CHECK(decode(document).notify.empty());
    CHECK_FALSE(decode(document).events.file);
  }
}

TEST_CASE("what cannot be honoured is refused, and no password is repeated") {
  struct Row {
    const char* document;
    const char* message;
  };
  for (const Row& row : {
           Row{"notify: {mail: root}\n",
               "node.yaml:1:1: 'notify' must be a list of receivers ([{webhook: https://example.org/hook}])"},
           Row{"notify: [{}]\n",
               "node.yaml:1:10: a receiver in 'notify' is exactly one of webhook, mail and command"},
           Row{"notify: [{mail: root, command: /bin/x}]\n",
               "node.yaml:1:10: a receiver in 'notify' is exactly one of webhook, mail and command"},
           Row{"notify: [{webhook: 'ftp://bob:pa55@x/'}]\n",
               "node.yaml:1:11: 'webhook' is no http:// or https:// URL (https://example.org/hook)"},
           Row{"notify: [{webhook: 'http://x/', secret-file: s}]\n",
               "node.yaml:1:33: 'secret-file' must be an absolute path, not 's'"},
           Row{"notify: [{mail: \"a@b\\nBcc: c@d\"}]\n",
               "node.yaml:1:11: 'mail' is no plain mail address: 'a@b\\012Bcc: c@d' (ops@example.org, or a "
               "user of this machine)"},
           Row{"notify: [{mail: -oQ/tmp}]\n",
               "node.yaml:1:11: 'mail' is no plain mail address: '-oQ/tmp' (ops@example.org, or a user of "
               "this machine)"},
           Row{"notify: [{mail: root, secret-file: /s}]\n",
               "node.yaml:1:23: unknown key 'secret-file' in a receiver in 'notify'"},
           Row{"notify: [{command: tell}]\n",
               "node.yaml:1:11: 'command' in 'notify' is a program by its absolute path, and its arguments "
               "([/usr/local/bin/tell, --loudly])"},
           Row{"notify: [{mail: root, on: [sucess]}]\n",
               "node.yaml:1:23: 'on' in 'notify' must be some of success, failure, expired, recovered, not "
               "'sucess'"},
           Row{"notify: [{mail: root, on: []}]\n",
               "node.yaml:1:23: 'on' is an empty list: leave it out for all"},
           Row{"notify: [{mail: root, time-limit: 0s}]\n",
               "node.yaml:1:23: 'time-limit' must be longer than nothing"},
           Row{"logging: {events: log.txt}\n",
               "node.yaml:1:11: 'events' in 'logging' must be syslog, journal or one absolute path, not "
               "'log.txt'"},
           Row{"logging: {event: syslog}\n",
               "node.yaml:1:11: unknown key 'event' in 'logging' (did you mean 'events'?)"},
           Row{"environment: The Stage\n",
               "node.yaml:1:1: the environment 'The Stage' holds something other than A-Z a-z 0-9 . _ - "
               "(staging, "
               "production or another word)"},
           Row{"push: {branches: [main]}\n",
               "node.yaml:1:8: 'branches' in 'push' must be a map of branches to environments ({main: "
               "staging})"},
           Row{"push: {branch: {main: staging}}\n",
               "node.yaml:1:8: unknown key 'branch' in 'push' (did you mean 'branches'?)"},
       }) {
    CAPTURE(row.document);
    CHECK(fault_of(row.document) == row.message);
  }
}

TEST_CASE("a root has an environment, and branches that are for one") {
  const base::TempDir scratch;
  const auto file = scratch.path() / "node.yaml";
  base::write_file(file, "environment: dev\npush: {branches: {main: staging, feature/x: dev}}\n");
  const NodeSettings settings = load_node_settings(file);
  CHECK(settings.environment == "dev");
  CHECK(settings.push.branches ==
        std::map<std::string, std::string>{{"main", "staging"}, {"feature/x", "dev"}});
}

TEST_CASE("the node's own keys are checked with the configuration, and no part of it") {
  const base::TempDir scratch;
  Sources sources{"name: shop\n", "bake.yaml", scratch.path() / "node.yaml", {}};
  base::write_file(sources.node_file, "notify: [{mail: root}]\nbuild: {time-limit: 1h}\n");
  CHECK(load_project(sources).build.time_limit == 1h);
  CHECK(merge_sources(sources).find("notify") == nullptr);
  CHECK(load_node_settings(sources.node_file).notify.size() == 1);

  base::write_file(sources.node_file, "notify: [{mial: root}]\nbiuld: {}\n");
  const std::string told = failure([&] { load_project(sources); });
  CHECK(told.find("unknown key 'mial' in a receiver in 'notify' (did you mean 'mail'?)") !=
        std::string::npos);
  CHECK(told.find("unknown key 'biuld'") != std::string::npos);
  CHECK(load_node_settings(scratch.path() / "absent").notify.empty());
}

TEST_CASE("a root is an environment by its mode, unless its node.yaml names one") {
  const base::TempDir scratch;
  Root root;
  root.path = scratch.path();
  root.mode = Mode::cooking;
  CHECK(environment_of(root) == "staging");
  root.mode = Mode::final;
  CHECK(environment_of(root) == "production");
  base::write_file(node_file_of(root), "environment: eu-1\n");
  CHECK(environment_of(root) == "eu-1");
  CHECK(fault_of("environment: ../etc\n").starts_with("node.yaml:1:1: the environment '../etc' "));
  CHECK(fault_of("environment: [a]\n").starts_with("node.yaml:1:1: 'environment' must be text"));
}

TEST_CASE("files outside of the root are named with their template and mode") {
  const NodeSettings settings = decode(R"(
configuration:
  - {template: nginx.conf, target: /etc/nginx/sites-enabled/shop.conf, mode: 0640}
  - {template: cron/shop, target: /etc/cron.d/shop}
)");
  REQUIRE(settings.targets.size() == 2);
  CHECK(settings.targets[0].from.str() == "nginx.conf");
  CHECK(settings.targets[0].target == "/etc/nginx/sites-enabled/shop.conf");
  CHECK(settings.targets[0].mode == 0640);
  CHECK(settings.targets[1].mode == 0644);
  text::Diagnostics faults;
  CHECK(decode_targets(encode_targets(settings.targets), faults) == settings.targets);
  struct {
    const char* document;
    const char* fault;
  } const rows[] = {
      {"configuration: {a: b}", "node.yaml:1:1: 'configuration' must be a list of files"},
      {"configuration: [{template: ../x, target: /a}]", "node.yaml:1:18: the template '../x' "},
      {"configuration: [{template: x, target: a}]", "node.yaml:1:31: the target 'a' is not absolute"},
      {"configuration: [{template: x, target: /a/../b}]", "node.yaml:1:31: the target '/a/../b' "},
      {"configuration: [{template: x, target: /}]", "node.yaml:1:31: the target '/' "},
      {"configuration: [{template: x, target: /a, mode: 4755}]",
       "node.yaml:1:43: the mode '4755' is none of a file"},
      {"configuration: [{template: x, target: /a, mode: rw}]",
       "node.yaml:1:43: the mode 'rw' is none of a file"},
      {"configuration: [{template: x, target: /a}, {template: y, target: /a}]",
       "node.yaml:1:44: the template 'y' or the target '/a' stands here twice"},
      {"configuration: [{template: x}]", "node.yaml:1:17: "},
  };
  for (const auto& row : rows) {
    CAPTURE(row.document);
    const std::string fault = fault_of(row.document);
    CAPTURE(fault);
    CHECK(fault.starts_with(row.fault));
  }
}

}  // namespace node_settings_test
