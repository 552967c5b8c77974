#include "text/metrics.hh"

#include "base/encoding.hh"

#include <fmt/format.h>

#include <string_view>

namespace bakehouse::text {
namespace {

// The format is UTF-8, and a sample is one line.
std::string escape_label(std::string_view value) {
  std::string escaped;
  for (const char c : base::printable_lines(value)) {
    if (c == '\\' || c == '"') escaped += '\\';
    escaped += c == '\n' ? "\\n" : std::string(1, c);
  }
  return escaped;
}

std::string labels_of(const Sample& sample) {
  std::string labels;
  for (const auto& [name, value] : sample.labels)
    labels += fmt::format("{}{}=\"{}\"", labels.empty() ? "" : ",", name, escape_label(value));
  return labels.empty() ? labels : "{" + labels + "}";
}

}  // namespace

std::string to_exposition(const std::vector<Metric>& metrics) {
  std::string text;
  for (const Metric& metric : metrics) {
    if (metric.samples.empty()) continue;
    text += fmt::format("# HELP {} {}\n# TYPE {} {}\n", metric.name, metric.help, metric.name,
                        metric.type == Metric::Type::counter ? "counter" : "gauge");
    for (const Sample& sample : metric.samples)
      text += fmt::format("{}{} {}\n", metric.name, labels_of(sample), sample.value);
  }
  return text;
}

Value to_list(const std::vector<Metric>& metrics) {
  Value list = Value::list();
  for (const Metric& metric : metrics) {
    for (const Sample& sample : metric.samples) {
      Value labels = Value::map();
      for (const auto& [name, value] : sample.labels) labels.set(name, value);
      list.push(Value::map({{"name", metric.name}, {"labels", labels}, {"value", sample.value}}));
    }
  }
  return list;
}

}  // namespace bakehouse::text
