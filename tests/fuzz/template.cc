// Templates: the first line of the input is a file of the pillar, the rest the template. What is made of them
// is always the same; and any text at all, written by a filter, is read back as itself.
#include "config/template.hh"
#include "config/escape.hh"
#include "text/json.hh"
#include "text/yaml.hh"

#include "fuzz/target.hh"

namespace bakehouse::fuzz {
namespace {

struct Made {
  std::string text;
  std::string faults;
};

Made make(const config::Pillar& pillar, std::string_view text) {
  text::Diagnostics faults;
  Made made{config::render_template(text, "template", pillar, faults).text, ""};
  for (const auto& fault : faults.list()) {
    const std::string line = fault.message + fault.hint;
    require(base::printable_lines(line) == line, "a fault is safe to show: " + base::printable(line));
    made.faults += line + "\n";
  }
  return made;
}

// What a shell makes of one word in single quotes.
std::string unquoted(std::string_view word) {
  std::string out;
  bool is_quoted = false;
  for (size_t at = 0; at < word.size(); ++at) {
    if (word[at] == '\'') {
      is_quoted = !is_quoted;
    } else if (!is_quoted && word[at] == '\\') {
      out += word.at(++at);
    } else {
      require(is_quoted, "nothing stands outside of quotes");
      out += word[at];
    }
  }
  require(!is_quoted, "quotes are closed");
  return out;
}

void require_read_back(const std::string& text) {
  const text::Value value(text);
  require(unquoted(config::write_value(value, "shell")) == text, "a shell reads the same");
  const auto json = accepted([&] { return config::write_value(value, "json"); });
  if (!json) return;  // no UTF-8
  const text::Value read = text::parse_json(*json, "json");
  require(read.text() == text, "JSON reads the same");
  if (text.find('\0') != std::string::npos) return;  // no pillar holds one
  const text::Value list = text::parse_yaml("a: [" + config::write_value(value, "yaml") + "]\n", "yaml");
  require(list.at("a").items().at(0).text() == text, "YAML reads the same");
  const std::string word = config::write_value(value, "systemd");
  require(word.find('\n') == std::string::npos, "a unit's line is one line");
}

}  // namespace

void test_one(std::string_view input) {
  const size_t line = std::min(input.find('\n'), input.size());
  const std::string_view rest = input.substr(std::min(line + 1, input.size()));
  require_read_back(std::string(rest));
  const auto pillar = accepted([&] {
    return config::merge_pillar({{"common.yaml", std::string(input.substr(0, line))}}, "pillar", "staging");
  });
  if (!pillar) return;
  const auto made = accepted([&] { return make(*pillar, rest); });
  if (!made) return;
  const Made again = make(*pillar, rest);
  require(again.text == made->text && again.faults == made->faults, "the same makes the same");
  if (rest.find("${") == std::string_view::npos)
    require(made->text == rest, "without a place nothing changes");
}

}  // namespace bakehouse::fuzz
