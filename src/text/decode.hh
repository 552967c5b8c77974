// Strict decoding of a Value into plain structs: unknown keys, wrong types and bad units are
// collected, so that somebody who made five mistakes reads of all five at once.
#pragma once

#include "text/value.hh"

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace bakehouse::text {

struct Diagnostic {
  Origin origin;
  std::string message;
  std::string hint;
};

class Diagnostics {
 public:
  void add(const Origin& origin, std::string message, std::string hint = {});
  bool empty() const { return list_.empty(); }
  const std::vector<Diagnostic>& list() const { return list_; }
  // Throws one Error(input) with a line for each, in the order of the file.
  void throw_if_any() const;

 private:
  std::vector<Diagnostic> list_;
};

// The member of `known` nearest to `word`, when it is near enough to be what was meant.
std::optional<std::string> nearest(std::string_view word, const std::vector<std::string>& known);

// Scalars; each adds a diagnostic and returns nullopt when the value is something else.
std::optional<std::string> as_text(const Value& value, std::string_view what, Diagnostics& faults);
std::optional<int64_t> as_integer(const Value& value, std::string_view what, int64_t least, int64_t most,
                                  Diagnostics& faults);
std::optional<bool> as_boolean(const Value& value, std::string_view what, Diagnostics& faults);
// "200ms", "5s", "10m", "2h", "7d".
std::optional<std::chrono::milliseconds> as_duration(const Value& value, std::string_view what,
                                                     Diagnostics& faults);

// Reads one map: asks for members by name and at the end reports the members nobody asked for.
class MapReader {
 public:
  // `what` names the map in messages ("health check"); a value that is no map is reported once
  // and then read as empty.
  MapReader(const Value& value, std::string what, Diagnostics& faults);

  // nullptr when absent (a null counts as absent).
  const Value* take(std::string_view key);
  std::optional<std::string> text(std::string_view key);
  std::optional<int64_t> integer(std::string_view key, int64_t least, int64_t most);
  std::optional<bool> boolean(std::string_view key);
  std::optional<std::chrono::milliseconds> duration(std::string_view key);
  // A string out of a few; reports any other with the nearest.
  std::optional<std::string> choice(std::string_view key, const std::vector<std::string>& choices);
  // A list of strings; one string alone counts as a list of one.
  std::optional<std::vector<std::string>> texts(std::string_view key);
  // Reports a missing member.
  const Value* require(std::string_view key);
  // Reports every member that was never asked for, with the nearest name that was.
  void finish();

 private:
  const Value& value_;
  std::string what_;
  Diagnostics& faults_;
  std::vector<std::string> asked_;
};

}  // namespace bakehouse::text
