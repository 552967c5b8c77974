#include "text/metrics.hh"

#include "text/json.hh"

#include <doctest/doctest.h>

#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>

namespace metrics_test {

using namespace bakehouse::text;

namespace {

std::string line_with(const std::string& label) {
  const std::string text = to_exposition({{Metric::Type::gauge, "up", "Help.", {{{{"process", label}}, 1}}}});
  return text.substr(text.rfind('\n', text.size() - 2) + 1);
}

// As whoever scrapes it reads a sample: the value of its only label, and what stands behind.
std::pair<std::string, std::string> read_sample(std::string_view line) {
  constexpr std::string_view begin = "up{process=\"";
  if (!line.starts_with(begin)) throw std::runtime_error("no such sample");
  line.remove_prefix(begin.size());
  std::string label;
  for (size_t i = 0; i < line.size(); ++i) {
    if (line[i] == '"') return {label, std::string(line.substr(i + 1))};
    if (line[i] == '\n') throw std::runtime_error("a line ends in a label");
    if (line[i] != '\\') {
      label += line[i];
      continue;
    }
    const char escaped = line.at(++i);
    if (escaped != 'n' && escaped != '\\' && escaped != '"') throw std::runtime_error("no such escape");
    label += escaped == 'n' ? '\n' : escaped;
  }
  throw std::runtime_error("a label without end");
}

}  // namespace

TEST_CASE("metrics have help and type once, and a line for each sample") {
  CHECK(to_exposition({{Metric::Type::counter,
                        "deployments_total",
                        "How many.",
                        {{{{"project", "shop"}, {"kind", "apply"}}, 3}, {{}, -1}}},
                       {Metric::Type::gauge, "nothing", "Left out.", {}}}) ==
        "# HELP deployments_total How many.\n"
        "# TYPE deployments_total counter\n"
        "deployments_total{project=\"shop\",kind=\"apply\"} 3\n"
        "deployments_total -1\n");
}

TEST_CASE("whatever a label holds, a reader gets it back and the line stays one") {
  for (const char* label :
       {"", "web", "a\"} 2\nup{x=\"y", "back\\slash", "\\n", "\\\\\"", "\u00e4\u20ac", "{,=}"}) {
    CAPTURE(label);
    const auto read = read_sample(line_with(label));
    CHECK(read.first == label);
    CHECK(read.second == "} 1\n");
  }
}

TEST_CASE("bytes that are no text do not get into the file") {
  CHECK(read_sample(line_with("a\xff\x01z")).first == "a\\377\\001z");
}

TEST_CASE("the same for programs") {
  CHECK(to_json(to_list({{Metric::Type::gauge, "up", "Help.", {{{{"process", "web"}}, 1}}}})) ==
        R"([{"labels":{"process":"web"},"name":"up","value":1}])");
}

}  // namespace metrics_test
