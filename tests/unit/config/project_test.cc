#include "config/project.hh"

#include "failure.hh"
#include "text/yaml.hh"

#include <doctest/doctest.h>

#include <string>

namespace project_test {

using namespace bakehouse;
using namespace bakehouse::config;
using namespace std::chrono_literals;

namespace {

Project decode(const std::string& document) {
  text::Diagnostics faults;
  Project project = decode_project(text::parse_yaml(document, "bake.yaml"), faults);
  faults.throw_if_any();
  return project;
}

// What is wrong with a project file that also holds `lines`, from their own first line on:
// "2:1: message", or "" when nothing is.
std::string fault_of(const std::string& lines) {
  std::string told = failure([&] { decode("name: shop\n" + lines); });
  if (told == "no failure") return {};
  const std::string name = "bake.yaml:";
  for (size_t at = told.find(name); at != std::string::npos; at = told.find(name, at))
    told.erase(at, name.size());
  return told;
}

}  // namespace

TEST_CASE("a name is enough, and the rest has its default") {
  const Project project = decode("name: shop\n");
  CHECK(project.name == "shop");
  CHECK(project.version.kind == VersionSource::Kind::git);
  CHECK(project.layout == "makina");
  CHECK_FALSE(project.root);
  CHECK(project.buildpacks.empty());
  CHECK(project.build.environment.empty());
  CHECK(project.build.time_limit == 30min);
  CHECK(project.processes.empty());
  CHECK(project.health.empty());
  CHECK(project.data.empty());
  CHECK(project.undo_data == UndoData::closed);
  CHECK(project.hook("dump").time_limit == 10min);
}

TEST_CASE("every supported key is decoded") {
  const Project project = decode(R"(
name: shop
version: file:lib/VERSION
layout: ./own/layout.yaml
root: /srv/projects/shop
buildpacks: [static, ./packs/x, "heroku/nodejs@3.1.0"]
build: {env: {NODE_ENV: production, RATIO: 1.10, EMPTY: "", GONE: ~}, time-limit: 1h, app-path: /app, ignore-targets: [a/b, c]}
processes:
  web: {command: "bin/shop --port $PORT", port: 8080}
  worker: {command: bin/work, count: 3, after: web, stop-signal: QUIT, stop-timeout: 30s}
  nightly: {command: bin/tidy, schedule: "30 2 * * mon-fri"}
  old:
health:
  - {http: /health, status: 204, body: ok, within: 10s, every: 200ms, times: 2, stay: 5s}
  - {http: "https://example.org:8443/a?b=c"}
  - {tcp: ":5432"}
  - {tcp: "[::1]:80"}
  - {command: "bin/check --now"}
data: {public/uploads: uploads, var/db.sqlite: db/main, public/other: uploads, gone: ~}
undo-data: never
hooks: {time-limit: 5m, dump: {time-limit: 2h}, upgrade: {}}
services: {driver: none, strategy: restart, log-size: 512K, log-keep: 2}
)");
  CHECK(project.version.kind == VersionSource::Kind::file);
  CHECK(project.version.text == "lib/VERSION");
  CHECK(project.layout == "./own/layout.yaml");
  CHECK(project.root == std::filesystem::path("/srv/projects/shop"));
  CHECK(project.buildpacks == std::vector<std::string>{"static", "./packs/x", "heroku/nodejs@3.1.0"});
  CHECK(project.build.environment ==
        std::map<std::string, std::string>{{"NODE_ENV", "production"}, {"RATIO", "1.10"}, {"EMPTY", ""}});
  CHECK(project.build.time_limit == 1h);
  CHECK(project.build.app_path == "/app");
  CHECK(project.build.ignored_targets == std::vector<std::string>{"a/b", "c"});

  REQUIRE(project.processes.size() == 3);
  CHECK(project.processes.at("web").command == "bin/shop --port $PORT");
  CHECK(project.processes.at("web").port == 8080);
  CHECK_FALSE(project.processes.at("web").count);
  CHECK(project.processes.at("web").stop_signal == SIGTERM);
  const ProcessSettings& worker = project.processes.at("worker");
  CHECK_FALSE(worker.port);
  CHECK(worker.count == 3);
  CHECK(worker.after == std::vector<std::string>{"web"});
  CHECK(worker.stop_signal == SIGQUIT);
  CHECK(worker.stop_timeout == 30s);
  CHECK(worker.schedule.empty());
  CHECK(project.processes.at("nightly").schedule == "30 2 * * mon-fri");
  CHECK(project.services.driver == ServiceSettings::Driver::none);
  CHECK(project.services.log_size == 512 * 1024);
  CHECK(project.services.log_keep == 2);

  REQUIRE(project.health.size() == 5);
  const HealthCheck& first = project.health[0];
  CHECK(first.kind == HealthCheck::Kind::http);
  CHECK(first.target == "http://127.0.0.1:8080/health");
  CHECK(first.status == 204);
  CHECK(first.body == "ok");
  CHECK(first.within == 10s);
  CHECK(first.every == 200ms);
  CHECK(first.times == 2);
  CHECK(first.stay == 5s);
  CHECK(project.health[1].target == "https://example.org:8443/a?b=c");
  CHECK(project.health[1].status == 200);
  CHECK(project.health[2].kind == HealthCheck::Kind::tcp);
  CHECK(project.health[2].target == "127.0.0.1:5432");
  CHECK(project.health[3].target == "[::1]:80");
  CHECK(project.health[4].kind == HealthCheck::Kind::command);
  CHECK(project.health[4].target == "bin/check --now");

  REQUIRE(project.data.size() == 3);
  CHECK(project.data[0].in_run.str() == "public/uploads");
  CHECK(project.data[0].in_data.str() == "uploads");
  CHECK(project.undo_data == UndoData::never);
  CHECK(project.hook("dump").time_limit == 2h);
  CHECK(project.hook("upgrade").time_limit == 5min);
  CHECK(project.hook("restore").time_limit == 5min);
}

TEST_CASE("five different faults are five diagnostics, in the order of the file") {
  CHECK(failure([] {
          decode(
              "nmae: shop\nversion: 1 2\nprocesses: {web: {port: 99999}}\n"
              "health: [{http: /health, within: 10}]\ndata: {../up: x}\n");
        }) ==
        "bake.yaml:1:1: 'name' is missing in the project file\n"
        "bake.yaml:1:1: unknown key 'nmae' in the project file (did you mean 'name'?)\n"
        "bake.yaml:2:1: the version '1 2' holds something other than A-Z a-z 0-9 . + _ ~ - "
        "(git, file:PATH, or a version such as 1.2.0)\n"
        "bake.yaml:3:19: 'port' in the process 'web' must be a whole number from 1 to 65535, not '99999'\n"
        "bake.yaml:4:26: 'within' in a health check must be a duration, not '10' "
        "(a whole number and one of ms, s, m, h, d: 500ms, 30s, 2h)\n"
        "bake.yaml:5:8: the path '../up' in 'data' has the part '..' "
        "(paths are relative: to run/ on the left, to data/ on the right)");
}

TEST_CASE("a version is git, a file or a literal that is legal in a file name") {
  const std::string hint = " (git, file:PATH, or a version such as 1.2.0)";
  const std::string longest(128, 'a');
  for (const std::string& good :
       {std::string("git"), std::string("1.10"), std::string("2024-01-01+b_1"), longest}) {
    CAPTURE(good);
    CHECK(fault_of("version: " + good + "\n").empty());
  }
  CHECK(decode("name: shop\nversion: 1.10\n").version.text == "1.10");
  for (const auto& row : std::initializer_list<std::pair<std::string, std::string>>{
           {"''", "2:1: the version '' is empty" + hint},
           {".1", "2:1: the version '.1' does not begin with one of A-Z a-z 0-9" + hint},
           {"1/2", "2:1: the version '1/2' holds something other than A-Z a-z 0-9 . + _ ~ -" + hint},
           {longest + "a", "2:1: the version '" + longest + "a' is longer than 128 bytes" + hint},
           {"[1]", "2:1: 'version' in the project file must be text, not a list"},
           {"'file:'",
            "2:1: the path '' of the file with the version is empty (a path in the source: file:VERSION)"},
           {"file:../V",
            "2:1: the path '../V' of the file with the version has the part '..' (a path in the source: "
            "file:VERSION)"},
       }) {
    const auto& version = row.first;
    const auto& message = row.second;
    CAPTURE(version);
    CHECK(fault_of("version: " + version + "\n") == message);
  }
}

TEST_CASE("what a key may hold is checked") {
  const std::string path_hint =
      " (an absolute path with neither '..' nor a '/' at its end: /srv/projects/shop)";
  const std::string pack_hint = " (auto, or a list such as [static, ./packs/own])";
  for (const auto& row : std::initializer_list<std::pair<std::string, std::string>>{
           {"root: srv/shop\n", "2:1: the root 'srv/shop' is not absolute" + path_hint},
           {"root: /srv/../shop\n", "2:1: the root '/srv/../shop' has the part '..'" + path_hint},
           {"root: /srv/shop/\n", "2:1: the root '/srv/shop/' has an empty part" + path_hint},
           {"root: /\n", "2:1: the root '/' is empty" + path_hint},
           {"layout: ''\n", "2:1: the name of the layout is empty"},
           {"buildpacks: []\n", "2:1: 'buildpacks' is an empty list" + pack_hint},
           {"buildpacks: [auto, x]\n", "2:1: 'auto' stands alone, not beside other buildpacks" + pack_hint},
           {"buildpacks: [x, x]\n", "2:1: the buildpack 'x' is named twice" + pack_hint},
           {"buildpacks: ['']\n", "2:1: the name of a buildpack is empty" + pack_hint},
           {"buildpacks: {a: b}\n", "2:1: 'buildpacks' in the project file must be text, not a map"},
           {"build: {env: {1A: x}}\n",
            "2:15: the name '1A' in 'env' in 'build' does not begin with one of A-Z a-z _"},
           {"build: {env: {A-B: x}}\n",
            "2:15: the name 'A-B' in 'env' in 'build' holds something other than A-Z a-z 0-9 _"},
           {"build: {env: {A: [x]}}\n", "2:15: 'A' in 'env' in 'build' must be text, not a list"},
           {"build: {env: [A]}\n", "2:9: 'env' in 'build' must be a map, not a list"},
           {"build: {app-path: app}\n",
            "2:9: the path of the application 'app' is not absolute (an absolute path with neither '..' nor "
            "a '/' at "
            "its end: /app)"},
           {"build: {ignore-targets: {a: b}}\n", "2:9: 'ignore-targets' in 'build' must be text, not a map"},
           {"build: {time-limit: 0s}\n", "2:9: 'time-limit' must be longer than nothing"},
           {"build: {environment: {}}\n", "2:9: unknown key 'environment' in 'build' (did you mean 'env'?)"},
           {"env: {A-B: x}\n", "2:7: the name 'A-B' in 'env' holds something other than A-Z a-z 0-9 _"},
           {"env: {BAKEHOUSE_RUN: x}\n",
            "2:7: the name 'BAKEHOUSE_RUN' in 'env' is Bakehouse's own (choose one that does not begin with "
            "BAKEHOUSE_)"},
           {"processes: {web: {env: {PORT: '80'}}}\n",
            "2:25: 'PORT' in 'env' of the process 'web' is told by the process's port (say `port:` or "
            "`socket:` in `processes`)"},
           {"processes: {web: {env: x}}\n", "2:19: 'env' of the process 'web' must be a map, not 'x'"},
           {"processes: [web]\n", "2:1: 'processes' must be a map, not a list"},
           {"processes: {web: bin/shop}\n", "2:13: the process 'web' must be a map, not 'bin/shop'"},
           {"processes: {w/b: {command: x}}\n",
            "2:13: the process 'w/b' holds something other than A-Z a-z 0-9 . _ -"},
           {"processes: {web: {command: ' '}}\n", "2:19: the command of the process 'web' is empty"},
           {"processes: {web: {port: 0}}\n",
            "2:19: 'port' in the process 'web' must be a whole number from 1 to 65535, not '0'"},
           {"processes: {a: {port: 80}, b: {port: 80}}\n",
            "2:28: the process 'b' has the port of the process 'a', 80"},
           {"processes: {a: {port: 80, count: 3}, b: {port: 82}}\n",
            "2:38: the process 'b' has the port of the process 'a', 82"},
           {"processes: {a: {port: 65535, count: 2}}\n",
            "2:13: the process 'a' has more instances than there are ports from 65535 on"},
           {"processes: {a: {count: 101}}\n",
            "2:17: 'count' in the process 'a' must be a whole number from 0 to 100, not '101'"},
           {"processes: {a: {stop-signal: STOP}}\n",
            "2:17: 'stop-signal' in the process 'a' must be one of TERM, INT, QUIT, HUP, USR1, USR2, WINCH, "
            "KILL, "
            "not 'STOP'"},
           {"processes: {a: {stop-timeout: 6m}}\n",
            "2:17: 'stop-timeout' is at most 5m (nobody is served while a deployment waits for it)"},
           {"processes: {a: {schedule: daily}}\n",
            "2:17: a schedule has five fields, not 1: 'daily' (minute, hour, day of the month, month, day of "
            "the week: "
            "\"*/5 * * * *\")"},
           {"processes: {a: {schedule: '* * * * *', count: 2}}\n",
            "2:40: the process 'a' has a 'schedule': it is one at a time (leave 'count' out)"},
           {"services: {log-size: 10}\n",
            "2:12: 'log-size' must be a size of 16K or more, not '10' (a number to 1024 with K, M or G: "
            "512K, 10M, 1G)"},
           {"services: {log-size: 8K}\n",
            "2:12: 'log-size' must be a size of 16K or more, not '8K' (a number to 1024 with K, M or G: "
            "512K, 10M, 1G)"},
           {"processes: {web: {comand: x}}\n",
            "2:19: unknown key 'comand' in the process 'web' (did you mean 'command'?)"},
           {"undo-data: sometimes\n",
            "2:1: 'undo-data' in the project file must be one of closed, always, never, not 'sometimes'"},
           {"hooks: {time-limit: 10}\n",
            "2:9: 'time-limit' in 'hooks' must be a duration, not '10' (a whole number and one of ms, s, m, "
            "h, d: 500ms, 30s, 2h)"},
           {"hooks: {post-deploy: {}}\n",
            "2:9: unknown key 'post-deploy' in 'hooks' (did you mean 'post_deploy'?)"},
           {"hooks: {dump: 2h}\n", "2:9: the hook 'dump' must be a map, not '2h'"},
           {"hooks: {dump: {limit: 2h}}\n", "2:16: unknown key 'limit' in the hook 'dump'"},
           {"colour: red\n", "2:1: unknown key 'colour' in the project file"},
       }) {
    const auto& lines = row.first;
    const auto& message = row.second;
    CAPTURE(lines);
    CHECK(fault_of(lines) == message);
  }
}

TEST_CASE("a link to data is relative on both sides and apart from other links") {
  const std::string relative = " (paths are relative: to run/ on the left, to data/ on the right)";
  for (const auto& row : std::initializer_list<std::pair<std::string, std::string>>{
           {"{a: b, a-b: c, c/a: d}", ""},
           {"{a: x, b: x}", ""},
           {"{/a: x}", "2:8: the path '/a' in 'data' is absolute" + relative},
           {"{a: /x}", "2:8: the path '/x' in 'data' is absolute" + relative},
           {"{a/: x}", "2:8: the path 'a/' in 'data' has an empty part (without the '/' at its end)"},
           {"{a: .}", "2:8: the path '.' in 'data' has the part '.'" + relative},
           {"{a: [x]}", "2:8: the path in data/ of 'a' must be text, not a list"},
           {"{.bakehouse/x: y}", "2:8: '.bakehouse/x' in 'data' lies in a directory of Bakehouse's own"},
           {"{.bake: y}", "2:8: '.bake' in 'data' lies in a directory of Bakehouse's own"},
           {"{.baker: y}", ""},
           {"{a/b/c: x, a: y}", "2:8: the link 'a/b/c' in 'data' lies within the link 'a'"},
           {"{a: y, a-b: q, a/b: x}", "2:22: the link 'a/b' in 'data' lies within the link 'a'"},
           {"[a]", "2:1: 'data' must be a map, not a list"},
       }) {
    const auto& data = row.first;
    const auto& message = row.second;
    CAPTURE(data);
    CHECK(fault_of("data: " + data + "\n") == message);
  }
}

TEST_CASE("a health check has one kind and a target that can be reached") {
  const std::string http = " (http://HOST[:PORT]/..., https://..., or a path that begins with '/')";
  const std::string tcp = " (HOST:PORT, [IPV6]:PORT, or :PORT on this machine)";
  const std::string one = "a health check needs exactly one of http, tcp, command";
  const std::string web = " (add processes: {web: {port: 8080}}, or write a whole URL)";
  for (const auto& row : std::initializer_list<std::pair<std::string, std::string>>{
           {"{http: 'http://h'}", ""},
           {"{http: 'http://h:1/?q#f'}", ""},
           {"{http: 'http://[::1]:80/'}", ""},
           {"{}", "2:10: " + one},
           {"{http: 'http://h', tcp: ':1'}", "2:10: " + one},
           {"word", "2:10: a health check must be a map, not 'word'"},
           {"{http: /health}",
            "2:11: the health check at '/health' needs the port of the process 'web'" + web},
           {"{http: 'ftp://h'}", "2:11: 'ftp://h' is no target of an http check" + http},
           {"{http: 'http:///x'}", "2:11: 'http:///x' is no target of an http check" + http},
           {"{http: 'http://a b/'}", "2:11: 'http://a b/' is no target of an http check" + http},
           {"{http: \"http://h/\\r\\nX: y\"}",
            "2:11: 'http://h/\\015\\012X: y' is no target of an http check" + http},
           {"{http: 'http://u:p@h/'}", "2:11: 'http://u:p@h/' is no target of an http check" + http},
           {"{http: 'http://h:0/'}", "2:11: 'http://h:0/' is no target of an http check" + http},
           {"{http: 'http://h:/'}", "2:11: 'http://h:/' is no target of an http check" + http},
           {"{http: ['/']}", "2:11: the target of a health check must be text, not a list"},
           {"{tcp: 'h:1'}", ""},
           {"{tcp: h}", "2:11: 'h' is no target of a tcp check" + tcp},
           {"{tcp: 'h:65536'}", "2:11: 'h:65536' is no target of a tcp check" + tcp},
           {"{tcp: '::1:80'}", "2:11: '::1:80' is no target of a tcp check" + tcp},
           {"{tcp: 'h:080'}", "2:11: 'h:080' is no target of a tcp check" + tcp},
           {"{tcp: '[]:80'}", "2:11: '[]:80' is no target of a tcp check" + tcp},
           {"{tcp: '[::1]'}", "2:11: '[::1]' is no target of a tcp check" + tcp},
           {"{command: ''}", "2:11: the command of a health check is empty"},
           {"{tcp: ':1', status: 200}", "2:22: 'status' belongs to an http check only"},
           {"{command: x, body: y}", "2:23: 'body' belongs to an http check only"},
           {"{tcp: ':1', times: 0}",
            "2:22: 'times' in a health check must be a whole number from 1 to 1000, not '0'"},
           {"{tcp: ':1', every: 0s}", "2:22: 'every' must be longer than nothing"},
           {"{tcp: ':1', stay: 0s}", ""},
           {"{tcp: ':1', withn: 5s}", "2:22: unknown key 'withn' in a health check (did you mean 'within'?)"},
       }) {
    const auto& check = row.first;
    const auto& message = row.second;
    CAPTURE(check);
    CHECK(fault_of("health: [" + check + "]\n") == message);
  }
  CHECK(fault_of("health: {http: /x}\n") ==
        "2:1: 'health' must be a list of checks, not a map (health: [{http: /health}])");
}

TEST_CASE("a faulty port of web is told once, not again by the checks that need it") {
  CHECK(fault_of("processes: {web: {port: x}}\nhealth: [{http: /a}]\n") ==
        "2:19: 'port' in the process 'web' must be a whole number from 1 to 65535, not 'x'");
}

TEST_CASE("what is kept of the past is counted") {
  const Project silent = decode("name: shop\n");
  CHECK_FALSE(silent.keep.content);
  CHECK_FALSE(silent.keep.data);
  const Project project =
      decode("name: shop\nkeep: {content: {last: 2, yearly: 9}, data: {daily: 7, weekly: 4, monthly: 36}}\n");
  REQUIRE(project.keep.content);
  REQUIRE(project.keep.data);
  CHECK(project.keep.content->last == 2);
  CHECK(project.keep.content->yearly == 9);
  CHECK(project.keep.data->last == 5);
  CHECK(project.keep.data->daily == 7);
  CHECK(project.keep.data->weekly == 4);
  CHECK(project.keep.data->monthly == 36);
  CHECK(fault_of("keep: {content: {last: 0}}\n") ==
        "2:18: 'last' in 'keep.content' must be a whole number from 1 to 100000, not '0'");
  CHECK(fault_of("keep: {data: {hourly: 3}}\n") == "2:15: unknown key 'hourly' in 'keep.data'");
  CHECK(fault_of("keep: 5\n") == "2:1: 'keep' must be a map, not '5'");
}

TEST_CASE(
    "what is kept of backups is counted or younger than a time, and without a word nothing is forgotten") {
  CHECK(decode("name: shop\n").backups.is_empty());
  CHECK(decode("name: shop\nbackups: {keep: }\n").backups.is_empty());
  const Project project = decode(
      "name: shop\nbackups: {keep: {last: 7, daily: 6, weekly: 5, monthly: 36, yearly: 3, within: 30d}}\n");
  CHECK(project.backups.last == 7);
  CHECK(project.backups.daily == 6);
  CHECK(project.backups.weekly == 5);
  CHECK(project.backups.monthly == 36);
  CHECK(project.backups.yearly == 3);
  CHECK(project.backups.within == std::chrono::hours(24 * 30));
  CHECK_FALSE(project.backups.is_empty());
  CHECK(fault_of("backups: {keep: {last: -1}}\n") ==
        "2:18: 'last' in 'backups.keep' must be a whole number from 0 to 100000, not '-1'");
  CHECK(fault_of("backups: {paths: [x]}\n") == "2:11: unknown key 'paths' in 'backups'");
}

TEST_CASE("what the application may write in run/ is named, and what becomes of it") {
  CHECK(decode("name: shop\n").writable.empty());
  const Project project = decode("name: shop\nwritable: {cache: discard, var/state.json: keep, old: }\n");
  REQUIRE(project.writable.size() == 2);
  CHECK(project.writable[0].path.str() == "cache");
  CHECK(project.writable[0].then == Writable::Then::discard);
  CHECK(project.writable[1].path.str() == "var/state.json");
  CHECK(project.writable[1].then == Writable::Then::keep);
  CHECK(fault_of("writable: {../x: keep}\n").starts_with("2:12: the path '../x' in 'writable' "));
  CHECK(fault_of("writable: {.bakehouse/x: keep}\n") ==
        "2:12: '.bakehouse/x' in 'writable' lies in a directory of Bakehouse's own");
  CHECK(fault_of("writable: {cache: forget}\n") ==
        "2:12: 'cache' in 'writable' must be one of discard, keep, not 'forget'");
  CHECK(fault_of("data: {a/b: x}\nwritable: {a: keep}\n") ==
        "3:12: 'a' in 'writable' meets a link to data (what lies in data/ is writable in any case)");
  CHECK(fault_of("data: {a: x}\nwritable: {a/b: keep}\n")
            .starts_with("3:12: 'a/b' in 'writable' meets a link"));
  CHECK(fault_of("writable: [cache]\n").starts_with("2:1: 'writable' must be a map"));
}

TEST_CASE("a release does not say whom a machine tells") {
  CHECK(fault_of("notify: [{mail: root}]\n") == "2:1: 'notify' is the node's own (write it in node.yaml)");
  CHECK(fault_of("logging: {events: syslog}\n") ==
        "2:1: 'logging' is the node's own (write it in node.yaml)");
}

TEST_CASE("a key of the format that cannot be honoured yet is refused by name") {
  const std::string unsupported = " is not supported by this version of Bakehouse";
  for (const char* key : {"source", "bundles", "allow", "data-format", "owners", "templates", "stores"}) {
    CAPTURE(key);
    CHECK(fault_of(std::string(key) + ": {a: b}\n") == "2:1: '" + std::string(key) + "'" + unsupported);
    CHECK(fault_of(std::string(key) + ":\n").empty());
  }
  for (const auto& row : std::initializer_list<std::pair<std::string, std::string>>{
           {"processes: {db: {backing: true}}\n", "2:18: 'processes.db.backing'" + unsupported},
           {"hooks: {post_deploy: {changes-data: yes}}\n", ""},
           {"hooks: {notify: {time-limit: 1m}}\n", "2:9: 'hooks.notify'" + unsupported},
           {"services: {driver: command}\n",
            "2:12: 'services.driver: command'" + unsupported + " (write auto, or leave it out)"},
           {"services: {strategy: overlap}\nprocesses: {web: {socket: '127.0.0.1:80'}}\nhealth: [{http: "
            "/}]\n",
            ""},
           {"processes: {web: {socket: 'localhost:80'}}\n",
            "2:19: 'localhost:80' is no address to listen at (write it in numbers: 127.0.0.1:8000, "
            "0.0.0.0:80 or "
            "[::]:8000)"},
           {"processes: {web: {socket: '127.0.0.1:80', port: 80}}\n",
            "2:19: the process 'web' has a 'port' and a 'socket' (leave one out: with a socket PORT is its "
            "port)"},
           {"services: {driver: systemd, user: shop, hardening: off}\n", ""},
           {"services: {driver: supervisor, strategy: restart}\n", ""},
           {"services: {drive: auto}\n", "2:12: unknown key 'drive' in 'services' (did you mean 'driver'?)"},
           {"services: {driver: docker}\n",
            "2:12: 'driver' in 'services' must be one of auto, supervisor, systemd, command, none, not "
            "'docker'"},
       }) {
    const auto& lines = row.first;
    const auto& message = row.second;
    CAPTURE(lines);
    CHECK(fault_of(lines) == message);
  }
}

TEST_CASE("what a node takes away from its processes is said in words of systemd") {
  CHECK(decode("name: shop\nservices: {driver: auto}\n").services.driver ==
        ServiceSettings::Driver::automatic);
  const Project project = decode(
      "name: shop\nservices: {driver: systemd, user: shop, hardening: {ProtectHome: read-only, PrivateTmp: "
      "no}}\n");
  CHECK(project.services.driver == ServiceSettings::Driver::systemd);
  CHECK(project.services.user == "shop");
  CHECK(project.services.hooks == ServiceSettings::Hooks::as_user);
  CHECK(decode("name: shop\nservices: {user: shop, hooks: root}\n").services.hooks ==
        ServiceSettings::Hooks::as_root);
  CHECK(project.services.is_hardened);
  CHECK(project.services.hardening ==
        std::map<std::string, std::string>{{"PrivateTmp", "no"}, {"ProtectHome", "read-only"}});
  CHECK_FALSE(decode("name: shop\nservices: {driver: systemd, hardening: off}\n").services.is_hardened);
  for (const auto& row : std::initializer_list<std::pair<std::string, std::string>>{
           {"services: {hardening: on}\n",
            "2:12: 'services.hardening' needs `driver: systemd` (say that in node.yaml, or leave it out)"},
           {"services: {hooks: shop}\n", "2:12: 'hooks' in 'services' must be one of user, root, not 'shop'"},
           {"services: {driver: systemd, user: 'a b'}\n", "2:29: the user 'a b' "},
           {"services: {driver: systemd, user: '0'}\n", "2:29: the user '0' is a number"},
           {"services: {driver: systemd, hardening: maybe}\n", "2:29: 'hardening' cannot be 'maybe'"},
           {"services: {driver: systemd, hardening: {ProtectHom: yes}}\n",
            "2:41: unknown key 'ProtectHom' in 'services.hardening' (did you mean 'ProtectHome'?)"},
           {"services: {driver: systemd, hardening: {ProtectHome: \"no\\nExecStart=/bin/sh\"}}\n",
            "2:41: 'no\\012ExecStart=/bin/sh' is no value for 'ProtectHome'"},
           {"services: {driver: systemd, hardening: {ProtectHome: '%h'}}\n",
            "2:41: '%h' is no value for 'ProtectHome'"},
       }) {
    const auto& lines = row.first;
    CAPTURE(lines);
    const std::string fault = fault_of(lines);
    CAPTURE(fault);
    CHECK(fault.starts_with(row.second));
  }
}

}  // namespace project_test
