// Numbers for Prometheus, in its text format: what node_exporter reads from files.
#pragma once

#include "text/value.hh"

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

namespace bakehouse::text {

struct Sample {
  std::vector<std::pair<std::string, std::string>> labels;
  int64_t value = 0;
};

struct Metric {
  enum class Type { counter, gauge } type = Type::gauge;
  std::string name;
  std::string help;  // one sentence
  std::vector<Sample> samples;
};

// A metric without samples is left out. The value of a label may be any text.
std::string to_exposition(const std::vector<Metric>& metrics);
// {"name", "labels", "value"} for each sample.
Value to_list(const std::vector<Metric>& metrics);

}  // namespace bakehouse::text
