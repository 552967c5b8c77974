#include "config/template.hh"

#include "config/escape.hh"
#include "failure.hh"
#include "text/json.hh"
#include "text/yaml.hh"

#include <doctest/doctest.h>

#include <string>

namespace template_test {

using namespace bakehouse;
using namespace bakehouse::config;

namespace {

Pillar pillar() {
  return merge_pillar({{"common.yaml",
                        "name: shop\n"
                        "version: 1.10\n"
                        "on: yes\n"
                        "debug: true\n"
                        "port: 8080\n"
                        "tricky: \"it's 100% \\\"$HOME\\\"\\n\"\n"
                        "database: {host: db, ports: [1, \"2\"]}\n"},
                       {"secrets/staging.yaml", "database.password: armored\n"}},
                      "pillar", "staging");
}

Rendered rendered(const std::string& text, const Pillar& values = pillar()) {
  text::Diagnostics faults;
  Rendered made = render_template(text, "app.ini", values, faults);
  faults.throw_if_any();
  return made;
}

}  // namespace

TEST_CASE("values take their places, and the rest stays as it is") {
  struct {
    const char* text;
    const char* made;
  } const rows[] = {
      {"", ""},
      {"plain $ text $$ $x }{\n", "plain $ text $$ $x }{\n"},
      {"host=${database.host}\n", "host=db\n"},
      {"${name}${name}", "shopshop"},
      {"$${name} is ${name}", "${name} is shop"},
      {"$", "$"},
      {"${absent.key:-none}", "none"},
      {"${absent:-}", ""},
      {"${name:-other}", "shop"},
      {"${absent:-a|b:-c}", "a|b:-c"},
      {"${version}", "1.10"},
      {"${on}", "yes"},
  };
  for (const auto& row : rows) {
    CAPTURE(row.text);
    CHECK(rendered(row.text).text == row.made);
  }
}

TEST_CASE("a filter writes a value as its language wants it") {
  struct {
    const char* text;
    const char* made;
  } const rows[] = {
      {"${tricky|shell}", "'it'\\''s 100% \"$HOME\"\n'"},
      {"${tricky|json}", R"("it's 100% \"$HOME\"\n")"},
      {"${tricky|yaml}", R"("it's 100% \"$HOME\"\n")"},
      {"${tricky|systemd}", R"("it's 100%% \"$HOME\"\x0a")"},
      {"${tricky|systemd-exec}", R"("it's 100%% \"$$HOME\"\x0a")"},
      {"${port|json} ${version|json} ${debug|json} ${on|json}", R"(8080 1.10 true "yes")"},
      {"${port|shell}", "'8080'"},
      {"${database|json}", R"({"host": "db", "ports": [1, "2"]})"},
      {"${absent|shell:-a b}", "'a b'"},
      {"${absent|json:-10} ${absent|json:-010}", R"(10 "010")"},
  };
  for (const auto& row : rows) {
    CAPTURE(row.text);
    CHECK(rendered(row.text).text == row.made);
  }
}

TEST_CASE("whatever a value is, it is read back as that value") {
  const std::string values[] = {"",
                                "a",
                                "'",
                                "\"\\",
                                "# no comment",
                                "a: b",
                                "\n\n",
                                "\x7f\t\x01",
                                "\xC2\x85\xEF\xBB\xBF",
                                "$(reboot) `x` ${y}",
                                "- x",
                                "yes",
                                "~",
                                "1e3"};
  for (const std::string& value : values) {
    CAPTURE(value);
    CHECK(text::parse_json(write_value(value, "json"), "json").text() == value);
    CHECK(text::parse_yaml("a: [" + write_value(value, "yaml") + "]", "yaml").at("a").items()[0].text() ==
          value);
  }
}

TEST_CASE("what is wrong with a template is told with line and column, all at once") {
  CHECK(
      failure([] {
        rendered(
            "a = ${database.hots}\n"
            "b = ${}\n"
            "c = ${name|shel}\n"
            "  ${name\n"
            "d = ${database}\n"
            "e = ${database.password}\n"
            "f = ${a b}\n");
      }) ==
      "app.ini:1:5: 'database.hots' has no value in the environment staging (did you mean 'database.host'? "
      "Or "
      "write it into pillar/staging.yaml, or a default: ${database.hots:-TEXT})\n"
      "app.ini:2:5: '' is no key (${a.b}, ${a.b|shell} or ${a.b:-default}; $${ stands for the two characters "
      "themselves)\n"
      "app.ini:3:5: there is no filter 'shel' (did you mean 'shell'?)\n"
      "app.ini:4:3: '${' is not closed in its line ($${ stands for the two characters themselves)\n"
      "app.ini:5:5: 'database' is a map, which only |json and |yaml can write\n"
      "app.ini:6:5: 'database.password' is sealed, and was not opened (the identity of this root must be "
      "among "
      "its recipients)\n"
      "app.ini:7:5: 'a b' is no key (${a.b}, ${a.b|shell} or ${a.b:-default}; $${ stands for the two "
      "characters themselves)");
}

TEST_CASE("what is no text is no template") {
  CHECK(failure([] { rendered(std::string("a\0b", 3)); }).starts_with("app.ini:1:2: a NUL byte"));
  CHECK(failure([] { rendered("\xFF"); }).starts_with("app.ini:1:1: a byte that is no UTF-8"));
}

TEST_CASE("it is known what a template asks for, and whether a secret is in what was made") {
  Pillar values = pillar();
  overlay_opened(values, {{"database.password", "hunter2"}});
  const Rendered open = rendered("${database.host} ${name:-x}", values);
  CHECK(open.keys == std::set<std::string>{"database.host", "name"});
  CHECK_FALSE(open.has_sealed);
  CHECK(rendered("${database.password|shell}", values).has_sealed);
  CHECK(rendered("${database|json}", values).has_sealed);
}

TEST_CASE("a template cannot make more than memory holds") {
  Pillar values = pillar();
  set_value(values, "big", std::string(size_t{1} << 20, 'x'));
  std::string text;
  for (int i = 0; i < 17; ++i) text += "${big}\n";
  CHECK(failure([&] { rendered(text, values); }).find("is larger than") != std::string::npos);
}

}  // namespace template_test
